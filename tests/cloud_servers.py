"""Stand-ins for the servers of GCS and Azure, in memory: what the program asks of them, after their documentation.

Cloud Storage: https://cloud.google.com/storage/docs/xml-api/overview ; Blob Storage:
https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api . Nothing checks credentials here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

__all__ = ["azure_address", "gcs_address"]

_PAGE = 3  # keys, so that lists have several pages


@dataclass(frozen=True, slots=True)
class _Blob:
    content: bytes
    generation: int
    written: float

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}-{self.generation}"'


class _Cloud:
    """The objects of one bucket."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.blobs: dict[str, _Blob] = {}
        self.parts: dict[str, dict[str, bytes]] = {}
        self._generation = 1000

    def put(self, key: str, content: bytes) -> _Blob:
        import time

        self._generation += 1
        self.blobs[key] = _Blob(content, self._generation, time.time())
        return self.blobs[key]

    def page(self, prefix: str, token: str) -> tuple[list[tuple[str, _Blob]], str]:
        keys = sorted((key for key in self.blobs if key.startswith(prefix) and key > token), key=str.encode)
        more = keys[_PAGE - 1] if len(keys) > _PAGE else ""
        return [(key, self.blobs[key]) for key in keys[:_PAGE]], more


class _Handler(BaseHTTPRequestHandler):
    """What both have in common."""

    protocol_version = "HTTP/1.1"
    cloud: _Cloud

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        with self.cloud.lock:
            self._answer(*self.answer(self._key(parts.path), query, body))

    def _key(self, path: str) -> str:
        raise NotImplementedError

    def answer(self, key: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        raise NotImplementedError

    def read(self, key: str) -> tuple[int, bytes, dict[str, str]]:
        """The answer to GET and HEAD of an object."""
        blob = self.cloud.blobs.get(key)
        if blob is None:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>", {}
        if self.headers.get("If-Match", blob.etag) != blob.etag:
            return 412, b"", {}
        told = {
            "ETag": blob.etag,
            "Last-Modified": formatdate(blob.written, usegmt=True),
            "x-goog-generation": str(blob.generation),
            "x-ms-blob-type": "BlockBlob",
        }
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", self.headers.get("x-ms-range", "")))
        if wanted is None:
            return 200, blob.content, told
        start, size = int(wanted[1]), len(blob.content)
        end = min(int(wanted[2] or size - 1), size - 1)
        told["Content-Range"] = f"bytes {start}-{end}/{size}"
        return 206, blob.content[start : end + 1], told

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve


class _Gcs(_Handler):
    def _key(self, path: str) -> str:
        return unquote(path.removeprefix("/bucket").removeprefix("/"))

    def answer(self, key: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        cloud = self.cloud
        if "list-type" in query:
            return self._listed(query)
        if self.command in ("GET", "HEAD"):
            return self.read(key)
        if self.command == "DELETE":
            return (204 if cloud.blobs.pop(key, None) else 404), b"", {}
        if "uploads" in query:
            cloud.parts[key] = {}
            return 200, b"<R><Bucket>b</Bucket><Key>k</Key><UploadId>1</UploadId></R>", {}
        if self.command == "PUT" and "partNumber" in query:
            cloud.parts[key][query["partNumber"].zfill(6)] = body
            return 200, b"", {"ETag": '"part"'}
        if self.command == "POST":
            parts = cloud.parts.pop(key)
            blob = cloud.put(key, b"".join(parts[number] for number in sorted(parts)))
            told = f"<R><Location>l</Location><ETag>{escape(blob.etag)}</ETag></R>"
            return 200, told.encode(), {"x-goog-generation": str(blob.generation)}
        there = cloud.blobs.get(key)
        wanted = self.headers.get("x-goog-if-generation-match")
        if wanted is not None and int(wanted) != (0 if there is None else there.generation):
            return 412, b"<Error><Code>PreconditionFailed</Code></Error>", {}
        blob = cloud.put(key, body)
        return 200, b"", {"ETag": blob.etag, "x-goog-generation": str(blob.generation)}

    def _listed(self, query: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        page, more = self.cloud.page(query.get("prefix", ""), query.get("continuation-token", ""))
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><Generation>{blob.generation}</Generation><LastModified>"
            f"{_iso(blob.written)}</LastModified><ETag>{escape(blob.etag)}</ETag><Size>{len(blob.content)}</Size>"
            "</Contents>"
            for key, blob in page
        )
        token = f"<NextContinuationToken>{escape(more)}</NextContinuationToken>" if more else ""
        return 200, f"<ListBucketResult>{token}{items}</ListBucketResult>".encode(), {}


class _Azure(_Handler):
    def _key(self, path: str) -> str:
        return unquote(path.removeprefix("/account").removeprefix("/container").removeprefix("/"))

    def answer(self, key: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        cloud = self.cloud
        if query.get("comp") == "list":
            return self._listed(query)
        if query.get("comp") == "batch":
            return self._removed(body.decode())
        if self.command in ("GET", "HEAD"):
            return self.read(key)
        if self.command == "DELETE":
            return (202 if cloud.blobs.pop(key, None) else 404), b"", {}
        if query.get("comp") == "block":
            cloud.parts.setdefault(key, {})[query["blockid"]] = body
            return 201, b"", {}
        if query.get("comp") == "blocklist":
            blocks = re.findall(r"<(?:Uncommitted|Latest)>(.*?)</", body.decode())
            blob = cloud.put(key, b"".join(cloud.parts[key][block] for block in blocks))
            return 201, b"", {"ETag": blob.etag}
        there = cloud.blobs.get(key)
        if self.headers.get("If-None-Match") == "*" and there is not None:
            return 409, b"<Error><Code>BlobAlreadyExists</Code></Error>", {}
        wanted = self.headers.get("If-Match")
        if wanted is not None and (there is None or there.etag != wanted):
            return 412, b"<Error><Code>ConditionNotMet</Code></Error>", {}
        return 201, b"", {"ETag": cloud.put(key, body).etag}

    def _removed(self, batch: str) -> tuple[int, bytes, dict[str, str]]:
        """Several requests in one, each with an answer of its own."""
        told = ""
        for number, path in enumerate(re.findall(r"DELETE (\S+) HTTP/1.1", batch)):
            gone = self.cloud.blobs.pop(self._key(urlsplit(path).path), None)
            status = "HTTP/1.1 202 Accepted" if gone else "HTTP/1.1 404 The specified blob does not exist."
            code = "" if gone else "x-ms-error-code: BlobNotFound\r\n"
            told += f"--b\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n{status}\r\n{code}"
            told += "x-ms-request-id: 1\r\n\r\n\r\n"
        return 202, f"{told}--b--\r\n".encode(), {"Content-Type": "multipart/mixed; boundary=b"}

    def _listed(self, query: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        token = base64.b64decode(query.get("marker", "")).decode()
        page, more = self.cloud.page(query.get("prefix", ""), token)
        items = "".join(
            f"<Blob><Name>{escape(key)}</Name><Properties><Last-Modified>{formatdate(blob.written, usegmt=True)}"
            f"</Last-Modified><Etag>{escape(blob.etag)}</Etag><Content-Length>{len(blob.content)}</Content-Length>"
            "<Content-Type>x</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>"
            for key, blob in page
        )
        marker = base64.b64encode(more.encode()).decode()
        told = f"<EnumerationResults><Blobs>{items}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
        return 200, told.encode(), {}


def _iso(moment: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _served(kind: type[_Handler]) -> Iterator[str]:
    handler = type("Handler", (kind,), {"cloud": _Cloud()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def gcs_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket of a stand-in for Cloud Storage, to which the environment leads."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for endpoint in _served(_Gcs):
        account = {"gcs_base_url": endpoint, "disable_oauth": True, "client_email": "", "private_key": ""}
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps({**account, "private_key_id": ""}))
        yield "gs://bucket"


@pytest.fixture
def azure_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty container of a stand-in for Blob Storage, to which the environment leads."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"no secret").decode())
    for endpoint in _served(_Azure):
        monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"{endpoint}/account")
        yield "az://container"
