from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.judging.photo_facts import PhotoFacts, ScoredFace, photo_facts
from curation.domain.judging.rules import RULES, without_ages
from curation.domain.judging.scoring_rules import RuleMode, Rules, ScoringRules, Thresholds
from curation.domain.labelling.labels import Person
from curation.domain.measuring.measures import FaceMeasures, Measure, Reason
from curation.settings import ScoringSettings
from tests.unit.domain.judging.scoring_values import (
    ANNA,
    BEN,
    IDA,
    OLE,
    STRANGER,
    TOM,
    face_measures,
    photo_measures,
    scored,
)

OPEN, SHUT, UNTOLD = face_measures(), face_measures(eyes=0.1), face_measures(eyes=None, smile=None, focus=None)
SERIOUS, SOFT = face_measures(smile=0.1), face_measures(focus=0.1)


def only(name: str, **params: Any) -> ScoringRules:
    off = {"require_main_eyes_open": {"mode": "off"}}
    return ScoringRules.from_mapping({"rules": off | {name: {"mode": "veto", **params}}})


def vetoes(rules: ScoringRules, *faces: tuple[Person | None, FaceMeasures], focus: float = 1.0) -> str:
    return scored(faces, rules, photo=photo_measures(focus=focus)).vetoes


def test_every_rule_of_the_settings_is_known_and_the_other_way_round() -> None:
    known = {f.name for f in fields(Rules)}
    assert set(RULES) == known - {"ignore_others", "excuse_laughs", "excuse_moments", "excuse_children"}
    assert set(ScoringSettings().rules.model_dump()) == known
    assert all(function.__doc__ for function in RULES.values())


def test_settings_and_rules_have_the_same_defaults() -> None:
    assert ScoringRules.from_mapping(ScoringSettings().model_dump()) == ScoringRules()


def test_unknown_rules_and_parameters_list_the_known_ones() -> None:
    with pytest.raises(ValueError, match="known rules: require_all_eyes_open"):
        Rules.from_mapping({"require_luck": {}})
    with pytest.raises(ValueError, match="known: mode, weight, count"):
        Rules.from_mapping({"min_main_people": {"number": 3}})
    with pytest.raises(ValueError, match="maybe"):
        Rules.from_mapping({"require_smile": {"mode": "maybe"}})


def test_a_main_persons_blink_vetoes() -> None:
    rules = only("require_main_eyes_open")
    assert vetoes(rules, (ANNA, SHUT), (BEN, OPEN)) == "Anna (main) blinks"
    assert vetoes(rules, (ANNA, SHUT), (BEN, SHUT)) == "Anna (main) blinks; Ben (main) blinks"
    assert vetoes(rules, (ANNA, OPEN), (TOM, SHUT), (None, SHUT)) == ""
    assert vetoes(rules, (TOM, OPEN)) == ""


def test_a_strangers_blink_never_vetoes() -> None:
    rules = only("require_all_eyes_open")
    assert vetoes(rules, (ANNA, OPEN), (STRANGER, SHUT), (None, SHUT)) == ""
    assert vetoes(rules, (TOM, SHUT)) == "Tom (important) blinks"
    assert vetoes(rules, (OLE, SHUT)) == "Ole (other) blinks"
    ignoring = ScoringRules.from_mapping(
        {"rules": {"require_all_eyes_open": {"mode": "veto"}, "ignore_others": {"enabled": True}}}
    )
    assert vetoes(ignoring, (OLE, SHUT), (ANNA, OPEN)) == ""


@pytest.mark.parametrize(
    "name", ["require_main_eyes_open", "require_all_eyes_open", "require_smile", "require_in_focus"]
)
def test_cannot_tell_never_vetoes(name: str) -> None:
    assert vetoes(only(name), (ANNA, UNTOLD), (TOM, UNTOLD)) == ""


def test_smile_and_focus_ask_for_the_people_that_matter() -> None:
    assert vetoes(only("require_smile"), (ANNA, SERIOUS), (OLE, SERIOUS)) == "Anna (main) does not smile"
    assert vetoes(only("require_in_focus"), (TOM, SOFT), (OLE, SOFT)) == "Tom (important) is out of focus"
    assert vetoes(only("require_in_focus"), (None, SOFT), focus=0.1) == "the photo is out of focus"
    assert vetoes(only("require_in_focus"), (None, SOFT), focus=0.9) == ""


def test_numbers_of_people() -> None:
    assert vetoes(only("min_main_people", count=2), (ANNA, OPEN), (ANNA, OPEN), (TOM, OPEN)) == (
        "1 of at least 2 main people"
    )
    assert vetoes(only("min_main_people", count=2), (ANNA, OPEN), (BEN, OPEN)) == ""
    assert vetoes(only("min_important_people", count=1), (ANNA, OPEN)) == "0 of at least 1 important people"
    assert vetoes(only("min_important_people", count=2), (TOM, OPEN), (IDA, OPEN)) == ""
    assert vetoes(only("min_main_people", count=0)) == ""
    assert (
        vetoes(only("max_unknown_faces", count=1), (None, OPEN), (None, OPEN)) == "2 unknown faces, at most 1 allowed"
    )
    assert vetoes(only("max_unknown_faces", count=2), (None, OPEN), (None, OPEN)) == ""


