"""The cascade's guesses."""

from __future__ import annotations

import cv2
import numpy as np

from curation.engines.dlib.small_face_hints import SmallFaceHints
from tests.face_photos import astronaut, grace_hopper


def test_small_faces_are_guessed_where_they_are() -> None:
    photo = np.full((600, 900, 3), 90, dtype=np.uint8)
    for place, (picture, face_px) in enumerate([(astronaut(), 110), (grace_hopper(), 180)]):
        scale = 40 / face_px
        small = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        photo[200 : 200 + small.shape[0], 100 + 400 * place : 100 + 400 * place + small.shape[1]] = small
    areas = SmallFaceHints().areas(photo)
    assert areas.dtype == np.float64 and len(areas) >= 1
    for left, top, right, bottom in areas:
        assert right - left < 72 and 200 <= top < bottom <= 420
        assert 100 <= left < right <= 290 or 500 <= left < right <= 640


def test_large_faces_and_plain_pictures_give_no_hints() -> None:
    hints = SmallFaceHints()
    assert hints.areas(np.full((300, 400, 3), 128, dtype=np.uint8)).shape == (0, 4)
    assert hints.areas(np.zeros((1, 1, 3), dtype=np.uint8)).shape == (0, 4)
    assert len(hints.areas(np.ascontiguousarray(grace_hopper()[:, ::-1]))) == 0
