"""A guest finds their own photos with a selfie, of which nothing is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from curation.api.context import Context, ServiceContext
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.guests.access import GUESTS_OFF, LINK_NEEDED, NO_STORE, Guest, desk_of
from curation.api.http.guests.zip_stream import zip_of
from curation.api.http.urls import root_of
from curation.api.schemas.taking_home.guests import FoundPhotoOut, SelfieOut
from curation.domain.faces.ids import PHOTO_ID_PATTERN, photo_id
from curation.event.guests.finder import SelfieAnswer
from curation.event.guests.results import FoundPhotos
from curation.photos.looks.pictures import PictureSize

__all__ = ["router"]

router = APIRouter(prefix="/find-me", tags=["guests"])

Result = Annotated[str, Path(max_length=64, description="The name of what was found.")]
PhotoId = Annotated[str, Path(pattern=PHOTO_ID_PATTERN)]
_MOST_CHOSEN = 200

_MESSAGES: Mapping[SelfieAnswer, str] = MappingProxyType(
    {
        SelfieAnswer.NOBODY: "Nobody in these photos looks enough like you. Try again in good light, looking straight "
        "into the camera, without sunglasses.",
        SelfieAnswer.ALIKE: "Two people in these photos look very much like you. So as not to show you somebody "
        "else's photos, none are shown: ask the photographer.",
        SelfieAnswer.NO_FACE: "There is no face in this picture. Take one of your face from the front.",
        SelfieAnswer.SEVERAL: "There are several people in your picture. Take one of yourself alone.",
        SelfieAnswer.TOO_POOR: "Your face is too small in this picture. Come closer.",
    }
)
_NOT_YET = "You are in these photos, but none of yours has been chosen yet. Come back later."
_GONE = (404, "what you found is not kept for longer than half an hour: take another selfie")
_NO_DOWNLOAD = (403, "these photos can be looked at, not downloaded: ask the photographer")
_TOO_MANY = (429, "too many selfies in one minute: wait a moment and try again")
_EMPTY = (422, "there is no picture in the body: send one as it is, for instance as image/jpeg")
_OPEN = {"guests_off": GUESTS_OFF, "guest_link_invalid": LINK_NEEDED}
_PICTURE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
        "description": "A picture of the guest alone.",
    }
}


@router.post(
    "",
    summary="Find the photos of the person of a selfie",
    openapi_extra=_PICTURE,
    responses=problem_responses(
        **_OPEN,
        too_many_selfies=_TOO_MANY,
        request_invalid=_EMPTY,
        photo_unreadable=(422, "the file is cut off after 31 of 98 kB"),
        input=(409, "guests cannot be found with the face engine of this event"),
    ),
)
async def find_me(request: Request, response: Response, context: Context, guest: Guest) -> SelfieOut:
    """Compares one face with the people of the event, cautiously: better nobody than somebody else.

    The picture is looked at in a process of its own and never written to a disk; neither it nor what was measured of it
    is kept. Guests send the key of their link as `X-Guest-Key`.
    """
    response.headers.update(NO_STORE)
    desk = desk_of(context)
    wait_s = desk.rate.wait_s(request.client.host if request.client is not None else "")
    if wait_s > 0:
        headers = {"Retry-After": str(math.ceil(wait_s))}
        raise ApiProblem(_TOO_MANY[0], "too_many_selfies", _TOO_MANY[1], headers=headers)
    selfie = await request.body()
    if not selfie:
        raise ApiProblem(_EMPTY[0], "request_invalid", _EMPTY[1])
    found = await run_in_threadpool(desk.finder.find, selfie, guest.photos)
    if found.answer is not SelfieAnswer.FOUND:
        return SelfieOut(
            answer=found.answer, message=_MESSAGES[found.answer], photos=(), result_url=None, download_url=None
        )
    if not found.image_paths:
        return SelfieOut(answer=found.answer, message=_NOT_YET, photos=(), result_url=None, download_url=None)
    name = desk.results.keep(found.image_paths, download=guest.download, link_id=guest.link_id)
    own = f"{root_of(request)}/find-me/{name}"
    number = len(found.image_paths)
    return SelfieOut(
        answer=found.answer,
        message=f"We found {number} photo{'' if number == 1 else 's'} of you.",
        photos=tuple(_photo(own, photo_id(path)) for path in found.image_paths),
        result_url=own,
        download_url=f"{own}/download" if guest.download else None,
    )


@router.delete("/{result}", status_code=204, summary="Forget what was found", responses=problem_responses(**_OPEN))
def forget(result: Result, context: Context) -> None:
    """Forgets at once what a selfie found."""
    desk_of(context).results.forget(result)


@router.get(
    "/{result}/photos/{photo_id}/picture",
    summary="A photo that was found",
    response_class=Response,
    responses={
        200: {
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
            "description": "A JPEG without metadata.",
        },
        **problem_responses(guests_off=GUESTS_OFF, result_gone=_GONE),
    },
)
async def get_found_picture(
    result: Result,
    photo_id: PhotoId,
    request: Request,
    context: Context,
    size: Annotated[PictureSize, Query(description="`thumbnail` or `screen`.")] = PictureSize.THUMBNAIL,
) -> Response:
    """Only photos of this result, and only while it is kept; no browser and no proxy keeps the picture."""
    found = _result(result, context)
    _path_of(found, photo_id)
    shown = PictureSize.SCREEN if size is PictureSize.FULL else size
    response = await context.pictures.photo_itself(request, photo_id, shown)
    response.headers.update(NO_STORE)
    return response


@router.get(
    "/{result}/download",
    summary="Download photos that were found",
    response_class=Response,
    responses={
        200: {
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The photos as they are, in one ZIP file.",
        },
        **problem_responses(guests_off=GUESTS_OFF, result_gone=_GONE, download_not_allowed=_NO_DOWNLOAD),
    },
)
def download_found(
    result: Result,
    context: Context,
    photo: Annotated[
        list[str] | None, Query(max_length=_MOST_CHOSEN, description="Only these photos; without it all of them.")
    ] = None,
) -> Response:
    """The photos as they are, in one ZIP file, if the owner allows it."""
    found = _result(result, context)
    if not found.download:
        raise ApiProblem(_NO_DOWNLOAD[0], "download_not_allowed", _NO_DOWNLOAD[1])
    paths = [_path_of(found, each) for each in photo or ()] or list(found.image_paths)
    content = zip_of(context.settings, paths)
    headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="my photos.zip"'}
    return StreamingResponse(content, media_type="application/zip", headers=headers)


def _photo(own: str, photo: str) -> FoundPhotoOut:
    address = partial(f"{own}/photos/{photo}/picture?size={{}}".format)
    return FoundPhotoOut(photo_id=photo, thumbnail_url=address("thumbnail"), picture_url=address("screen"))


def _result(name: str, context: ServiceContext) -> FoundPhotos:
    found = desk_of(context).results.of(name)
    if found is None:
        raise ApiProblem(_GONE[0], "result_gone", _GONE[1], headers=NO_STORE)
    return found


def _path_of(found: FoundPhotos, photo: str) -> str:
    path = next((each for each in found.image_paths if photo_id(each) == photo), None)
    if path is None:
        raise ApiProblem(_GONE[0], "result_gone", _GONE[1], headers=NO_STORE)
    return path
