"""Limits the size of request bodies, whether their length is announced or not."""

from __future__ import annotations

import re

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation.api.context import service_of
from curation.api.http.errors import ApiProblem, problem_response
from curation.api.http.urls import path_within
from curation.settings import Settings

__all__ = ["MB", "BodyLimit", "too_large_text"]

MB = 1_000_000
_FRAME_SHARE = 1.02
"""The body of an upload may be larger than its photos by this factor, for the form around them."""

_UPLOAD_PATHS = frozenset({"/photos", "/assets", "/api/upload/"})
_FILMS_PATH = "/videos"
_POSTERS_PATH = re.compile(r"/videos/[0-9a-f]+/posters")
_PICTURE_PATHS = frozenset({"/attributes", "/attributes/picture"})


def too_large_text(limit_mb: float) -> str:
    """The error message for a larger body."""
    return f"the body may have at most {limit_mb:g} MB"


class BodyLimit:
    """Refuses bodies that are too large: at once if the length is announced, else when the limit is exceeded."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        limit_mb = _limit_mb(request, service_of(request).settings)
        announced = request.headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > limit_mb * MB:
            problem = ApiProblem(413, "too_large", too_large_text(limit_mb), headers={"Connection": "close"})
            await problem_response(request, problem)(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            if message["type"] == "http.request":
                came += len(message.get("body", b""))
                if came > limit_mb * MB:
                    # The only kind of exception that FastAPI lets through while it reads a body.
                    raise HTTPException(413, too_large_text(limit_mb))
            return message

        await self._app(scope, counted, send)


def _limit_mb(request: Request, settings: Settings) -> float:
    path = path_within(request.scope)
    if request.method == "POST" and path in _UPLOAD_PATHS:
        return settings.service.upload_total_mb * _FRAME_SHARE
    if request.method == "POST" and path == _FILMS_PATH:
        poster_mb = settings.service.upload_photo_mb
        return (settings.video.max_video_mb + poster_mb) * _FRAME_SHARE
    if request.method == "POST" and _POSTERS_PATH.fullmatch(path):
        return settings.service.upload_photo_mb * _FRAME_SHARE
    if request.method == "POST" and path in _PICTURE_PATHS:
        # The services count a megabyte as 2^20 bytes.
        return settings.services.max_image_mb * 2**20 / MB * _FRAME_SHARE
    return settings.service.max_body_mb
