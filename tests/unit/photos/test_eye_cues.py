from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.calibration import eye_measure
from curation.photos.eye_cues import EYE_CROP_PX, EYE_TEMPLATE_PX, eye_cues, is_shaded

SKIN = (200, 160, 140)


def drawn_eye(*, is_open: bool, light: float = 1.0) -> NDArray[np.uint8]:
    """An eye drawn at eight times its size and reduced."""
    factor = 8
    picture = np.full((EYE_CROP_PX * factor, EYE_CROP_PX * factor, 3), SKIN, dtype=np.uint8)
    (left, y), (right, _) = (EYE_TEMPLATE_PX * factor).astype(int)
    centre = ((left + right) // 2, int(y))
    if is_open:
        cv2.ellipse(picture, centre, ((right - left) // 2, 26), 0, 0, 360, (235, 235, 235), -1)
        cv2.circle(picture, centre, 26, (50, 30, 20), -1)
        cv2.ellipse(picture, centre, ((right - left) // 2, 28), 0, 180, 360, (40, 20, 20), 6)
    else:
        cv2.ellipse(picture, centre, ((right - left) // 2, 22), 0, 0, 180, (40, 20, 20), 8)
    small = cv2.resize(picture, (EYE_CROP_PX, EYE_CROP_PX), interpolation=cv2.INTER_AREA)
    return (small * light).astype(np.uint8)


@pytest.mark.parametrize("light", [1.0, 0.5, 0.25])
def test_drawn_eyes(light: float) -> None:
    opened, closed = eye_cues(drawn_eye(is_open=True, light=light)), eye_cues(drawn_eye(is_open=False, light=light))
    assert closed.above > opened.above
    assert closed.upright_edges < opened.upright_edges
    assert closed.middle > opened.middle
    assert closed.dark_height > opened.dark_height
    for ratio in (0.15, 0.25):
        opened_value, closed_value = eye_measure(ratio, opened, 0.0).value, eye_measure(ratio, closed, 0.0).value
        assert opened_value is not None
        assert closed_value is not None
        assert opened_value > 0.5 > closed_value


def test_flat_crops_say_nothing_odd() -> None:
    assert all(np.isfinite(eye_cues(np.full((EYE_CROP_PX, EYE_CROP_PX, 3), 7, dtype=np.uint8))))


def test_dark_lenses() -> None:
    bare = drawn_eye(is_open=True)
    lens = bare.copy()
    cv2.ellipse(lens, (20, 20), (17, 12), 0, 0, 360, (15, 15, 15), -1)
    assert is_shaded(lens)
    assert not is_shaded(bare)
    assert not is_shaded((bare * 0.2).astype(np.uint8))
