"""Decoding a photo for its tiles, and cutting them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.photos.files.colour import array_to_srgb
from curation.photos.files.decoding import open_photo
from curation.photos.tiles.grid import TileGrid, TileLevel

__all__ = ["TILES_VERSION", "DecodedPhoto", "decode_for_tiles", "grid_of", "tile_jpeg"]

TILES_VERSION = 2  # raise it when the tiles made from the same photo change

_QUALITY = 92


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPhoto:
    """A photo that tiles can be cut from.

    Attributes:
        array: (H, W, 3) uint8 RGB, upright, in the colours of `icc_profile`; a view that may not be contiguous.
        level: The level of the grid that it has the size of.
        icc_profile: From which tiles are converted to sRGB; None if it is sRGB.
    """

    array: NDArray[np.uint8]
    level: int
    icc_profile: bytes | None

    @property
    def size_bytes(self) -> int:
        """How much memory the pixels take."""
        return self.array.nbytes


def grid_of(path: Path, *, max_megapixels: float) -> TileGrid:
    """The levels of a photo, from its header alone.

    Args:
        path: Of the photo, in any supported format.
        max_megapixels: Larger photos are rejected; JPEGs have no levels above this size instead.

    Raises:
        PhotoUnreadableError: If the header cannot be read.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    photo = open_photo(path, max_megapixels=max_megapixels)
    return TileGrid(photo.width, photo.height, _halvings(photo.full_scale))


def decode_for_tiles(path: Path, level: int, *, max_megapixels: float) -> DecodedPhoto:
    """Decode a photo so that tiles of a level can be cut from it.

    A JPEG is decoded at about the size of the level, which takes the least memory; other formats at full size.

    Args:
        path: Of the photo.
        level: Of its grid.
        max_megapixels: As for `grid_of`.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded completely.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    photo = open_photo(path, max_megapixels=max_megapixels, own_colours=True)
    pixels = photo.detailed(0.5**level)
    return DecodedPhoto(pixels.array, _halvings(pixels.scale), photo.icc_profile)


def tile_jpeg(photo: DecodedPhoto, level: TileLevel, place: Box) -> bytes:
    """One tile as a JPEG (sRGB) without any metadata.

    Args:
        photo: Decoded at this level, or at a finer one.
        level: Of the tile.
        place: Of the tile, in pixels of the level.

    Raises:
        ValueError: If the photo is coarser than the level.
    """
    if photo.level > level.level:
        raise ValueError(f"level {level.level} cannot be cut from a photo at level {photo.level}")
    times = 2 ** (level.level - photo.level)
    part = photo.array[
        place.y * times : (place.y + place.h) * times,
        place.x * times : (place.x + place.w) * times,
    ]
    if times > 1:
        part = cv2.resize(part, (place.w, place.h), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    # A copy, as the colours of the photo itself must stay.
    tile = np.array(part, order="C")
    array_to_srgb(tile, photo.icc_profile)
    jpeg: bytes = simplejpeg.encode_jpeg(tile, quality=_QUALITY, colorspace="RGB", colorsubsampling="444")
    return jpeg


def _halvings(scale: float) -> int:
    return round(1 / scale).bit_length() - 1
