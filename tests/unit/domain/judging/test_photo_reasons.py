from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.judging.photo_facts import ScoredFace, ScoringInput
from curation.domain.judging.photo_reasons import PhotoReason, ReasonKind, photo_reasons
from curation.domain.judging.photo_score import PhotoScore, failed_photo_score
from curation.domain.judging.scoring_rules import ScoringRules
from curation.domain.labelling.labels import Category, Person
from curation.domain.measuring.measures import FaceMeasures
from tests.unit.domain.judging.scoring_values import (
    ANNA,
    BEN,
    OLE,
    STRANGER,
    TOM,
    drawn_faces,
    face_measures,
    photo_measures,
    scored,
)

RULES = ScoringRules()
Faces = Sequence[tuple[Person | None, FaceMeasures]]
FINE = face_measures()
BLINK = face_measures(eyes=0.1)


def told(path: str, photos: Mapping[str, Faces]) -> tuple[PhotoReason, ...]:
    """Of one photo, in a burst with all the others; the earlier ones are better."""
    scores: dict[str, PhotoScore] = {}
    shots = {}
    for place, (name, faces) in enumerate(photos.items(), start=1):
        scores[name] = replace(scored(faces, RULES, path=name), burst_id=1, burst_rank=place)
        shots[name] = ScoringInput(
            photo_measures(), [ScoredFace(i, person, face) for i, (person, face) in enumerate(faces)]
        )
    return photo_reasons(scores[path], shots, list(scores.values()), RULES.thresholds)


def texts(path: str, photos: Mapping[str, Faces]) -> list[str]:
    return [reason.text for reason in told(path, photos)]


def test_what_is_wrong_and_where_it_is_right() -> None:
    photos: dict[str, Faces] = {
        "d/IMG_0131.jpg": [(BEN, FINE)],
        "d/IMG_0132.jpg": [(BEN, FINE), (ANNA, FINE)],
        "d/IMG_0133.jpg": [(None, BLINK), (ANNA, BLINK), (BEN, FINE)],
    }
    assert told("d/IMG_0133.jpg", photos) == (
        PhotoReason(
            ReasonKind.BAD,
            "Anna (main) blinks; 0132 in the same burst has Anna's eyes open",
            "name:anna",
            1,
            "d/IMG_0132.jpg",
        ),
        PhotoReason(ReasonKind.GOOD, "Anna and Ben smile"),
        PhotoReason(ReasonKind.GOOD, "Anna and Ben are in focus"),
    )
    assert texts("d/IMG_0132.jpg", photos) == [
        "Anna and Ben have open eyes",
        "Anna and Ben smile",
        "Anna and Ben are in focus",
    ]
    assert texts("d/IMG_0131.jpg", photos)[0] == "Anna (main) is missing; 0132 in the same burst has Anna"


def test_no_other_photo_is_named_where_none_is_better() -> None:
    assert texts("a.jpg", {"a.jpg": [(ANNA, BLINK)], "b.jpg": [(ANNA, BLINK)]})[0] == "Anna (main) blinks"


@pytest.mark.parametrize(
    ("face", "sentence"),
    [
        (face_measures(focus=0.1), "Anna (main) is out of focus; b.jpg in the same burst has Anna sharp"),
        (face_measures(exposure=0.1), "Anna (main) is badly exposed; b.jpg in the same burst has Anna in better light"),
        (face_measures(yaw_deg=80), "Anna (main) is turned away"),
        (face_measures(yaw_deg=46), "nobody looks at the camera"),
        (replace(face_measures(), cut_off=0.5), "Anna (main) is cut by the edge of the photo"),
        (face_measures(focus=0.5), "Anna (main) is softer than in b.jpg of the same burst"),
        (
            face_measures(yaw_deg=46),
            "Anna (main) is turned, the eyes cannot be told; b.jpg in the same burst has Anna's eyes open",
        ),
    ],
)
def test_other_faults(face: FaceMeasures, sentence: str) -> None:
    assert sentence in texts("a.jpg", {"a.jpg": [(ANNA, face)], "b.jpg": [(ANNA, FINE)]})[:2]


def test_names() -> None:
    hans = Person("name:hans", "Hans", Category.IMPORTANT, True)
    assert texts("x.jpg", {"x.jpg": [(hans, BLINK)], "f/x.jpg": [(hans, FINE)]})[0] == (
        "Hans (important) blinks; f/x.jpg in the same burst has Hans' eyes open"
    )
    assert texts("9.jpg", {"9.jpg": [(hans, BLINK)], "10.jpg": [(hans, FINE)]})[0].startswith(
        "Hans (important) blinks; 10 in"
    )
    assert texts("a1.raw", {"a1.raw": [(hans, BLINK)], "a1.jpg": [(hans, FINE)]})[0].startswith(
        "Hans (important) blinks; a1.jpg in"
    )
    three = [(ANNA, FINE), (BEN, FINE), (TOM, FINE)]
    assert texts("a.jpg", {"a.jpg": three}) == ["all 3 have open eyes", "all 3 smile", "all 3 are in focus"]
    assert texts("a.jpg", {"a.jpg": [(TOM, FINE)]}) == ["Tom has open eyes", "Tom smiles", "Tom is in focus"]


def test_strangers_are_not_written_about() -> None:
    assert texts("a.jpg", {"a.jpg": [(None, BLINK), (STRANGER, BLINK), (OLE, BLINK)]}) == ["the photo is in focus"]


def test_photos_without_people() -> None:
    shots = {"a.jpg": ScoringInput(photo_measures(focus=0.1, exposure=0.1), [])}
    score = scored([], photo=photo_measures(focus=0.1, exposure=0.1))
    found = photo_reasons(score, shots, [], RULES.thresholds)
    assert [(r.kind, r.text) for r in found] == [
        (ReasonKind.BAD, "the photo is out of focus"),
        (ReasonKind.BAD, "the photo is badly exposed"),
    ]


def test_what_is_wrong_with_the_picture() -> None:
    faces: Faces = [(ANNA, face_measures(yaw_deg=44)), (STRANGER, face_measures(size_px=300))]
    assert texts("a.jpg", {"a.jpg": faces})[:2] == ["nobody looks at the camera", "a stranger stands in front"]


def test_photos_that_were_not_judged() -> None:
    failed = photo_reasons(failed_photo_score("a.jpg", "cut off"), {}, [], RULES.thresholds)
    assert [reason.text for reason in failed] == ["cut off"]
    unmeasured = photo_reasons(scored([]), {}, [], RULES.thresholds)
    assert [reason.text for reason in unmeasured] == ["the photo was not measured"]


@settings(deadline=None, max_examples=60)
@given(st.lists(drawn_faces, min_size=1, max_size=4))
def test_any_burst(photos: list[Faces]) -> None:
    named = {f"IMG_{number:04}.jpg": faces for number, faces in enumerate(photos)}
    for path, faces in named.items():
        keys = [person.key if person is not None else None for person, _ in faces]
        for reason in told(path, named):
            assert reason.text
            assert "\n" not in reason.text
            assert reason.better != path
            assert reason.better is None or reason.better in named
            if reason.face_index is not None:
                assert keys[reason.face_index] == reason.person
        kinds = [reason.kind for reason in told(path, named)]
        order = [ReasonKind.BAD, ReasonKind.UNKNOWN, ReasonKind.GOOD]
        assert kinds == sorted(kinds, key=order.index)
