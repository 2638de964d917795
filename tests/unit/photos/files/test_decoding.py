from __future__ import annotations

import os
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.files.decoding import open_photo_bytes
from tests.photo_files import corner_colours, exif_block, four_corners, save, write_dng
from tests.unit.photos.files.opened_photos import UPRIGHT, opened

FORMATS = [
    ("JPEG", "jpg", {"quality": 95}),
    ("PNG", "png", {}),
    ("WEBP", "webp", {"quality": 95}),
    ("TIFF", "tif", {"compression": "tiff_lzw"}),
    ("AVIF", "avif", {"quality": 95}),
]


@pytest.mark.parametrize(("format_name", "extension", "options"), FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_every_format_is_applied_once(
    tmp_path: Path, format_name: str, extension: str, options: dict[str, object], orientation: int
) -> None:
    path = save(tmp_path / f"a.{extension}", four_corners(), format_name, orientation=orientation, **options)
    photo = opened(path)
    assert (photo.width, photo.height) == (96, 64)
    full, reduced = photo.full(), photo.reduced(48)
    assert full.array.shape == (64, 96, 3) and full.array.dtype == np.uint8 and full.scale == 1
    assert reduced.array.shape == (32, 48, 3) and reduced.scale == 0.5
    assert corner_colours(full.array) == corner_colours(reduced.array) == UPRIGHT


@pytest.mark.parametrize(("format_name", "extension", "options"), [*FORMATS, ("HEIF", "heic", {"quality": 95})])
def test_a_photo_in_memory_is_the_same_as_on_disk(
    tmp_path: Path, format_name: str, extension: str, options: dict[str, object]
) -> None:
    path = tmp_path / f"a.{extension}"
    if format_name == "HEIF":
        pillow_heif.from_pillow(Image.fromarray(four_corners())).save(path, **options)
    else:
        save(path, four_corners(), format_name, orientation=6, **options)
    on_disk, in_memory = opened(path), open_photo_bytes(path.read_bytes(), max_megapixels=120)
    assert (in_memory.width, in_memory.height) == (on_disk.width, on_disk.height)
    assert in_memory.capture_time == on_disk.capture_time
    assert np.array_equal(in_memory.full().array, on_disk.full().array)


@pytest.mark.parametrize("preview", [None, (1000, 800)])
@pytest.mark.parametrize("name", ["", "a.dng"])
def test_a_raw_file_in_memory_is_known_by_its_tags(tmp_path: Path, preview: tuple[int, int] | None, name: str) -> None:
    path = write_dng(tmp_path / "a.dng", size=(1200, 960), preview=preview, orientation=6)
    photo = open_photo_bytes(path.read_bytes(), max_megapixels=120, name=name)
    assert (photo.width, photo.height) == ((480, 600) if preview is None else (800, 1000))
    assert np.array_equal(photo.full().array, opened(path).full().array)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not a picture"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "damaged"),
        (bytes(1000), "only zeros"),
    ],
)
def test_bytes_that_are_no_photo_are_refused_with_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(PhotoUnreadableError, match=reason):
        open_photo_bytes(content, max_megapixels=120)


def test_a_bomb_in_memory_is_refused_before_it_is_decoded() -> None:
    buffer = BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")
    with pytest.raises(PhotoTooLargeError, match="max_photo_megapixels"):
        open_photo_bytes(buffer.getvalue(), max_megapixels=120)


def test_the_name_may_lie_about_the_format(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", four_corners(), "PNG")
    assert corner_colours(opened(path).full().array) == UPRIGHT
    path = save(tmp_path / "b.nef", four_corners(), "JPEG")
    assert corner_colours(opened(path).full().array) == UPRIGHT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello world, this is text", "not a picture"),
        (bytes(1000), "contains only zeros"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "a video"),
        (b"\0\0\1\0\1\0", "an icon"),
        (b"<?xml version='1.0'?><svg xmlns='x'></svg>", "a drawing"),
        (b"\xff\xd8\xff\xe0", "cut off"),
        (b"\x89PNG\r\n\x1a\n\0\0", "damaged"),
        (b"BM\0\0", "damaged"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "damaged"),
        (b"II*\0\x08\0\0\0", "damaged"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "damaged"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "damaged"),
        (b"8BPS\0\1", "cut off"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(PhotoUnreadableError, match=reason) as caught:
        opened(path).full()
    assert str(tmp_path) not in str(caught.value)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(PhotoUnreadableError, match="No such file"):
        opened(tmp_path / "gone.jpg")
    with pytest.raises(PhotoUnreadableError, match="not a file"):
        opened(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoUnreadableError, match="not a file"):
        opened(tmp_path / "pipe.jpg")


def test_a_file_that_vanishes_after_opening(tmp_path: Path) -> None:
    for name, format_name in (("a.jpg", "JPEG"), ("a.png", "PNG")):
        photo = opened(save(tmp_path / name, four_corners(), format_name))
        (tmp_path / name).unlink()
        with pytest.raises(PhotoUnreadableError):
            photo.full()


def test_capture_time_needs_no_decoding(tmp_path: Path) -> None:
    exif = b"Exif\0\0" + exif_block(1, "2024:05:17 18:30:05", "5")
    for format_name in ("JPEG", "PNG", "WEBP", "AVIF"):
        path = tmp_path / f"a.{format_name.lower()}"
        Image.fromarray(four_corners()).save(path, format_name, exif=exif)
        assert opened(path).capture_time == datetime(2024, 5, 17, 18, 30, 5, 500_000)
