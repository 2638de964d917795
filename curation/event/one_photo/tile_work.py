"""Cutting tiles: from a photo that is decoded once, and kept where that was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from curation.photos.tiles.cutting import DecodedPhoto, decode_for_tiles, tile_jpeg
from curation.photos.tiles.decoded import DecodedPhotos
from curation.photos.tiles.grid import TileLevel
from curation.workers.decoders.limits import Holding

__all__ = ["TileCutter", "TileTask", "Tiles", "cut_in_decoder"]

Tiles = Mapping[tuple[int, int], bytes]
"""Tiles of one level, JPEGs by column and row."""


@dataclass(frozen=True, slots=True)
class TileTask:
    """A tile that is wanted.

    Attributes:
        path: Of the photo.
        version: Changes when its file does.
        level: Of the tile.
        column: Its place from the left; with `row` None for a photo that is only decoded, for tiles to come.
        row: Its place from the top.
        max_megapixels: See `curation.photos.tiles.cutting.grid_of`.
        memory_bytes: For decoded photos.
    """

    path: Path
    version: str
    level: TileLevel
    column: int | None
    row: int | None
    max_megapixels: float
    memory_bytes: int


class TileCutter:
    """Cuts tiles, and keeps the decoded photos. Thread-safe."""

    def __init__(self, memory_bytes: int) -> None:
        """Set the limit of memory; nothing is decoded yet."""
        self._decoded = DecodedPhotos(memory_bytes)

    @property
    def memory_bytes(self) -> int:
        """How much memory decoded photos take now."""
        return self._decoded.size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Free so much memory."""
        self._decoded.give_back(size_bytes)

    def cut(self, task: TileTask) -> Tiles:
        """The tile that is wanted; all tiles of the level if the photo is too large to be kept.

        Raises:
            PhotoError: If the photo cannot be decoded.
        """
        photo = self._decoded.find(task.version, task.level.level)
        if photo is None:
            with self._decoded.turns.of(task.version):
                photo = self._decoded.find(task.version, task.level.level)
                if photo is None:
                    photo = decode_for_tiles(task.path, task.level.level, max_megapixels=task.max_megapixels)
                    if not self._decoded.keep(task.version, photo):
                        return _all_of(photo, task.level)
        if task.column is None or task.row is None:
            return {}
        return {(task.column, task.row): _tile(photo, task.level, task.column, task.row)}


def _all_of(photo: DecodedPhoto, level: TileLevel) -> Tiles:
    places = [(column, row) for row in range(level.rows) for column in range(level.columns)]
    return {(column, row): _tile(photo, level, column, row) for column, row in places}


def _tile(photo: DecodedPhoto, level: TileLevel, column: int, row: int) -> bytes:
    place = level.tile(column, row)
    assert place is not None  # as checked when it was asked for
    return tile_jpeg(photo, level, place)


_cutters: list[TileCutter] = []  # that of a decoder process, which works for all events


def cut_in_decoder(task: TileTask) -> Holding:
    """See `TileCutter.cut`, in a decoder process: its value is the tiles."""
    if not _cutters:
        _cutters.append(TileCutter(task.memory_bytes))
    tiles = _cutters[0].cut(task)
    return Holding(tiles, _cutters[0].memory_bytes, _give_back)


def _give_back(size_bytes: int) -> Holding:
    _cutters[0].give_back(size_bytes)
    return Holding(None, _cutters[0].memory_bytes, _give_back)
