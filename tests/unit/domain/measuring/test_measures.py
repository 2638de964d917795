from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.measuring.measures import (
    MINIATURE_BYTES,
    Artefacts,
    FaceMeasures,
    Measure,
    PhotoMeasures,
    Reason,
    joined_eyes,
)

told = st.builds(Measure.of, st.floats(0, 1), st.floats(-100, 300))
untold = st.builds(Measure.unknown, st.sampled_from(Reason), st.none() | st.floats(-100, 300))
measures = told | untold
degrees = st.floats(-90, 90)
faces = st.builds(
    FaceMeasures,
    size_px=st.integers(0, 5000),
    yaw_deg=degrees,
    pitch_deg=degrees,
    roll_deg=degrees,
    fit=st.floats(0, 1),
    right_eye=measures,
    left_eye=measures,
    smile=measures,
    focus=measures,
    exposure=measures,
    cut_off=st.floats(0, 1),
)
photos = st.builds(
    PhotoMeasures,
    width=st.integers(1, 20000),
    height=st.integers(1, 20000),
    faces=st.lists(faces, max_size=3).map(tuple),
    focus=measures,
    exposure=measures,
    capture_time=st.none() | st.datetimes(),
    miniature=st.none() | st.binary(min_size=MINIATURE_BYTES, max_size=MINIATURE_BYTES),
    artefacts=st.builds(Artefacts, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)


@given(photos)
def test_measures_round_trip_through_json(photo: PhotoMeasures) -> None:
    assert PhotoMeasures.from_json(json.loads(json.dumps(photo.to_json()))) == photo


def good() -> dict[str, Any]:
    known = Measure.of(0.5, 1.0)
    face = FaceMeasures(100, 0.0, 0.0, 0.0, 1.0, known, known, known, known, known)
    return PhotoMeasures(10, 10, (face,), known, known).to_json()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 0),
        (("size",), [10]),
        (("capture_time",), 5),
        (("capture_time",), "yesterday"),
        (("capture_time",), "2026-06-01T12:00:00+02:00"),
        (("miniature",), "AAAA"),
        (("miniature",), "?"),
        (("miniature",), 7),
        (("size",), [0, 10]),
        (("faces",), None),
        (("faces", 0), []),
        (("faces", 0, "size_px"), -1),
        (("faces", 0, "size_px"), True),
        (("faces", 0, "pose_deg"), [0.0, 0.0]),
        (("faces", 0, "fit"), None),
        (("faces", 0, "smile"), [0.5, 1.0]),
        (("faces", 0, "smile"), [None, 1.0, None]),
        (("faces", 0, "smile"), [0.5, 1.0, "turned"]),
        (("faces", 0, "smile"), [None, 1.0, "bored"]),
        (("faces", 0, "smile"), [1.5, 1.0, None]),
        (("faces", 0, "smile"), ["0.5", 1.0, None]),
        (("focus",), float("nan")),
        (("faces", 0, "cut_off"), 1.5),
        (("faces", 0, "cut_off"), None),
        (("artefacts",), [0.0, 0.0]),
        (("artefacts",), [0.0, 0.0, -0.1]),
        (("artefacts",), None),
    ],
)
def test_anything_else_is_refused(path: tuple[str | int, ...], value: object) -> None:
    data = good()
    place: Any = data
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(ValueError, match=r"."):
        PhotoMeasures.from_json(data)


def test_both_eyes_answer_together() -> None:
    def eye(value: float) -> Measure:
        return Measure.of(value, 0.2)

    assert joined_eyes(eye(1.0), eye(1.0)).value == 1.0
    assert joined_eyes(eye(0.4), eye(0.8)).value == pytest.approx(0.6)
    assert joined_eyes(eye(0.1), eye(1.0)).value == pytest.approx(0.55)  # nobody blinks with one eye
    turned = Measure.unknown(Reason.TURNED)
    assert joined_eyes(turned, eye(0.7)) == eye(0.7)
    assert joined_eyes(eye(0.7), turned) == eye(0.7)
    assert joined_eyes(turned, turned).reason is Reason.TURNED


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_opening_an_eye_never_closes_both(right: float, left: float, wider: float) -> None:
    before = joined_eyes(Measure.of(right, 0), Measure.of(left, 0)).value
    after = joined_eyes(Measure.of(max(right, wider), 0), Measure.of(left, 0)).value
    assert before is not None
    assert after is not None
    assert after >= before
