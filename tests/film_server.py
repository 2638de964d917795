"""A small HTTP server of this machine that hands out films and pictures, well or badly."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Answer", "FilmServer", "film_server"]

Answer = Callable[[BaseHTTPRequestHandler], None]
"""Writes an answer to a request."""


class FilmServer:
    """Where the server listens, what it answers, and what it was asked."""

    def __init__(self) -> None:
        self.address = ""
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, str]] = []
        """Path and Host header of each request."""

    def gives(self, path: str, content: bytes, **headers: str) -> str:
        """Answer with a content, and these headers besides or instead; returns the address."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            told = {"Content-Length": str(len(content)), "Content-Type": "application/octet-stream"}
            told |= {name.replace("_", "-"): value for name, value in headers.items()}
            for name, value in told.items():
                if value:
                    request.send_header(name, value)
            request.end_headers()
            request.wfile.write(content)

        return self.answers_with(path, answer)

    def redirects(self, path: str, to: str, status: int = 302) -> str:
        """Answer with a redirect."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            request.send_header("Location", to)
            request.send_header("Content-Length", "0")
            request.end_headers()

        return self.answers_with(path, answer)

    def dribbles(self, path: str, part: bytes, pause_s: float, *, headers: bool = True) -> str:
        """Answer with an endless body of small parts; without headers, with an endless header."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            if headers:
                request.send_response(200)
                request.end_headers()
            for _ in range(10_000):
                request.wfile.write(part)
                request.wfile.flush()
                time.sleep(pause_s)

        return self.answers_with(path, answer)

    def answers_with(self, path: str, answer: Answer) -> str:
        """Answer a path in any way; returns its address."""
        self.answers[path] = answer
        return f"{self.address}{path}"


@contextmanager
def film_server() -> Iterator[FilmServer]:
    server = FilmServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append((self.path, self.headers.get("Host", "")))
            answer = server.answers.get(self.path)
            # Clients that refuse a body close the connection.
            with contextlib.suppress(OSError):
                if answer is None:
                    self.send_error(404)
                else:
                    answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.block_on_close = False
    server.address = f"http://films.test:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
