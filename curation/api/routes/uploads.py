"""Uploading photos to the event."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect

from curation.api.context import Context
from curation.api.http.body_limit import MB
from curation.api.http.errors import ApiProblem, problem_responses, status_of
from curation.api.http.multipart_stream import (
    BrokenFormError,
    FilePart,
    PartData,
    body_in_pieces,
    boundary_of,
    parts_of,
)
from curation.api.http.requests.pictures_made import made
from curation.api.schemas.uploads import SentPhotoOut, UploadOut
from curation.domain.faces.ids import photo_id
from curation.errors import (
    CurationError,
    DecodersBusyError,
    PhotoError,
    PhotoPresentError,
    PhotoRefusedError,
    StorageError,
    TooManyPhotosError,
)
from curation.event.incoming_photos import IncomingPhoto, remove_abandoned_uploads
from curation.event.photo_places import photo_place
from curation.settings import Settings

__all__ = ["router"]

router = APIRouter(prefix="/photos", tags=["photos"])

_TOLD_SHARE = 2
"""So many times the photos that a request may bring are told; what comes behind them is not read."""

_FORM_NEEDED = (415, "send the photos as a form with files: Content-Type: multipart/form-data")
_BROKEN_FORM = (400, "the form is broken: the form is cut off")
_NO_FILES = (422, "there is no file in the form; send each photo as a part with a file name")
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"photos": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                "required": ["photos"],
            }
        }
    },
}


@router.post(
    "",
    status_code=201,
    summary="Upload photos",
    responses={
        201: {"description": "At least one photo was stored."},
        **problem_responses(
            bad_request=_BROKEN_FORM,
            already_there=(409, "nothing was stored; IMG_0132.jpg: the folder has this photo already, as IMG_0132.jpg"),
            too_large=(413, "nothing was stored; IMG_0132.tif: a photo may have at most 200 MB"),
            media_type_not_supported=_FORM_NEEDED,
            not_a_photo=(415, "nothing was stored; notes.txt: the name has no extension of a photo"),
            request_invalid=_NO_FILES,
            photo_unreadable=(422, "nothing was stored; IMG_0132.jpg: the file is cut off"),
            storage=(507, "nothing was stored; IMG_0132.jpg: the disk is full: free some space and run again"),
        ),
    },
    openapi_extra={"requestBody": _BODY},
)
async def upload_photos(request: Request, context: Context) -> UploadOut:
    """Stores photos in the folder of photos, if they can be decoded. Run `POST /cluster` again to find their people.

    The files are written as they arrive. None is ever overwritten: another photo of the same name gets a number, and
    the same photo is not stored twice. The response has the result for each file; if none was stored, it is the error
    of the first one, with the results of all files in `photos`.
    """
    boundary = boundary_of(request.headers.get("content-type", ""))
    if boundary is None:
        raise ApiProblem(_FORM_NEEDED[0], "media_type_not_supported", _FORM_NEEDED[1])
    receiver = _Receiver(context.settings)
    try:
        refusals = await receiver.receive(parts_of(body_in_pieces(request), boundary))
    except BrokenFormError as error:
        raise ApiProblem(400, "bad_request", f"the form is broken: {error}") from error
    except ClientDisconnect as error:
        # Nobody receives this response; complete files are stored.
        raise ApiProblem(400, "bad_request", "the form is cut off") from error
    done = tuple(receiver.done)
    if not done:
        raise ApiProblem(_NO_FILES[0], "request_invalid", _NO_FILES[1])
    stored = sum(photo.stored for photo in done)
    if stored == 0:
        first = refusals[0]
        raise ApiProblem(
            status_of(first),
            first.code,
            f"nothing was stored; {done[0].sent_as}: {first}",
            extra={"photos": [photo.model_dump() for photo in done]},
        )
    return UploadOut(stored=stored, photos=done)


class _Receiver:
    """Stores the files of a form, and records the result for each of them."""

    def __init__(self, settings: Settings) -> None:
        self._place = photo_place(settings)
        self._max_megapixels = settings.io.max_photo_megapixels
        self._max_bytes = settings.service.upload_photo_mb * MB
        self._max_photos = settings.service.upload_photos
        self.done: list[SentPhotoOut] = []

    async def receive(self, parts: AsyncIterator[object]) -> list[CurationError]:
        """Store the files; returns the errors of those that were not stored."""
        await to_thread.run_sync(remove_abandoned_uploads, self._place.folder)
        refusals: list[CurationError] = []
        sent, photo = "", None
        try:
            async for part in parts:
                try:
                    if isinstance(part, FilePart):
                        if len(self.done) >= _TOLD_SHARE * self._max_photos:
                            break
                        sent, photo = part.name, None
                        photo = await to_thread.run_sync(self._begin, sent)
                    elif photo is None:
                        continue  # the rest of a file that was refused
                    elif isinstance(part, PartData):
                        await to_thread.run_sync(photo.write, part.data)
                    else:
                        kept = await made(partial(self._keep, photo))
                        self._note(sent, kept_as=kept)
                        photo = None
                except (PhotoRefusedError, PhotoError, StorageError, DecodersBusyError) as refusal:
                    refusals.append(refusal)
                    present = refusal.stored_as if isinstance(refusal, PhotoPresentError) else None
                    self._note(sent, kept_as=present, refusal=refusal)
                    if photo is not None:
                        photo.close()
                        photo = None
        finally:
            if photo is not None:
                photo.close()
        return refusals

    def _begin(self, sent: str) -> IncomingPhoto:
        if len(self.done) >= self._max_photos:
            raise TooManyPhotosError(f"one request may bring at most {self._max_photos} photos (service.upload_photos)")
        return IncomingPhoto(self._place, sent, max_bytes=self._max_bytes)

    def _keep(self, photo: IncomingPhoto) -> str:
        try:
            return photo.store(max_megapixels=self._max_megapixels)
        finally:
            photo.close()

    def _note(self, sent: str, *, kept_as: str | None, refusal: CurationError | None = None) -> None:
        self.done.append(
            SentPhotoOut(
                sent_as=sent[:200],
                stored=refusal is None,
                image_path=kept_as,
                photo_id=None if kept_as is None else photo_id(kept_as),
                code=None if refusal is None else refusal.code,
                reason=None if refusal is None else str(refusal),
            )
        )
