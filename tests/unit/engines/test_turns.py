"""Photos looked at from the other sides."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.geometry import HeadPose, projected_head
from curation.engines.tiling import Detections
from curation.engines.turns import TurnedPhoto, best_of_views, turned_back
from tests.fakes import ArrayPhoto

FRONTAL = projected_head(HeadPose(0.0, 0.0, 0.0)) * 20


def _seen(x: float, y: float, confidence: float, points: NDArray[np.float64] = FRONTAL) -> Detections:
    area = np.array([[x - 25, y - 20, x + 25, y + 45]], dtype=np.float64)
    return Detections(area, np.array([confidence]), (points + np.array([x, y]))[None])


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_what_is_found_in_a_turned_photo_is_where_its_pixels_are(turn: int) -> None:
    photo = np.zeros((30, 50, 3), dtype=np.uint8)
    photo[4:9, 7:20] = 255
    photo[5, 8] = (9, 0, 0)
    turned = TurnedPhoto(ArrayPhoto(photo), turn)
    picture = turned.full().array
    assert picture.shape[:2] == (turned.height, turned.width)
    ys, xs = np.nonzero(picture[..., 0])
    mark = np.argwhere(picture[..., 0] == 9)[0][::-1]
    seen = Detections(
        np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]], dtype=np.float64),
        np.array([0.9]),
        np.array([[mark]], dtype=np.float64),
    )
    back = turned_back(seen, turn, 50, 30)
    assert back.areas[0] == pytest.approx([7, 4, 20, 9])
    assert back.points[0, 0] == pytest.approx([8, 5])


def test_a_turned_photo_keeps_its_scale_at_every_size() -> None:
    turned = TurnedPhoto(ArrayPhoto(np.zeros((40, 80, 3), dtype=np.uint8)), 3)
    assert turned.reduced(20).array.shape == (20, 10, 3) and turned.reduced(20).scale == 0.25
    assert turned.detailed(0.5).array.shape == (80, 40, 3)


def test_the_view_that_saw_the_face_upright_is_believed() -> None:
    squeezed = FRONTAL[[0, 4, 2, 3, 1]]
    wrong, right = _seen(100, 100, 0.999, squeezed), _seen(102, 99, 0.99)
    best = best_of_views([(wrong, wrong), (turned_back(right, 2, 300, 300), right)])
    assert len(best.areas) == 2  # elsewhere in the photo
    there = Detections(right.areas, right.confidences, right.points)
    best = best_of_views([(wrong, wrong), (there, right)])
    assert best.confidences == pytest.approx([0.99])


def test_of_two_views_that_agree_the_more_confident_one_is_believed() -> None:
    first, second = _seen(100, 100, 0.995), _seen(101, 100, 0.999)
    assert best_of_views([(first, first), (second, second)]).confidences == pytest.approx([0.999])


def test_faces_of_one_view_are_different_faces() -> None:
    near = Detections(
        *(np.concatenate(pair) for pair in zip(_seen(100, 100, 0.99), _seen(120, 105, 0.99), strict=True))
    )
    nothing = near.subset([])
    assert len(best_of_views([(near, near), (nothing, nothing)]).areas) == 2
