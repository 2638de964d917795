"""What a photographer expects of the score, as properties; see docs/scoring.md, section 3."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from curation.domain.judging.components import cast_of
from curation.domain.judging.photo_facts import ScoredFace
from curation.domain.judging.presets import PRESETS
from curation.domain.judging.ranking import rank_photos
from curation.domain.judging.scoring import score_photo
from curation.domain.judging.scoring_rules import CategoryWeights, ScoringRules
from curation.domain.labelling.labels import Category, EventPeople, Person
from curation.domain.measuring.measures import FaceMeasures, PhotoMeasures
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
    drawn_measures,
    drawn_photos,
    face_measures,
    measure,
    photo_measures,
    scored,
    values,
)

unhurried = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
GUEST = Person("name:guest", "Guest", Category.MAIN, True)
presets = st.sampled_from(sorted(PRESETS)).map(lambda name: ScoringRules.from_mapping({"preset": name}))
good = st.floats(0.5, 1.0).map(lambda v: round(v, 4))
good_faces = st.builds(
    face_measures, eyes=good, smile=good, focus=good, exposure=good, size_px=st.integers(120, 400), yaw_deg=st.just(0.0)
)
LARGE = EventPeople(main=3, important=3, other=4)


def final(faces: Faces, rules: ScoringRules | None = None, **more: Any) -> float:
    score = scored(faces, rules or ScoringRules(), **more)
    assert score.final_score is not None
    return score.final_score


# --- Who is in the photo ----------------------------------------------------------------------------------


@unhurried
@given(drawn_faces, drawn_photos, presets, good_faces)
def test_another_main_person_in_good_state_never_lowers_the_score(
    faces: Faces, photo: PhotoMeasures, rules: ScoringRules, other: FaceMeasures
) -> None:
    more = [*faces, (GUEST, other)]
    assert final(more, rules, photo=photo, event=LARGE) >= final(faces, rules, photo=photo, event=LARGE) - 1e-9


@unhurried
@given(drawn_measures, presets)
def test_both_main_people_beat_one_alone_at_equal_quality(face: FaceMeasures, rules: ScoringRules) -> None:
    assert final([(ANNA, face), (BEN, face)], rules) > final([(ANNA, face)], rules)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_blurred_pair_that_blinks_does_not_beat_a_good_single(preset: str) -> None:
    rules = ScoringRules.from_mapping({"preset": preset, "rules": {"require_main_eyes_open": {"mode": "off"}}})
    spoilt = face_measures(eyes=0.1, focus=0.1)
    assert final([(ANNA, spoilt), (BEN, spoilt)], rules) < final([(ANNA, face_measures(smile=0.2))], rules) - 0.1


@unhurried
@given(drawn_faces, drawn_photos, drawn_measures, st.sampled_from([None, STRANGER]))
def test_a_stranger_far_away_changes_nothing(
    faces: Faces, photo: PhotoMeasures, stranger: FaceMeasures, who: Person | None
) -> None:
    smallest = min((face.size_px for person, face in faces if person in (ANNA, BEN, TOM, IDA)), default=40)
    away = (who, replace(stranger, size_px=max(1, smallest // 2)))
    before, after = scored(faces, photo=photo), scored([*faces, away], photo=photo)
    numbers = {"other_count", "unknown_count", "results_string", "people", "rank"}
    for name in before.__dataclass_fields__.keys() - numbers:
        assert getattr(before, name) == getattr(after, name), name


def test_a_stranger_in_front_is_a_problem_and_costs_something() -> None:
    alone: Faces = [(ANNA, face_measures(size_px=150))]
    for front in (face_measures(size_px=400), face_measures(size_px=400, smile=0.0)):
        score = scored([*alone, (None, front)])
        assert score.problems == "a stranger stands in front"
        assert (score.final_score or 0) < final(alone)
    for behind in (
        face_measures(size_px=400, focus=0.1),
        face_measures(size_px=400, yaw_deg=80),
        face_measures(size_px=150),
    ):
        assert final([*alone, (None, behind)]) == final(alone)
    assert final([*alone, (OLE, face_measures(size_px=400))]) >= final(alone), "Ole is labelled, and no stranger"


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_serious_face_costs_less_than_a_blink_or_a_blur(preset: str) -> None:
    rules = ScoringRules.from_mapping({"preset": preset, "rules": {"require_main_eyes_open": {"mode": "off"}}})
    serious = final([(ANNA, face_measures(smile=0.0))], rules)
    assert serious > final([(ANNA, face_measures(eyes=0.0))], rules)
    assert serious > final([(ANNA, face_measures(focus=0.0))], rules)
    assert serious < final([(ANNA, face_measures())], rules)


def test_the_presets_differ_in_what_a_serious_face_costs() -> None:
    def cost(preset: str) -> float:
        rules = ScoringRules.from_mapping({"preset": preset})
        return final([(ANNA, face_measures())], rules) - final([(ANNA, face_measures(smile=0.0))], rules)

    assert cost("wedding") > cost("general") > cost("conference") > cost("sports") > 0


@pytest.mark.parametrize("person", [None, STRANGER, OLE])
def test_nobody_who_matters_is_worth_less_than_a_poor_photo_of_somebody(person: Person | None) -> None:
    assert final([(person, face_measures())]) < 0.35
    assert final([(IDA, face_measures(smile=0.0, exposure=0.5, focus=0.45))]) > 0.4


# --- The order --------------------------------------------------------------------------------------------


@unhurried
@given(st.lists(st.tuples(drawn_faces, drawn_photos), min_size=1, max_size=6), presets, good_faces)
def test_a_photo_of_nobody_never_outranks_a_decent_photo_of_somebody(
    photos: list[tuple[Faces, PhotoMeasures]], rules: ScoringRules, face: FaceMeasures
) -> None:
    scores = [scored(faces, rules, path=f"{i}.jpg", photo=photo) for i, (faces, photo) in enumerate(photos)]
    scores.append(scored([(IDA, replace(face, smile=face_measures(smile=0.0).smile))], rules, path="ida.jpg"))
    ranked = rank_photos(scores, rules)
    (place,) = (score.rank for score in ranked if score.image_path == "ida.jpg")
    assert all(score.main_count + score.important_count > 0 for score in ranked[:place])


def test_decent_means_shown_well_and_large_enough_to_tell() -> None:
    def well(*faces: tuple[Person | None, FaceMeasures]) -> int | None:
        return scored(list(faces)).well_shown_count

    assert well((ANNA, face_measures()), (TOM, face_measures(smile=0.0))) == 2
    assert well((ANNA, face_measures(focus=0.1)), (TOM, face_measures(eyes=0.1))) == 0
    assert well((ANNA, face_measures(eyes=None, smile=None))) == 1
    assert well((ANNA, face_measures(size_px=30))) == 0
    assert well((None, face_measures()), (OLE, face_measures()), (STRANGER, face_measures())) == 0


# --- Measures ---------------------------------------------------------------------------------------------


@unhurried
@given(drawn_faces, drawn_photos, presets, st.integers(0, 5), values, st.sampled_from(["smile", "focus", "exposure"]))
def test_a_better_measure_never_lowers_the_score(
    faces: Faces, photo: PhotoMeasures, rules: ScoringRules, which: int, better: float | None, name: str
) -> None:
    assume(which < len(faces) and better is not None)
    person, before = faces[which]
    # A stranger who becomes sharp may become one who stands in front.
    assume(person in (ANNA, BEN, TOM, IDA, OLE))
    value = getattr(before, name).value
    assume(value is not None and better is not None and value <= better)
    improved = list(faces)
    change: dict[str, Any] = {name: measure(better)}
    improved[which] = (person, replace(before, **change))
    assert final(improved, rules, photo=photo) >= final(faces, rules, photo=photo) - 1e-9


@unhurried
@given(drawn_faces, drawn_photos, presets, st.integers(0, 5), st.floats(0, 1))
def test_a_face_less_turned_or_less_cut_never_lowers_the_score(
    faces: Faces, photo: PhotoMeasures, rules: ScoringRules, which: int, share: float
) -> None:
    assume(which < len(faces) and faces[which][0] is not None and abs(faces[which][1].yaw_deg) <= 45)
    person, before = faces[which]
    assume(person in (ANNA, BEN, TOM, IDA, OLE))
    cut = list(faces)
    cut[which] = (person, replace(before, cut_off=round(share, 2)))
    straight = list(faces)
    straight[which] = (person, replace(before, yaw_deg=before.yaw_deg * share))
    assert final(cut, rules, photo=photo) <= final(faces, rules, photo=photo) + 1e-9
    assert final(straight, rules, photo=photo) >= final(faces, rules, photo=photo) - 1e-9


@unhurried
@given(drawn_faces, drawn_photos, presets, st.randoms(use_true_random=False))
def test_the_order_of_the_faces_does_not_matter(
    faces: Faces, photo: PhotoMeasures, rules: ScoringRules, shuffler: random.Random
) -> None:
    listed = [ScoredFace(index, person, measures) for index, (person, measures) in enumerate(faces)]
    shuffled = list(listed)
    shuffler.shuffle(shuffled)
    assert score_photo("a", listed, photo, EVENT, rules) == score_photo("a", shuffled, photo, EVENT, rules)


# --- Who counts in which event ----------------------------------------------------------------------------


def test_without_anybody_who_matters_all_faces_count() -> None:
    nobody_known = EventPeople(0, 0, 0)
    assert final([(None, face_measures())], event=nobody_known) == 1.0
    assert final([(None, face_measures(eyes=0.2))], event=nobody_known) < 0.9
    only_others = EventPeople(0, 0, 5)
    people = [Person(f"cluster:{n}", f"person {n}", Category.OTHER, False) for n in range(3)]
    assert final([(person, face_measures()) for person in people], event=only_others) == 1.0
    assert scored([(people[0], face_measures())], event=only_others).well_shown_count == 1
    assert (
        0.4
        < final([(None, face_measures())], event=only_others)
        < final([(people[0], face_measures())], event=only_others)
    )


def test_everybody_fills_every_component_and_the_main_people_alone_do() -> None:
    weights = CategoryWeights()
    for event in (EventPeople(1, 0, 9), EventPeople(2, 3, 0), EventPeople(9, 9, 9), EventPeople(0, 5, 0)):
        cast = cast_of(event, weights)
        full = cast.main if event.main else cast.important
        assert full.worth == 1.0
        assert full.filled[-1] == full.held[-1] == 1.0
        assert sorted(full.filled) == list(full.filled)
        assert cast.has_strangers
        assert cast.unknown.worth == 0.0
    assert cast_of(EventPeople(2, 0, 0), weights).main.filled == (0.0, 0.75, 1.0)
    assert cast_of(EventPeople(2, 0, 0), weights).main.held == pytest.approx((0.0, 0.9, 1.0))
    assert not cast_of(EventPeople(0, 0, 3), weights).has_strangers


def test_people_who_are_turned_away_cut_off_or_tiny_count_less_and_are_named() -> None:
    cases = {
        "Anna (main) is turned away; nobody looks at the camera": face_measures(yaw_deg=75),
        "Anna (main) is cut by the edge of the photo": replace(face_measures(), cut_off=0.4),
        "Anna (main) is very small in the photo": face_measures(size_px=50),
    }
    for sentence, face in cases.items():
        score = scored([(ANNA, face)])
        assert score.problems == sentence
        assert (score.people_score or 0) < (scored([(ANNA, face_measures())]).people_score or 0)


def test_pictures_that_are_no_plain_photos_cost_little_and_are_named() -> None:
    plain = final([(ANNA, face_measures())])
    for name, sentence in {
        "collage": "it looks like a collage",
        "screenshot": "it looks like a screenshot",
        "cut_out": "the background is empty, as of a cut-out",
    }.items():
        measures = photo_measures()
        odd = replace(measures, artefacts=replace(measures.artefacts, **{name: 1.0}))
        score = scored([(ANNA, face_measures())], photo=odd)
        assert score.problems == sentence
        assert plain - 0.15 < (score.final_score or 0) < plain
    tiny = scored([(ANNA, face_measures())], photo=replace(photo_measures(), width=250, height=200))
    assert tiny.problems == "it has only 250 x 200 pixels"
    assert plain - 0.1 < (tiny.final_score or 0) < plain
