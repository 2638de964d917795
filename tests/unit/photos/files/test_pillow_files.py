from __future__ import annotations

import struct
import zlib
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image

from curation.errors import PhotoTooLargeError, PhotoUnknownFormError, PhotoUnreadableError
from curation.photos.files import pillow_files
from curation.photos.files.decoding import open_photo_bytes
from tests.photo_files import corner_colours, exif_block, four_corners, save
from tests.unit.photos.files.opened_photos import UPRIGHT, noise, opened


@pytest.mark.parametrize(("mode", "channels"), [("I;16", 1), ("RGB;16", 3), ("RGBA;16", 4)])
@pytest.mark.parametrize(("width", "height"), [(64, 48), (61, 1), (1, 61)])
def test_heif_of_more_than_eight_bits(mode: str, channels: int, width: int, height: int) -> None:
    import pillow_heif

    pixels = np.full((height, width, channels), 40_000, dtype=np.uint16)
    if channels == 4:
        pixels[..., 3] = 65_535
    file = BytesIO()
    pillow_heif.from_bytes(mode, (width, height), pixels.tobytes()).save(file, quality=-1)
    seen = open_photo_bytes(file.getvalue(), max_megapixels=1).full().array
    assert seen.shape == (height, width, 3)
    assert np.abs(seen.astype(int) - 156).max() <= 1


@pytest.mark.parametrize(
    ("start", "is_broken"),
    [(b"%PDF-1.7 and so on", False), (b"\0\0\0\x18ftypisom and so on", False), (b"neither this nor that", True)],
)
def test_what_is_known_to_be_something_else_is_no_broken_photo(start: bytes, is_broken: bool) -> None:
    with pytest.raises(PhotoUnreadableError) as caught:
        open_photo_bytes(start * 3, max_megapixels=1)
    assert isinstance(caught.value, PhotoUnknownFormError) is not is_broken


@pytest.mark.parametrize(
    ("format_name", "extension"),
    [("BMP", "bmp"), ("GIF", "gif"), ("JPEG2000", "jp2"), ("PPM", "ppm"), ("JPEG", "mpo")],
)
def test_formats_without_exif(tmp_path: Path, format_name: str, extension: str) -> None:
    photo = opened(save(tmp_path / f"a.{extension}", four_corners(), format_name))
    assert corner_colours(photo.full().array) == UPRIGHT
    assert photo.capture_time is None


def test_a_png_may_carry_its_exif_after_the_pixels(tmp_path: Path) -> None:
    data = save(tmp_path / "a.png", four_corners(), "PNG", orientation=6).read_bytes()
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    moved = data[:start] + data[end:-12] + data[start:end] + data[-12:]
    (tmp_path / "b.png").write_bytes(moved)
    photo = opened(tmp_path / "b.png")
    assert (photo.width, photo.height) == (96, 64)
    assert corner_colours(photo.full().array) == UPRIGHT


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_turned_by_its_decoder_only(tmp_path: Path, orientation: int) -> None:
    import pillow_heif

    with Image.open(save(tmp_path / "a.png", four_corners(), "PNG", orientation=orientation)) as turned:
        image = Image.fromarray(np.asarray(turned))  # without its EXIF, which the encoder would obey as well
    exif = b"Exif\0\0" + exif_block(orientation, "2023:01:02 03:04:05")
    pillow_heif.from_pillow(image).save(tmp_path / "a.heic", quality=95, exif=exif)
    photo = opened(tmp_path / "a.heic")
    assert (photo.width, photo.height) == (96, 64)
    assert corner_colours(photo.full().array) == UPRIGHT
    assert photo.capture_time == datetime(2023, 1, 2, 3, 4, 5)


@pytest.mark.parametrize("format_name", ["PNG", "WEBP", "TIFF", "AVIF", "BMP", "GIF", "PPM"])
def test_other_cut_files_are_refused(tmp_path: Path, format_name: str) -> None:
    data = save(tmp_path / "whole", noise(160, 120), format_name).read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(PhotoUnreadableError):
        opened(tmp_path / "cut.png").full()


def test_tiny_files_that_announce_giants_are_refused_from_their_headers(tmp_path: Path) -> None:
    side = (60000).to_bytes(2, "little")
    gif = b"GIF89a" + side + side + b"\0\0\0!\xf9\x04\x08\0\0\0\0,\0\0\0\0" + side + side + b"\0\x02\x02D\x01\0;"
    bmp = b"BM" + struct.pack("<IIIIiiHHIIIIII", 58, 0, 54, 40, 3_000_000, 48, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(4)
    png = bytearray(save(tmp_path / "small.png", four_corners(), "PNG").read_bytes())
    png[16:24] = struct.pack(">II", 100_000, 100_000)
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    for number, content in enumerate((gif, bmp, bytes(png))):
        (tmp_path / f"{number}").write_bytes(content)
        with pytest.raises(PhotoTooLargeError, match=r"megapixels are more than io\.max_photo_megapixels = 120"):
            opened(tmp_path / f"{number}")


def test_the_first_frame_of_an_animation_counts(tmp_path: Path) -> None:
    first, second = Image.fromarray(four_corners()), Image.new("RGB", (96, 64), "white")
    for extension in ("gif", "webp", "png", "tif"):
        first.save(tmp_path / f"a.{extension}", save_all=True, append_images=[second])
        assert corner_colours(opened(tmp_path / f"a.{extension}").full().array) == UPRIGHT


def test_a_header_that_a_plugin_stumbles_over_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[BinaryIO] = []

    def opened_regular(path: Path) -> BinaryIO:
        kept.append(path.open("rb"))
        return kept[-1]

    monkeypatch.setattr(pillow_files, "open_regular", opened_regular)
    path = tmp_path / "a.tif"
    # Its width is a float.
    path.write_bytes(b"II*\0\x08\0\0\0\x01\0\0\x01\x0b\0\x01\0\0\0\0\0\xc0\x3f" + bytes(4))
    with pytest.raises(Exception, match=r".") as raised, pillow_files.open_pillow(path, ("TIFF",), max_megapixels=1):
        pass
    assert raised.tb is not None and kept and all(file.closed for file in kept)
