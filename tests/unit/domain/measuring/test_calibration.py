from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.measuring.calibration import (
    FAR_EYE_DEG,
    LightLevels,
    exposure_measure,
    eye_measure,
    face_focus_measure,
    face_quality_score,
    landmark_fit,
    photo_focus_measure,
    smile_measure,
)
from curation.domain.measuring.measures import Measure, Reason

SEEN, HIDDEN = -3.0, 0.5

unit = st.floats(0, 1)


def told(measure: Measure) -> float:
    assert measure.value is not None
    return measure.value


def test_an_eye_is_as_open_as_it_is_probably_so() -> None:
    assert told(eye_measure(0.0, SEEN, 0.0)) == 0.5
    assert told(eye_measure(math.log(0.8 / 0.2), SEEN, 0.0)) == pytest.approx(0.8, abs=0.02)
    assert (told(eye_measure(9.0, SEEN, 0.0)), told(eye_measure(-9.0, SEEN, 0.0))) == (1.0, 0.0)
    assert eye_measure(1.25, SEEN, -60.0).raw == 1.25


def test_the_far_eye_and_the_hidden_one_are_given_up() -> None:
    for measure, reason in (
        (eye_measure(4.0, SEEN, FAR_EYE_DEG + 0.1), Reason.TURNED),
        (eye_measure(4.0, HIDDEN, 0.0), Reason.COVERED),
        (smile_measure(4.0, HIDDEN), Reason.COVERED),
    ):
        assert (measure.value, measure.raw, measure.reason) == (None, 4.0, reason)


def test_the_scale_of_smiles() -> None:
    neutral, slight, toothy, laugh = (told(smile_measure(odds, SEEN)) for odds in (-4.0, 1.5, 3.5, 7.0))
    assert 0.0 <= neutral < 0.2 < 0.5 < slight < 0.75 < toothy < 0.95 < laugh <= 1.0
    assert told(smile_measure(0.0, SEEN)) == 0.5


@given(st.floats(-30, 30), st.floats(0, 5))
def test_surer_answers_are_never_worth_less(odds: float, more: float) -> None:
    assert told(eye_measure(odds + more, SEEN, 0.0)) >= told(eye_measure(odds, SEEN, 0.0))
    assert told(smile_measure(odds + more, SEEN)) >= told(smile_measure(odds, SEEN))


@given(st.floats(-9, 3), st.floats(-9, 3), st.floats(5, 400), st.floats(0, 1))
def test_more_detail_is_never_less_sharp(detail: float, fine: float, eyes_px: float, more: float) -> None:
    assert told(face_focus_measure(detail + more, fine, eyes_px)) >= told(face_focus_measure(detail, fine, eyes_px))
    assert told(face_focus_measure(detail, fine + more, eyes_px)) >= told(face_focus_measure(detail, fine, eyes_px))
    for people in (True, False):
        sharper = told(photo_focus_measure(detail + more, with_people=people))
        assert sharper >= told(photo_focus_measure(detail, with_people=people))
    skin, place = (told(photo_focus_measure(detail, with_people=people)) for people in (True, False))
    assert (skin >= place) or detail > -0.5


def test_levels_of_focus() -> None:
    sharp, soft, lost = -1.6, -3.6, -5.5
    assert told(face_focus_measure(sharp, -1.6, 150)) > 0.95
    assert told(face_focus_measure(sharp, None, 25)) > 0.6
    assert told(face_focus_measure(soft, -5.5, 150)) < 0.4
    assert told(face_focus_measure(lost, -6.0, 150)) < 0.1
    assert face_focus_measure(None, None, 50).reason is Reason.NO_CONTRAST
    assert face_focus_measure(None, None, 5).reason is Reason.TINY
    assert photo_focus_measure(None, with_people=False).reason is Reason.NO_CONTRAST


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
