"""Fetching over HTTP: limits of size and time, redirects, and nothing that is left behind."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from curation.domain.report import Progress
from curation.errors import AddressRefusedError, RunInterruptedError
from curation.pipelines.video.web.addresses import UrlRule
from curation.pipelines.video.web.fetching import FetchLimits, fetch
from tests.film_server import FilmServer, film_server

_MAX_BYTES = 100_000


@pytest.fixture(scope="module")
def running() -> Iterator[FilmServer]:
    with film_server() as server:
        yield server


@pytest.fixture
def server(running: FilmServer) -> FilmServer:
    running.requests.clear()
    return running


def here(host: str, port: int) -> list[str]:
    """Names of this test stand for this machine."""
    return ["127.0.0.1"]


def limits(*, rule: UrlRule = "any", timeout_s: float = 5.0, **kinds: object) -> FetchLimits:
    return FetchLimits(rule, _MAX_BYTES, timeout_s, "video.max_video_mb", here)


def refused(address: str, folder: Path, why: str, *, given: FetchLimits | None = None) -> None:
    target = folder / "media"
    with pytest.raises(AddressRefusedError, match=why):
        fetch(address, target, given or limits())
    assert not target.exists()


def test_the_whole_file_comes(server: FilmServer, tmp_path: Path) -> None:
    content = bytes(range(256)) * 300
    told: list[Progress] = []
    fetch(server.gives("/a.mp4", content), tmp_path / "media", limits(), progress=told.append)
    assert (tmp_path / "media").read_bytes() == content
    assert told[-1].done == told[-1].total == len(content)
    path, host = server.requests[-1]
    assert path == "/a.mp4"
    assert host.startswith("films.test:")  # by its name, though connected to the address that was checked


def test_a_file_without_length_comes_too(server: FilmServer, tmp_path: Path) -> None:
    fetch(server.gives("/b.mp4", b"x" * 5000, Content_Length=""), tmp_path / "media", limits())
    assert (tmp_path / "media").stat().st_size == 5000


def test_a_chunked_body_comes_without_its_frames(server: FilmServer, tmp_path: Path) -> None:
    def chunked(request: BaseHTTPRequestHandler) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    fetch(server.answers_with("/chunked", chunked), tmp_path / "media", limits())
    assert (tmp_path / "media").read_bytes() == b"abcde"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: FilmServer, tmp_path: Path, status: int) -> None:
    server.gives("/there.mp4", b"film")
    fetch(server.redirects("/r", "there.mp4", status), tmp_path / "media", limits())
    assert (tmp_path / "media").read_bytes() == b"film"


def test_redirects_that_do_not_end(server: FilmServer, tmp_path: Path) -> None:
    refused(server.redirects("/loop", "/loop"), tmp_path, "more than 5 times")
    refused(server.redirects("/nowhere", ""), tmp_path, "redirects to nowhere")


def test_a_redirect_must_not_lead_into_a_private_network(server: FilmServer, tmp_path: Path) -> None:
    server.gives("/secret", b"secret")
    port = server.address.rpartition(":")[2]
    looked_up: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked_up.append(host)
        # The first name is taken for public by the check, though it stands for this machine: only so can it answer.
        return ["127.0.0.1"]

    from curation.pipelines.video.web import addresses

    private = addresses._is_public
    try:
        addresses._is_public = lambda address: len(looked_up) == 1 or private(address)
        given = FetchLimits("public", _MAX_BYTES, 5.0, "video.max_video_mb", resolve)
        refused(server.redirects("/out", f"http://intern.test:{port}/secret"), tmp_path, "private", given=given)
    finally:
        addresses._is_public = private
    assert looked_up == ["films.test", "intern.test"]
    assert [path for path, _ in server.requests] == ["/out"]


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://films.test/a", "gopher://films.test/"])
def test_a_redirect_must_not_leave_http(server: FilmServer, tmp_path: Path, to: str) -> None:
    refused(server.redirects("/scheme", to), tmp_path, "only http and https")


def test_public_refuses_this_machine(server: FilmServer, tmp_path: Path) -> None:
    refused(server.gives("/a", b"film"), tmp_path, "private network", given=limits(rule="public"))
    refused(server.gives("/a", b"film"), tmp_path, "addresses are off", given=limits(rule="off"))
    assert server.requests == []


def test_a_name_is_looked_up_once(server: FilmServer, tmp_path: Path) -> None:
    looked_up: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["127.0.0.99"]

    given = FetchLimits("any", _MAX_BYTES, 5.0, "video.max_video_mb", rebinding)
    fetch(server.gives("/a", b"film"), tmp_path / "media", given)
    assert looked_up == ["films.test"]


def test_too_large_by_its_length(server: FilmServer, tmp_path: Path) -> None:
    refused(server.gives("/large", b"", Content_Length="999999999"), tmp_path, "more than 0.1 MB")


def test_too_large_though_its_length_says_otherwise(server: FilmServer, tmp_path: Path) -> None:
    endless = server.dribbles("/endless", b"x" * 30_000, 0.0)
    refused(endless, tmp_path, "more than 0.1 MB")

    def lying(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "10")
        request.end_headers()
        request.wfile.write(b"y" * 200_000)

    # What is beyond the announced length belongs to no body.
    fetch(server.answers_with("/lying", lying), tmp_path / "media", limits())
    assert (tmp_path / "media").read_bytes() == b"y" * 10


def test_what_breaks_off_is_not_kept(server: FilmServer, tmp_path: Path) -> None:
    refused(server.gives("/short", b"abc", Content_Length="50"), tmp_path, "cannot be fetched")
    refused(server.gives("/nothing", b""), tmp_path, "nothing came")


def test_a_small_body_does_not_become_a_huge_file(server: FilmServer, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < _MAX_BYTES
    refused(server.gives("/bomb", bomb, Content_Encoding="gzip"), tmp_path, "compressed, unasked")
    fetch(server.gives("/file.gz", bomb), tmp_path / "media", limits())
    assert (tmp_path / "media").read_bytes() == bomb  # what is a compressed file stays one


def test_slow_bodies_and_slow_headers_end_in_time(server: FilmServer, tmp_path: Path) -> None:
    for address in (
        server.dribbles("/slow", b"x", 0.05),
        server.dribbles("/slow-header", b"HTTP/1.1 200 OK\r\nX: y\r\n", 0.05, headers=False),
    ):
        began_s = time.monotonic()
        refused(address, tmp_path, r"not fetched within 0\.4 s", given=limits(timeout_s=0.4))
        assert time.monotonic() - began_s < 2


def test_cancelling_stops_a_download(server: FilmServer, tmp_path: Path) -> None:
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(RunInterruptedError):
        fetch(server.dribbles("/slow2", b"x", 0.02), tmp_path / "media", limits(), cancel=cancel)
    assert not (tmp_path / "media").exists()


def test_answers_that_are_no_film(server: FilmServer, tmp_path: Path) -> None:
    refused(f"{server.address}/missing", tmp_path, "the server says 404")
    refused(server.gives("/page", b"<html>", Content_Type="text/html; charset=utf-8"), tmp_path, "web page")

    def nonsense(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"what?\r\n\r\n")

    refused(server.answers_with("/nonsense", nonsense), tmp_path, "cannot be fetched")
    refused("http://films.test:1/a", tmp_path, "cannot be fetched")
    refused(server.address.replace("http:", "https:") + "/a", tmp_path, "cannot be fetched")
