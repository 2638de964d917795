from __future__ import annotations

from datetime import datetime
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from curation.photos.files.exif import NO_FACTS, ExifFacts, read_exif_block, read_tiff_facts, sides_swapped, upright
from tests.photo_files import EXIF_TRANSPOSITIONS, corner_colours, exif_block, four_corners

TAKEN = "2024:05:17 18:30:05"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_reads_orientation_and_time_in_both_byte_orders(order: str, prefix: bytes) -> None:
    facts = read_exif_block(prefix + exif_block(6, TAKEN, "25", order=order))
    assert facts == ExifFacts(6, datetime(2024, 5, 17, 18, 30, 5, 250_000))


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_invalid_orientation_is_none(orientation: int) -> None:
    assert read_exif_block(exif_block(orientation)).orientation is None


@pytest.mark.parametrize(
    ("taken", "sub_sec", "expected"),
    [
        (TAKEN, None, datetime(2024, 5, 17, 18, 30, 5)),
        (TAKEN, "007", datetime(2024, 5, 17, 18, 30, 5, 7000)),
        (TAKEN, "123456789", datetime(2024, 5, 17, 18, 30, 5, 123_456)),
        (TAKEN, "x", datetime(2024, 5, 17, 18, 30, 5)),
        ("0000:00:00 00:00:00", None, None),
        ("2024:13:01 00:00:00", None, None),
        ("    :  :     :  :  ", None, None),
        ("yesterday", None, None),
        (None, "5", None),
    ],
)
def test_capture_time(taken: str | None, sub_sec: str | None, expected: datetime | None) -> None:
    assert read_exif_block(exif_block(1, taken, sub_sec)).capture_time == expected


@given(st.binary(max_size=300))
def test_rubbish_is_no_facts(block: bytes) -> None:
    assert read_exif_block(block).orientation in (None, *range(1, 9))


@given(st.data())
def test_a_cut_block_never_raises(data: st.DataObject) -> None:
    block = exif_block(6, TAKEN, "25")
    cut = data.draw(st.integers(0, len(block)))
    flipped = bytearray(block[:cut])
    if flipped:
        flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= data.draw(st.integers(1, 255))
    read_exif_block(bytes(flipped))


def test_a_directory_that_points_to_itself_ends() -> None:
    block = bytearray(exif_block(6, TAKEN))
    position = block.index(b"\x69\x87")
    block[position + 8 : position + 12] = (8).to_bytes(4, "little")
    assert read_exif_block(bytes(block)) == ExifFacts(6, None)


def test_other_magic_numbers_are_no_tiff() -> None:
    assert read_tiff_facts(BytesIO(b"II" + (43).to_bytes(2, "little") + bytes(20))) == NO_FACTS


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_turns_a_view_back(orientation: int) -> None:
    picture = four_corners(30, 20)
    transposition = EXIF_TRANSPOSITIONS[orientation]
    image = Image.fromarray(picture)
    stored = np.array(image if transposition is None else image.transpose(transposition))
    turned = upright(stored, orientation)
    assert np.array_equal(turned, picture)
    assert corner_colours(turned) == ["r", "g", "b", "y"]
    assert np.shares_memory(turned, stored)
    assert sides_swapped(orientation) == (stored.shape != picture.shape)
