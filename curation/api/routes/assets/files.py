"""The files of assets: the picture itself, cut-outs, masks, the annotated picture, and cut-outs as a ZIP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from curation.api.context import Context
from curation.api.http.assets.pictures import NO_ASSET_FILE, CutoutOf
from curation.api.http.errors import problem_responses
from curation.api.routes.assets.finding import ASSET_NOT_FOUND, ASSETS_PROBLEMS, AssetIdPath
from curation.photos.looks.pictures import PictureSize

__all__ = ["router"]

router = APIRouter(prefix="/assets", tags=["assets"])

MAX_CUTOUTS = 200
MAX_PERSON = 999
_CUTOUT_PATTERN = r"^[0-9a-f]{32}(\.(0|[1-9][0-9]{0,2}))?$"

Person = Annotated[
    int | None,
    Query(ge=0, le=MAX_PERSON, description="Only this person, by `person_index`; without it, everybody."),
]
MaskSize = Annotated[PictureSize, Query(description="`full` is the file itself, binary; smaller ones have grey edges.")]
_PROBLEMS = problem_responses(
    **ASSETS_PROBLEMS,
    **ASSET_NOT_FOUND,
    asset_file_not_found=NO_ASSET_FILE,
    photo_unreadable=(422, "the file is cut off after 31 of 98 kB"),
    photo_too_large=(422, "the photo has 220 megapixels, more than the 120 of io.max_photo_megapixels"),
)


def _responses(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    return {
        200: {
            "content": {media_type: {"schema": {"type": "string", "format": "binary"}}},
            "description": description,
            "headers": {"ETag": {"description": "Changes when the file does.", "schema": {"type": "string"}}},
        },
        304: {"description": "The client already has this version of the file (If-None-Match)."},
        **_PROBLEMS,
    }


@router.get(
    "/cutouts.zip",
    summary="Cut-outs as a ZIP",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
            "description": "PNGs at full size.",
        },
        **_PROBLEMS,
    },
)
def get_cutouts_zip(
    context: Context,
    cutout: Annotated[
        list[Annotated[str, Query(pattern=_CUTOUT_PATTERN)]],
        Query(
            min_length=1,
            max_length=MAX_CUTOUTS,
            description="An asset's id; with a full stop and a `person_index` behind it, only that person.",
            examples=[["9f86d081884c7d6560303ae22b998861", "9f86d081884c7d6560303ae22b998861.1"]],
        ),
    ],
) -> StreamingResponse:
    """Named after the pictures; if one of them is not there, there is no ZIP."""
    asked = []
    for one in cutout:
        asset_id, _, person = one.partition(".")
        asked.append(CutoutOf(asset_id, int(person) if person else None))
    headers = {"Content-Disposition": 'attachment; filename="cutouts.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(context.asset_pictures.cutouts_zip(asked), media_type="application/zip", headers=headers)


@router.get(
    "/{asset_id}/original",
    summary="The picture as it came",
    response_class=Response,
    responses=_responses("*/*", "The file, byte for byte."),
)
def get_asset_original(request: Request, context: Context, asset_id: AssetIdPath) -> Response:
    """With its metadata; a browser saves it under its name."""
    return context.asset_pictures.original(request, asset_id)


@router.get(
    "/{asset_id}/picture",
    summary="The picture as a JPEG",
    response_class=Response,
    responses=_responses("image/jpeg", "An upright JPEG in sRGB, without metadata."),
)
async def get_asset_picture(
    request: Request, context: Context, asset_id: AssetIdPath, size: PictureSize = PictureSize.THUMBNAIL
) -> Response:
    """For a browser, whatever the format of the file; boxes and points refer to the full size."""
    return await context.asset_pictures.picture(request, asset_id, size)


@router.get(
    "/{asset_id}/cutout.png",
    summary="The people without the background",
    response_class=Response,
    responses=_responses("image/png", "RGBA with straight alpha."),
)
async def get_asset_cutout(
    request: Request,
    context: Context,
    asset_id: AssetIdPath,
    person: Person = None,
    size: Annotated[
        PictureSize, Query(description="`full` is the file itself; `thumbnail` has at most 480 pixels, `screen` 2048.")
    ] = PictureSize.FULL,
    trimmed: Annotated[bool, Query(description="Without the empty room around what can be seen.")] = False,
) -> Response:
    """Everybody at the size of the picture, or one person at the size of that person's box."""
    return await context.asset_pictures.cutout(request, CutoutOf(asset_id, person), size, is_trimmed=trimmed)


@router.get(
    "/{asset_id}/mask.png",
    summary="Where people are",
    response_class=Response,
    responses=_responses("image/png", "White: a person; the size of the picture."),
)
async def get_asset_mask(
    request: Request, context: Context, asset_id: AssetIdPath, size: MaskSize = PictureSize.FULL
) -> Response:
    """A binary mask."""
    return await context.asset_pictures.file(request, asset_id, "mask.png", size=size)


@router.get(
    "/{asset_id}/clothes.png",
    summary="Where clothes are",
    response_class=Response,
    responses=_responses("image/png", "White: clothes; the size of the picture."),
)
async def get_asset_clothes(
    request: Request, context: Context, asset_id: AssetIdPath, size: MaskSize = PictureSize.FULL
) -> Response:
    """A binary mask."""
    return await context.asset_pictures.file(request, asset_id, "clothes.png", size=size)


@router.get(
    "/{asset_id}/annotated.jpg",
    summary="The picture with what was found drawn in",
    response_class=Response,
    responses=_responses("image/jpeg", "Boxes, skeletons and colours."),
)
async def get_asset_annotated(request: Request, context: Context, asset_id: AssetIdPath) -> Response:
    """For looking at."""
    return await context.asset_pictures.file(request, asset_id, "annotated.jpg")
