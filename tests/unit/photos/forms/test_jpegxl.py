from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import datetime
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.colours.cicp import Cicp
from curation.photos.colours.made_profiles import adobe_rgb_profile, cicp_profile
from curation.photos.files.decoding import open_photo, open_photo_bytes
from curation.photos.files.formats import PHOTO_EXTENSIONS, PhotoFormat, sniff
from curation.photos.forms.jpegxl_header import read_jpegxl_header
from tests.photo_files import corner_colours, four_corners
from tests.unit.photos.colours.made_pictures import (
    ADOBE,
    BT_2020,
    P3,
    PATCHES,
    Floats,
    as_image,
    hlg,
    patches,
    pq,
    seen,
    srgb,
)
from tests.unit.photos.files.opened_photos import UPRIGHT

needs_cjxl = pytest.mark.skipif(shutil.which("cjxl") is None, reason="cjxl makes these pictures")


def adobe(light: Floats) -> Floats:
    return np.asarray(np.maximum(light, 0) ** (256 / 563))


def packed(folder: Path, image: Image.Image, *options: str, kind: str = "PNG", **info: object) -> bytes:
    """Packed by cjxl."""
    source, target = folder / f"a.{kind.lower()}", folder / "a.jxl"
    image.save(source, kind, **info)
    subprocess.run(["cjxl", source, target, *options], check=True, capture_output=True)
    return target.read_bytes()


def errors(data: bytes) -> float:
    return float(np.abs(seen(open_photo_bytes(data, max_megapixels=1).full().array) - PATCHES).max())


def encoded(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]], *, container: bool = False) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(array, lossless=True, usecontainer=container))


@pytest.mark.parametrize("container", [False, True])
def test_it_is_told_by_its_first_bytes(tmp_path: Path, container: bool) -> None:
    data = encoded(four_corners(), container=container)
    assert sniff(data[:64], "jpg") is PhotoFormat.JPEG_XL and "jxl" in PHOTO_EXTENSIONS
    (tmp_path / "a.jxl").write_bytes(data)
    photo = open_photo(tmp_path / "a.jxl", max_megapixels=1)
    assert (photo.height, photo.width) == four_corners().shape[:2]
    assert corner_colours(photo.full().array) == UPRIGHT


@pytest.mark.parametrize("shape", [(64, 96), (63, 95), (8, 300), (300, 9), (90, 160), (100, 150)])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_sizes_and_forms(shape: tuple[int, int], channels: int, kind: type[np.generic]) -> None:
    white = {np.uint8: 255.0, np.uint16: 65535.0}.get(kind, 1.0)
    array = np.full((*shape, channels), white / 2).astype(kind)
    if channels == 4:
        array[:, :, 3] = white
    photo = open_photo_bytes(encoded(array[:, :, 0] if channels == 1 else array), max_megapixels=1)
    assert (photo.height, photo.width) == shape
    pixels = photo.full().array
    assert pixels.shape == (*shape, 3)
    # The package says of more than 8 bits that they are linear light.
    assert np.abs(pixels.astype(int) - (127 if kind is np.uint8 else 188)).max() <= 1


@needs_cjxl
@pytest.mark.parametrize("quality", ["0", "0.3"])
@pytest.mark.parametrize(
    ("space", "curve", "name"),
    [
        (P3, srgb, "RGB_D65_DCI_Rel_SRG"),
        (BT_2020, pq, "RGB_D65_202_Rel_PeQ"),
        (BT_2020, hlg, "RGB_D65_202_Rel_HLG"),
    ],
)
def test_colours_by_code_points(tmp_path: Path, space: Floats, curve: object, name: str, quality: str) -> None:
    assert callable(curve)
    data = packed(tmp_path, as_image(patches(space, curve)), "-d", quality, "-x", f"color_space={name}")
    assert errors(data) <= (10 if quality == "0" else 16)


@needs_cjxl
@pytest.mark.parametrize(
    ("space", "curve", "profile"),
    [(P3, srgb, cicp_profile(Cicp(12, 13))), (ADOBE, adobe, adobe_rgb_profile())],
)
def test_colours_by_a_profile(tmp_path: Path, space: Floats, curve: object, profile: bytes) -> None:
    assert callable(curve)
    image = as_image(patches(space, curve))
    assert (
        errors(packed(tmp_path, image, "-d", "0.3", icc_profile=profile)) <= 30
    )  # light in 8 bits is coarse in the dark
    data = packed(tmp_path, image, kind="JPEG", icc_profile=profile, quality=95, subsampling=0)
    assert errors(data) <= 6


@needs_cjxl
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_it_is_upright_and_has_its_time(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0x9003] = "2024:06:15 10:00:00"
    turned = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    image = Image.fromarray(four_corners())
    method = turned[orientation]
    data = packed(
        tmp_path, image if method is None else image.transpose(method), kind="JPEG", exif=exif.tobytes(), quality=95
    )
    photo = open_photo_bytes(data, max_megapixels=1)
    assert (photo.height, photo.width) == four_corners().shape[:2]
    assert photo.capture_time == datetime(2024, 6, 15, 10)
    assert corner_colours(photo.full().array) == UPRIGHT


def test_cut_files_are_refused() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    for container in (False, True):
        data = encoded(noise, container=container)
        for size in (12, 20, len(data) // 3, len(data) // 2, len(data) - 20, len(data) - 1):
            with pytest.raises(PhotoUnreadableError, match="cut off"):
                open_photo_bytes(data[:size], max_megapixels=1).full()


def test_a_large_one_is_refused_before_it_is_decoded() -> None:
    data = bytearray(encoded(np.zeros((1000, 1000, 3), dtype=np.uint8))[:200])
    with pytest.raises(PhotoTooLargeError, match="1000 x 1000"):
        open_photo_bytes(bytes(data), max_megapixels=1)


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(four_corners())
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(
        PhotoUnreadableError, match=r"extra jpegxl.*make extras EXTRAS=jpegxl.*save the picture as JPEG"
    ):
        open_photo_bytes(data, max_megapixels=1)


@pytest.mark.parametrize("data", [b"\xff\x0a", b"\xff\x0a" + b"\xff" * 40, b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40)])
def test_headers_of_rubbish(data: bytes) -> None:
    try:
        header = read_jpegxl_header(BytesIO(data))
    except ValueError:
        return
    assert header.width > 0 and header.height > 0
    with pytest.raises((PhotoUnreadableError, PhotoTooLargeError)):
        open_photo_bytes(data, max_megapixels=1).full()
