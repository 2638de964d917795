"""Methods that are not allowed: 405 with all that are (RFC 9110, section 15.5.6).

The router itself tells those of the first route of an address only, and takes `DELETE /assets/schema` for the asset
"schema", as the address with a name of its own knows no DELETE.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fastapi import APIRouter, Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from curation.api.http.errors import ApiProblem, problem_response
from curation.api.http.urls import path_within

__all__ = ["AllowedMethods", "MethodGuard"]


class AllowedMethods:
    """The methods of each address; where there is GET, there is HEAD (see `HeadRequests`)."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        """Take the routes of `routers`."""
        self._named: dict[str, set[str]] = {}
        self._shaped: dict[str, tuple[re.Pattern[str], set[str]]] = {}
        for router in routers:
            for route in router.routes:
                if not isinstance(route, Route) or route.methods is None:
                    continue
                if "{" in route.path:
                    self._shaped.setdefault(route.path, (route.path_regex, set()))[1].update(route.methods)
                else:
                    self._named.setdefault(route.path, set()).update(route.methods)

    def of(self, path: str) -> frozenset[str]:
        """The methods of a path within its event; empty if there is nothing.

        An address with a name of its own has its own methods only.
        """
        if path in self._named:
            found = frozenset(self._named[path])
        else:
            shaped = (methods for shape, methods in self._shaped.values() if shape.match(path))
            found = frozenset().union(*shaped)
        return found | {"HEAD"} if "GET" in found else found


class MethodGuard:
    """Refuses methods that an address does not know, before another address is taken for it."""

    def __init__(self, app: ASGIApp, methods: AllowedMethods) -> None:
        """Wrap `app`. It must be inside of what finds the event."""
        self._app = app
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on."""
        if scope["type"] == "http":
            allowed = self._methods_if_refused(path_within(scope), scope["method"])
            if allowed:
                listed = ", ".join(sorted(allowed))
                detail = f"{scope['method']} is not allowed here; allowed: {listed}"
                problem = ApiProblem(405, "method_not_allowed", detail, headers={"Allow": listed})
                await problem_response(Request(scope), problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _methods_if_refused(self, path: str, method: str) -> frozenset[str]:
        allowed = self._methods.of(path)
        return frozenset() if method in allowed else allowed
