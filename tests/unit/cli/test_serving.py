"""Serving the page: addresses, and a port that is in use."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from curation.cli import serving
from curation.errors import BusyError
from curation.settings import EventPlaces, ServiceSettings, Settings, load_settings

PARTY = EventPlaces("/photos/party", "/curated/party")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("::", "http://[::1]:8000"),
        ("photos.example", "http://photos.example:8000"),
    ],
)
def test_how_a_browser_of_this_machine_reaches_it(host: str, address: str) -> None:
    assert serving.page_address(ServiceSettings(host=host)) == address


@contextmanager
def answering(health: object, event_status: int = 200, event: object = None) -> Iterator[tuple[int, list[object]]]:
    """A server that has the port; its number, and the bodies that it got."""
    got: list[object] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, health)

        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            got.append(self.headers["Authorization"])
            self._answer(event_status, event)

        def _answer(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def settings_of(folder: Path, port: int, **service: object) -> Settings:
    return load_settings(None, default_root=folder, overrides={"service": {"port": port, **service}})


OWN = {"status": "ok", "version": "1", "engine": "auto", "running_jobs": []}


def test_a_service_that_is_at_work_opens_the_event(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = "a secret of 16 or more"
    with answering(OWN, event={"root": "/events/p4r7y"}) as (port, got):
        settings = settings_of(tmp_path, port, token=token.replace(" ", "-"))
        assert serving.serve(settings, PARTY, opens=False) == 0
    assert got == [{"folder": PARTY.input, "output": PARTY.output}, f"Bearer {token.replace(' ', '-')}"]
    assert f"http://127.0.0.1:{port}/events/p4r7y/review/event" in capsys.readouterr().out


def test_without_an_event_it_shows_them_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(OWN) as (port, got):
        settings = settings_of(tmp_path, port)
        assert serving.serve(settings, opens=False) == 0
    assert got == []
    assert f"http://127.0.0.1:{port}/\n" in capsys.readouterr().out


def test_a_folder_that_it_does_not_open_is_told(tmp_path: Path) -> None:
    refused = {"detail": "the folder lies outside of service.folder_roots"}
    with answering(OWN, event_status=403, event=refused) as (port, _):
        settings = settings_of(tmp_path, port)
        with pytest.raises(BusyError, match=r"outside of service.folder_roots; end it, or choose another port"):
            serving.serve(settings, PARTY, opens=False)


@pytest.mark.parametrize("health", [{"hello": "world"}, [1], None])
def test_another_program_is_told_with_what_to_do(tmp_path: Path, health: object) -> None:
    with answering(health) as (port, _):
        settings = settings_of(tmp_path, port)
        with pytest.raises(BusyError, match=f"port {port} .* another program; .*CURATION_SERVICE__PORT={port + 1}"):
            serving.serve(settings, opens=False)