@pytest.mark.parametrize(
    ("name", "faces", "value"),
    [
        ("require_main_eyes_open", [(ANNA, SHUT), (BEN, OPEN)], 0.5),
        ("require_main_eyes_open", [(TOM, SHUT)], None),
        ("require_all_eyes_open", [(ANNA, SHUT), (BEN, OPEN), (TOM, OPEN), (IDA, UNTOLD)], 2 / 3),
        ("require_smile", [(ANNA, SERIOUS)], 0.0),
        ("min_main_people", [(ANNA, OPEN)], 1.0),
        ("max_unknown_faces", [(None, OPEN)] * 10, 0.5),
    ],
)
def test_values_of_weighted_rules(
    name: str, faces: list[tuple[Person | None, FaceMeasures]], value: float | None
) -> None:
    facts = photo_facts([ScoredFace(i, p, m) for i, (p, m) in enumerate(faces)], Measure.of(1, 1), Thresholds())
    verdict = RULES[name](facts, Rules())
    assert verdict.value == (None if value is None else pytest.approx(value))


def test_small_and_turned_faces_are_not_judged() -> None:
    thresholds = Thresholds(min_face_px=40, max_yaw_deg=45)
    faces = [
        ScoredFace(0, ANNA, face_measures(size_px=39)),
        ScoredFace(1, BEN, face_measures(yaw_deg=-46)),
        ScoredFace(2, TOM, face_measures(yaw_deg=45, size_px=40)),
    ]
    facts = photo_facts(faces, Measure.of(1, 1), thresholds)
    anna, ben = facts.main
    assert (anna.eyes_open, anna.smiles, anna.in_focus, anna.eyes_reason) == (None, None, None, Reason.TINY)
    assert (ben.eyes_open, ben.smiles, ben.in_focus, ben.smile_reason) == (None, None, True, Reason.TURNED)
    assert facts.important[0].eyes_open is True


def test_a_person_twice_in_a_photo_counts_once_with_the_larger_face() -> None:
    rules = only("require_main_eyes_open")
    score = scored([(ANNA, face_measures(size_px=300)), (ANNA, face_measures(size_px=80, eyes=0.0))], rules)
    assert (score.main_count, score.vetoes) == (1, "")


def test_a_laugh_with_closed_eyes_never_vetoes() -> None:
    laugh = face_measures(eyes=0.1, smile=0.95)
    smile = face_measures(eyes=0.1, smile=0.7)
    for name in ("require_main_eyes_open", "require_all_eyes_open"):
        assert vetoes(only(name), (ANNA, laugh)) == ""
        assert vetoes(only(name), (ANNA, smile)) == "Anna (main) blinks"
    strict = ScoringRules.from_mapping({"rules": {"excuse_laughs": {"enabled": False}}})
    assert vetoes(strict, (ANNA, laugh)) == "Anna (main) blinks"
    open_eyed = face_measures(smile=0.95)
    best, excused, blinks = (scored([(ANNA, face)]).final_score or 0 for face in (open_eyed, laugh, smile))
    assert blinks + 0.1 < excused < best
    assert best - excused < 0.1
    assert scored([(ANNA, laugh)]).problems == ""
    assert "eyes 0/1 (Anna laughs)" in scored([(ANNA, laugh)]).results_string


@pytest.mark.parametrize(
    ("eyes", "smile", "laughs"),
    [
        (0.0, 0.95, True),
        (0.0, 0.85, False),  # a posed smile with a blink
        (0.2, 0.85, True),  # eyes that the smile narrows to a line
        (0.2, 0.5, False),
        (0.0, None, False),
    ],
)
def test_a_posed_smile_does_not_excuse_a_blink(eyes: float, smile: float | None, laughs: bool) -> None:
    assert (vetoes(ScoringRules(), (ANNA, face_measures(eyes=eyes, smile=smile))) == "") is laughs


