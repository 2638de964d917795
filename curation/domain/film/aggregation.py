"""Age, sex and ethnicity of a character, from the faces of all its tracks.

A single face is wrong too often to say anything about a person: `weighted_mean` lets better faces count for more, by
their quality and by how sure the network is. "Cannot tell" stays an answer, and an age has its range.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from curation.domain.attributes.people import aggregated
from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.film.people import TrailerResult
from curation.domain.film.track import FilmAnalysis, Track

__all__ = ["ETHNICITY_CERTAINTY", "METHODS", "agreed", "without_ethnicity", "without_ethnicity_of_faces"]

ETHNICITY_CERTAINTY = 0.7
"""Below this mean probability a character's ethnicity is unknown."""

Reading = tuple[FaceAttributes, float]


def agreed(faces: Sequence[Reading], method: str = "weighted_mean") -> FaceAttributes | None:
    """The attributes of the character whom some faces show.

    Args:
        faces: What was read of each face, and its `face_quality` in [0, 1].
        method: One of `METHODS`. `weighted_mean`: probabilities and ages averaged, weighted by quality times the
            network's confidence. `mean`: all faces count alike. `majority`: each face has one vote; the median age.
            `best`: the face with the largest weight alone.

    Returns:
        Age, sex and ethnicity, each None if no face has it; None if there is no face at all.
    """
    if not faces:
        return None
    combine = METHODS[method]
    ages = [(face, quality) for face, quality in faces if face.age is not None]
    sexes = [(face, quality) for face, quality in faces if face.sex is not None]
    ethnicities = [(face, quality) for face, quality in faces if face.ethnicity is not None]
    found = FaceAttributes(
        age=combine([(FaceAttributes(age=face.age), quality) for face, quality in ages]).age if ages else None,
        sex=combine([(FaceAttributes(sex=face.sex), quality) for face, quality in sexes]).sex if sexes else None,
        ethnicity=(
            combine([(FaceAttributes(ethnicity=face.ethnicity), quality) for face, quality in ethnicities]).ethnicity
            if ethnicities
            else None
        ),
    )
    return replace(found, ethnicity=None if found.ethnicity is None else _doubted(found.ethnicity))


def _doubted(estimate: ClassEstimate) -> ClassEstimate:
    """An ethnicity without an answer where it is too uncertain."""
    is_sure = max(estimate.distribution) >= ETHNICITY_CERTAINTY
    return replace(estimate, answer=estimate.most_likely if is_sure else None)


def _confidence(face: FaceAttributes) -> float:
    """How sure a network is of a face, in [0, 1]; of its only attribute."""
    estimate = face.sex or face.ethnicity
    if estimate is not None:
        return max(estimate.distribution)
    return face.age.certainty if face.age is not None and face.age.certainty > 0 else 1.0


def _weight(reading: Reading) -> float:
    face, quality = reading
    weight = quality * _confidence(face)
    return weight if math.isfinite(weight) else 0.0


def _weighted_mean(faces: Sequence[Reading]) -> FaceAttributes:
    return aggregated([(reading[0], _weight(reading)) for reading in faces])


def _mean(faces: Sequence[Reading]) -> FaceAttributes:
    return aggregated([(face, 1.0) for face, _ in faces])


def _best(faces: Sequence[Reading]) -> FaceAttributes:
    return aggregated([max(faces, key=_weight)])


def _majority(faces: Sequence[Reading]) -> FaceAttributes:
    ages = [face.age for face, _ in faces if face.age is not None]
    if ages:
        return FaceAttributes(age=_middle_age(ages))
    sexes = [face.sex for face, _ in faces if face.sex is not None]
    if sexes:
        return FaceAttributes(sex=_votes(sexes))
    return FaceAttributes(ethnicity=_votes([face.ethnicity for face, _ in faces if face.ethnicity is not None]))


def _middle_age(ages: Sequence[AgeEstimate]) -> AgeEstimate:
    used = [age for age in ages if age.is_known] or list(ages)
    mean = aggregated([(FaceAttributes(age=age), 1.0) for age in used]).age
    assert mean is not None
    return replace(
        mean,
        years=float(np.median([age.years for age in used])),
        low=float(np.median([age.low for age in used])),
        high=float(np.median([age.high for age in used])),
    )


def _votes(estimates: Sequence[ClassEstimate]) -> ClassEstimate:
    """One vote a face: for its answer, else for its most likely class; no answer if two classes have as many."""
    classes = estimates[0].classes
    used = [estimate for estimate in estimates if estimate.classes == classes]
    votes: dict[str, int] = defaultdict(int)
    for estimate in used:
        votes[estimate.most_likely] += 1
    shares = tuple(votes[name] / len(used) for name in classes)
    most = max(shares)
    winners = [name for name, share in zip(classes, shares, strict=True) if share == most]
    is_told = len(winners) == 1 and any(estimate.answer is not None for estimate in used)
    return ClassEstimate(winners[0] if is_told else None, most, classes, shares, estimates[0].reader)


METHODS: dict[str, Callable[[Sequence[Reading]], FaceAttributes]] = {
    "weighted_mean": _weighted_mean,
    "mean": _mean,
    "majority": _majority,
    "best": _best,
}
"""By the values of `video.agr_method`."""


def without_ethnicity_of_faces(film: FilmAnalysis) -> FilmAnalysis:
    """The film without what was read of the ethnicity of single faces: it is told of characters only."""
    if not any(face.attributes is not None and face.attributes.ethnicity for t in film.tracks for face in t.faces):
        return film
    return replace(film, tracks=tuple(_without(track) for track in film.tracks))


def _without(track: Track) -> Track:
    faces = tuple(
        face if face.attributes is None else replace(face, attributes=replace(face.attributes, ethnicity=None))
        for face in track.faces
    )
    return replace(track, faces=faces)


def without_ethnicity(result: TrailerResult) -> TrailerResult:
    """A result that tells nobody's ethnicity: for events, exports and pages."""
    people = tuple(
        person if person.attributes is None else replace(person, attributes=replace(person.attributes, ethnicity=None))
        for person in result.people
    )
    return replace(result, film=without_ethnicity_of_faces(result.film), people=people)
