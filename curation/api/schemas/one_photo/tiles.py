"""Tiles of a photo as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out
from curation.event.one_photo.tiles import PhotoTiles
from curation.photos.tiles.grid import TILE_PX

__all__ = ["TileLevelOut", "TilesOut", "tiles_out"]


class TileLevelOut(Out):
    """One size of a photo."""

    level: Annotated[int, Field(ge=0, examples=[0])]
    """0 is the full size; each further level has half the size of the one before."""
    width: Annotated[int, Field(ge=1, examples=[6000])]
    height: Annotated[int, Field(ge=1, examples=[4000])]
    columns: Annotated[int, Field(ge=1, examples=[12])]
    rows: Annotated[int, Field(ge=1, examples=[8])]


class TilesOut(Out):
    """Which tiles a photo has."""

    width: Annotated[int, Field(ge=1, examples=[6000])]
    """Of the upright full-size photo in pixels; boxes of faces refer to it."""
    height: Annotated[int, Field(ge=1, examples=[4000])]
    tile_px: Annotated[int, Field(examples=[TILE_PX])]
    """The side of a tile; those at the right and lower edge are smaller."""
    levels: tuple[TileLevelOut, ...]
    """The finest first. A JPEG above `io.max_photo_megapixels` begins with the largest one below it."""
    tile_url: Annotated[str, Field(examples=["/photos/5b41f1e3a0c9d27e/tiles/{level}/{x}/{y}?v=0c3a5b7d9e1f2a4b"])]
    """With the level, the column and the row to be put in. It changes when the photo does, so what it leads to can be
    kept for good."""


def tiles_out(tiles: PhotoTiles, photo_url: str) -> TilesOut:
    """The tiles of a photo whose addresses begin with `photo_url`."""
    return TilesOut(
        width=tiles.grid.width,
        height=tiles.grid.height,
        tile_px=TILE_PX,
        levels=tuple(
            TileLevelOut(level=one.level, width=one.width, height=one.height, columns=one.columns, rows=one.rows)
            for one in tiles.grid.levels()
        ),
        tile_url=f"{photo_url}/tiles/{{level}}/{{x}}/{{y}}?v={tiles.version}",
    )
