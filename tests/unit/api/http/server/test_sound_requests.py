"""Requests that two servers could read in two ways."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.types import Message

from tests.service import ServiceClient, make_settings, service

HOST = (b"host", b"127.0.0.1:8000")


def sent(client: ServiceClient, path: str, headers: list[tuple[bytes, bytes]]) -> int:
    """The status that a server gets which passes on whatever came."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 5),
    }
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    client.run(client.app, scope, receive, send)
    return statuses[0]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/health", [HOST], 200),
        ("/health", [HOST, (b"content-length", b"0"), (b"transfer-encoding", b"chunked")], 400),
        ("/health", [HOST, (b"host", b"evil.example")], 400),
        ("http://evil.example/health", [HOST], 400),
        ("evil.example:443", [HOST], 400),
        ("*", [HOST], 400),
        ("/health", [HOST, *[(b"x-%d" % number, b"") for number in range(127)]], 200),
        ("/health", [HOST, *[(b"x-%d" % number, b"") for number in range(128)]], 431),
    ],
)
def test_only_what_is_read_in_one_way_is_answered(
    tmp_path: Path, path: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    with service(make_settings(tmp_path)) as client:
        assert sent(client, path, headers) == status
