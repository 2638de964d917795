"""A file that was cut or never written anywhere is refused, told, or shows every pixel; a whole one is left alone."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curation.photos.decoding import open_photo_bytes
from tests.whole_files import MAKERS, PLAIN_ROWS, made, outcome

_LOOKS = ("photo", "letterbox", "turned", "night", "black", "flat", "drawing")
_SECTOR = 512
# Shorter holes can be a large area of one colour in AV1.
_SHORTEST_HOLES = {"avif": 1024}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("look", _LOOKS)
def test_nothing_is_said_of_a_whole_file(name: str, look: str) -> None:
    photo = open_photo_bytes(made(name, look), max_megapixels=10)
    photo.full()
    assert photo.faults == ()


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("parts", [3, 2])
def test_a_cut_file_is_refused(name: str, parts: int) -> None:
    whole = made(name)
    assert outcome(whole[: len(whole) * (parts - 1) // parts], whole) == "refused"
    assert outcome(whole[: len(whole) // parts], whole) == "refused"


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.85])
def test_a_tail_of_zeros_is_refused(name: str, share: float) -> None:
    whole = made(name)
    keep = int(len(whole) * share)
    assert outcome(whole[:keep] + bytes(len(whole) - keep), whole) == "refused"


@pytest.mark.parametrize("name", MAKERS)
def test_a_cut_of_the_last_bytes_is_not_silent(name: str) -> None:
    whole = made(name)
    assert [cut for cut in range(8, 40) if outcome(whole[:-cut], whole) == "silent"] == []


@pytest.mark.parametrize("name", MAKERS)
@given(place=st.floats(0, 1, exclude_max=True))
@settings(max_examples=8, deadline=None, derandomize=True)
def test_a_cut_anywhere_is_not_silent(name: str, place: float) -> None:
    whole = made(name)
    # A text that ends within its last number ends in another number.
    assert outcome(whole[: max(1, int((len(whole) - 8) * place))], whole) != "silent"


@pytest.mark.parametrize("name", MAKERS)
@given(place=st.floats(0, 1), size=st.integers(64, 3000), is_aligned=st.booleans())
@settings(max_examples=16, deadline=None, derandomize=True)
def test_a_hole_anywhere_is_not_silent(name: str, place: float, size: int, is_aligned: bool) -> None:
    whole = made(name)
    first, row = PLAIN_ROWS.get(name, (0, 1))
    size = max(size, _SHORTEST_HOLES.get(name, 0))
    size = min(size + (5 * row if name in PLAIN_ROWS else 0), len(whole))
    start = int((len(whole) - size) * place)
    if is_aligned:
        start -= start % _SECTOR
        size = max(_SECTOR, size - size % _SECTOR)
    elif name in PLAIN_ROWS:
        # In plain pixels, a hole from one border of rows to another is a black bar.
        assume(row // 8 < (start - first) % row < row * 7 // 8)
    hole = whole[:start] + bytes(len(whole[start : start + size])) + whole[start + size :]
    assert outcome(hole, whole) != "silent"
