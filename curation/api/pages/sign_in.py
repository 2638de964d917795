"""Signing in: the browser sends the token once and gets a cookie."""

from __future__ import annotations

from typing import Annotated

import anyio
from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from curation.api.context import Context
from curation.api.http.access import COOKIE_NAME, SIGN_IN_PATH, is_token, session_of
from curation.api.pages.rendering import page_router, render

__all__ = ["router"]

router = page_router()

COOKIE_MAX_AGE_S = 30 * 24 * 3600
WRONG_TOKEN_DELAY_S = 1.0
"""Slows down guessing."""


@router.get(SIGN_IN_PATH)
def sign_in_page(request: Request, context: Context, next: str = "/") -> HTMLResponse:
    """The sign-in form."""
    return render(request, "sign_in.html", next=_local(next), is_wrong=False, is_needed=_is_needed(context))


@router.post(SIGN_IN_PATH, response_model=None)
async def sign_in(
    request: Request,
    context: Context,
    token: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=4000)] = "/",
) -> Response:
    """Set the cookie if the token is correct, and redirect to the page that was requested before."""
    service = context.settings.service
    if not is_token(service, token.strip()):
        await anyio.sleep(WRONG_TOKEN_DELAY_S)
        needed = _is_needed(context)
        return render(request, "sign_in.html", status=403, next=_local(next), is_wrong=needed, is_needed=needed)
    response = RedirectResponse(_local(next), status_code=303)
    response.set_cookie(
        COOKIE_NAME,
        session_of(service),
        max_age=COOKIE_MAX_AGE_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/sign-out")
def sign_out() -> Response:
    """Remove the cookie."""
    response = RedirectResponse(SIGN_IN_PATH, status_code=303)
    response.delete_cookie(COOKIE_NAME, httponly=True, samesite="strict")
    return response


def _is_needed(context: Context) -> bool:
    return context.settings.service.token is not None


def _local(path: str) -> str:
    """The path if it is one of this service, else `/`: the sign-in page must not redirect to other sites."""
    # Browsers read a backslash as a slash, and ignore tabs and line ends.
    is_local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_local else "/"
