"""Pictures of photos and faces, which are cached."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.routes.faces import FACE_NOT_FOUND, FaceIdPath
from curation.api.routes.photos import PHOTO_NOT_FOUND, PhotoIdPath
from curation.errors import NOT_CLUSTERED
from curation.photos.looks.pictures import PictureSize

__all__ = ["router"]

router = APIRouter(tags=["pictures"])

_NO_PICTURE = {
    "not_clustered": (409, NOT_CLUSTERED),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "picture_not_found": (404, "the photo day 2/IMG_0132.jpg is gone: put it back, or run the clustering again"),
    "photo_unreadable": (422, "the file is cut off after 31 of 98 kB"),
}
_JPEG: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        "description": "A JPEG in sRGB, without metadata.",
        "headers": {"ETag": {"description": "Changes when the photo's file does.", "schema": {"type": "string"}}},
    },
    304: {"description": "The client already has this version of the picture (If-None-Match)."},
}


@router.get(
    "/photos/{photo_id}/picture",
    summary="A photo as a JPEG",
    response_class=Response,
    responses={**_JPEG, **problem_responses(**_NO_PICTURE, **PHOTO_NOT_FOUND)},
)
async def get_photo_picture(
    request: Request,
    context: Context,
    photo_id: PhotoIdPath,
    size: Annotated[
        PictureSize,
        Query(
            description="`thumbnail`: the longer side has at most 320 pixels; `screen`: 2048; `full`: the full size."
        ),
    ] = PictureSize.THUMBNAIL,
) -> Response:
    """Upright, whatever the file's format: JPEG, HEIC, RAW and the others. Boxes of faces refer to the full size."""
    return await context.pictures.photo(request, photo_id, size)


@router.get(
    "/faces/{face_id}/picture",
    summary="A face with some of its surroundings",
    response_class=Response,
    responses={**_JPEG, **problem_responses(**_NO_PICTURE, **FACE_NOT_FOUND)},
)
async def get_face_picture(request: Request, context: Context, face_id: FaceIdPath) -> Response:
    """Square, except at the edge of the photo; the longer side has at most `clustering.thumbnail_px` pixels."""
    return await context.pictures.face(request, face_id)
