from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.decoding import open_photo_bytes
from tests.photo_files import corner_colours, four_corners
from tests.unit.photos.files.opened_photos import UPRIGHT, jpeg_bytes, noise, opened
from tests.whole_files import pictured


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("ending", [b"", b"\xff\xd9", bytes(500)])
def test_a_cut_jpeg_is_never_half_grey(tmp_path: Path, progressive: bool, kept: float, ending: bytes) -> None:
    data = jpeg_bytes(noise(320, 240), progressive=progressive)
    path = tmp_path / "a.jpg"
    path.write_bytes(data[: int(len(data) * kept)] + ending)
    with pytest.raises(PhotoUnreadableError, match="cut off or damaged"):
        opened(path).full()
    with pytest.raises(PhotoUnreadableError, match="cut off or damaged"):
        opened(path).reduced(100)


@pytest.mark.parametrize(
    "oddity",
    [
        lambda data: data[:-2],
        lambda data: data[:-2] + b"stray bytes\xff\xd9",
        lambda data: data + b"appended by a phone" * 100,
        lambda data: data[:20] + bytes(30) + data[20:],
    ],
    ids=["no end marker", "stray bytes before the end", "data after the end", "stray bytes between segments"],
)
def test_complete_jpegs_with_oddities_are_read(tmp_path: Path, oddity: Any) -> None:
    data = jpeg_bytes(four_corners(), quality=95)
    path = tmp_path / "a.jpg"
    path.write_bytes(oddity(data))
    assert corner_colours(opened(path).full().array) == UPRIGHT
    assert corner_colours(opened(path).reduced(40).array) == UPRIGHT


def test_an_oddity_does_not_hide_missing_data(tmp_path: Path) -> None:
    data = jpeg_bytes(noise(320, 240))
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:20] + bytes(30) + data[20 : len(data) // 2] + b"\xff\xd9")
    with pytest.raises(PhotoUnreadableError, match="cut off or damaged"):
        opened(path).full()


def test_grey_and_cmyk_jpegs(tmp_path: Path) -> None:
    image = Image.fromarray(four_corners())
    image.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    image.convert("L").save(tmp_path / "grey.jpg", quality=95)
    assert corner_colours(opened(tmp_path / "cmyk.jpg").full().array) == UPRIGHT
    grey = opened(tmp_path / "grey.jpg").full().array
    assert grey.shape == (64, 96, 3) and np.array_equal(grey[..., 0], grey[..., 2])
    assert abs(int(grey[8, 8, 0]) - int(np.asarray(image.convert("L"))[8, 8])) <= 2


def test_a_progressive_giant_is_refused_from_its_header(tmp_path: Path) -> None:
    data = bytearray(jpeg_bytes(four_corners(), progressive=True))
    frame = data.index(b"\xff\xc2")
    data[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    (tmp_path / "a.jpg").write_bytes(bytes(data))
    with pytest.raises(PhotoTooLargeError, match="progressive"):
        opened(tmp_path / "a.jpg")


def test_a_giant_header_without_data_fails_quickly(tmp_path: Path) -> None:
    data = bytearray(jpeg_bytes(four_corners()))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\x20\x00\x20\x00"
    (tmp_path / "a.jpg").write_bytes(bytes(data))
    with pytest.raises(PhotoUnreadableError, match="cut off or damaged"):
        opened(tmp_path / "a.jpg").full()


def test_jpegs_of_simplejpeg_round_trip(tmp_path: Path) -> None:
    data = simplejpeg.encode_jpeg(four_corners(), quality=95)
    (tmp_path / "a.JPG").write_bytes(data)
    assert np.array_equal(opened(tmp_path / "a.JPG").full().array, simplejpeg.decode_jpeg(data))


def test_a_part_of_a_profile_with_an_impossible_number_is_damage_and_no_fault_of_the_program() -> None:
    out = BytesIO()
    pictured("photo", 64, 48).save(out, "JPEG", restart_marker_blocks=2, icc_profile=b"x" * 300)
    whole = out.getvalue()
    at = whole.index(b"ICC_PROFILE\0") + 12
    with pytest.raises(PhotoUnreadableError, match="ICC"):
        open_photo_bytes(whole[:at] + b"\x03\x01" + whole[at + 2 :], max_megapixels=5).full()
