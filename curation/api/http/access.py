"""Access control: with a token, only clients that send it; without one, only clients on this machine.

Scripts send the token as `Authorization: Bearer`, browsers as a cookie that the sign-in page sets. The cookie holds a
digest instead of the token, so that a stolen cookie cannot be used anywhere else.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from curation.api.http.errors import ApiProblem, problem_response
from curation.errors import SettingsError
from curation.settings import ServiceSettings

__all__ = [
    "ACCESS_PROBLEMS",
    "COOKIE_NAME",
    "SIGN_IN_PATH",
    "STATIC_PREFIX",
    "TokenGuard",
    "is_guest_path",
    "is_loopback",
    "is_owner",
    "is_token",
    "refuse_open_binding",
    "session_of",
]

COOKIE_NAME = "curation_session"
SIGN_IN_PATH = "/sign-in"
STATIC_PREFIX = "/static/"
_OPEN_PATHS = frozenset({SIGN_IN_PATH})
_GUEST_PATHS = re.compile(r"(/events/[^/]+)?(/review/find-me|/find-me(/.*)?)")
"""Where guests look for their own photos, if the owner lets them; the routes check the key of their link."""
_TOKEN_NEEDED = (
    401,
    "this service requires its token (service.token): send it as `Authorization: Bearer …`, or sign in at /sign-in",
)
_ONLY_LOCAL = (
    403,
    "without a token the service answers only requests from its own machine; set service.token in config.yaml "
    "(or CURATION_SERVICE__TOKEN) and restart it",
)
ACCESS_PROBLEMS = {"token_needed": _TOKEN_NEEDED, "only_local": _ONLY_LOCAL}
"""For `problem_responses`."""


def refuse_open_binding(service: ServiceSettings) -> None:
    """Make sure that other machines cannot reach the service without a token.

    Raises:
        SettingsError: If `service.host` is not a loopback address and there is no token.
    """
    if service.token is None and not is_loopback(service.host):
        raise SettingsError(
            f"service.host is {service.host}, so that other machines can reach the service: set service.token "
            "(16 characters or more; preferably in the environment, CURATION_SERVICE__TOKEN), or set the host to "
            "127.0.0.1"
        )


def is_guest_path(path: str) -> bool:
    """Whether guests look for their own photos at this path, if the owner lets them (`service.guest_selfies`)."""
    return _GUEST_PATHS.fullmatch(path) is not None


def is_token(service: ServiceSettings, text: str) -> bool:
    """Whether this is the service's token. The comparison takes constant time."""
    return service.token is not None and hmac.compare_digest(
        service.token.get_secret_value().encode(), text.encode("utf-8", "surrogateescape")
    )


def session_of(service: ServiceSettings) -> str:
    """The value of the session cookie of a signed-in browser; it changes with the token."""
    if service.token is None:
        raise ValueError("there is no token")
    return hmac.new(service.token.get_secret_value().encode(), b"curation session", hashlib.sha256).hexdigest()


class TokenGuard:
    """Lets requests pass that carry the token; if no token is set, those that arrive at a loopback address."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on."""
        if scope["type"] == "http":
            refused = _refused(Request(scope))
            if refused is not None:
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _refused(request: Request) -> Response | None:
    service: ServiceSettings = request.app.state.service.settings.service
    if service.token is None:
        # The server may listen elsewhere than the settings say (`uvicorn --host`): only the socket knows where.
        if _came_to_this_machine_only(request.scope):
            return None
        status, detail = _ONLY_LOCAL
        return problem_response(request, ApiProblem(status, "only_local", detail))
    path = request.url.path
    if service.guest_selfies and is_guest_path(path):
        return None
    if path in _OPEN_PATHS or path.startswith(STATIC_PREFIX) or _has_token(request, service):
        return None
    if _is_page(request):
        asked = f"{path}?{request.url.query}" if request.url.query else path
        return RedirectResponse(f"{SIGN_IN_PATH}?next={quote(asked)}", status_code=303)
    status, detail = _TOKEN_NEEDED
    return problem_response(
        request, ApiProblem(status, "token_needed", detail, headers={"WWW-Authenticate": 'Bearer realm="curation"'})
    )


def is_owner(request: Request) -> bool:
    """Whether a request that the guard let pass may do everything, not only what guests may."""
    service: ServiceSettings = request.app.state.service.settings.service
    return service.token is None or _has_token(request, service)


def _has_token(request: Request, service: ServiceSettings) -> bool:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and is_token(service, credentials.strip()):
        return True
    session = request.cookies.get(COOKIE_NAME, "")
    return hmac.compare_digest(session_of(service).encode(), session.encode("utf-8", "surrogateescape"))


def _is_page(request: Request) -> bool:
    """Whether a browser asks for a whole page; not a script, and not a page for one of its fragments."""
    return (
        request.method == "GET"
        and "text/html" in request.headers.get("accept", "")
        and request.headers.get("hx-request") != "true"
    )


def _came_to_this_machine_only(scope: Scope) -> bool:
    server = scope.get("server")
    if server is None:
        return False
    host, port = server
    # A Unix socket has a path and no port; the permissions of its file say who may connect.
    return port is None or is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server at this host name or address."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or (mapped is not None and mapped.is_loopback)
