from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.judging.photo_facts import ScoredFace
from curation.domain.judging.ranking import rank_photos
from curation.domain.judging.scoring import score_photo
from curation.domain.judging.scoring_rules import ComponentWeights, Rules, ScoringRules
from curation.domain.measuring.measures import Measure, PhotoMeasures, Reason
from tests.unit.domain.judging.scoring_values import (
    ANNA,
    BEN,
    EVENT,
    IDA,
    OLE,
    STRANGER,
    TOM,
    Faces,
    drawn_faces,
    drawn_photos,
    drawn_rules,
    face_measures,
    measure,
    photo_measures,
    scored,
    values,
)

COMPONENTS = ("eyes_score", "smile_score", "focus_score", "exposure_score", "people_score", "picture_score")


def test_a_perfect_photo_scores_one() -> None:
    score = scored([(ANNA, face_measures()), (BEN, face_measures())])
    assert score.final_score == 1.0
    assert score.results_string == "main 2/2 · eyes 2/2 · smile 2/2 · focus ok"
    assert (score.vetoes, score.problems, score.error) == ("", "", "")


def test_the_results_string_explains() -> None:
    score = scored(
        [
            (BEN, face_measures(smile=0.2)),
            (ANNA, face_measures()),
            (TOM, face_measures(eyes=0.1, focus=0.1, exposure=0.1)),
            (IDA, face_measures(yaw_deg=80)),
            (STRANGER, face_measures(eyes=0.0)),
            (None, face_measures(eyes=0.0)),
        ]
    )
    assert score.results_string == (
        "main 2/2 · important 2/3 · other 1 · unknown 1 · eyes 2/3 (Tom closed, Ida turned) · "
        "smile 2/3 (Ben serious, Ida turned) · focus soft (Tom) · exposure poor"
    )
    assert score.people == "Anna; Ben; Ida; Tom; person 9"
    assert (score.main_count, score.important_count, score.other_count, score.unknown_count) == (2, 2, 1, 1)
    assert score.vetoes == ""
    assert score.problems == (
        "Tom (important) blinks; Tom (important) is out of focus; Tom (important) is badly exposed; "
        "Ida (important) is turned away"
    )


def test_a_photo_without_faces() -> None:
    score = scored([], photo=photo_measures(focus=0.1, exposure=0.2))
    assert score.results_string == "main 0/2 · no faces · focus soft · exposure poor"
    assert score.problems == "the photo is out of focus; the photo is badly exposed"
    assert score.people_score == 0.0
    nobody_asked = ScoringRules(weights=ComponentWeights(people=0.0))
    alone = scored([], nobody_asked)
    assert (alone.eyes_score, alone.people_score, alone.final_score) == (None, None, 1.0)
    below = rank_photos(
        [alone, scored([(None, face_measures(eyes=0, smile=0, focus=0, exposure=0))], path="b")], nobody_asked
    )
    assert [s.image_path for s in below] == ["a.jpg", "b"]


def test_thresholds_move_the_score_and_weights_of_rules_add_to_it() -> None:
    half = [(ANNA, face_measures(smile=0.3))]
    strict = scored(half, ScoringRules.from_mapping({"thresholds": {"smile": 0.6}}))
    mild = scored(half, ScoringRules.from_mapping({"thresholds": {"smile": 0.3}}))
    # One of two main people holds 0.9 of it; below the threshold the failing share is taken off once more.
    assert strict.smile_score == pytest.approx(0.9 * 0.25 * 0.5)
    assert mild.smile_score == pytest.approx(0.9 * 0.5)
    weighted = scored(half, ScoringRules.from_mapping({"rules": {"require_smile": {"mode": "weight", "weight": 10.0}}}))
    plain = scored(half)
    assert weighted.final_score is not None
    assert plain.final_score is not None
    assert weighted.final_score == pytest.approx(plain.final_score * 12 / 22)
    assert weighted.results_string.endswith("require_smile 0.00")


