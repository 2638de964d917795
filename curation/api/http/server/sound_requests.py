"""Refuses requests that one server may read in another way than the next one, such as a proxy before this one."""

from __future__ import annotations

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from curation.api.http.errors import ApiProblem, problem_response
from curation.api.http.server.limits import ServerLimits

__all__ = ["SoundRequests"]

_TARGET = "ask for a path, such as GET /photos: this is neither a proxy nor does it answer for the whole server"
_FRAMING = "send Content-Length or Transfer-Encoding, not both"
_HOSTS = "send one Host header"
_MANY = "the request has more headers than the service reads ({count}; at most {limit})"


class SoundRequests:
    """Lets requests pass that ask for a path, with one Host, one way to tell the end of the body, and few headers."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard `app`."""
        self._app = app
        self._headers = ServerLimits().headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on."""
        if scope["type"] == "http":
            problem = self._problem(scope)
            if problem is not None:
                await problem_response(Request(scope), problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _problem(self, scope: Scope) -> ApiProblem | None:
        names = [name for name, _ in scope["headers"]]
        if len(names) > self._headers:
            detail = _MANY.format(count=len(names), limit=self._headers)
            return ApiProblem(431, "header_too_large", detail, headers={"Connection": "close"})
        if b"content-length" in names and b"transfer-encoding" in names:
            return _unsound(_FRAMING)
        if names.count(b"host") > 1:
            return _unsound(_HOSTS)
        if not scope["path"].removeprefix(scope.get("root_path", "")).startswith("/"):
            return _unsound(_TARGET)
        return None


def _unsound(detail: str) -> ApiProblem:
    return ApiProblem(400, "bad_request", detail, headers={"Connection": "close"})
