"""Which moments of a clip are measured like photos: the best ones of each person, and those that show most people.

A clip has thousands of pictures, and to look for the best one among all would take longer than to find its people. But
each appearance knows its best faces already (large, sharp, turned to the camera), so a few moments are enough.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from curation.domain.faces.face import Box, FiveLandmarks
from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.film.times import Interval
from curation.domain.labelling.corrections import NOBODY
from curation.domain.labelling.labels import Category

__all__ = ["Moment", "MomentFace", "chosen_moments"]

APART_S = Fraction(1)
"""Between two moments of one person: nearer ones are the same picture."""
OF_PERSON = 6
"""Moments of one person in one clip, if there is time for them."""
FEWEST, MOST = 4, 18
"""Moments of a clip."""
SECONDS_PER_MOMENT = 3
"""Of the clip: so measuring takes a part of the time that finding its people took."""
TOGETHER = 2
"""Moments that are taken because they show most people."""
WITHOUT_PEOPLE = 3
"""Moments of a clip in which nobody is seen: the middles of its longest shots."""


@dataclass(frozen=True, slots=True)
class MomentFace:
    """A face in a picture of a clip.

    Attributes:
        cluster_id: Of the person, -1 for nobody.
        box: In pixels of the upright picture.
        landmarks: Likewise.
        confidence: Of the detector.
        quality: In [0, 1] if it is one of the best faces of its appearance, else 0.
    """

    cluster_id: int
    box: Box
    landmarks: FiveLandmarks
    confidence: float
    quality: float


@dataclass(frozen=True, slots=True)
class Moment:
    """A picture of a clip with the faces in it, from left to right."""

    time: Fraction
    faces: tuple[MomentFace, ...]


def chosen_moments(result: TrailerResult) -> tuple[Moment, ...]:
    """The moments of a clip that are measured, by time; the same whenever the clip has the same people.

    Args:
        result: Of the clip.
    """
    film = result.film
    if film.facts.duration <= 0:
        return ()
    if not result.people:
        return tuple(Moment(time, _faces(result, time)) for time in _of_shots(result))
    most = min(MOST, max(FEWEST, len(result.people), int(film.facts.duration / SECONDS_PER_MOMENT) + 1))
    chosen: list[Fraction] = []
    queues = [_of_person(result, person) for person in sorted(result.people, key=_importance)]
    # In turn, so that nobody is left out for the one who is on screen longest.
    while len(chosen) < most and any(queues):
        for queue in queues:
            if queue and len(chosen) < most:
                time = queue.pop(0)
                if time not in chosen:
                    chosen.append(time)
    chosen += [time for time in _together(result) if time not in chosen]
    return tuple(Moment(time, _faces(result, time)) for time in sorted(chosen))


def _importance(person: FilmPerson) -> tuple[int, Fraction, int]:
    order = [Category.MAIN.value, Category.IMPORTANT.value, "", Category.OTHER.value]
    return order.index(person.category), -person.screen_time, person.cluster_id


def _of_person(result: TrailerResult, person: FilmPerson) -> list[Fraction]:
    """The best moments of a person, best first."""
    faces = sorted(
        (-face.face.quality.score, face.time) for index in person.tracks for face in result.film.tracks[index].faces
    )
    out: list[Fraction] = []
    for _, time in faces:
        if len(out) < OF_PERSON and all(abs(time - other) >= APART_S for other in out):
            out.append(time)
    return out


def _together(result: TrailerResult) -> list[Fraction]:
    """Moments that show most people, at least two: of each such time that one at which the faces are largest."""
    people_at: dict[Fraction, set[int]] = defaultdict(set)
    smallest: dict[Fraction, int] = {}
    for person in result.people:
        for index in person.tracks:
            for sighting in result.film.tracks[index].sightings:
                people_at[sighting.time].add(person.cluster_id)
                side = min(sighting.box.w, sighting.box.h)
                smallest[sighting.time] = min(side, smallest.get(sighting.time, side))
    crowded = sorted(
        (time for time, people in people_at.items() if len(people) > 1),
        key=lambda time: (-len(people_at[time]), -smallest[time], time),
    )
    out: list[Fraction] = []
    for time in crowded:
        if len(out) < TOGETHER and all(abs(time - other) >= APART_S for other in out):
            out.append(time)
    return out


def _of_shots(result: TrailerResult) -> list[Fraction]:
    """The middles of the longest shots of a clip, in which nobody is seen."""
    spans = [shot.span for shot in result.film.shots] or [Interval(Fraction(0), result.film.facts.duration)]
    longest = sorted(spans, key=lambda span: (-span.length, span.start))[:WITHOUT_PEOPLE]
    if len(longest) == 1:
        span = longest[0]
        return [span.start + span.length * Fraction(part, 4) for part in (1, 2, 3)]
    return sorted(span.start + span.length / 2 for span in longest)


def _faces(result: TrailerResult, time: Fraction) -> tuple[MomentFace, ...]:
    cluster_of = {index: person.cluster_id for person in result.people for index in person.tracks}
    out = []
    for index, track in enumerate(result.film.tracks):
        if not track.span.start <= time <= track.span.end:
            continue
        quality = {face.time: face.face.quality.score for face in track.faces}
        out += [
            MomentFace(
                cluster_of.get(index, NOBODY),
                sighting.box,
                sighting.landmarks,
                sighting.confidence,
                quality.get(time, 0.0),
            )
            for sighting in track.sightings
            if sighting.time == time
        ]
    return tuple(sorted(out, key=lambda face: (face.box.x, face.box.y)))
