"""Fetching weights from servers that are slow, cut off, wrong or dead."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from curation.disk.temporaries import own_name
from curation.engines.base import WeightsFile
from curation.engines.weights import http_source, second_source
from curation.engines.weights import registry as registry_module
from curation.engines.weights.download import download
from curation.engines.weights.fetching import fetch
from curation.engines.weights.inventory import WeightsState, locate, status, verify
from curation.engines.weights.record import RECORD_FILE, WeightsRecord
from curation.engines.weights.registry import KnownWeights
from curation.errors import SettingsError, StorageError, WeightsBrokenError, WeightsMissingError
from tests.integration.file_server import Manners, Server, serving

CONTENT = np.random.default_rng(1).bytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "net.onnx"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def _dead_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/{NAME}"


def _start(range_: str | None) -> int:
    return int(range_.removeprefix("bytes=").removesuffix("-")) if range_ else 0


def _leftovers(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {f".{NAME}.lock", RECORD_FILE}


def test_a_file_comes_complete_with_progress(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT)
    seen: list[tuple[str, int, int | None]] = []
    target = tmp_path / "models" / NAME
    got = download(
        [f"{server.address}/a"],
        target,
        sha256=SHA256,
        size_bytes=len(CONTENT),
        progress=lambda *step: seen.append(step),
    )
    assert target.read_bytes() == CONTENT
    assert (got.sha256, got.size_bytes, got.address) == (SHA256, len(CONTENT), f"{server.address}/a")
    assert seen[-1] == (NAME, len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert _leftovers(target.parent) == {NAME}


def test_a_cut_connection_is_taken_up_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT, cuts=[1_000_000, 500_000])
    download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    starts = [_start(range_) for _, range_, _ in server.requests]
    assert starts[0] == 0
    assert 900_000 < starts[1] <= 1_000_000
    assert starts[1] + 400_000 < starts[2] <= starts[1] + 500_000
    assert all(validator for _, range_, validator in server.requests if range_)


def test_a_later_run_goes_on_from_what_an_earlier_one_got(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT, cuts=[1_200_000, 0])
    address = f"{server.address}/a"
    with pytest.raises(WeightsMissingError, match="no source delivered the right file"):
        download([address], tmp_path / NAME, sha256=SHA256)
    kept = (tmp_path / f"{NAME}.part").stat().st_size
    assert 1_100_000 < kept <= 1_200_000
    assert not (tmp_path / NAME).exists()
    download([address], tmp_path / NAME, sha256=SHA256)
    assert _start(server.requests[-1][1]) == kept
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert _leftovers(tmp_path) == {NAME}


def test_an_interrupted_run_keeps_what_came(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT)

    def interrupt(_: str, done: int, __: int | None) -> None:
        if done > 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256, progress=interrupt)
    kept = (tmp_path / f"{NAME}.part").read_bytes()
    assert 1_000_000 < len(kept) < len(CONTENT)
    assert CONTENT.startswith(kept)
    download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_source_that_does_not_resume_starts_anew(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT, ranges=False, cuts=[1_000_000])
    download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_a_file_that_changed_meanwhile_starts_anew(server: Server, tmp_path: Path) -> None:
    other = np.random.default_rng(2).bytes(len(CONTENT))
    server.paths["/a"] = Manners(other, cuts=[1_000_000, 0])
    with pytest.raises(WeightsMissingError):
        download([f"{server.address}/a"], tmp_path / NAME)
    server.paths["/a"] = Manners(CONTENT)  # another ETag, so If-Range asks for the whole
    download([f"{server.address}/a"], tmp_path / NAME)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_the_beginning_of_another_file_is_given_up_before_anything_else_is_said_of_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed run got from one source must never be taken for the beginning of what another source has."""
    part = tmp_path / f"{NAME}.part"
    part.write_bytes(b"!" * 2_000_000)
    state = {"address": f"{server.address}/gone", "validator": None, "total_bytes": len(CONTENT)}
    (tmp_path / f"{NAME}.part.json").write_text(json.dumps(state))
    written = http_source._write_state
    there: list[bool] = []

    def write_state(part: Path, state: Any) -> None:
        there.append(part.exists())
        written(part, state)

    monkeypatch.setattr(http_source, "_write_state", write_state)
    server.paths["/a"] = Manners(CONTENT, cuts=[1_000_000])
    download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert there == [False, True]
    assert [_start(range_) > 0 for _, range_, _ in server.requests] == [False, True]


