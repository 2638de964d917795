"""Keeps other web sites out of a service that trusts every user of its own machine.

A page of another site can make the browser send requests to 127.0.0.1. It cannot choose the Host
header freely (with DNS rebinding, Host is the attacker's own name) and cannot hide its Origin.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation.api.http.errors import ApiProblem, problem_response
from curation.settings import ServiceSettings

__all__ = ["SAME_SITE_PROBLEMS", "SameSiteGuard"]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    # Pages of other sites may not show, embed or read a response, and browsers may not guess its type.
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
_HOST_NOT_ALLOWED = (
    400,
    "the service does not answer under this host name; use 127.0.0.1 or localhost, "
    "or add the name to service.allowed_hosts in config.yaml",
)
_ORIGIN_NOT_ALLOWED = (403, "pages of other sites may not change anything here")
SAME_SITE_PROBLEMS = {"host_not_allowed": _HOST_NOT_ALLOWED, "origin_not_allowed": _ORIGIN_NOT_ALLOWED}
"""For `problem_responses`."""


class SameSiteGuard:
    """Lets requests pass whose Host is the service's own and, if they write, whose Origin is that Host.

    IP addresses, `localhost`, `service.host` and `service.allowed_hosts` are the service's own. DNS rebinding
    needs a name, so an IP address is always safe.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Guard `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        problem = _problem(request)
        if problem is not None:
            await problem_response(request, problem)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def _problem(request: Request) -> ApiProblem | None:
    authority = request.headers.get("host", "")
    if not _is_own(_host_name(authority), request.app.state.service.settings.service):
        status, detail = _HOST_NOT_ALLOWED
        return ApiProblem(status, "host_not_allowed", detail)
    origin = request.headers.get("origin")
    if request.method not in _READING and origin is not None and _authority(origin) != authority.lower():
        status, detail = _ORIGIN_NOT_ALLOWED
        return ApiProblem(status, "origin_not_allowed", detail)
    return None


def _host_name(authority: str) -> str:
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _is_own(host: str, service: ServiceSettings) -> bool:
    if host in ("localhost", service.host.lower(), *(name.lower() for name in service.allowed_hosts)):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
