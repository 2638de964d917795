from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from curation.domain.files.health import FaultKind
from curation.errors import PhotoDamagedError
from curation.photos.files.decoding import open_photo, open_photo_bytes
from curation.photos.whole.jpeg.thumbnail import exif_thumbnail, require_agreement
from tests.unit.photos.whole.jpeg.made_jpegs import encoded, scene

WIDTH, HEIGHT, MCU = 480, 320, 16


def exif_with(thumbnail: bytes) -> bytes:
    first = struct.pack("<HHHI4s", 1, 0x0112, 3, 1, b"\1\0\0\0")
    second_at = 8 + len(first) + 4
    entries = ((0x0103, 3, 6), (0x0201, 4, second_at + 2 + 36 + 4), (0x0202, 4, len(thumbnail)))
    second = struct.pack("<H", 3) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + first + struct.pack("<I", second_at) + second + bytes(4) + thumbnail


def small(image: Image.Image, *, bars: bool = False) -> bytes:
    shrunk = ImageOps.contain(image, (160, 120))
    return encoded(ImageOps.pad(shrunk, (160, 120), color="black") if bars else shrunk)


def torn(image: Image.Image, lower: NDArray[np.uint8], row: int = 9, column: int = 11) -> Image.Image:
    """The picture, which goes on with another one from an MCU on."""
    array = np.asarray(image).copy()
    array[row * MCU : (row + 1) * MCU, column * MCU :] = lower[row * MCU : (row + 1) * MCU, column * MCU :]
    array[(row + 1) * MCU :] = lower[(row + 1) * MCU :]
    return Image.fromarray(array)


PHOTO = scene(WIDTH, HEIGHT)
LOWER: dict[str, NDArray[np.uint8]] = {
    "another picture": np.asarray(scene(WIDTH, HEIGHT, seed=4)),
    "other brightness": np.clip(np.asarray(PHOTO).astype(int) + 45, 0, 255).astype(np.uint8),
    "moved": np.roll(np.asarray(PHOTO), 150, axis=1),
}


def test_the_thumbnail_is_found() -> None:
    thumbnail = small(PHOTO)
    assert exif_thumbnail(exif_with(thumbnail)) == thumbnail
    assert exif_thumbnail(exif_with(b"no picture")) is None and exif_thumbnail(b"Exif\0\0II") is None


@pytest.mark.parametrize("bars", [False, True])
@pytest.mark.parametrize("lower", LOWER)
@pytest.mark.parametrize("long_side", [WIDTH, 200])
def test_a_picture_that_goes_on_with_another_one_is_refused(lower: str, bars: bool, long_side: int) -> None:
    data = encoded(torn(PHOTO, LOWER[lower]), exif=exif_with(small(PHOTO, bars=bars)))
    photo = open_photo_bytes(data, max_megapixels=9)
    with pytest.raises(PhotoDamagedError, match="its own thumbnail") as caught:
        photo.reduced(long_side)
    assert caught.value.kind == FaultKind.SPLICED.value
    assert caught.value.good == "the upper 45 % of the picture"


def overlaid(image: Image.Image, at: tuple[int, int]) -> Image.Image:
    edited = image.copy()
    edited.paste(scene(WIDTH, HEIGHT, seed=4).crop((0, 0, WIDTH - at[0], HEIGHT - at[1])), at)
    return edited


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "untouched": lambda image: image,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.6),
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "turned": lambda image: image.rotate(180),
    "cropped": lambda image: image.crop((60, 40, 420, 280)),
    "only its top": lambda image: image.crop((0, 0, WIDTH, 200)),
    "a caption": lambda image: ImageOps.expand(image.crop((0, 0, WIDTH, 256)), (0, 0, 0, 64), "white"),
    "a collage": lambda image: overlaid(image, (0, 160)),
    "a picture in it": lambda image: overlaid(image, (160, 144)),
    "a dark ground": lambda image: Image.fromarray(
        (np.asarray(image) * np.linspace(1, 0.2, HEIGHT)[:, None, None]).astype(np.uint8)
    ),
    "another photo": lambda image: scene(WIDTH, HEIGHT, seed=4),
    "a torn stripe": lambda image: torn(torn(image, LOWER["another picture"], 5), np.asarray(image), 12),
}


@pytest.mark.parametrize("bars", [False, True])
@pytest.mark.parametrize("edit", EDITS)
def test_edited_photos_with_old_thumbnails_are_left_alone(edit: str, bars: bool) -> None:
    array = np.asarray(EDITS[edit](PHOTO))
    require_agreement(array, small(PHOTO, bars=bars), MCU)
    require_agreement(array[::2, ::2].copy(), small(PHOTO, bars=bars), MCU / 2)


def test_a_broken_thumbnail_says_nothing(tmp_path: Path) -> None:
    thumbnail = small(PHOTO)
    broken = thumbnail[: len(thumbnail) // 2] + bytes(len(thumbnail) - len(thumbnail) // 2)
    (tmp_path / "a.jpg").write_bytes(encoded(torn(PHOTO, LOWER["moved"]), exif=exif_with(broken)))
    assert open_photo(tmp_path / "a.jpg", max_megapixels=9).full().array.shape == (HEIGHT, WIDTH, 3)
