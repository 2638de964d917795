"""From measures, people and rules to a score, and from scores to an order; see docs/scoring.md."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from curation.domain.judging.explanation import judged_faces, problems, results_string
from curation.domain.judging.measures import PhotoMeasures
from curation.domain.judging.photo_score import (
    PHOTO_SCORE_COLUMNS,
    PhotoScore,
    failed_photo_score,
    pick_order,
    renumbered,
)
from curation.domain.judging.rules import (
    RULES,
    FaceFacts,
    PhotoFacts,
    RuleMode,
    Rules,
    ScoredFace,
    Thresholds,
    photo_facts,
)
from curation.domain.labelling.labels import EventPeople

__all__ = [
    "PHOTO_SCORE_COLUMNS",
    "SCORE_DIGITS",
    "CategoryWeights",
    "ComponentWeights",
    "ExaminedPhoto",
    "PhotoScore",
    "ScorePart",
    "ScoringRules",
    "examination",
    "examine_photo",
    "failed_photo_score",
    "has_counting_people",
    "people_component",
    "pick_order",
    "rank_photos",
    "score_examined",
    "score_parts",
    "score_photo",
]

NEUTRAL = 0.5  # of a face that cannot be told: neither a reason to keep the photo nor to drop it
FULL_MAIN_PEOPLE = 4  # a photo of this many main people is full even if the event has more
FULL_OTHER_PEOPLE = 3  # the same for important and for other people
SCORE_DIGITS = 4  # of photo_scores.csv; the order goes by them, so that it can be told from the table


@dataclass(frozen=True, slots=True)
class ComponentWeights:
    """Weights of the components of the final score; at least one is above 0."""

    eyes: float = 3.0
    smile: float = 2.0
    focus: float = 2.0
    exposure: float = 1.0
    people: float = 2.0


@dataclass(frozen=True, slots=True)
class CategoryWeights:
    """How much a face counts within a component; at least one is above 0."""

    main: float = 1.0
    important: float = 0.6
    other: float = 0.1
    unknown: float = 0.05


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """Everything that turns measures into a score."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    weights: ComponentWeights = field(default_factory=ComponentWeights)
    category_weights: CategoryWeights = field(default_factory=CategoryWeights)
    rules: Rules = field(default_factory=Rules)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> ScoringRules:
        """Build from plain values, as in config.yaml's section `scoring`; other keys are left alone.

        Args:
            data: With any of `thresholds`, `weights`, `category_weights`, `rules`.

        Raises:
            ValueError: If a rule or a parameter is not known.
            TypeError: If a threshold or a weight is not known.
        """
        return cls(
            Thresholds(**data.get("thresholds", {})),
            ComponentWeights(**data.get("weights", {})),
            CategoryWeights(**data.get("category_weights", {})),
            Rules.from_mapping(data.get("rules", {})),
        )

    @property
    def people_asked_for(self) -> bool:
        """Whether a photo without people is worth less than one with them."""
        rules = self.rules
        return (
            self.weights.people > 0
            or rules.min_main_people.mode is not RuleMode.OFF
            or rules.min_important_people.mode is not RuleMode.OFF
        )

    @property
    def counting_weights(self) -> CategoryWeights:
        """The category weights, with those of others and unknown faces 0 if they are ignored."""
        if not self.rules.ignore_others.enabled:
            return self.category_weights
        return replace(self.category_weights, other=0.0, unknown=0.0)


