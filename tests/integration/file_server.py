"""A small HTTP server of this machine that hands out files, well or badly."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Manners", "Server", "serving"]


@dataclass(slots=True)
class Manners:
    """How the server treats one path."""

    content: bytes = b""
    status: int = 200
    ranges: bool = True
    etag: str | None = None
    content_type: str = "application/octet-stream"
    cuts: list[int] = field(default_factory=list)  # bytes of the body after which each answer breaks off
    announce_length: bool = True
    delay_s: float = 0.0
    always_416: bool = False
    linked_etag: str | None = None  # what HEAD tells of the content, as Hugging Face does


@dataclass(slots=True)
class Server:
    """Where the server listens, what it hands out, and which requests came: (path, Range, If-Range)."""

    address: str
    paths: dict[str, Manners]
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Server]:
    server = Server("", {})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            range_ = self.headers.get("Range")
            server.requests.append((self.path, range_, self.headers.get("If-Range")))
            manners = server.paths.get(self.path, Manners(status=404))
            time.sleep(manners.delay_s)
            self._answer(manners, range_)

        def do_HEAD(self) -> None:
            manners = server.paths.get(self.path, Manners(status=404))
            self.send_response(manners.status if manners.linked_etag is None else 302)
            if manners.linked_etag is not None:
                self.send_header("X-Linked-ETag", manners.linked_etag)
                self.send_header("Location", f"{server.address}/nowhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _answer(self, manners: Manners, range_: str | None) -> None:
            if manners.status != 200:
                self.send_response(manners.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            etag = manners.etag or f'"{hashlib.sha256(manners.content).hexdigest()[:16]}"'
            whole = len(manners.content)
            offset = 0
            asked = self.headers.get("If-Range")
            if range_ and manners.ranges and asked in (None, etag):
                offset = int(range_.removeprefix("bytes=").removesuffix("-"))
                if offset >= whole or manners.always_416:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{whole}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {offset}-{whole - 1}/{whole}")
            else:
                self.send_response(200)
            body = manners.content[offset:]
            if manners.announce_length:
                self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", manners.content_type)
            self.send_header("ETag", etag)
            if manners.cuts:
                body = body[: manners.cuts.pop(0)]
                self.close_connection = True
            if not manners.announce_length:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.address = f"http://127.0.0.1:{listener.server_port}"
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
