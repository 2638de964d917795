"""Keeps other web sites out of a service that trusts every user of its own machine.

A page of another site can make the browser send requests to 127.0.0.1. It cannot choose the Host
header freely (with DNS rebinding, Host is the attacker's own name) and cannot hide its Origin. What a proxy says
that the host was is never looked at.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation.api.http.errors import ApiProblem, problem_response
from curation.settings import ServiceSettings

__all__ = ["SAME_SITE_PROBLEMS", "SameSiteGuard"]

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
"""Nothing else is a host: a user or a path beside it is read in different ways by different programs."""
_FROM_HERE = frozenset({"same-origin", "none"})
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
    if request.method not in _READING and not _comes_from_here(request, authority.lower()):
        status, detail = _ORIGIN_NOT_ALLOWED
        return ApiProblem(status, "origin_not_allowed", detail)
    return None


def _comes_from_here(request: Request, authority: str) -> bool:
    """Whether nothing says that a page of another site sends it; programs that are no browsers say nothing."""
    origin = request.headers.get("origin")
    if origin is None:
        # Browsers send it with whatever changes something; should one not, these tell as much.
        referer = request.headers.get("referer")
        return _is_from_here(request) and (referer is None or _authority(referer) == authority)
    return _is_from_here(request) and _authority(origin) == authority


def _is_from_here(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "none").lower() in _FROM_HERE


def _host_name(authority: str) -> str:
    found = _AUTHORITY.fullmatch(authority)
    return found[1].strip("[]").lower().rstrip(".") if found is not None else ""


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
