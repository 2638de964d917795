"""A real S3 server for tests, moto's, as a process of its own; and a proxy before it that makes faults."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.processes import wait_until
from tests.redis_server import free_port

__all__ = [
    "ACCESS_KEY",
    "SECRET_KEY",
    "FaultyProxy",
    "S3Process",
    "S3Server",
    "s3_address",
    "s3_process",
    "s3_proxy",
    "s3_server",
]

ACCESS_KEY = "AKIATESTACCESS"
SECRET_KEY = "test-secret-that-nobody-may-see"

_SERVER = "import sys; from moto.server import main; main(['-H', '127.0.0.1', '-p', sys.argv[1]])"


@dataclass
class S3Server:
    """A server, and the bucket of a test."""

    endpoint: str
    bucket: str = ""

    @property
    def address(self) -> str:
        """Of the bucket."""
        return f"s3://{self.bucket}"

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": "us-east-1",
        }

    def client(self) -> Any:
        """boto3's client, to look at the bucket by other means than the program's."""
        return _client(self.endpoint)

    def put(self, objects: dict[str, bytes]) -> None:
        """Write objects, whatever their keys."""
        client = self.client()
        for key, content in objects.items():
            client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def content(self) -> dict[str, bytes]:
        """Everything in the bucket, but what is removed while it is read."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        found = {}
        for key in [item["Key"] for page in pages for item in page.get("Contents", ())]:
            with suppress(client.exceptions.NoSuchKey):
                found[key] = client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return found


@cache
def _client(endpoint: str) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


class S3Process:
    """moto's server, which keeps its data in memory for as long as it runs."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        with (folder / "s3.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVER, str(self.port)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._log = folder / "s3.log"
        wait_until(self._answers, f"an S3 server on port {self.port}")

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def s3_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Process]:
    """A server that all tests of a process share, each with a bucket of its own."""
    process = S3Process(tmp_path_factory.mktemp("s3"))
    yield process
    process.stop()


_buckets = iter(range(1_000_000))


@pytest.fixture
def s3_server(s3_process: S3Process, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """A server with an empty bucket of the test's own; the environment leads to it, for child processes as well."""
    server = S3Server(s3_process.endpoint, f"bucket-{next(_buckets)}")
    server.client().create_bucket(Bucket=server.bucket)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return server


@pytest.fixture
def s3_address(s3_server: S3Server) -> str:
    """The address of an empty bucket of the test's own."""
    return s3_server.address


@dataclass
class Rule:
    """A fault that the proxy makes.

    Attributes:
        kind: `status` (answers `status` with `code`, without asking the server), `truncate` (half of the body), `stall`
            (no answer for `seconds`), `slow` (a body in ten pieces over `seconds`), `drop` (the connection ends without
            an answer), `lost` (the server is asked, and the answer lost).
        path: A pattern of the request's path and query that it is for.
        method: Of the requests that it is for; empty for all.
        times: How many requests; then it is over.
        hits: How many there were.
    """

    kind: str
    path: str = ""
    method: str = ""
    times: int = 1_000_000
    status: int = 503
    code: str = "SlowDown"
    seconds: float = 0.0
    hits: int = field(default=0, compare=False)


class FaultyProxy:
    """Passes requests on to a server, and makes the faults that a test asks for."""

    def __init__(self, upstream: str, tls: ssl.SSLContext | None = None) -> None:
        host, _, port = upstream.removeprefix("http://").partition(":")
        self.upstream = (host, int(port))
        self.requests: list[str] = []
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self.ended = threading.Event()
        proxy = self

        class Handler(_Handler):
            faulty = proxy

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.endpoint = f"http{'' if tls is None else 's'}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def add(self, kind: str, **options: Any) -> Rule:
        """Make a fault from now on; see `Rule`."""
        rule = Rule(kind, **options)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Make no faults any more."""
        with self._lock:
            self._rules.clear()

    def fault_for(self, method: str, path: str) -> Rule | None:
        """The fault for a request; counts it."""
        with self._lock:
            self.requests.append(f"{method} {path}")
            for rule in self._rules:
                if rule.hits < rule.times and rule.method in ("", method) and re.search(rule.path, path):
                    rule.hits += 1
                    return rule
        return None

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faulty: FaultyProxy

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle(self) -> None:
        with suppress(OSError):  # a client that does not trust the certificate
            super().handle()

    def _serve(self) -> None:
        self.close_connection = True
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        rule = self.faulty.fault_for(self.command, self.path)
        kind = rule.kind if rule is not None else ""
        with suppress(OSError):
            if rule is not None and kind == "stall":
                self.faulty.ended.wait(rule.seconds)
                return
            if kind == "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if rule is not None and kind == "status":
                told = b"" if self.command == "HEAD" else f"<Error><Code>{rule.code}</Code></Error>".encode()
                self._answer(rule.status, [("Content-Type", "application/xml")], told, len(told))
                return
            status, headers, content = self._asked(body)
            if kind == "lost":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            size = int(dict(headers).get("content-length", len(content)))
            if kind == "truncate":
                content = content[: len(content) // 2]
            pieces = 10 if kind == "slow" else 1
            self._answer(status, headers, content, size, pieces, rule.seconds if rule is not None else 0.0)

    def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(*self.faulty.upstream, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, [(name.lower(), value) for name, value in answer.getheaders()], answer.read()
        finally:
            connection.close()

    def _answer(
        self,
        status: int,
        headers: list[tuple[str, str]],
        content: bytes,
        size: int,
        pieces: int = 1,
        seconds: float = 0.0,
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(size))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        step = -(-len(content) // pieces) or 1
        for start in range(0, len(content), step):
            if pieces > 1:
                self.faulty.ended.wait(seconds / pieces)
            self.wfile.write(content[start : start + step])
            self.wfile.flush()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve


@pytest.fixture
def s3_proxy(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A proxy before the test's server, to which the environment leads."""
    proxy = FaultyProxy(s3_server.endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    yield proxy
    proxy.close()
