"""Faces, people and photos for the tests of rules and ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Literal

from hypothesis import strategies as st

from curation.domain.judging.photo_facts import ScoredFace
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.scoring import score_photo
from curation.domain.judging.scoring_rules import (
    CategoryWeights,
    ComponentWeights,
    CountRule,
    ProblemCosts,
    Rule,
    RuleMode,
    Rules,
    ScoringRules,
    SwitchRule,
    Thresholds,
)
from curation.domain.labelling.labels import Category, EventPeople, Person
from curation.domain.measuring.measures import Artefacts, FaceMeasures, Measure, PhotoMeasures, Reason

Faces = list[tuple[Person | None, FaceMeasures]]

EVENT = EventPeople(main=2, important=3, other=4)

ANNA = Person("name:anna", "Anna", Category.MAIN, True)
BEN = Person("name:ben", "Ben", Category.MAIN, True)
TOM = Person("name:tom", "Tom", Category.IMPORTANT, True)
IDA = Person("name:ida", "Ida", Category.IMPORTANT, True)
OLE = Person("name:ole", "Ole", Category.OTHER, True)
STRANGER = Person("cluster:9", "person 9", Category.OTHER, False)


def measure(value: float | None, reason: Reason = Reason.COVERED) -> Measure:
    return Measure.unknown(reason) if value is None else Measure.of(value, 0.0)


def face_measures(
    *,
    eyes: float | None = 1.0,
    smile: float | Literal["happy"] | None = "happy",
    focus: float | None = 1.0,
    exposure: float | None = 1.0,
    size_px: int = 100,
    yaw_deg: float = 0.0,
    pitch_deg: float = 0.0,
    centre: tuple[float, float] = (0.0, 0.0),
) -> FaceMeasures:
    """A face; unless told otherwise it smiles as much as it can without its closed eyes being a laugh."""
    eye = measure(eyes)
    if smile == "happy":
        smile = 1.0 if eyes is None or eyes >= 0.5 else 0.7
    return FaceMeasures(
        size_px,
        yaw_deg,
        pitch_deg,
        0.0,
        1.0,
        eye,
        eye,
        measure(smile),
        measure(focus),
        measure(exposure),
        centre=centre,
    )


def photo_measures(focus: float | None = 1.0, exposure: float | None = 1.0) -> PhotoMeasures:
    return PhotoMeasures(4000, 3000, (), measure(focus), measure(exposure))


def scored(
    faces: Sequence[tuple[Person | None, FaceMeasures]],
    rules: ScoringRules | None = None,
    *,
    path: str = "a.jpg",
    event: EventPeople = EVENT,
    photo: PhotoMeasures | None = None,
) -> PhotoScore:
    return score_photo(
        path,
        [ScoredFace(index, person, measures) for index, (person, measures) in enumerate(faces)],
        photo or photo_measures(),
        event,
        rules or ScoringRules(),
    )


values = st.none() | st.floats(0, 1).map(lambda v: round(v, 4))
drawn_measures = st.builds(
    face_measures,
    eyes=values,
    smile=values,
    focus=values,
    exposure=values,
    size_px=st.integers(10, 400),
    yaw_deg=st.floats(-90, 90),
)
drawn_people = st.sampled_from([None, None, ANNA, BEN, TOM, IDA, OLE, STRANGER])
drawn_faces = st.lists(st.tuples(drawn_people, drawn_measures), max_size=6)
drawn_photos = st.builds(
    lambda measures, width, artefacts: replace(measures, width=width, artefacts=artefacts),
    st.builds(photo_measures, values, values),
    st.sampled_from([4000, 200]),
    st.builds(Artefacts, *(st.sampled_from([0.0, 0.0, 0.4, 1.0]) for _ in range(3))),
)
modes = st.sampled_from(RuleMode)
weights = st.floats(0.1, 10)
switches = st.sampled_from([SwitchRule(False), SwitchRule(True)])
plain_rules = st.builds(Rule, mode=modes, weight=weights)
count_rules = st.builds(CountRule, mode=modes, weight=weights, count=st.integers(0, 3))
component_weights = st.builds(ComponentWeights, *(st.sampled_from([0.0, 0.5, 1.0, 3.0]) for _ in range(6))).filter(
    lambda w: w.eyes + w.smile + w.focus + w.exposure + w.people > 0
)
category_weights = st.builds(CategoryWeights, *(st.sampled_from([0.0, 0.05, 0.6, 1.0]) for _ in range(4))).filter(
    lambda w: w.main + w.important + w.other + w.unknown > 0
)
drawn_rules = st.builds(
    ScoringRules,
    thresholds=st.builds(
        Thresholds,
        eyes_open=st.floats(0, 1),
        smile=st.floats(0, 1),
        focus=st.floats(0, 1),
        min_face_px=st.integers(16, 200),
        max_yaw_deg=st.floats(10, 90),
    ),
    weights=component_weights,
    category_weights=category_weights,
    problem_costs=st.builds(ProblemCosts, *(st.floats(0, 1) for _ in fields(ProblemCosts))),
    rules=st.builds(
        Rules,
        require_all_eyes_open=plain_rules,
        require_main_eyes_open=plain_rules,
        require_smile=plain_rules,
        require_in_focus=plain_rules,
        min_main_people=count_rules,
        min_important_people=count_rules,
        excuse_laughs=switches,
        excuse_moments=switches,
        ignore_others=switches,
        max_unknown_faces=count_rules,
    ),
)
