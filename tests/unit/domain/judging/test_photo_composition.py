"""How people lie in the frame: problems, words, and a component that is off unless it has a weight."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.judging.photo_composition import PhotoComposition, body_problems
from curation.domain.judging.photo_facts import ScoredFace
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.scoring import score_parts, score_photo
from curation.domain.judging.scoring_rules import ComponentWeights, ScoringRules
from tests.unit.domain.judging.scoring_values import ANNA, BEN, EVENT, face_measures, photo_measures

WELL = Composition(CutAt.NONE, 0.9, 0.1, 0.3, 0.0)
OFF = ScoringRules()
ON = replace(OFF, weights=replace(ComponentWeights(), composition=2.0))
FACES = [ScoredFace(0, ANNA, face_measures()), ScoredFace(1, BEN, face_measures())]


def score(anna: Composition, rules: ScoringRules = ON, people: int = 2) -> PhotoScore:
    by_face = {0: anna, 1: WELL}
    return score_photo("a.jpg", FACES, photo_measures(), EVENT, rules, PhotoComposition(by_face, people))


def final(photo: PhotoScore) -> float:
    assert photo.final_score is not None
    return photo.final_score


def test_without_a_weight_nothing_changes() -> None:
    bad = replace(WELL, cut_at=CutAt.FEET, overlapped_by=(1,), headroom=0.0)
    plain = score_photo("a.jpg", FACES, photo_measures(), EVENT, OFF)
    assert score(bad, rules=OFF) == plain
    assert "composition" not in plain.results_string


def test_each_problem_lowers_the_score_and_is_named() -> None:
    good = score(WELL)
    assert good.results_string.endswith("composition ok")
    for lies, words in (
        (replace(WELL, cut_at=CutAt.FEET), "cut at the feet"),
        (replace(WELL, cut_at=CutAt.KNEES), "cut at the knees"),
        (replace(WELL, cut_at=CutAt.WRISTS), "a hand cut off"),
        (replace(WELL, headroom=0.0), "head against the edge"),
        (replace(WELL, overlapped_by=(1,)), "partly hidden by somebody"),
    ):
        bad = score(lies)
        assert final(bad) < final(good)
        assert f"composition (Anna {words})" in bad.results_string
        assert "Anna (main)" in bad.problems


@pytest.mark.parametrize("cut", [CutAt.CHEST, CutAt.HIPS, CutAt.UNKNOWN])
def test_portraits_and_what_cannot_be_told_are_no_faults(cut: CutAt) -> None:
    assert final(score(replace(WELL, cut_at=cut))) == final(score(WELL))


def test_in_groups_people_stand_in_front_of_each_other() -> None:
    assert body_problems(replace(WELL, overlapped_by=(1, 2)), people=8) == ()
    assert [problem.name for problem in body_problems(replace(WELL, overlapped_by=(1,)), people=2)] == ["hidden"]


def test_strengths_grow_gradually() -> None:
    rooms = [0.05, 0.03, 0.02, 0.01, 0.0]
    strengths = [sum(p.strength for p in body_problems(replace(WELL, headroom=room), 1)) for room in rooms]
    assert strengths == sorted(strengths)
    assert strengths[0] == strengths[1] == 0.0
    assert strengths[-1] == 1.0
    unsure = replace(WELL, cut_at=CutAt.FEET, cut_certainty=0.3)
    assert final(score(WELL)) > final(score(unsure)) > final(score(replace(unsure, cut_certainty=1.0)))
    assert "feet" not in score(unsure).results_string


def test_cannot_tell_is_left_out_of_the_mean() -> None:
    none = score_photo("a.jpg", FACES, photo_measures(), EVENT, ON, None)
    assert none.results_string.endswith("composition cannot tell")
    assert final(none) == pytest.approx(final(score_photo("a.jpg", FACES, photo_measures(), EVENT, OFF)))
    assert "composition" not in [part.name for part in score_parts(FACES, photo_measures(), EVENT, ON)]


def test_the_part_is_the_mean_over_the_people() -> None:
    lies = {0: replace(WELL, cut_at=CutAt.FEET, cut_certainty=1.0), 1: WELL}
    parts = score_parts(FACES, photo_measures(), EVENT, ON, PhotoComposition(lies, 2))
    assert [part.value for part in parts if part.name == "composition"] == [pytest.approx(0.8)]
