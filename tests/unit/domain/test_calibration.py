from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.calibration import (
    EyeCues,
    LightLevels,
    MouthShape,
    exposure_measure,
    eye_aspect_ratios,
    eye_measure,
    face_focus_measure,
    face_quality_score,
    landmark_fit,
    mouth_shape,
    photo_focus_measure,
    smile_measure,
)
from curation.domain.geometry import HeadPose, apply_transform, projected_head
from curation.domain.measures import Measure, Reason

OPEN = EyeCues(above=-0.9, below=-0.4, upright_edges=0.42, middle=-1.0, dark_height=-0.08)
SHUT = EyeCues(above=0.3, below=-1.4, upright_edges=0.25, middle=-0.2, dark_height=0.12)

unit = st.floats(0, 1)


def told(measure: Measure) -> float:
    assert measure.value is not None
    return measure.value


def test_aspect_ratio_of_eyes() -> None:
    points = np.zeros((68, 2))
    points[36:42] = [[0, 0], [3, -1], [7, -1], [10, 0], [7, 1], [3, 1]]
    assert eye_aspect_ratios(points) == (0.2, 0.0)


def test_open_and_shut_eyes() -> None:
    assert told(eye_measure(0.3, OPEN, 0.0)) > 0.95
    assert told(eye_measure(0.1, SHUT, 0.0)) < 0.05
    # The outline alone does not decide: predictors draw open outlines around closed eyes.
    assert told(eye_measure(0.3, SHUT, 0.0)) < 0.5


def test_the_far_eye_is_corrected_and_then_given_up() -> None:
    near, far, hidden = (eye_measure(0.25, OPEN, away) for away in (-40.0, 20.0, 23.0))
    assert near.raw == 0.25
    assert far.raw == pytest.approx(0.25 * math.cos(math.radians(20)), abs=1e-4)
    assert (hidden.value, hidden.reason) == (None, Reason.TURNED)


def test_a_wide_mouth_with_drawn_lip_smiles_and_an_open_one_does_not() -> None:
    assert told(smile_measure(MouthShape(1.05, 0.16))) > 0.8
    assert told(smile_measure(MouthShape(0.81, 0.24))) < 0.2
    # Opened for talking: no wider, the upper lip where it was.
    assert told(smile_measure(MouthShape(0.80, 0.22))) < 0.2


@pytest.mark.parametrize("pose", [HeadPose(0, 0, 0), HeadPose(25, 0, 0), HeadPose(0, 10, 0)])
def test_the_mouths_shape_is_that_of_the_upright_frontal_head(pose: HeadPose) -> None:
    five = projected_head(pose)
    points = np.zeros((68, 2))
    points[[48, 54]] = five[[3, 4]]
    points[51], points[33] = five[2] + [0, 0.2], five[2]
    shape = mouth_shape(points, five, pose)
    assert shape.width == pytest.approx(0.86, rel=0.02)
    assert shape.lip_height == pytest.approx(0.2)
    turn = np.array([[0.0, -50.0, 400.0], [50.0, 0.0, 200.0]])
    rotated = mouth_shape(apply_transform(turn, points), apply_transform(turn, five), pose)
    assert rotated == pytest.approx(shape)


@given(st.floats(-9, 3), st.floats(-9, 3), st.floats(5, 400), st.floats(0, 1))
def test_more_detail_is_never_less_sharp(detail: float, fine: float, eyes_px: float, more: float) -> None:
    assert told(face_focus_measure(detail + more, fine, eyes_px)) >= told(face_focus_measure(detail, fine, eyes_px))
    assert told(face_focus_measure(detail, fine + more, eyes_px)) >= told(face_focus_measure(detail, fine, eyes_px))
    assert told(photo_focus_measure(detail + more)) >= told(photo_focus_measure(detail))


def test_levels_of_focus() -> None:
    sharp, soft, lost = -1.6, -3.6, -5.5
    assert told(face_focus_measure(sharp, -1.6, 150)) > 0.95
    assert told(face_focus_measure(sharp, None, 25)) > 0.6
    assert told(face_focus_measure(soft, -5.5, 150)) < 0.4
    assert told(face_focus_measure(lost, -6.0, 150)) < 0.1
    assert face_focus_measure(None, None, 50).reason is Reason.NO_CONTRAST
    assert face_focus_measure(None, None, 5).reason is Reason.TINY
    assert photo_focus_measure(None).reason is Reason.NO_CONTRAST


def test_exposure() -> None:
    assert told(exposure_measure(LightLevels(190, 0.0, 0.0))) == 1.0
    assert told(exposure_measure(LightLevels(181, 0.02, 0.03))) == 1.0
    assert told(exposure_measure(LightLevels(80, 0.0, 0.1))) < 0.3
    assert told(exposure_measure(LightLevels(255, 0.7, 0.0))) == 0.0
    assert exposure_measure(None).reason is Reason.CUT_OFF


@given(unit, unit)
def test_fit_falls_with_disagreement_and_instability(disagreement: float, instability: float) -> None:
    fit = landmark_fit(disagreement, instability)
    assert 0.0 <= fit <= 1.0
    assert landmark_fit(disagreement + 0.1, instability) <= fit
    assert landmark_fit(disagreement, instability + 0.1) <= fit
    assert landmark_fit(0.07, 0.01) == 1.0


@given(st.floats(1, 4000), unit, st.floats(-180, 180), unit)
def test_face_quality_lies_in_range(size: float, sharpness: float, yaw: float, confidence: float) -> None:
    score = face_quality_score(size, sharpness, yaw, confidence)
    assert 0.0 <= score <= 1.0
    assert face_quality_score(size * 2, sharpness, yaw, confidence) >= score
    assert face_quality_score(200, 1.0, 0.0, 1.0) == 1.0
