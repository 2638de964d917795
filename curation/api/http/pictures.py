"""Pictures over HTTP: found by id, and made only for clients that are still connected."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from anyio import to_thread
from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from curation.api.http.conditional import matches_any
from curation.api.http.requests.pictures_made import ClientGoneError, made, nobody_waits
from curation.errors import PhotoNotFoundError
from curation.event.folder.shots import FolderShots
from curation.event.one_photo.tiles import PhotoTiles
from curation.event.pictures import EventPictures, Picture
from curation.photos.looks.pictures import PictureSize
from curation.workflow import event_listing

__all__ = ["PictureResponses"]

_ASK_AGAIN = "private, no-cache"  # a browser may cache it but must revalidate each time: the photo may be replaced
_FOR_GOOD = "private, max-age=31536000, immutable"


class PictureResponses:
    """Makes the responses with pictures of photos and faces."""

    def __init__(self, pictures: EventPictures) -> None:
        """Take the event's pictures; nothing is made yet."""
        self._pictures = pictures
        self.folder = FolderShots(pictures.settings, partial(event_listing, pictures.settings))
        self._origin = pictures.origin

    @property
    def origin(self) -> str:
        """See `EventPictures.origin`."""
        return self._origin

    @property
    def made_count(self) -> int:
        """How many pictures were made since the start."""
        return self._pictures.made_count

    async def photo(self, request: Request, photo_id: str, size: PictureSize) -> Response:
        """A photo, upright. Raises what `EventPictures.photo` and `EventPictures.made` raise."""
        address = await to_thread.run_sync(self._pictures.address, photo_id, size)
        if address is not None:
            # The address is as good as a password for as long as it is valid.
            return RedirectResponse(address, status_code=307, headers={"Cache-Control": "no-store"})
        return await self._answer(request, partial(self._pictures.photo, photo_id, size))

    async def tiles(self, photo_id: str) -> PhotoTiles:
        """Which tiles a photo has; it is decoded meanwhile, as they will be asked for. Raises as `EventTiles`."""
        found = await made(partial(self._pictures.tiles.describe, photo_id))
        self._pictures.tiles.read_ahead(photo_id)
        return found

    async def tile(self, request: Request, photo_id: str, place: tuple[int, int, int], version: str) -> Response:
        """A tile of a photo by level, column and row. Raises what `EventTiles.tile` and `EventTiles.made` raise.

        Under the address with the current version it never changes, so a browser need not ask again.
        """
        tile = await made(partial(self._pictures.tiles.tile, photo_id, *place))
        cached = _FOR_GOOD if version == tile.version else _ASK_AGAIN
        return await self._send(
            request, tile.key, tile.content, partial(self._pictures.tiles.made, tile), {"Cache-Control": cached}
        )

    async def photo_itself(self, request: Request, photo_id: str, size: PictureSize) -> Response:
        """A photo, upright, never by the address of another server. Raises what `photo` raises."""
        return await self._answer(request, partial(self._pictures.photo, photo_id, size))

    async def of_folder(self, request: Request, photo_id: str) -> Response:
        """A photo of the folder, small, whether it was looked through or not.

        Raises:
            PhotoNotFoundError: If the folder has no such photo.
            PhotoGoneError: If it is just gone.
            PhotoError: If it cannot be decoded.
            StorageError: If the folder or the file cannot be read.
        """
        return await self._answer(request, partial(self._thumbnail, photo_id))

    def _thumbnail(self, photo_id: str) -> Picture:
        image_path = self.folder.path_of(photo_id)
        if image_path is None:
            raise PhotoNotFoundError(f"the folder has no photo {photo_id}")
        return self._pictures.thumbnail(image_path)

    async def face(self, request: Request, face_id: str) -> Response:
        """A face with some of its surroundings. Raises what `EventPictures.face` and `EventPictures.made` raise."""
        return await self._answer(request, partial(self._pictures.face, face_id))

    async def _answer(self, request: Request, find: Callable[[], Picture]) -> Response:
        picture = await to_thread.run_sync(find)
        make = partial(self._pictures.made, picture)
        return await self._send(request, picture.key, picture.content, make, {"Cache-Control": _ASK_AGAIN})

    async def _send(
        self, request: Request, key: str, content: bytes | None, make: Callable[[], bytes], headers: dict[str, str]
    ) -> Response:
        headers = {"ETag": f'"{key}"', **headers}
        known = request.headers.get("if-none-match")
        if known is not None and matches_any(known, headers["ETag"], weak=True):
            return Response(status_code=304, headers=headers)
        if content is None:
            try:
                content = await made(make, request)
            except ClientGoneError:
                return nobody_waits()
        return Response(content, headers=headers, media_type="image/jpeg")