@pytest.mark.parametrize(
    ("place", "yaw_deg", "together"),
    [
        ((130.0, 0.0), 0.0, True),  # cheek to cheek
        ((200.0, 0.0), 0.0, False),  # side by side in a group
        ((200.0, 0.0), 25.0, True),  # turned to each other
        ((400.0, 0.0), 25.0, False),
        ((10.0, 0.0), 0.0, False),  # one face, found twice
    ],
)
def test_a_kiss_is_no_blink(place: tuple[float, float], yaw_deg: float, together: bool) -> None:
    anna = face_measures(eyes=0.1, yaw_deg=yaw_deg)
    ben = face_measures(eyes=0.1, yaw_deg=-yaw_deg, centre=place)
    assert (vetoes(ScoringRules(), (ANNA, anna), (BEN, ben)) == "") is together
    awake = face_measures(yaw_deg=-yaw_deg, centre=place)
    assert vetoes(ScoringRules(), (ANNA, anna), (BEN, awake)) == "Anna (main) blinks"
    strict = ScoringRules.from_mapping({"rules": {"excuse_moments": {"enabled": False}}})
    assert vetoes(strict, (ANNA, anna), (BEN, ben)) != ""


def test_heads_bowed_together_are_a_prayer() -> None:
    def bowed(x: float, eyes: float = 0.1) -> FaceMeasures:
        return face_measures(eyes=eyes, pitch_deg=-20.0, centre=(x, 0.0))

    assert vetoes(ScoringRules(), (ANNA, bowed(0)), (BEN, bowed(900)), (TOM, bowed(1800))) == ""
    assert vetoes(ScoringRules(), (ANNA, bowed(0)), (BEN, bowed(900)), (TOM, bowed(1800, eyes=0.9))) != ""
    assert vetoes(ScoringRules(), (ANNA, bowed(0))) == "Anna (main) blinks"


def test_a_sharp_face_makes_a_photo_in_focus() -> None:
    assert vetoes(only("require_in_focus"), (OLE, OPEN), focus=0.1) == ""


def test_modes_are_words() -> None:
    assert (
        Rules.from_mapping({"require_smile": {"mode": "weight", "weight": 2.5}}).require_smile.mode is RuleMode.WEIGHT
    )


class TestAges:
    """`min_children` and `excuse_children`."""

    SLEEPS = face_measures(eyes=0.0, smile=0.1)

    def facts(self, *groups: AgeGroup, measures: FaceMeasures = OPEN, rules: ScoringRules) -> PhotoFacts:
        people = (ANNA, TOM, IDA, OLE)
        faces = [ScoredFace(n, people[n], measures, group) for n, group in enumerate(groups)]
        return photo_facts(faces, Measure.of(1.0, 0.0), rules.thresholds, rules.excuses)

    @pytest.mark.parametrize(
        ("groups", "value"),
        [
            ((AgeGroup.CHILD, AgeGroup.CHILD), 1.0),
            ((AgeGroup.CHILD, AgeGroup.ADULT), 0.5),
            ((AgeGroup.ADULT, AgeGroup.ADULT), 0.0),
            ((AgeGroup.CHILD, AgeGroup.CANNOT_TELL), None),  # this may be the second one
            ((AgeGroup.ADULT, AgeGroup.CANNOT_TELL), 0.0),
            ((), 0.0),
        ],
    )
    def test_at_least_two_children(self, groups: tuple[AgeGroup, ...], value: float | None) -> None:
        rules = only("min_children", count=2)
        verdict = RULES["min_children"](self.facts(*groups, rules=rules), rules.rules)
        assert verdict.value == value
        found = groups.count(AgeGroup.CHILD)
        broken = value is not None and value < 1
        assert verdict.violations == ((f"{found} of at least 2 children",) if broken else ())

    def test_others_count_unless_they_are_ignored(self) -> None:
        rules = only("min_children", count=1)
        facts = self.facts(AgeGroup.ADULT, AgeGroup.ADULT, AgeGroup.ADULT, AgeGroup.CHILD, rules=rules)
        assert RULES["min_children"](facts, rules.rules).value == 1
        ignoring = ScoringRules.from_mapping({"rules": {"ignore_others": {"enabled": True}}})
        assert RULES["min_children"](facts, replace(rules.rules, ignore_others=ignoring.rules.ignore_others)).value == 0

    def test_a_sleeping_child_is_no_blink_if_the_user_says_so(self) -> None:
        off = ScoringRules()
        on = ScoringRules.from_mapping({"rules": {"excuse_children": {"enabled": True}}})
        for rules, blinking in ((off, [True, True, True]), (on, [False, True, True])):
            facts = self.facts(AgeGroup.CHILD, AgeGroup.ADULT, AgeGroup.CANNOT_TELL, measures=self.SLEEPS, rules=rules)
            assert [face.blinks for face in facts.main + facts.important] == [blinking[0], blinking[2], blinking[1]]

    def test_nothing_that_is_exported_tells_ages(self) -> None:
        weighted = ScoringRules.from_mapping({"rules": {"min_children": {"mode": "weight", "count": 3}}})
        score = scored([(ANNA, OPEN)], weighted, photo=photo_measures())
        assert "child" not in score.results_string
        assert without_ages("Anna (main) blinks; 0 of at least 3 children; 1 unknown face") == (
            "Anna (main) blinks; 1 unknown face"
        )
        assert without_ages("") == ""
