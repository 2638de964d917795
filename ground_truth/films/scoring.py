"""How right the people of a film are: seconds per person, matched one to one.

A found face counts for the named face of the same picture that it overlaps. Each identity is given to one person and
each person to one identity, so that they share as much time as possible; whatever else an identity was seen on is
wrong, so splits, merges and objects all cost. Faces that do not count are neither right nor wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou
from ground_truth.films.truth import TruePicture

__all__ = ["FilmScore", "PersonTime", "Seen", "scored"]

_MIN_IOU = 0.2
_TOLERANCE_S, _TOLERANCE_SHARE = 0.25, 0.05
_FOUND_SHARE = 0.5


class Seen(NamedTuple):
    """An identity in one picture, as a program tells it."""

    time_s: float
    identity: str
    box: Box


class PersonTime(NamedTuple):
    """How long a person is seen.

    Attributes:
        person: Who.
        identity: That shares the most time with the person in the best assignment; None for nobody.
        true_s: Seconds that the person is seen.
        shared_s: Seconds of these that the identity is told in the right place.
        told_s: All seconds that the identity is told, but for those on faces that do not count.
    """

    person: str
    identity: str | None
    true_s: float
    shared_s: float
    told_s: float

    @property
    def is_right(self) -> bool:
        """Whether the time that was told is right within 0.25 s or 5 %, whichever is more."""
        return abs(self.told_s - self.true_s) <= max(_TOLERANCE_S, _TOLERANCE_SHARE * self.true_s)

    @property
    def is_found(self) -> bool:
        """Whether half of the person's time or more is told."""
        return self.shared_s >= _FOUND_SHARE * self.true_s


@dataclass(frozen=True, slots=True)
class FilmScore:
    """The score of one film.

    Attributes:
        precision: Share of the told seconds that are right, in [0, 1].
        recall: Share of the true seconds that are told.
        identities: Identities that are mostly people who have to be found.
        false_identities: Identities that are mostly nobody: objects, pictures, printed faces without a name.
        times: Of each person, by name.
    """

    precision: float
    recall: float
    identities: int
    false_identities: int
    times: tuple[PersonTime, ...]

    @property
    def f(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def people(self) -> int:
        """How many people there are."""
        return len(self.times)

    @property
    def found(self) -> int:
        """How many of them are told for half of their time or more."""
        return sum(time.is_found for time in self.times)

    @property
    def mean_error_s(self) -> float:
        """Mean difference between the time of a person and the right part of what was told, in seconds."""
        return float(np.mean([abs(time.shared_s - time.true_s) for time in self.times])) if self.times else 0.0

    @property
    def worst_error_s(self) -> float:
        """The largest of these."""
        return max((abs(time.shared_s - time.true_s) for time in self.times), default=0.0)


def scored(pictures: Sequence[TruePicture], seen: Iterable[Seen]) -> FilmScore:
    """Score what was seen in a film.

    Args:
        pictures: The truth; pictures without any named face may be missing.
        seen: One for each identity and picture, at the picture's time or near it.
    """
    named = [one for one in pictures if one.faces]
    times = np.array([one.time_s for one in named])
    step = float(np.median([after - before for before, after in pairwise(times)])) if len(times) > 1 else 1.0
    told: dict[int | tuple[str, int], list[tuple[str, Box]]] = defaultdict(list)
    for time_s, identity, box in seen:
        nearest = int(np.argmin(np.abs(times - time_s))) if len(times) else -1
        is_near = nearest >= 0 and abs(times[nearest] - time_s) <= step
        told[nearest if is_near else ("none", round(time_s / step))].append((identity, box))
    people = sorted({face.person for one in named for face in one.faces if face.counts})
    identities = sorted({identity for faces in told.values() for identity, _ in faces})
    shared = np.zeros((len(identities), len(people) + 1))
    true: dict[str, float] = defaultdict(float)
    for one in named:
        for person in {face.person for face in one.faces if face.counts}:
            true[person] += one.duration_s
    rows = {identity: row for row, identity in enumerate(identities)}
    columns = {person: column for column, person in enumerate(people)}
    for place, faces in told.items():
        truth = named[place].faces if isinstance(place, int) else ()
        lasts = named[place].duration_s if isinstance(place, int) else step
        overlaps = np.array([[box_iou(box, face.box) for face in truth] for _, box in faces]).reshape(len(faces), -1)
        matched = _matched(overlaps)
        counted: set[tuple[str, str]] = set()
        for number, (identity, _) in enumerate(faces):
            if number in matched:
                face = truth[matched[number]]
                if face.counts and (identity, face.person) not in counted:
                    counted.add((identity, face.person))
                    shared[rows[identity], columns[face.person]] += lasts
            elif not (overlaps[number] >= _MIN_IOU).any():
                shared[rows[identity], -1] += lasts
    return _score(shared, identities, people, [true[person] for person in people])


def _matched(overlaps: NDArray[np.float64]) -> dict[int, int]:
    if not overlaps.size:
        return {}
    found, named = linear_sum_assignment(-overlaps)
    return {int(a): int(b) for a, b in zip(found, named, strict=True) if overlaps[a, b] >= _MIN_IOU}


def _score(
    shared: NDArray[np.float64], identities: Sequence[str], people: Sequence[str], true: Sequence[float]
) -> FilmScore:
    found, named = linear_sum_assignment(-shared[:, :-1])
    right = float(shared[found, named].sum())
    of_person = {int(column): int(row) for row, column in zip(found, named, strict=True) if shared[row, column] > 0}
    live = shared.sum(axis=1) > 0
    wrong = int((live & (shared[:, :-1].sum(axis=1) < shared[:, -1])).sum())
    times = []
    for column, person in enumerate(people):
        row = of_person.get(column)
        told = (0.0, 0.0) if row is None else (float(shared[row, column]), float(shared[row].sum()))
        times.append(PersonTime(person, None if row is None else identities[row], true[column], *told))
    return FilmScore(
        precision=right / max(float(shared.sum()), 1e-9),
        recall=right / max(sum(true), 1e-9),
        identities=int(live.sum()) - wrong,
        false_identities=wrong,
        times=tuple(times),
    )