Components = tuple[float | None, float | None, float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One of the values that the final score is the weighted mean of.

    Attributes:
        name: Of the component (`eyes`, `smile`, `focus`, `exposure`, `people`), or of the rule.
        weight: Beside those of the other parts.
        value: In [0, 1].
    """

    name: str
    weight: float
    value: float


def _scaled(value: float | None, threshold: float) -> float:
    """Move a measure so that its threshold lies at 0.5, piecewise linear; 0 and 1 stay."""
    if value is None:
        return NEUTRAL
    if value >= threshold:
        return 1.0 if threshold >= 1.0 else 0.5 + 0.5 * (value - threshold) / (1.0 - threshold)
    return 0.5 * value / threshold


def _filling(present: int, full: int) -> float:
    """From 0 for nobody to 1 for `full` people, each further person counting less."""
    if full <= 0:
        return 0.0
    missing = 1.0 - min(1.0, present / full)
    return 1.0 - missing * missing


def people_component(
    main: int, important: int, other: int, unknown: int, event: EventPeople, weights: CategoryWeights
) -> float:
    """How far the people that matter are in the photo, in [0, 1].

    Each category fills up with `_filling`, relative to the event's people but at most 4 main and 3
    other people. The categories complete each other: 1 - prod(1 - r·fill), with r the category's weight
    relative to the heaviest category of the event. So the main people alone make it full, a main
    person more never lowers it, and where nobody is main the important people make it full.

    Args:
        main: Different main people in the photo.
        important: Different important people in the photo.
        other: Different other people in the photo.
        unknown: Faces without a cluster in the photo.
        event: The people of the whole event.
        weights: Of the categories.
    """
    categories = (
        (main, min(event.main, FULL_MAIN_PEOPLE), weights.main),
        (important, min(event.important, FULL_OTHER_PEOPLE), weights.important),
        (other, min(event.other, FULL_OTHER_PEOPLE), weights.other),
    )
    heaviest = max((weight for _, full, weight in categories if full > 0), default=0.0)
    if heaviest <= 0:
        # Nobody of this event is known or counts: any face is as good as another.
        return 1.0 if main + important + other + unknown > 0 else 0.0
    lacking = 1.0
    for present, full, weight in categories:
        lacking *= 1.0 - weight / heaviest * _filling(present, full)
    return 1.0 - lacking


def score_photo(
    image_path: str,
    faces: Sequence[ScoredFace],
    measures: PhotoMeasures,
    event: EventPeople,
    rules: ScoringRules,
) -> PhotoScore:
    """Judge one photo.

    Args:
        image_path: Of the photo.
        faces: All its faces, in any order.
        measures: Of the photo; its `faces` are not read.
        event: The people of the whole event.
        rules: How to judge.

    Returns:
        The score, with rank 0.
    """
    return score_examined(examine_photo(image_path, faces, measures, event, rules), rules)


@dataclass(frozen=True, slots=True, eq=False)
class ExaminedPhoto:
    """What a score takes from a photo before components are weighed and rules are applied.

    It depends on the thresholds, on the category weights and on whether people are asked for, and on nothing else of
    the rules, see `examination`.
    """

    image_path: str
    facts: PhotoFacts
    components: Components
    results: str
    people: str
    problems: str


def examination(rules: ScoringRules) -> tuple[Thresholds, CategoryWeights, bool]:
    """All of the rules that `examine_photo` looks at."""
    return rules.thresholds, rules.counting_weights, rules.people_asked_for


def examine_photo(
    image_path: str,
    faces: Sequence[ScoredFace],
    measures: PhotoMeasures,
    event: EventPeople,
    rules: ScoringRules,
) -> ExaminedPhoto:
    """The part of `score_photo` that is the same for all rules of one `examination`."""
    thresholds = rules.thresholds
    facts = photo_facts(faces, measures.focus, thresholds)
    counted = _counted(facts, rules.counting_weights)
    judged = judged_faces([face for face, _ in counted])
    return ExaminedPhoto(
        image_path,
        facts,
        _components(facts, counted, measures, event, rules),
        results_string(facts, judged, measures, event, thresholds),
        "; ".join(face.name for group in (facts.main, facts.important, facts.other) for face in group),
        "; ".join(problems(judged, measures, thresholds)),
    )


def score_examined(photo: ExaminedPhoto, rules: ScoringRules) -> PhotoScore:
    """The rest of `score_photo`.

    Args:
        photo: Examined by rules of the same `examination`.
        rules: How to judge.

    Returns:
        The score, with rank 0.
    """
    facts = photo.facts
    ruled, vetoes, rule_notes = _apply_rules(facts, rules.rules)
    parts = _weighed(photo.components, rules.weights) + ruled
    total = math.fsum(weight for _, weight, _ in parts)
    final = math.fsum(weight * value for _, weight, value in parts) / total if total > 0 else 0.0
    eyes, smile, focus, exposure, people = photo.components
    return PhotoScore(
        rank=0,
        image_path=photo.image_path,
        final_score=min(1.0, max(0.0, final)),
        results_string=" · ".join([photo.results, *rule_notes]),
        people=photo.people,
        main_count=len(facts.main),
        important_count=len(facts.important),
        other_count=len(facts.other),
        unknown_count=len(facts.unknown),
        eyes_score=eyes,
        smile_score=smile,
        focus_score=focus,
        exposure_score=exposure,
        people_score=people,
        vetoes="; ".join(vetoes),
        problems=photo.problems,
        error="",
    )


def score_parts(
    faces: Sequence[ScoredFace], measures: PhotoMeasures, event: EventPeople, rules: ScoringRules
) -> tuple[ScorePart, ...]:
    """What the final score of a photo is the weighted mean of; parts of weight 0 are left out.

    Args:
        faces: All its faces, in any order.
        measures: Of the photo.
        event: The people of the whole event.
        rules: How to judge.
    """
    facts = photo_facts(faces, measures.focus, rules.thresholds)
    components = _components(facts, _counted(facts, rules.counting_weights), measures, event, rules)
    ruled, _, _ = _apply_rules(facts, rules.rules)
    return tuple(ScorePart(*part) for part in _weighed(components, rules.weights) + ruled if part[1] > 0)


_Part = tuple[str, float, float]  # name, weight and value


def _counted(facts: PhotoFacts, weights: CategoryWeights) -> list[tuple[FaceFacts, float]]:
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


def _weighed(components: Components, w: ComponentWeights) -> list[_Part]:
    eyes, smile, focus, exposure, people = components
    parts = (
        ("eyes", w.eyes, eyes),
        ("smile", w.smile, smile),
        ("focus", w.focus, focus),
        ("exposure", w.exposure, exposure),
        ("people", w.people, people),
    )
    return [(name, weight, value) for name, weight, value in parts if value is not None]


def _components(
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
        # Rounding must not carry a mean of ones past 1.
        return min(1.0, math.fsum(w * v for (_, w), v in zip(counted, values, strict=True)) / total)

    return (
        mean(_scaled(face.eyes, thresholds.eyes_open) for face, _ in counted),
        mean(_scaled(face.smile, thresholds.smile) for face, _ in counted),
        mean(_scaled(face.focus, thresholds.focus) for face, _ in counted),
        mean(NEUTRAL if face.exposure is None else face.exposure for face, _ in counted),
        people_component(
            len(facts.main), len(facts.important), len(facts.other), len(facts.unknown), event, rules.counting_weights
        ),
    )


def _apply_rules(facts: PhotoFacts, rules: Rules) -> tuple[list[_Part], list[str], list[str]]:
    """The weighted rules as parts of the score, the vetoes' sentences, and the weighted rules in words."""
    weighted: list[_Part] = []
    vetoes: list[str] = []
    notes: list[str] = []
    for name, judge in RULES.items():
        params = getattr(rules, name)
        if params.mode is RuleMode.OFF:
            continue
        verdict = judge(facts, rules)
        if params.mode is RuleMode.VETO:
            vetoes += [sentence for sentence in verdict.violations if sentence not in vetoes]
        elif verdict.value is not None:
            weighted.append((name, params.weight, verdict.value))
            notes.append(f"{name} {verdict.value:.2f}")
    return weighted, vetoes, notes


def has_counting_people(score: PhotoScore, weights: CategoryWeights) -> bool:
    """Whether anybody who counts is in the photo; `weights` are the counting ones."""
    return (
        (score.main_count > 0 and weights.main > 0)
        or (score.important_count > 0 and weights.important > 0)
        or (score.other_count > 0 and weights.other > 0)
        or (score.unknown_count > 0 and weights.unknown > 0)
    )


def rank_photos(scores: Iterable[PhotoScore], rules: ScoringRules) -> list[PhotoScore]:
    """Put photos in order, best first, and number them from 1.

    The user's word comes first: picked photos, the others, rejected ones, and then those that could not be read; and
    within these groups the rating. Photos of which the user said the same go by tiers: photos that no rule vetoes, of
    these those without a face that counts (if people are asked for), vetoed photos. Within a tier: the final score,
    then the focus, both descending and as the table shows them, then the path.

    Args:
        scores: In any order.
        rules: Those that the scores were made with.
    """
    weights, asked = rules.counting_weights, rules.people_asked_for

    def place(score: PhotoScore) -> tuple[tuple[int, int], int, float, float, str]:
        if score.final_score is None:
            return pick_order(score), 0, 0.0, 0.0, score.image_path
        lacks_people = asked and not has_counting_people(score, weights)
        tier = (2 if score.vetoes else 0) + (1 if lacks_people else 0)
        focus = round(score.focus_score or 0.0, SCORE_DIGITS)
        return pick_order(score), tier, -round(score.final_score, SCORE_DIGITS), -focus, score.image_path

    return [renumbered(score, rank) for rank, score in enumerate(sorted(scores, key=place), start=1)]
