"""What a client is answered before the application has seen its request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

__all__ = ["BROKEN", "LARGE_HEADER", "NO_ROOM", "SLOW_BODY", "SLOW_HEADER", "STOPPING", "Refusal"]

_PROBLEM_JSON = b"application/problem+json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer in the form of all problems, after which the connection is closed.

    Attributes:
        status: The HTTP status.
        code: The stable name.
        detail: A sentence that says what to do.
        retry_after_s: When to try again; None if trying again helps nobody.
    """

    status: int
    code: str
    detail: str
    retry_after_s: int | None = None

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase

    @property
    def body(self) -> bytes:
        """The JSON."""
        problem = {"type": "about:blank", "title": self.title, "status": self.status, "code": self.code}
        return json.dumps({**problem, "detail": self.detail, "instance": ""}).encode()

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Those of the answer, with the length of the body."""
        out = [
            (b"content-type", _PROBLEM_JSON),
            (b"content-length", str(len(self.body)).encode()),
            (b"connection", b"close"),
        ]
        if self.retry_after_s is not None:
            out.append((b"retry-after", str(self.retry_after_s).encode()))
        return out


BROKEN = Refusal(400, "bad_request", "this is no HTTP request that the service understands")
LARGE_HEADER = Refusal(431, "header_too_large", "the address and the headers of the request are too large together")
SLOW_HEADER = Refusal(408, "too_slow", "the headers of the request did not arrive in time; send it again")
SLOW_BODY = Refusal(408, "too_slow", "the body of the request arrived too slowly; send it again on a better connection")
NO_ROOM = Refusal(503, "too_busy", "the service has as many connections as it can serve; try again in a moment", 5)
STOPPING = Refusal(503, "service_ending", "the service is shutting down; start it again")
