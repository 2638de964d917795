"""HEAD: the status and the headers of a GET, without its body (RFC 9110, section 9.3.2).

FastAPI's routes know GET only, but monitors, link checkers and download programs ask by HEAD first.
"""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HeadRequests"]


class HeadRequests:
    """Asks what is inside of it by GET, passes on the headers, and ends the answer before its body."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`. It must be outside of all that looks at methods."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        # Parts of files are for GET alone (RFC 9110, section 14.2).
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"range", b"if-range")]
        asked = {**scope, "method": "GET", "headers": headers}
        is_answered = False

        async def without_body(message: Message) -> None:
            nonlocal is_answered
            if message["type"] != "http.response.body":
                await send(message)
                return
            if not is_answered:
                is_answered = True
                await send({"type": "http.response.body", "body": b""})
            if message.get("more_body", False):
                # What would follow, of a long file or of events without end, is for nobody.
                rest.cancel()

        with anyio.CancelScope() as rest:
            await self._app(asked, receive, without_body)
        if "route" in asked:
            scope["route"] = asked["route"]  # for what counts requests