def test_what_a_killed_download_left_under_a_temporary_name_is_removed(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT)
    (tmp_path / own_name(f"{NAME}.part.json")).write_text("{")
    download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256)
    assert _leftovers(tmp_path) == {NAME}


def test_a_refused_range_starts_anew(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT, cuts=[1_000_000], always_416=True)
    download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert [range_ is None for _, range_, _ in server.requests] == [True, False, True]


def test_a_complete_part_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT)
    address = f"{server.address}/a"
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT)
    state = {"address": address, "validator": None, "total_bytes": len(CONTENT)}
    (tmp_path / f"{NAME}.part.json").write_text(json.dumps(state))
    download([address], tmp_path / NAME, sha256=SHA256)
    assert server.requests == []
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("state", ["", "[]", '{"address": 3}', "null"])
def test_a_part_of_unknown_origin_is_not_trusted(server: Server, tmp_path: Path, state: str) -> None:
    server.paths["/a"] = Manners(CONTENT)
    (tmp_path / f"{NAME}.part").write_bytes(b"something else")
    (tmp_path / f"{NAME}.part.json").write_text(state)
    download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_wrong_checksum_names_both_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT[:-1] + b"!")
    wrong = hashlib.sha256(CONTENT[:-1] + b"!").hexdigest()
    with pytest.raises(WeightsBrokenError) as caught:
        download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256)
    assert SHA256 in str(caught.value) and wrong in str(caught.value)
    assert _leftovers(tmp_path) == set()


def test_a_wrong_checksum_leaves_the_old_file_alone(server: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"old")
    server.paths["/a"] = Manners(b"wrong")
    with pytest.raises(WeightsBrokenError):
        download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256)
    assert (tmp_path / NAME).read_bytes() == b"old"


@pytest.mark.parametrize(
    "first",
    [
        Manners(status=404),
        Manners(status=500),
        Manners(b"<html>sign in</html>", content_type="text/html; charset=utf-8"),
        Manners(b"  <!DOCTYPE html>", content_type="application/octet-stream"),
        Manners(b""),
        Manners(CONTENT[:1000]),
        Manners(CONTENT, cuts=[0] * 9),
    ],
    ids=["404", "500", "web page", "hidden web page", "empty", "short", "always cut"],
)
def test_the_second_source_is_asked_when_the_first_fails(server: Server, tmp_path: Path, first: Manners) -> None:
    server.paths |= {"/first": first, "/second": Manners(CONTENT)}
    got = download(
        [f"{server.address}/first", f"{server.address}/second"],
        tmp_path / NAME,
        sha256=SHA256,
        size_bytes=len(CONTENT),
    )
    assert got.address == f"{server.address}/second"
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert _leftovers(tmp_path) == {NAME}


def test_a_part_of_one_source_is_not_continued_from_another(server: Server, tmp_path: Path) -> None:
    server.paths |= {"/first": Manners(b"x" * 2_000_000, cuts=[900_000, 0]), "/second": Manners(CONTENT)}
    download([f"{server.address}/first", f"{server.address}/second"], tmp_path / NAME)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_source_that_does_not_say_how_long_the_file_is(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT, announce_length=False)
    seen: list[int | None] = []
    download([f"{server.address}/a"], tmp_path / NAME, sha256=SHA256, progress=lambda _, __, total: seen.append(total))
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert set(seen) == {None}


def test_dead_sources_are_all_named(tmp_path: Path) -> None:
    addresses = [_dead_address(), "http://nowhere.invalid/net.onnx"]
    with pytest.raises(WeightsMissingError) as caught:
        download(addresses, tmp_path / NAME, connect_timeout_s=1)
    message = str(caught.value)
    assert "no source answered within 1 s" in message and str(tmp_path) in message
    assert all(address in message for address in addresses)


