"""The score of one photo, from its measures, the people in it and the rules; see docs/scoring.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from curation.domain.judging.components import Components, cast_of, counted_people, score_components
from curation.domain.judging.photo_composition import JudgedComposition, PhotoComposition, judged_composition
from curation.domain.judging.photo_facts import PhotoFacts, ScoredFace, photo_facts
from curation.domain.judging.photo_problems import picture_problems
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.rules import RULES, RULES_OF_AGE
from curation.domain.judging.score_summary import judged_faces, problems, results_string
from curation.domain.judging.scoring_rules import (
    CategoryWeights,
    ComponentWeights,
    Excuses,
    ProblemCosts,
    RuleMode,
    Rules,
    ScoringRules,
    Thresholds,
)
from curation.domain.labelling.labels import EventPeople
from curation.domain.measuring.measures import PhotoMeasures

__all__ = [
    "ExaminationKey",
    "ExaminedPhoto",
    "ScorePart",
    "examination_key",
    "examine_photo",
    "score_examined",
    "score_parts",
    "score_photo",
]


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One of the values that the final score is the weighted mean of.

    Attributes:
        name: Name of the component (`eyes`, `smile`, `focus`, `exposure`, `people`, `picture`,
            `composition`), or of the rule.
        weight: Weight relative to the other parts.
        value: In [0, 1].
    """

    name: str
    weight: float
    value: float


def score_photo(
    image_path: str,
    faces: Sequence[ScoredFace],
    measures: PhotoMeasures,
    event: EventPeople,
    rules: ScoringRules,
    composition: PhotoComposition | None = None,
) -> PhotoScore:
    """Score one photo.

    Args:
        image_path: Path of the photo.
        faces: All its faces, in any order.
        measures: Measures of the photo; its `faces` are not used.
        event: The people of the whole event.
        rules: The rules of scoring.
        composition: How people lie in the frame; None for a photo that was not taken apart. Only used if it has a
            weight.

    Returns:
        The score, with rank 0.
    """
    return score_examined(examine_photo(image_path, faces, measures, event, rules, composition), rules)


@dataclass(frozen=True, slots=True, eq=False)
class ExaminedPhoto:
    """The intermediate result of scoring, before components are weighted and rules are applied.

    Of the scoring rules it depends only on those of `examination_key`.
    """

    image_path: str
    facts: PhotoFacts
    components: Components
    results: str
    people: str
    problems: str
    well_shown: int
    composition: float | None = None


ExaminationKey = tuple[Thresholds, Excuses, CategoryWeights, ProblemCosts, bool, bool]


def examination_key(rules: ScoringRules) -> ExaminationKey:
    """The part of the scoring rules that `examine_photo` depends on."""
    return (
        rules.thresholds,
        rules.excuses,
        rules.counting_weights,
        rules.problem_costs,
        rules.people_asked_for,
        rules.composition_asked_for,
    )


def examine_photo(
    image_path: str,
    faces: Sequence[ScoredFace],
    measures: PhotoMeasures,
    event: EventPeople,
    rules: ScoringRules,
    composition: PhotoComposition | None = None,
) -> ExaminedPhoto:
    """The first part of `score_photo`: the same for all rules with the same `examination_key`."""
    thresholds = rules.thresholds
    facts = photo_facts(faces, measures.focus, thresholds, rules.excuses)
    counted = counted_people(facts, cast_of(event, rules.counting_weights))
    judged = judged_faces(counted.faces)
    of_picture = picture_problems(counted.key, counted.strangers, measures)
    lies = judged_composition(composition, faces, counted.key) if rules.composition_asked_for else _NOT_ASKED
    results = results_string(facts, judged, measures, event, thresholds)
    return ExaminedPhoto(
        image_path,
        facts,
        score_components(counted, measures, of_picture, rules),
        " · ".join([results, lies.results]) if lies.results else results,
        "; ".join(face.name for group in (facts.main, facts.important, facts.other) for face in group),
        "; ".join([*problems(judged, of_picture, measures, thresholds, rules.problem_costs), *lies.problems]),
        counted.well_shown,
        lies.value,
    )


def score_examined(photo: ExaminedPhoto, rules: ScoringRules) -> PhotoScore:
    """The second part of `score_photo`.

    Args:
        photo: Examined with rules of the same `examination_key`.
        rules: The rules of scoring.

    Returns:
        The score, with rank 0.
    """
    facts = photo.facts
    ruled, vetoes, rule_notes = _apply_rules(facts, rules.rules)
    parts = _weighed(photo.components, photo.composition, rules.weights) + ruled
    total = math.fsum(weight for _, weight, _ in parts)
    final = math.fsum(weight * value for _, weight, value in parts) / total if total > 0 else 0.0
    eyes, smile, focus, exposure, people, picture = photo.components
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
        picture_score=picture,
        well_shown_count=photo.well_shown,
    )


def score_parts(
    faces: Sequence[ScoredFace],
    measures: PhotoMeasures,
    event: EventPeople,
    rules: ScoringRules,
    composition: PhotoComposition | None = None,
) -> tuple[ScorePart, ...]:
    """The values that the final score of a photo is the weighted mean of, without parts of weight 0.

    Args:
        faces: All its faces, in any order.
        measures: Measures of the photo.
        event: The people of the whole event.
        rules: The rules of scoring.
        composition: See `score_photo`.
    """
    facts = photo_facts(faces, measures.focus, rules.thresholds, rules.excuses)
    counted = counted_people(facts, cast_of(event, rules.counting_weights))
    of_picture = picture_problems(counted.key, counted.strangers, measures)
    components = score_components(counted, measures, of_picture, rules)
    lies = judged_composition(composition, faces, counted.key) if rules.composition_asked_for else _NOT_ASKED
    ruled, _, _ = _apply_rules(facts, rules.rules)
    return tuple(ScorePart(*part) for part in _weighed(components, lies.value, rules.weights) + ruled if part[1] > 0)


_Part = tuple[str, float, float]  # name, weight and value
_NOT_ASKED = JudgedComposition(None, "", ())


def _weighed(components: Components, composition: float | None, w: ComponentWeights) -> list[_Part]:
    eyes, smile, focus, exposure, people, picture = components
    parts = (
        ("eyes", w.eyes, eyes),
        ("smile", w.smile, smile),
        ("focus", w.focus, focus),
        ("exposure", w.exposure, exposure),
        ("people", w.people, people),
        ("picture", w.picture, picture),
        ("composition", w.composition, composition),
    )
    return [(name, weight, value) for name, weight, value in parts if value is not None]


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
            # The words go onto contact sheets, which say nothing of ages.
            if name not in RULES_OF_AGE:
                notes.append(f"{name} {verdict.value:.2f}")
    return weighted, vetoes, notes
