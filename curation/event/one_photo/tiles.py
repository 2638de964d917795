"""Tiles of the event's photos: cut from a photo that is decoded once, and read ahead of whoever looks closely."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from curation.decoders import decoded, decoders_here
from curation.errors import CurationError, PhotoGoneError, PhotoNotFoundError, TileNotFoundError
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.event.one_photo.tile_work import TileCutter, Tiles, TileTask, cut_in_decoder
from curation.photos.originals import Originals
from curation.photos.tiles.cutting import TILES_VERSION, grid_of
from curation.photos.tiles.grid import TileGrid, TileLevel
from curation.storage.file_stamps import FileStamp, content_name
from curation.storage.picture_cache import PictureCache, picture_key
from curation.turns import Turns

__all__ = ["EventTiles", "PhotoTiles", "Tile"]

_BYTES_PER_PIXEL = 3
_MOST_GRIDS = 256
_MOST_AHEAD = 2  # the photo that is looked at, and the next one

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PhotoTiles:
    """Which tiles a photo has.

    Attributes:
        grid: Its levels.
        version: Changes when the photo's file does.
    """

    grid: TileGrid
    version: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile that was asked for.

    Attributes:
        key: Changes when the photo's file changes.
        version: That of all tiles of the photo.
        stamp: The photo's file.
        level: The level that it is in.
        column: Its place from the left.
        row: Its place from the top.
        content: A JPEG; None if it is not cached.
    """

    key: str
    version: str
    stamp: FileStamp
    level: TileLevel
    column: int
    row: int
    content: bytes | None


