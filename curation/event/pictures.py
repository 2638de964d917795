"""Pictures of the event's photos and faces over HTTP: made once, on few threads, and only for who still waits."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from fastapi.responses import Response

from curation.api.http.conditional import matches_any
from curation.api.http.errors import ApiProblem
from curation.event.analysis_lookup import KeptResults
from curation.event.catalog import Catalog
from curation.photos.looks.pictures import PICTURES_VERSION, PictureSize, face_picture, photo_picture
from curation.settings import Settings
from curation.storage.analysis_store import FileStamp
from curation.storage.picture_cache import PictureCache, picture_key

__all__ = ["PICTURES_DIR", "EventPictures"]

PICTURES_DIR = "pictures"
"""The folder of the kept pictures in `io.state_dir`."""

_MOST_DECODERS = 4  # a photo of the largest size takes some hundred megabytes while it is decoded
_CLIENT_IS_GONE = 499  # nobody sees it


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture that was asked for.

    Attributes:
        key: Names its content.
        content: The picture, if it is at hand.
        make: Makes it from the photo.
    """

    key: str
    content: bytes | None
    make: Callable[[], bytes]


class EventPictures:
    """Answers with pictures of photos and faces. Ids are looked up in the catalog, no request names a file."""

    def __init__(self, settings: Settings, catalog: Catalog, kept: KeptResults) -> None:
        """Note where things are; nothing is made yet."""
        self._catalog = catalog
        self._kept = kept
        self._max_megapixels = settings.io.max_photo_megapixels
        self._face_px = settings.clustering.thumbnail_px
        self._cache = PictureCache(
            settings.io.state_dir / PICTURES_DIR, max_bytes=settings.service.picture_cache_mb * 10**6
        )
        # Requests wait for a free decoder in the event loop, so that they keep no thread from the other routes.
        self._decoders = CapacityLimiter(max(2, min(_MOST_DECODERS, (os.cpu_count() or 2) - 1)))

    @property
    def made(self) -> int:
        """How many pictures were made since the start."""
        return self._cache.made_count

    async def photo(self, request: Request, photo_id: str, size: PictureSize) -> Response:
        """A photo, upright.

        Raises:
            ApiProblem: If there is no such photo, or its file is gone.
            PhotoError: If it cannot be decoded.
        """
        return await self._answer(request, partial(self._find_photo, photo_id, size))

    async def face(self, request: Request, face_id: str) -> Response:
        """A face with some of its surroundings.

        Raises:
            ApiProblem: If there is no such face, or its photo is gone.
            PhotoError: If the photo cannot be decoded.
        """
        return await self._answer(request, partial(self._find_face, face_id))

    async def _answer(self, request: Request, find: Callable[[], _Picture]) -> Response:
        picture = await to_thread.run_sync(find)
        # A browser may keep it but must ask each time: the photo may be replaced.
        headers = {"ETag": f'"{picture.key}"', "Cache-Control": "private, no-cache"}
        known = request.headers.get("if-none-match")
        if known is not None and matches_any(known, headers["ETag"], weak=True):
            return Response(status_code=304, headers=headers)
        content = picture.content
        if content is None:
            async with self._decoders:
                # Who scrolls through thousands of photos leaves requests behind that nobody waits for any more.
                if await request.is_disconnected():
                    return Response(status_code=_CLIENT_IS_GONE)
                content = await to_thread.run_sync(self._cache.made, picture.key, picture.make)
        return Response(content, headers=headers, media_type="image/jpeg")

    def _find_photo(self, photo_id: str, size: PictureSize) -> _Picture:
        known = self._catalog.photos_by_id().get(photo_id)
        if known is None:
            raise ApiProblem(404, "photo_not_found", f"there is no photo {photo_id}; GET /photos lists all")
        stamp = self._stamp(known.image_path)
        key = picture_key(stamp, PICTURES_VERSION, size, self._max_megapixels)
        make = partial(photo_picture, stamp.path, size, max_megapixels=self._max_megapixels)
        return _Picture(key, self._cache.get(key), make)

    def _find_face(self, face_id: str) -> _Picture:
        face = self._catalog.face(face_id)
        if face is None:
            raise ApiProblem(404, "face_not_found", f"there is no face {face_id}; GET /photos/{{photo_id}} lists faces")
        stamp = self._stamp(face.row.image_path)
        box = face.row.facial_area
        chip = self._kept.chip(face, stamp)
        how = "cut" if chip is None else "chip"  # two pictures that may differ in a few pixels
        key = picture_key(stamp, PICTURES_VERSION, how, *box, self._face_px)
        make = partial(face_picture, stamp.path, box, long_side_px=self._face_px, max_megapixels=self._max_megapixels)
        return _Picture(key, self._cache.get(key) if chip is None else chip, make)

    def _stamp(self, image_path: str) -> FileStamp:
        stamp = self._kept.stamp(image_path)
        if stamp is None:
            raise ApiProblem(
                404, "picture_not_found", f"the photo {image_path} is gone: put it back, or run the clustering again"
            )
        return stamp
