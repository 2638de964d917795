from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from curation.domain.judging.photo_facts import ScoredFace
from curation.domain.judging.photo_score import PhotoScore, failed_photo_score
from curation.domain.judging.ranking import rank_photos
from curation.domain.judging.rule_changes import JudgedPhoto, compare_tops, explain_move
from curation.domain.judging.scoring import ScorePart, score_parts
from curation.domain.judging.scoring_rules import ScoringRules
from curation.domain.measuring.measures import PhotoMeasures
from tests.unit.domain.judging.scoring_values import (
    ANNA,
    BEN,
    EVENT,
    Faces,
    drawn_faces,
    drawn_photos,
    drawn_rules,
    face_measures,
    photo_measures,
    scored,
)

SMILES = ScoringRules.from_mapping({"weights": {"smile": 20.0}})


def judged(faces: Faces, rules: ScoringRules, rank: int = 1, photo: PhotoMeasures | None = None) -> JudgedPhoto:
    listed = [ScoredFace(index, person, measures) for index, (person, measures) in enumerate(faces)]
    score = replace(scored(faces, rules, photo=photo), rank=rank)
    return JudgedPhoto(score, score_parts(listed, photo or photo_measures(), EVENT, rules))


@settings(deadline=None, max_examples=60)
@given(drawn_faces, drawn_photos, drawn_rules)
def test_the_score_is_the_mean_of_its_parts(faces: Faces, photo: PhotoMeasures, rules: ScoringRules) -> None:
    one = judged(faces, rules, photo=photo)
    total = sum(part.weight for part in one.parts)
    mean = sum(part.weight * part.value for part in one.parts) / total if total else 0.0
    assert one.score.final_score == pytest.approx(mean)
    assert all(part.weight > 0 and 0 <= part.value <= 1 for part in one.parts)
    assert len({part.name for part in one.parts}) == len(one.parts)


@settings(deadline=None, max_examples=60)
@given(drawn_faces, drawn_photos, drawn_rules, drawn_rules)
def test_every_move_has_a_reason(faces: Faces, photo: PhotoMeasures, before: ScoringRules, after: ScoringRules) -> None:
    for old, new in ((1, 9), (9, 1)):
        reasons = explain_move(judged(faces, before, old, photo), judged(faces, after, new, photo))
        assert reasons
        assert all(reason and "\n" not in reason for reason in reasons)


def test_a_weight_that_counts_more() -> None:
    faces: Faces = [(ANNA, face_measures(eyes=0.6, smile=1.0)), (BEN, face_measures(eyes=0.6))]
    (reason,) = explain_move(judged(faces, ScoringRules(), 40), judged(faces, SMILES, 3))
    assert reason.startswith("its score rises from 0.900 to 0.961: smile makes up 65% of it instead of 8%, ")
    assert "and is 1.00 here" in reason
    assert "eyes" not in reason.partition("; ")[0]


def test_a_threshold_that_was_moved() -> None:
    faces: Faces = [(ANNA, face_measures(smile=0.5)), (BEN, face_measures(smile=0.5))]
    strict = ScoringRules.from_mapping({"thresholds": {"smile": 0.9}})
    (reason,) = explain_move(judged(faces, ScoringRules(), 3), judged(faces, strict, 40))
    assert reason == "its score falls from 0.958 to 0.930: smile is judged 0.15 instead of 0.50"


def test_vetoes() -> None:
    faces: Faces = [(ANNA, face_measures(eyes=0.1))]
    lenient = ScoringRules.from_mapping({"rules": {"require_main_eyes_open": {"mode": "off"}}})
    assert explain_move(judged(faces, ScoringRules(), 40), judged(faces, lenient, 3)) == (
        "no rule vetoes it any more (Anna (main) blinks)",
    )
    assert explain_move(judged(faces, lenient, 3), judged(faces, ScoringRules(), 40)) == ("vetoed: Anna (main) blinks",)


def test_somebody_is_shown_well_only_by_one_set_of_rules() -> None:
    faces: Faces = [(ANNA, face_measures(focus=0.15))]
    lenient = ScoringRules.from_mapping({"thresholds": {"focus": 0.1}})
    strict = ScoringRules()
    reasons = explain_move(judged(faces, lenient, 3), judged(faces, strict, 40))
    assert reasons[0] == "nobody who matters is shown well any more"
    assert reasons[1].startswith("its score falls from")
    assert explain_move(judged(faces, strict, 40), judged(faces, lenient, 3))[0] == (
        "now it shows somebody who matters well"
    )


def test_others_move() -> None:
    faces: Faces = [(ANNA, face_measures()), (BEN, face_measures())]
    same = judged(faces, ScoringRules(), 5)
    up = judged(faces, SMILES, 2)
    assert explain_move(same, up) == ("its score stays; photos that stood above it fall",)
    assert explain_move(up, same) == ("its score stays; other photos rise above it",)
    failed = JudgedPhoto(failed_photo_score("a.jpg", "cut off"), ())
    assert explain_move(failed, failed) == ("it could not be read",)


def ranking(**scores: float) -> list[PhotoScore]:
    plain = scored([(ANNA, face_measures())])
    return rank_photos(
        [replace(plain, image_path=path, final_score=score) for path, score in scores.items()], ScoringRules()
    )


def test_the_tops_are_compared() -> None:
    before = ranking(a=0.9, b=0.8, c=0.7, d=0.6, e=0.5)
    after = [
        replace(score, vetoes="no" if score.image_path == "b" else "")
        for score in ranking(a=0.9, b=0.1, c=0.7, d=0.6, e=0.65)
    ]
    change = compare_tops(before, after, 3)
    assert (change.entered, change.left) == (("e",), ("b",))
    assert (change.moved, change.newly_vetoed, change.no_longer_vetoed) == (3, 1, 0)
    back = compare_tops(after, before, 3)
    assert (back.entered, back.left, back.no_longer_vetoed) == (("b",), ("e",), 1)
    assert compare_tops(before, before, 99).entered == compare_tops(before, after, 5).left == ()


def test_parts_name_the_rules_too() -> None:
    rules = ScoringRules.from_mapping({"rules": {"require_smile": {"mode": "weight", "weight": 4.0}}})
    parts = judged([(ANNA, face_measures(smile=0.0))], rules).parts
    assert ScorePart("require_smile", 4.0, 0.0) in parts
