"""Tiles of photos: the right part, upright, in sRGB, from every format."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.looks.pictures import PictureSize, photo_picture
from curation.photos.tiles.cutting import decode_for_tiles, grid_of, tile_jpeg
from curation.photos.tiles.grid import TILE_PX, TileGrid

ORIENTATION_TAG = 0x0112


def smooth(width: int, height: int) -> NDArray[np.uint8]:
    """A picture whose every place has colours of its own: (H, W, 3) uint8."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 250 // width, y * 250 // height, (x + y) * 120 // (width + height)], axis=2).astype(np.uint8)


def pixels(jpeg: bytes) -> NDArray[np.int16]:
    with Image.open(BytesIO(jpeg)) as picture:
        assert not picture.getexif()
        return np.asarray(picture.convert("RGB"), dtype=np.int16)


def put_together(path: Path, level: int, max_megapixels: float = 100) -> NDArray[np.int16]:
    """All tiles of a level beside each other."""
    grid = grid_of(path, max_megapixels=max_megapixels)
    place = grid.level(level)
    assert place is not None
    photo = decode_for_tiles(path, level, max_megapixels=max_megapixels)
    out = np.zeros((place.height, place.width, 3), dtype=np.int16)
    for row in range(place.rows):
        for column in range(place.columns):
            box = place.tile(column, row)
            assert box is not None
            out[box.y : box.y + box.h, box.x : box.x + box.w] = pixels(tile_jpeg(photo, place, box))
    return out


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_together_they_are_the_photo(tmp_path: Path, name: str) -> None:
    array = smooth(TILE_PX + 77, TILE_PX + 31)
    Image.fromarray(array).save(tmp_path / name, quality=98, lossless=True)
    assert np.abs(put_together(tmp_path / name, 0) - array).max() <= 6


def test_a_level_is_the_photo_at_a_part_of_its_size(tmp_path: Path) -> None:
    array = smooth(4201, 61)
    for name in ("a.png", "a.jpg"):
        Image.fromarray(array).save(tmp_path / name, quality=98)
        half = put_together(tmp_path / name, 1)
        assert half.shape == (31, 2101, 3)
        assert np.abs(half - smooth(2101, 31)).max() <= 10


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    path = tmp_path / "a.jpg"
    Image.fromarray(smooth(700, 530)).save(path, quality=98, exif=exif)
    whole = pixels(photo_picture(path, PictureSize.FULL, max_megapixels=100))
    assert np.abs(put_together(path, 0) - whole).max() <= 8


def test_in_srgb_as_the_other_pictures(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    assert profile  # LAB is no profile of RGB pixels: it is left out
    path = tmp_path / "a.jpg"
    swapped = _profile_with_swapped_primaries()
    Image.fromarray(smooth(600, 520)).save(path, quality=98, icc_profile=swapped)
    whole = pixels(photo_picture(path, PictureSize.FULL, max_megapixels=100))
    assert np.abs(put_together(path, 0) - whole).max() <= 8
    assert np.abs(put_together(path, 0) - smooth(600, 520)).max() > 30


def _profile_with_swapped_primaries() -> bytes:
    """An RGB profile that is not sRGB: the columns for red and green are exchanged."""
    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = srgb.index(b"rXYZ", 128), srgb.index(b"gXYZ", 128)
    srgb[red : red + 4], srgb[green : green + 4] = b"gXYZ", b"rXYZ"
    name = bytes(srgb).find("sRGB".encode("utf-16-be"))
    while name >= 0:
        srgb[name : name + 8] = "Test".encode("utf-16-be")
        name = bytes(srgb).find("sRGB".encode("utf-16-be"))
    return bytes(srgb)


def test_a_jpeg_above_the_limit_begins_at_half_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(smooth(1200, 1000)).save(path, quality=98)
    assert grid_of(path, max_megapixels=0.5) == TileGrid(1200, 1000, finest=1)
    assert put_together(path, 1, max_megapixels=0.5).shape == (500, 600, 3)
    with pytest.raises(PhotoTooLargeError):
        grid_of(path, max_megapixels=0.01)


def test_a_damaged_photo(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(smooth(600, 600)).save(path, quality=98)
    path.write_bytes(path.read_bytes()[:-900])
    assert grid_of(path, max_megapixels=100) == TileGrid(600, 600)
    with pytest.raises(PhotoUnreadableError):
        decode_for_tiles(path, 0, max_megapixels=100)


def test_a_tile_is_never_enlarged(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(smooth(4300, 100)).save(path, quality=90)
    grid = grid_of(path, max_megapixels=100)
    half = decode_for_tiles(path, 1, max_megapixels=100)
    first = grid.levels()[0]
    box = first.tile(0, 0)
    assert box is not None
    with pytest.raises(ValueError, match="level 0"):
        tile_jpeg(half, first, box)
