from __future__ import annotations

import time

import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou
from curation.photos.looks.label_layout import PlacedLabel, place_labels

SIZE = (600, 400)
LABEL = (90, 16)


def is_inside(box: Box, size: tuple[int, int] = SIZE) -> bool:
    return box.x >= 0 and box.y >= 0 and box.x + box.w <= size[0] and box.y + box.h <= size[1]


def check(size: tuple[int, int], faces: list[Box], placed: list[PlacedLabel | None]) -> None:
    boxes = [place.box for place in placed if place is not None]
    assert all(is_inside(box, size) for box in boxes)
    assert not any(box_iou(box, face) > 0 for box in boxes for face in faces)
    assert not any(box_iou(box, other) > 0 for n, box in enumerate(boxes) for other in boxes[:n])


def test_a_label_stands_right_above_its_face() -> None:
    (place,) = place_labels(SIZE, [Box(200, 100, 60, 80)], [LABEL], gap=2)
    assert place == PlacedLabel(Box(200, 81, *LABEL), None)


@pytest.mark.parametrize(
    "face", [Box(0, 0, 60, 80), Box(540, 0, 60, 80), Box(0, 320, 60, 80), Box(540, 320, 60, 80), Box(0, 0, 600, 300)]
)
def test_at_the_edges_it_stands_elsewhere_right_beside_it(face: Box) -> None:
    (place,) = place_labels(SIZE, [face], [LABEL], gap=2)
    assert place is not None and place.line is None
    check(SIZE, [face], [place])


def test_a_face_that_fills_the_picture_has_no_place_for_one() -> None:
    assert place_labels(SIZE, [Box(5, 5, 590, 390)], [LABEL], gap=2) == [None]


def test_neighbours_keep_their_own() -> None:
    faces = [Box(20 + 70 * n, 150, 60, 80) for n in range(8)]
    placed = place_labels(SIZE, faces, [(140, 16)] * 8, gap=2)
    assert None not in placed
    check(SIZE, faces, placed)
    assert any(place is not None and place.line is not None for place in placed), "some stand further away, with a line"


def test_no_line_crosses_another_face_or_label() -> None:
    faces = [Box(20 + 70 * n, 60 + 90 * row, 60, 80) for n in range(8) for row in range(3)]
    placed = place_labels(SIZE, faces, [(50, 14)] * len(faces), gap=1)
    check(SIZE, faces, placed)
    for number, place in enumerate(placed):
        if place is None or place.line is None:
            continue
        start, end = np.array(place.line, dtype=float)
        ends = start + np.linspace(0, 1, 200)[:, None] * (end - start)
        others = [face for other, face in enumerate(faces) if other != number]
        others += [other.box for other in placed if other is not None and other is not place]
        assert not any(o.x < x < o.x + o.w - 1 and o.y < y < o.y + o.h - 1 for x, y in ends for o in others)


def test_a_stadium_takes_bounded_time() -> None:
    size = (6000, 4000)
    faces = [Box(10 + 170 * (n % 35), 10 + 300 * (n // 35), 60, 80) for n in range(400)]
    start = time.process_time()
    placed = place_labels(size, faces, [(120, 30)] * len(faces), gap=2)
    assert time.process_time() - start < 5
    check(size, faces, placed)
    assert placed.count(None) < 20


def test_no_faces() -> None:
    assert place_labels(SIZE, [], [], gap=2) == []
