"""What stands on close-ups, and which come first."""

from __future__ import annotations

from dataclasses import replace

from curation.api.pages.one_photo.close_ups import face_marks, worst_first
from curation.domain.labelling.labels import Category
from curation.domain.measuring.measures import FaceMeasures, Measure, Reason

GOOD = FaceMeasures(
    size_px=100,
    yaw_deg=0,
    pitch_deg=0,
    roll_deg=0,
    fit=1,
    right_eye=Measure.of(0.9, 3),
    left_eye=Measure.of(0.9, 3),
    smile=Measure.of(0.5, 0),
    focus=Measure.of(0.8, 0.8),
    exposure=Measure.of(0.8, 0.8),
)
SHUT = replace(GOOD, right_eye=Measure.of(0.1, -3), left_eye=Measure.of(0.1, -3))
SOFT = replace(GOOD, focus=Measure.of(0.1, 0.1))
TURNED = replace(GOOD, right_eye=Measure.unknown(Reason.TURNED), left_eye=Measure.unknown(Reason.TURNED))


def texts(measures: FaceMeasures | None) -> list[tuple[str, str]]:
    return [(mark.kind, mark.text) for mark in face_marks(measures, eyes_open=0.5, focus=0.4)]


def test_in_words() -> None:
    assert texts(GOOD) == [("good", "eyes open, sharp")]
    assert texts(SHUT) == [("closed", "eyes closed")]
    assert texts(SOFT) == [("blurred", "blurred")]
    assert texts(TURNED) == [("unclear", "turned away")]
    assert texts(replace(SHUT, focus=Measure.of(0.1, 0.1))) == [("closed", "eyes closed"), ("blurred", "blurred")]
    assert texts(None) == []


def test_the_worst_of_those_who_matter_comes_first() -> None:
    people = {
        "stranger, shut": (SHUT, None, False),
        "other, shut": (SHUT, Category.OTHER, True),
        "main, good": (GOOD, Category.MAIN, True),
        "important, shut": (SHUT, Category.IMPORTANT, True),
        "main, soft": (SOFT, Category.MAIN, True),
        "unlabelled, turned": (TURNED, None, True),
        "main, unmeasured": (None, Category.MAIN, True),
    }

    def key(name: str) -> tuple[object, ...]:
        measures, category, known = people[name]
        return worst_first(measures, face_marks(measures, eyes_open=0.5, focus=0.4), category, known=known)

    assert sorted(people, key=key) == [
        "important, shut",
        "main, soft",
        "main, good",
        "main, unmeasured",
        "unlabelled, turned",
        "other, shut",
        "stranger, shut",
    ]
