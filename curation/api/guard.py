"""Keeps other web sites out of a service that trusts whoever sits at the machine.

A page from elsewhere can make the browser send requests to 127.0.0.1. It cannot choose the Host
header freely (DNS rebinding gives it its own name there) and cannot hide its Origin.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from curation.api.errors import ApiProblem, problem_response

__all__ = ["SameSiteGuard"]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class SameSiteGuard:
    """Lets requests pass whose Host is the service's own and whose Origin, if they write, is that Host.

    Addresses in numbers, `localhost` and the configured `service.host` are the service's own. Rebinding
    needs a name, so an address is always safe.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Guard `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that may not pass, and hand on the others."""
        if scope["type"] == "http":
            request = Request(scope)
            problem = _problem(request)
            if problem is not None:
                await problem_response(request, problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _problem(request: Request) -> ApiProblem | None:
    authority = request.headers.get("host", "")
    configured = request.app.state.service.settings.service.host
    if not _is_own(_host_name(authority), configured):
        return ApiProblem(
            400,
            "host_not_allowed",
            "the service does not answer under this host name; use 127.0.0.1 or localhost, "
            "or set service.host in config.yaml to the name",
        )
    origin = request.headers.get("origin")
    if request.method not in _READING and origin is not None and _authority(origin) != authority.lower():
        return ApiProblem(403, "origin_not_allowed", "a page of another site may not change anything here")
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


def _is_own(host: str, configured: str) -> bool:
    if host in ("localhost", configured.lower()):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
