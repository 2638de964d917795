"""Cut-outs and masks at smaller sizes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.errors import PhotoUnreadableError
from curation.photos.looks.pictures import PictureSize
from curation.photos.looks.small_pngs import png_picture


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def cutout(path: Path, size: tuple[int, int], box: tuple[int, int, int, int]) -> Path:
    """White inside a box, and black that nobody sees outside of it."""
    pixels = np.zeros((size[1], size[0], 4), np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    Image.fromarray(pixels, "RGBA").save(path)
    return path


def test_no_dark_fringe_appears(tmp_path: Path) -> None:
    path = cutout(tmp_path / "a.png", (1000, 700), (203, 101, 805, 603))
    small = opened(png_picture(path, PictureSize.THUMBNAIL, is_trimmed=False))
    assert (small.mode, small.size) == ("RGBA", (480, 336))
    pixels = np.asarray(small)
    edge = pixels[(pixels[..., 3] > 30) & (pixels[..., 3] < 225)]
    assert len(edge)
    assert edge[:, :3].min() > 245


def test_empty_room_is_cut_off(tmp_path: Path) -> None:
    path = cutout(tmp_path / "a.png", (300, 200), (50, 60, 150, 160))
    assert opened(png_picture(path, PictureSize.FULL, is_trimmed=True)).size == (100, 100)
    nothing = cutout(tmp_path / "b.png", (300, 200), (0, 0, 0, 0))
    assert opened(png_picture(nothing, PictureSize.FULL, is_trimmed=True)).size == (300, 200)


def test_a_small_picture_is_not_enlarged_and_a_mask_stays_grey(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    Image.new("1", (300, 200), 1).save(path)
    mask = opened(png_picture(path, PictureSize.SCREEN, is_trimmed=True))
    assert (mask.mode, mask.size, mask.getextrema()) == ("L", (300, 200), (255, 255))


def test_a_damaged_file(tmp_path: Path) -> None:
    path = cutout(tmp_path / "a.png", (300, 200), (50, 60, 150, 160))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(PhotoUnreadableError, match=r"a\.png"):
        png_picture(path, PictureSize.FULL, is_trimmed=True)