def test_a_name_server_that_hangs_costs_no_more_than_the_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def hang(*_: Any, **__: Any) -> None:
        release.wait(20)
        raise OSError("too late")

    monkeypatch.setattr(socket, "create_connection", hang)
    try:
        with pytest.raises(WeightsMissingError, match=r"no answer within 0\.5 s"):
            download(["http://somewhere.example/net.onnx"], tmp_path / NAME, connect_timeout_s=0.5)
    finally:
        release.set()


def test_a_full_disk_is_a_storage_error_and_keeps_what_came(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.paths["/a"] = Manners(CONTENT)
    real_append = http_source._append

    def full(*arguments: Any) -> None:
        real_append(*arguments)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(http_source, "_append", full)
    with pytest.raises(StorageError, match="No space left"):
        download([f"{server.address}/a"], tmp_path / NAME)
    assert not (tmp_path / NAME).exists()


def test_a_folder_that_cannot_be_made_is_a_storage_error(server: Server, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder is needed")
    with pytest.raises(StorageError, match="cannot be written"):
        download([f"{server.address}/a"], tmp_path / "models" / NAME)


def test_two_at_once_fetch_it_once(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT, delay_s=0.3)
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda: results.append(download([f"{server.address}/a"], tmp_path / NAME).sha256))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [SHA256] * 3
    assert len(server.requests) == 1
    assert (tmp_path / NAME).read_bytes() == CONTENT


# The registry on top of it


@pytest.fixture
def registry(server: Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, KnownWeights]:
    known: dict[str, KnownWeights] = {
        NAME: KnownWeights(NAME, "a net", "free", addresses=(f"{server.address}/a", f"{server.address}/b")),
        "packaged.dat": KnownWeights("packaged.dat", "a part", "free", package="no_such_package_anywhere"),
    }
    monkeypatch.setattr(registry_module, "REGISTRY", MappingProxyType(known))
    return known


def _state(models_dir: Path, name: str = NAME) -> WeightsState:
    return {found.known.name: found.state for found in status(models_dir)}[name]


@pytest.mark.usefixtures("registry")
def test_the_hash_of_the_first_download_binds_the_later_ones(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT)
    assert _state(tmp_path) is WeightsState.MISSING
    assert fetch(NAME, tmp_path) == WeightsFile(NAME, tmp_path / NAME, SHA256)
    assert _state(tmp_path) is WeightsState.PRESENT
    assert locate(NAME, tmp_path).sha256 == SHA256

    (tmp_path / NAME).unlink()
    server.paths["/a"] = Manners(b"a new version")
    with pytest.raises(WeightsBrokenError) as caught:
        fetch(NAME, tmp_path)
    assert SHA256 in str(caught.value) and RECORD_FILE in str(caught.value)
    assert not (tmp_path / NAME).exists()


@pytest.mark.usefixtures("registry")
def test_two_publishers_that_agree_are_recorded(
    server: Server, tmp_path: Path, registry: dict[str, KnownWeights]
) -> None:
    other = server.address.replace("127.0.0.1", "localhost")
    registry[NAME] = replace(registry[NAME], addresses=(f"{server.address}/a", f"{other}/b"))
    server.paths |= {"/a": Manners(CONTENT), "/b": Manners(status=404)}
    fetch(NAME, tmp_path)
    assert _compared(tmp_path) == "its first download only"
    assert WeightsRecord(tmp_path).agreed_hosts(NAME) == ()

    server.paths["/b"] = Manners(CONTENT, linked_etag=f'"{SHA256.upper()}"')
    fetch(NAME, tmp_path)
    assert WeightsRecord(tmp_path).agreed_hosts(NAME) == (urlsplit(other).netloc,)
    assert _compared(tmp_path) == f"its first download, as published by {urlsplit(other).netloc} too"


def _compared(models_dir: Path) -> str:
    return {found.known.name: found.compared_with for found in status(models_dir)}[NAME]


@pytest.mark.usefixtures("registry")
def test_publishers_that_contradict_each_other_are_not_believed(server: Server, tmp_path: Path) -> None:
    exchanged = hashlib.sha256(b"exchanged").hexdigest()
    server.paths |= {"/a": Manners(CONTENT), "/b": Manners(CONTENT, linked_etag=f'"{exchanged}"')}
    with pytest.raises(WeightsBrokenError) as caught:
        fetch(NAME, tmp_path)
    said = str(caught.value)
    assert SHA256 in said and exchanged in said and f"{tmp_path / NAME} by hand" in said
    assert not (tmp_path / NAME).exists() and _leftovers(tmp_path) == set()


@pytest.mark.parametrize(
    ("answer", "digest"),
    [
        ({"assets": [{"name": "x", "digest": None}, {"name": "net.onnx", "digest": f"sha256:{SHA256}"}]}, SHA256),
        ({"assets": [{"name": "net.onnx", "digest": None}]}, None),
        ({"assets": [{"name": "net.onnx", "digest": f"sha512:{SHA256}"}]}, None),
        ({"assets": []}, None),
        ({"message": "Not Found"}, None),
        ([1], None),
    ],
)
def test_a_release_tells_the_hashes_of_its_files(
    server: Server, monkeypatch: pytest.MonkeyPatch, answer: object, digest: str | None
) -> None:
    monkeypatch.setattr(second_source, "GITHUB_INTERFACE", server.address)
    server.paths["/repos/somebody/nets/releases/tags/v1.0"] = Manners(json.dumps(answer).encode())
    address = "https://github.com/somebody/nets/releases/download/v1.0/net.onnx"
    assert second_source.published_sha256(address, timeout_s=5) == digest


def test_a_publisher_that_does_not_answer_says_nothing() -> None:
    assert second_source.published_sha256(_dead_address(), timeout_s=2) is None


@pytest.mark.usefixtures("registry")
def test_a_file_that_was_swapped_is_reported(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server.paths["/a"] = Manners(CONTENT)
    fetch(NAME, tmp_path)
    (tmp_path / NAME).write_bytes(b"my own weights")
    assert _state(tmp_path) is WeightsState.CHANGED
    assert locate(NAME, tmp_path).sha256 == hashlib.sha256(b"my own weights").hexdigest()
    assert "is not the file that was downloaded" in caplog.text


@pytest.mark.usefixtures("registry")
def test_verify_reads_what_status_takes_from_its_record(server: Server, tmp_path: Path) -> None:
    server.paths["/a"] = Manners(CONTENT)
    fetch(NAME, tmp_path)
    path = tmp_path / NAME
    before = path.stat()
    path.write_bytes(b"?" + CONTENT[1:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # damage that does not show in size and time
    assert _state(tmp_path) is WeightsState.PRESENT
    assert {found.known.name: found.state for found in verify(tmp_path)}[NAME] is WeightsState.CHANGED


@pytest.mark.usefixtures("registry")
def test_a_file_that_does_not_load_is_discarded(server: Server, tmp_path: Path) -> None:
    server.paths |= {"/a": Manners(b"garbage"), "/b": Manners(CONTENT)}

    def check(found: WeightsFile) -> None:
        if found.path.read_bytes() == b"garbage":
            raise WeightsBrokenError("it does not load")

    assert fetch(NAME, tmp_path, check=check).sha256 == SHA256
    server.paths["/b"] = Manners(status=404)
    (tmp_path / NAME).unlink()
    (tmp_path / RECORD_FILE).unlink()
    with pytest.raises(WeightsBrokenError, match="it does not load"):
        fetch(NAME, tmp_path, check=check)
    assert _leftovers(tmp_path) == set()


@pytest.mark.usefixtures("registry")
def test_a_missing_file_names_file_place_and_addresses(server: Server, tmp_path: Path) -> None:
    for attempt in (locate, fetch):
        with pytest.raises(WeightsMissingError) as caught:
            attempt(NAME, tmp_path)
        message = str(caught.value)
        assert str(tmp_path / NAME) in message
        assert f"{server.address}/a" in message and f"{server.address}/b" in message


@pytest.mark.usefixtures("registry")
def test_names_that_cannot_be_fetched_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"known: net\.onnx, packaged\.dat"):
        fetch("other.onnx", tmp_path)
    with pytest.raises(SettingsError, match="comes with the Python package"):
        fetch("packaged.dat", tmp_path)
    with pytest.raises(WeightsMissingError, match="install the Python package"):
        locate("packaged.dat", tmp_path)
    assert _state(tmp_path, "packaged.dat") is WeightsState.MISSING
