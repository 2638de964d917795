"""The components of a score: eyes, smile, focus, exposure and people; see docs/scoring.md, section 3."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from curation.domain.judging.measures import PhotoMeasures
from curation.domain.judging.photo_facts import FaceFacts, PhotoFacts
from curation.domain.judging.scoring_rules import CategoryWeights, ScoringRules
from curation.domain.labelling.labels import EventPeople

__all__ = ["Components", "counted_faces", "people_component", "score_components"]

EXCUSED_EYES = 0.75  # least value of closed eyes that are no blink: a little less than open ones
NEUTRAL = 0.5  # value of a measure that cannot be told: neither for nor against the photo
FULL_MAIN_PEOPLE = 4  # this many main people make a photo full, even if the event has more
FULL_OTHER_PEOPLE = 3  # the same for important and for other people

Components = tuple[float | None, float | None, float | None, float | None, float | None]


def _scaled(value: float | None, threshold: float) -> float:
    """Scale a measure so that its threshold becomes 0.5, piecewise linear; 0 and 1 stay."""
    if value is None:
        return NEUTRAL
    if value >= threshold:
        return 1.0 if threshold >= 1.0 else 0.5 + 0.5 * (value - threshold) / (1.0 - threshold)
    return 0.5 * value / threshold


def _eyes(face: FaceFacts, threshold: float) -> float:
    value = _scaled(face.eyes, threshold)
    return value if face.excuse is None else max(value, EXCUSED_EYES)


def _filling(present: int, full: int) -> float:
    """From 0 for nobody to 1 for `full` people, each further person counting less."""
    if full <= 0:
        return 0.0
    missing = 1.0 - min(1.0, present / full)
    return 1.0 - missing * missing


def people_component(
    main: int, important: int, other: int, unknown: int, event: EventPeople, weights: CategoryWeights
) -> float:
    """How many of the people who matter are in the photo, in [0, 1].

    Each category fills up with `_filling`, relative to the event's people but at most 4 main and 3
    other people. The categories complement each other: 1 - prod(1 - r·fill), with r the category's weight
    relative to the heaviest category of the event. So the main people alone make it full, another
    main person never lowers it, and in an event without main people the important people make it full.

    Args:
        main: Different main people in the photo.
        important: Different important people in the photo.
        other: Different other people in the photo.
        unknown: Faces without a cluster in the photo.
        event: The people of the whole event.
        weights: Weights of the categories.
    """
    categories = (
        (main, min(event.main, FULL_MAIN_PEOPLE), weights.main),
        (important, min(event.important, FULL_OTHER_PEOPLE), weights.important),
        (other, min(event.other, FULL_OTHER_PEOPLE), weights.other),
    )
    heaviest = max((weight for _, full, weight in categories if full > 0), default=0.0)
    if heaviest <= 0:
        # No person of this event is known or counts: all faces are equally good.
        return 1.0 if main + important + other + unknown > 0 else 0.0
    lacking = 1.0
    for present, full, weight in categories:
        lacking *= 1.0 - weight / heaviest * _filling(present, full)
    return 1.0 - lacking


def counted_faces(facts: PhotoFacts, weights: CategoryWeights) -> list[tuple[FaceFacts, float]]:
    """The faces that count, each with its weight."""
    return [
        (face, weight)
        for group, weight in (
            (facts.main, weights.main),
            (facts.important, weights.important),
            (facts.other, weights.other),
            (facts.unknown, weights.unknown),
        )
        if weight > 0
        for face in group
    ]


def score_components(
    facts: PhotoFacts,
    counted: Sequence[tuple[FaceFacts, float]],
    measures: PhotoMeasures,
    event: EventPeople,
    rules: ScoringRules,
) -> Components:
    """Eyes, smile, focus, exposure and people, each in [0, 1] or None where it does not apply."""
    thresholds = rules.thresholds
    if not counted:
        absent = 0.0 if rules.people_asked_for else None
        return (
            absent,
            absent,
            _scaled(measures.focus.value, thresholds.focus),
            NEUTRAL if measures.exposure.value is None else measures.exposure.value,
            absent,
        )
    total = math.fsum(weight for _, weight in counted)

    def mean(values: Iterable[float]) -> float:
        # Rounding must not raise a mean of ones above 1.
        return min(1.0, math.fsum(w * v for (_, w), v in zip(counted, values, strict=True)) / total)

    return (
        mean(_eyes(face, thresholds.eyes_open) for face, _ in counted),
        mean(_scaled(face.smile, thresholds.smile) for face, _ in counted),
        mean(_scaled(face.focus, thresholds.focus) for face, _ in counted),
        mean(NEUTRAL if face.exposure is None else face.exposure for face, _ in counted),
        people_component(
            len(facts.main), len(facts.important), len(facts.other), len(facts.unknown), event, rules.counting_weights
        ),
    )
