"""Photos in tiles: parts of the full size for whoever looks closely."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.http.urls import root_of
from curation.api.routes.photos import PHOTO_NOT_FOUND, PhotoIdPath
from curation.api.schemas.one_photo.tiles import TilesOut, tiles_out
from curation.errors import NOT_CLUSTERED

__all__ = ["router"]

router = APIRouter(tags=["pictures"])

_MOST_TILES = 100_000  # beside each other; far more than any photo has
_NO_TILES = {
    "not_clustered": (409, NOT_CLUSTERED),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "picture_not_found": (404, "the photo day 2/IMG_0132.jpg is gone: put it back, or run the clustering again"),
    "photo_unreadable": (422, "the file is cut off after 31 of 98 kB"),
    **PHOTO_NOT_FOUND,
}
_JPEG: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        "description": "A JPEG in sRGB, without metadata.",
        "headers": {"ETag": {"description": "Changes when the photo's file does.", "schema": {"type": "string"}}},
    },
    304: {"description": "The client already has this version of the tile (If-None-Match)."},
}
TilePlace = Annotated[int, Path(ge=0, le=_MOST_TILES)]


@router.get("/photos/{photo_id}/tiles", summary="Which tiles a photo has", responses=problem_responses(**_NO_TILES))
async def get_photo_tiles(request: Request, context: Context, photo_id: PhotoIdPath) -> TilesOut:
    """The photo is decoded in the background, so that its tiles come at once; ask for those of the next photo ahead."""
    found = await context.pictures.tiles(photo_id)
    return tiles_out(found, f"{root_of(request)}/photos/{photo_id}")


@router.get(
    "/photos/{photo_id}/tiles/{level}/{x}/{y}",
    summary="A tile of a photo as a JPEG",
    response_class=Response,
    responses={
        **_JPEG,
        **problem_responses(**_NO_TILES, tile_not_found=(404, "the photo has no tile 0/31/2; GET /photos/{id}/tiles")),
    },
)
async def get_photo_tile(
    request: Request,
    context: Context,
    photo_id: PhotoIdPath,
    level: Annotated[int, Path(ge=0, le=16, description="0 is the full size, 1 half of it, and so on.")],
    x: TilePlace,
    y: TilePlace,
    v: Annotated[
        str, Query(max_length=32, description="The version in `tile_url`: then the tile may be kept for good.")
    ] = "",
) -> Response:
    """Upright, whatever the file's format. Column `x` and row `y` count from the upper left corner, from 0."""
    return await context.pictures.tile(request, photo_id, (level, x, y), v)
