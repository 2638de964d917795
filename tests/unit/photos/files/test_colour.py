from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.photo_files import corner_colours, four_corners
from tests.unit.photos.files.opened_photos import UPRIGHT, jpeg_bytes, opened

MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"]


def test_an_odd_jpeg_with_a_profile_is_converted_too(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"s\0R\0G\0B", b"o\0t\0h\0e")
    data = jpeg_bytes(four_corners(), quality=95, icc_profile=profile)
    (tmp_path / "a.jpg").write_bytes(data[:20] + bytes(30) + data[20:])
    assert corner_colours(opened(tmp_path / "a.jpg").full().array) == UPRIGHT


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_tiff_becomes_rgb(tmp_path: Path, mode: str) -> None:
    ramp = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (16, 1))
    if mode in ("I;16", "I"):
        image = Image.fromarray(ramp.astype(np.uint16 if mode == "I;16" else np.int32) * 257)
    elif mode == "F":
        image = Image.fromarray(ramp.astype(np.float32) / 255)
    elif mode in ("P", "PA"):
        image = Image.fromarray(ramp).convert("RGB").quantize(64).convert(mode)
    else:
        image = Image.fromarray(ramp).convert("RGB").convert(mode)
    image.save(tmp_path / "a.tif")
    array = opened(tmp_path / "a.tif").full().array
    assert array.shape == (16, 64, 3) and array.dtype == np.uint8
    if mode != "1":
        assert np.abs(array.astype(int) - ramp[..., np.newaxis]).max() <= 3


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    values = np.array([[0, 300, 32768, 65535]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert opened(tmp_path / "a.png").full().array[0, :, 0].tolist() == [0, 1, 128, 255]


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    array = np.zeros((2, 3, 4), dtype=np.uint8)
    array[:, 1, 3], array[:, 2, 3] = 128, 255
    Image.fromarray(array).save(tmp_path / "a.png")
    assert opened(tmp_path / "a.png").full().array[0, :, 1].tolist() == [255, 127, 0]
    palette = Image.fromarray(four_corners()).quantize(4)
    palette.save(tmp_path / "p.png", transparency=palette.getpixel((1, 1)))
    array = opened(tmp_path / "p.png").full().array
    assert array[1, 1].tolist() == [255, 255, 255] and array[-2, 1, 2] > 200


def test_a_wide_gamut_profile_is_converted_and_a_broken_one_ignored(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The same profile with its red and green colorants exchanged: a strange but valid RGB space.
    start, end = srgb.index(b"rXYZ"), srgb.index(b"gXYZ")
    swapped = bytearray(srgb.replace(b"s\0R\0G\0B", b"o\0t\0h\0e"))
    swapped[start : start + 4], swapped[end : end + 4] = b"gXYZ", b"rXYZ"
    image = Image.fromarray(four_corners())
    for name, profile, expected in (
        ("same", srgb, UPRIGHT),
        ("broken", srgb[:200], UPRIGHT),
        ("rubbish", b"rubbish", UPRIGHT),
        ("other", bytes(swapped), ["g", "r", "b", "y"]),
    ):
        image.save(tmp_path / f"{name}.jpg", quality=95, icc_profile=profile)
        image.save(tmp_path / f"{name}.png", icc_profile=profile)
        assert corner_colours(opened(tmp_path / f"{name}.jpg").full().array) == expected
        assert corner_colours(opened(tmp_path / f"{name}.png").full().array) == expected
