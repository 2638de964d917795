"""Parts of files, as players of several browsers ask for them."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Message

from curation.api.http.conditional import ClosingStream
from curation.api.http.errors import ApiProblem
from curation.api.http.video.ranges import ranged_response

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(CONTENT)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


def ask(path: Path, method: str = "GET", **headers: str) -> Response:
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": "/",
        "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    response = ranged_response(Request(scope), path, media_type="video/mp4")
    assert response is not None
    return response


def body(response: Response) -> bytes:
    if not isinstance(response, StreamingResponse):
        return bytes(response.body)

    async def joined() -> bytes:
        return b"".join([bytes(piece) async for piece in response.body_iterator])  # type: ignore[arg-type]

    return asyncio.run(joined())


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, 1023),
        ("bytes=0-1", 0, 1),
        ("bytes=500-509", 500, 509),
        ("bytes=1000-5000", 1000, 1023),
        ("bytes=-24", 1000, 1023),
        ("bytes=-5000", 0, 1023),
        ("bytes= 7-7", 7, 7),
    ],
)
def test_a_part(path: Path, asked: str, first: int, last: int) -> None:
    response = ask(path, range=asked)
    assert response.status_code == 206
    assert response.headers["content-range"] == f"bytes {first}-{last}/1024"
    assert response.headers["content-length"] == str(last - first + 1)
    assert body(response) == CONTENT[first : last + 1]


@pytest.mark.parametrize("asked", ["", "bytes=-", "bytes=5-4", "bytes=0-1,5-6", "pages=1-2", "bytes=a-b", "bytes"])
def test_what_is_no_range_gets_everything(path: Path, asked: str) -> None:
    response = ask(path, range=asked)
    assert (response.status_code, response.headers["content-length"]) == (200, "1024")
    assert response.headers["accept-ranges"] == "bytes"
    assert body(response) == CONTENT


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_outside_of_the_file(path: Path, asked: str) -> None:
    with pytest.raises(ApiProblem) as caught:
        ask(path, range=asked)
    assert (caught.value.status, caught.value.headers["Content-Range"]) == (416, "bytes */1024")


def test_an_empty_file(path: Path) -> None:
    path.write_bytes(b"")
    assert body(ask(path)) == b""
    with pytest.raises(ApiProblem):
        ask(path, range="bytes=0-")


def test_if_range(path: Path) -> None:
    whole = ask(path)
    etag, changed = whole.headers["etag"], whole.headers["last-modified"]
    body(whole)
    for same in (etag, changed):
        response = ask(path, range="bytes=0-3", if_range=same)
        assert response.status_code == 206
        body(response)
    for other in ('"another"', f"W/{etag}", "Sat, 01 Jan 2000 00:00:00 GMT"):
        response = ask(path, range="bytes=0-3", if_range=other)
        assert response.status_code == 200
        body(response)


def test_a_version_that_is_known(path: Path) -> None:
    whole = ask(path)
    body(whole)
    assert ask(path, if_none_match=whole.headers["etag"]).status_code == 304


@pytest.mark.parametrize("sent", [0, 1, 2])
def test_the_file_is_closed_whenever_the_client_goes_away(path: Path, sent: int) -> None:
    path.write_bytes(bytes(1_000_000))
    response = ask(path)
    assert isinstance(response, ClosingStream)

    async def go_away() -> None:
        messages = 0

        async def send(message: Message) -> None:
            nonlocal messages
            messages += 1
            if messages > sent:
                asyncio.current_task().cancel()  # type: ignore[union-attr]

        async def receive() -> Message:
            await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        await response({"type": "http", "method": "GET", "headers": []}, receive, send)

    with suppress(asyncio.CancelledError):
        asyncio.run(go_away())
    assert response._file.closed


def test_no_file(tmp_path: Path) -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    for path in (tmp_path / "none", tmp_path):
        assert ranged_response(Request(scope), path, media_type="video/mp4") is None
