"""Areas of faces in stored pictures, against turning an array of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.faces.face import Box
from curation.domain.faces.regions import Area, StoredPicture, overlap, stored_area
from curation.photos.files.exif import upright


@pytest.mark.parametrize("orientation", range(1, 9))
@given(data=st.data())
def test_the_area_covers_the_same_pixels_in_the_stored_picture(orientation: int, data: st.DataObject) -> None:
    width, height = data.draw(st.integers(2, 30)), data.draw(st.integers(2, 30))
    picture = StoredPicture(width, height, orientation)
    marked = np.zeros((height, width), dtype=np.uint8)
    seen = upright(marked, orientation)  # a view: what is drawn into it is drawn into the stored one
    assert picture.upright_size == (seen.shape[1], seen.shape[0])
    x, y = data.draw(st.integers(0, seen.shape[1] - 1)), data.draw(st.integers(0, seen.shape[0] - 1))
    box = Box(x, y, data.draw(st.integers(1, seen.shape[1] - x)), data.draw(st.integers(1, seen.shape[0] - y)))
    seen[box.y : box.y + box.h, box.x : box.x + box.w] = 1

    area = stored_area(box, picture)

    rows, columns = np.nonzero(marked)
    expected = Area(
        (columns.min() + columns.max() + 1) / 2 / width,
        (rows.min() + rows.max() + 1) / 2 / height,
        (columns.max() + 1 - columns.min()) / width,
        (rows.max() + 1 - rows.min()) / height,
    )
    assert area == pytest.approx(expected, abs=1e-6)


def test_a_box_that_leaves_the_picture_is_cut_off() -> None:
    assert stored_area(Box(80, 0, 40, 50), StoredPicture(100, 50)) == Area(0.9, 0.5, 0.2, 1.0)


def test_overlap_is_symmetric_and_one_for_the_same() -> None:
    first, second = Area(0.3, 0.3, 0.2, 0.2), Area(0.4, 0.3, 0.2, 0.2)
    assert overlap(first, first) == pytest.approx(1)
    assert overlap(first, second) == overlap(second, first) == pytest.approx(1 / 3)
    assert overlap(first, Area(0.9, 0.9, 0.1, 0.1)) == 0


@pytest.mark.parametrize(("size", "same"), [((4000, 3000), True), ((1024, 770), True), ((3000, 4000), False)])
def test_pictures_of_one_shape_show_the_same(size: tuple[int, int], same: bool) -> None:
    assert StoredPicture(2000, 1500).shows_same(*size) is same