def test_ignore_others() -> None:
    rules = ScoringRules.from_mapping({"rules": {"ignore_others": {"enabled": True}}})
    spoilt = face_measures(eyes=0, smile=0, focus=0, exposure=0)
    both: Faces = [(ANNA, face_measures()), (BEN, face_measures()), (STRANGER, spoilt), (None, spoilt)]
    assert scored(both, rules).final_score == 1.0
    guest: Faces = [(ANNA, face_measures()), (OLE, spoilt)]
    assert (scored(guest, rules).final_score or 0) > (scored(guest).final_score or 0)
    in_front: Faces = [(ANNA, face_measures()), (None, face_measures(size_px=400))]
    assert (scored(in_front, rules).final_score or 0) > (scored(in_front).final_score or 0)
    strangers = scored([(None, face_measures())], rules, path="z")
    assert "no faces that count" in strangers.results_string
    tom = scored([(TOM, face_measures())], rules, path="zz")
    assert [s.image_path for s in rank_photos([strangers, tom], rules)] == ["zz", "z"]


@given(drawn_faces, drawn_photos, drawn_rules)
def test_scores_lie_in_range_and_are_one_only_when_all_is_full(
    faces: Faces, photo: PhotoMeasures, rules: ScoringRules
) -> None:
    score = scored(faces, rules, photo=photo)
    assert score.final_score is not None
    assert 0.0 <= score.final_score <= 1.0
    weights = rules.weights
    for name in COMPONENTS:
        value = getattr(score, name)
        assert value is None or 0.0 <= value <= 1.0
        if score.final_score == 1.0 and getattr(weights, name.removesuffix("_score")) > 0:
            assert value is None or value > 1.0 - 1e-9
    assert "\n" not in score.results_string


@given(drawn_faces, drawn_photos, drawn_rules, st.integers(0, 5), values)
def test_opening_an_eye_never_lowers_the_score(
    faces: Faces, photo: PhotoMeasures, rules: ScoringRules, which: int, wider: float | None
) -> None:
    if which >= len(faces) or wider is None:
        return
    person, before = faces[which]
    if before.right_eye.value is None or before.right_eye.value > wider:
        return
    opened = list(faces)
    opened[which] = (person, replace(before, right_eye=measure(wider)))
    first, second = scored(faces, rules, photo=photo), scored(opened, rules, photo=photo)
    assert first.final_score is not None
    assert second.final_score is not None
    assert second.final_score >= first.final_score - 1e-12
    assert not (second.vetoes and not first.vetoes)


@given(drawn_faces, drawn_photos, drawn_rules, st.randoms(use_true_random=False))
def test_the_order_of_faces_does_not_matter(
    faces: Faces, photo: PhotoMeasures, rules: ScoringRules, shuffler: random.Random
) -> None:
    listed = [ScoredFace(index, person, measures) for index, (person, measures) in enumerate(faces)]
    shuffled = list(listed)
    shuffler.shuffle(shuffled)
    assert score_photo("a", listed, photo, EVENT, rules) == score_photo("a", shuffled, photo, EVENT, rules)


def test_rules_of_the_defaults_veto_a_main_persons_blink() -> None:
    assert scored([(ANNA, face_measures(eyes=0.2))]).vetoes == "Anna (main) blinks"
    assert ScoringRules().rules == Rules()


def test_of_a_crowd_the_score_says_how_many_faces_were_not_measured() -> None:
    unknown = Measure.unknown(Reason.NOT_MEASURED)
    small = replace(
        face_measures(), right_eye=unknown, left_eye=unknown, smile=unknown, focus=unknown, exposure=unknown
    )
    score = scored([(ANNA, face_measures())] + [(None, small)] * 3)
    assert score.problems == ""
    crowd = scored([(ANNA, face_measures()), (BEN, small), (TOM, small)])
    assert crowd.final_score is not None
    assert "too many faces: the 2 smallest were not measured" in crowd.problems
    assert "eyes 1/1 (2 not measured)" in crowd.results_string