class EventTiles:
    """Tiles of photos by id. Thread-safe."""

    def __init__(
        self,
        catalog: Catalog,
        analyses: AnalysisLookup,
        originals: Originals,
        cache: PictureCache,
        *,
        max_megapixels: float,
        memory_bytes: int,
    ) -> None:
        """Remember the parts; nothing is decoded yet.

        Args:
            catalog: The photos of the event.
            analyses: Knows the files of photos.
            originals: Gets them to hand.
            cache: Keeps tiles that were made.
            max_megapixels: Larger photos are rejected, see `curation.photos.tiles.cutting.grid_of`.
            memory_bytes: For decoded photos. Of a larger one, all tiles of a level are cut at once instead.
        """
        self._catalog = catalog
        self._analyses = analyses
        self._originals = originals
        self._cache = cache
        self._max_megapixels = max_megapixels
        self._memory_bytes = memory_bytes
        self._cutter = TileCutter(memory_bytes)
        self._large = Turns()
        self._guard = threading.Lock()
        self._grids: OrderedDict[str, TileGrid] = OrderedDict()
        self._ahead: deque[str] = deque(maxlen=_MOST_AHEAD)
        self._is_reading = False

    @property
    def memory_bytes(self) -> int:
        """How much memory decoded photos take now, if they are not in other processes."""
        return self._cutter.memory_bytes

    def describe(self, photo_id: str) -> PhotoTiles:
        """Which tiles a photo has.

        Raises:
            PhotoNotFoundError: If there is no such photo.
            PhotoGoneError: If its file is gone.
            PhotoError: If its header cannot be read.
            StorageError: If a file cannot be read.
        """
        stamp = self._stamp(photo_id)
        version = self._version(stamp)
        return PhotoTiles(self._grid(stamp, version), version)

    def read_ahead(self, photo_id: str) -> None:
        """Decode a photo in the background, as its tiles will be asked for soon. Never raises.

        Of several that wait, only the last two are decoded: whoever asked for the others went on.
        """
        with self._guard:
            if photo_id in self._ahead:
                return
            self._ahead.append(photo_id)
            if self._is_reading:
                return
            self._is_reading = True
        threading.Thread(target=self._read, name="curation-tiles-ahead", daemon=True).start()

    def tile(self, photo_id: str, level: int, column: int, row: int) -> Tile:
        """A tile of a photo.

        Args:
            photo_id: Of the photo.
            level: 0 is the full size; each further level has half the size.
            column: From the left, 0-based.
            row: From the top, 0-based.

        Raises:
            TileNotFoundError: If the photo has no such tile; and what `describe` raises.
        """
        stamp = self._stamp(photo_id)
        version = self._version(stamp)
        found = self._grid(stamp, version).level(level)
        if found is None or found.tile(column, row) is None:
            raise TileNotFoundError(f"the photo has no tile {level}/{column}/{row}")
        key = self._tile_key(stamp, found, column, row)
        return Tile(key, version, stamp, found, column, row, self._cache.get(key))

    def made(self, tile: Tile) -> bytes:
        """The content of a tile, made now and cached.

        Raises:
            PhotoError: If the photo cannot be decoded.
        """
        return self._cache.made(tile.key, partial(self._make, tile))

    def _make(self, tile: Tile) -> bytes:
        level, place = tile.level, (tile.column, tile.row)
        if self._fits(level):
            return self._cut(tile.stamp, tile.version, level, place)[place]
        # Whoever decoded a photo that is too large to be kept has cut all of its tiles.
        with self._large.of(tile.version):
            content = self._cache.get(tile.key)
            if content is not None:
                return content
            tiles = self._cut(tile.stamp, tile.version, level, place)
            for (column, row), other in tiles.items():
                if (column, row) != place:
                    self._cache.put(self._tile_key(tile.stamp, level, column, row), other)
            return tiles[place]

    def _fits(self, level: TileLevel) -> bool:
        return level.width * level.height * _BYTES_PER_PIXEL <= self._memory_bytes

    def _cut(self, stamp: FileStamp, version: str, level: TileLevel, place: tuple[int, int] | None) -> Tiles:
        with self._originals.at_hand(stamp.path) as path:
            column, row = place or (None, None)
            task = TileTask(path, version, level, column, row, self._max_megapixels, self._memory_bytes)
            if decoders_here() is None:
                return self._cutter.cut(task)
            cut: Callable[[TileTask], Any] = cut_in_decoder  # its value arrives without the `Holding`
            tiles: Tiles = decoded(cut, task, about=content_name(stamp), home=version)
            return tiles

    def _read(self) -> None:
        while True:
            with self._guard:
                if not self._ahead:
                    self._is_reading = False
                    return
                photo_id = self._ahead.popleft()
            try:
                stamp = self._stamp(photo_id)
                version = self._version(stamp)
                level = self._grid(stamp, version).levels()[0]
                if self._fits(level):
                    self._cut(stamp, version, level, None)
            except CurationError as error:
                logger.debug("photo %s was not read ahead: %s", photo_id, error)

    def _grid(self, stamp: FileStamp, version: str) -> TileGrid:
        with self._guard:
            known = self._grids.get(version)
            if known is not None:
                self._grids.move_to_end(version)
                return known
        with self._originals.at_hand(stamp.path) as path:
            header = partial(grid_of, max_megapixels=self._max_megapixels)
            grid = decoded(header, path, about=content_name(stamp))
        with self._guard:
            self._grids[version] = grid
            while len(self._grids) > _MOST_GRIDS:
                self._grids.popitem(last=False)
        return grid

    def _version(self, stamp: FileStamp) -> str:
        return picture_key(stamp, "tiles", TILES_VERSION, self._max_megapixels)[:16]

    def _tile_key(self, stamp: FileStamp, level: TileLevel, column: int, row: int) -> str:
        return picture_key(stamp, "tile", TILES_VERSION, self._max_megapixels, level.level, column, row)

    def _stamp(self, photo_id: str) -> FileStamp:
        known = self._catalog.photos_by_id().get(photo_id)
        if known is None:
            raise PhotoNotFoundError(f"there is no photo {photo_id}")
        stamp = self._analyses.stamp(known.image_path)
        if stamp is None:
            raise PhotoGoneError(f"the photo {known.image_path} is gone: put it back, or run the clustering again")
        return stamp
