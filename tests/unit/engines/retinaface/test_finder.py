"""Which looks a photo gets; the detector is a stand-in that sees painted heads only as they stand upright."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.geometry import HeadPose, projected_head
from curation.engines.retinaface.finder import FaceFinder
from curation.engines.tiling import Detections, Tiling
from tests.fakes import ArrayPhoto

FRONTAL = projected_head(HeadPose(0.0, 0.0, 0.0)) - [0.0, 0.5]
TILING = Tiling(
    mode="auto",
    finer_size_px=4000,
    max_enlargement=1.0,
    tile_px=(1536, 1024),
    overlap_px=160,
    small_face_px=32.0,
    min_small_faces=1,
    min_confidence=0.8,
)


class PaintedHeads:
    """Sees red rectangles whose upper half is bright; those that lie it takes for upright ones, with less confidence.

    Of a head larger than 420 px it sees two pieces.
    """

    def __init__(self, lying_confidence: float = 0.9) -> None:
        self.lying_confidence = lying_confidence
        self.looks: list[tuple[int, int]] = []

    def __call__(self, picture: NDArray[np.uint8]) -> Detections:
        self.looks.append((picture.shape[1], picture.shape[0]))
        red = np.ascontiguousarray(picture[..., 0])
        count, _, stats, _ = cv2.connectedComponentsWithStats((red > 60).astype(np.uint8))
        seen = []
        for x, y, w, h, _ in stats[1:count]:
            head = red[y : y + h, x : x + w].astype(float)
            upright = head[: h // 2 + 1].mean() > 1.5 * head[h // 2 :].mean()
            if max(w, h) > 420:
                seen += [(x, y, w // 2, h // 2, 0.95), (x + w // 3, y + h // 3, w // 2, h // 2, 0.9)]
            else:
                seen.append((x, y, w, h, 0.999 if upright else self.lying_confidence))
        areas = np.array([(x, y, x + w, y + h) for x, y, w, h, _ in seen], dtype=np.float64).reshape(-1, 4)
        middles = (areas[:, None, :2] + areas[:, None, 2:]) / 2
        sizes = (areas[:, 2:] - areas[:, :2]).min(axis=1, initial=1e9)[:, None, None] / 2.4
        return Detections(areas, np.array([one[4] for one in seen], dtype=np.float64), middles + FRONTAL * sizes)


def _photo(*heads: tuple[int, int, int, int], size: tuple[int, int] = (900, 1200)) -> NDArray[np.uint8]:
    """Upright heads (x, y, w, h) on black."""
    photo = np.zeros((*size, 3), dtype=np.uint8)
    for x, y, w, h in heads:
        photo[y : y + h // 2, x : x + w, 0] = 240
        photo[y + h // 2 : y + h, x : x + w, 0] = 90
    return photo


def _find(photo: NDArray[np.uint8], detector: PaintedHeads) -> Detections:
    return FaceFinder(detector, 1600, TILING).find(ArrayPhoto(photo))


def test_an_ordinary_photo_is_looked_at_once() -> None:
    detector = PaintedHeads()
    assert len(_find(_photo((100, 100, 120, 160), (600, 200, 100, 140)), detector).areas) == 2
    assert detector.looks == [(1200, 900)]


def test_a_photo_without_anything_is_looked_at_once() -> None:
    detector = PaintedHeads()
    assert len(_find(_photo(), detector).areas) == 0
    assert detector.looks == [(1200, 900)]


def test_a_close_up_is_one_face_after_a_small_look() -> None:
    detector = PaintedHeads()
    found = _find(_photo((200, 50, 600, 800), (1000, 700, 80, 100)), detector)
    assert sorted(tuple(area) for area in found.areas.round(-1)) == [(200, 50, 800, 850), (1000, 700, 1080, 800)]
    assert detector.looks[:2] == [(1200, 900), (416, 328)]


@pytest.mark.parametrize("turn", [1, 2, 3])
@pytest.mark.parametrize("confidence", [0.4, 0.9])
def test_a_turned_photo_gives_the_landmarks_of_the_person(turn: int, confidence: float) -> None:
    upright = _photo((300, 200, 150, 200), (700, 500, 60, 80))
    expected = _find(upright, PaintedHeads())
    photo = np.ascontiguousarray(np.rot90(upright, turn))
    found = _find(photo, PaintedHeads(confidence))
    assert len(found.areas) == 2
    for area, confidence_seen, points in zip(*_upright(found, turn, photo.shape), strict=True):
        assert confidence_seen == pytest.approx(0.999)
        nearest = int(np.argmin(np.abs(expected.areas - area).sum(axis=1)))
        assert area == pytest.approx(expected.areas[nearest], abs=1)
        assert points == pytest.approx(expected.points[nearest], abs=1.5)


def test_one_lying_head_among_upright_ones_is_seen_from_its_side() -> None:
    photo = _photo((100, 100, 120, 160), (800, 500, 120, 160))
    photo[300:420, 400:560] = np.rot90(_photo((0, 0, 120, 160), size=(160, 120)), 1)
    found = _find(photo, PaintedHeads())
    assert len(found.areas) == 3
    lying = int(np.argmin(np.abs(found.areas - [400, 300, 560, 420]).sum(axis=1)))
    right_eye, left_eye, _, mouth, _ = found.points[lying]
    assert right_eye[1] > left_eye[1] and mouth[0] > right_eye[0]


def test_in_films_a_doubtful_head_beside_a_sure_one_costs_nothing() -> None:
    photo = _photo((100, 100, 120, 160))
    photo[300:420, 400:560] = np.rot90(_photo((0, 0, 120, 160), size=(160, 120)), 1)
    alone = photo.copy()
    alone[100:260, 100:220] = 0
    for picture, is_turned in ((photo, False), (alone, True)):
        detector = PaintedHeads(0.6)
        FaceFinder(detector, 1600, TILING, sure_from=0.9).find(ArrayPhoto(picture))
        assert (len(detector.looks) > 1) == is_turned


def test_doubtful_faces_cost_little() -> None:
    detector = PaintedHeads()
    heads = [(20 + 110 * column, 100, 60, 80) for column in range(10)]
    photo = _photo(*heads).clip(0, 90)  # neither upright nor lying
    _find(photo, detector)
    extra = sum(width * height for width, height in detector.looks[1:])
    assert extra <= 9 * 128 * 128


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (300, 200), (31, 33)])
def test_pictures_of_any_size_are_no_error(size: tuple[int, int]) -> None:
    assert len(_find(np.zeros((*size, 3), dtype=np.uint8), PaintedHeads()).areas) == 0
    _find(np.full((*size, 3), 200, dtype=np.uint8), PaintedHeads())


def _upright(found: Detections, turn: int, shape: tuple[int, ...]) -> Detections:
    """What was found in a turned photo, in pixels of the upright one."""
    areas, points = found.areas, found.points
    height, width = shape[:2]
    for _ in range(4 - turn):
        points = np.stack([points[..., 1], width - 1 - points[..., 0]], axis=-1)
        areas = np.stack([areas[:, 1], width - areas[:, 2], areas[:, 3], width - areas[:, 0]], axis=-1)
        height, width = width, height
    return Detections(areas, found.confidences, points)
