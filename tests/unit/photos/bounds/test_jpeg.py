from __future__ import annotations

import struct
from io import BytesIO

import pytest
from PIL import Image

from curation.errors import PhotoTooLargeError
from curation.photos.bounds.jpeg import MOST_SCANS, require_bounded_scans
from curation.photos.decoding import open_photo_bytes
from tests.photo_bombs.jpegs import arithmetic, many_scans
from tests.whole_files import pictured


def _progressive(**options: object) -> bytes:
    out = BytesIO()
    pictured("photo").save(out, "JPEG", progressive=True, **options)
    return out.getvalue()


@pytest.mark.parametrize(("scans", "width"), [(MOST_SCANS + 1, 64), (450, 4800), (65, 12_000)])
def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded(scans: int, width: int) -> None:
    content = many_scans(width, width, scans)
    photo = open_photo_bytes(content, max_megapixels=200)
    with pytest.raises(PhotoTooLargeError, match="scans"):
        photo.reduced(200)
    assert len(content) < 500_000


@pytest.mark.parametrize("scans", [2, 12, 20, 64, MOST_SCANS])
def test_as_many_scans_as_encoders_write_are_decoded(scans: int) -> None:
    assert open_photo_bytes(many_scans(64, 48, scans), max_megapixels=10).full().array.shape == (48, 64, 3)


def test_a_large_picture_may_have_the_scans_that_encoders_write() -> None:
    require_bounded_scans(many_scans(16_000, 15_000, 20))
    with pytest.raises(PhotoTooLargeError, match=r"240 megapixels in 2\d scans"):
        require_bounded_scans(many_scans(16_000, 15_000, 64))


def test_only_the_scans_of_the_first_picture_count() -> None:
    # Of a motion photo or an MPO, more follows behind the end of the picture.
    content = _progressive() + b"\xff\xda\0\x08\1\1\0\0\x3f\0" * 5000
    assert open_photo_bytes(content, max_megapixels=10).full().array.shape[2] == 3


def test_the_bytes_of_scans_in_a_thumbnail_or_a_note_do_not_count() -> None:
    whole = _progressive()
    note = struct.pack(">BBH", 0xFF, 0xFE, 2 + 4000) + b"\xff\xda\0\x08" * 1000
    require_bounded_scans(whole[:2] + note + whole[2:])


def test_an_arithmetic_coded_jpeg_without_data_is_refused_by_its_size() -> None:
    content = arithmetic(65500, 65500)
    assert len(content) < 300
    with pytest.raises(PhotoTooLargeError, match="arithmetic coded JPEG of 4,290 megapixels"):
        open_photo_bytes(content, max_megapixels=120).reduced(200)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xda", b"\xff\xd8" + b"\xff" * 100])
def test_what_is_no_picture_is_left_to_its_decoder(content: bytes) -> None:
    require_bounded_scans(content)


def test_a_mode_without_colour_and_one_with_four_channels_pass() -> None:
    for mode in ("L", "CMYK"):
        out = BytesIO()
        Image.new(mode, (64, 48)).save(out, "JPEG", progressive=True)
        require_bounded_scans(out.getvalue())
