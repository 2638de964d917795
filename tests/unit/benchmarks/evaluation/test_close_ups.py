"""The pictures that the section about close-ups and lying heads is measured on."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.evaluation.close_ups import Source, _crop, _turned_head, _turned_picture
from curation.domain.faces.face import Box, DetectedFace, FiveLandmarks

MARKS = np.array([[170.0, 150.0], [230.0, 150.0], [200.0, 180.0], [178.0, 215.0], [222.0, 215.0]])


def _source() -> Source:
    array = np.zeros((400, 600, 3), dtype=np.uint8)
    for number, (x, y) in enumerate(MARKS.astype(int), start=1):
        array[y - 1 : y + 2, x - 1 : x + 2] = 40 * number
    face = DetectedFace(Box(140, 90, 120, 160), FiveLandmarks.from_array(MARKS), 0.99, np.ones(1, dtype=np.float32))
    return Source("made/face.png", array, face, ())


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_landmarks_and_box_turn_with_the_pixels(turn: int) -> None:
    for picture in (_turned_picture(_source(), turn), _turned_head(_source(), turn)):
        for number, (x, y) in enumerate(picture.points.round().astype(int), start=1):
            assert picture.array[y, x, 0] == 40 * number
        x0, y0, x1, y1 = picture.box
        assert ((picture.points > [x0, y0]) & (picture.points < [x1, y1])).all()
        assert sorted((x1 - x0, y1 - y0)) == [120, 160]


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("edge", [None, "left", "right", "top", "bottom"])
def test_a_crop_shows_the_face_at_its_share_of_the_photo(share: float, edge: str | None) -> None:
    picture = _crop(_source(), share, edge, 800)
    height, width = picture.array.shape[:2]
    assert max(height, width) == 800
    x0, y0, x1, y1 = picture.box
    assert x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height
    touches = {"left": x0 < 1, "right": x1 > width - 1, "top": y0 < 1, "bottom": y1 > height - 1}
    assert all(is_there == (side == edge) for side, is_there in touches.items())
