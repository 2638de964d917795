"""How likely a face belongs to each of the people that an event has, from the event's own distances.

A distance alone does not tell whether a face is somebody: in one event strangers are 1.0 apart, in another, a school
class, 0.8. But an event with established people, clusters of several faces, tells both distributions: how far its
faces are from their own person, and from each of the others. A face is a person's by Bayes' rule over all people who
may be on the photo, and nobody known.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.grouping_rule import GROUP_SPREADS, SINGLE_SPREADS, GroupingRule

__all__ = ["PeopleNearby", "likely_people", "usual_strangers"]

_SAMPLE = 2000  # faces from which the distances are learned
_BLOCK_ROWS = 1024
# A face that is left over is farther from its own person than those that were not: how many standard deviations, and
# how much wider its distribution is.
_FARTHER = 1.5
_WIDER = 1.5
_LEAST_PART = 0.12  # of the limit of single faces: the spread of strangers, at least
_LEAST_SPREAD = 0.6  # of strangers in an event, against what is usual for the weights
# Difference of two distances, in usual spreads, that makes the nearer person e times as likely as the other.
_DISCERNED = 0.5
_PRIOR_FACES = 20  # weight of all people's distances within those of one person
# Prior of nobody known, against that of all people together, in faces that are left over by those of people: where most
# faces are of people who are there once, one more such person is likely.
_NOBODY = 3.0
_LEAST_NOBODY, _MOST_NOBODY = 0.2, 5.0
_COMPANY_PHOTOS = 3  # weight of a person's usual share of photos within that beside somebody else
_LEAST_COMPANY, _MOST_COMPANY = math.exp(-1.5), math.exp(2.0)


class PeopleNearby:
    """The established people of an event, who is on which photo, and how likely a face is theirs."""

    def __init__(
        self,
        vectors: NDArray[np.float32],
        photo_of: NDArray[np.integer],
        person: NDArray[np.int64],
        people: int,
        rule: GroupingRule,
    ) -> None:
        """Learn the distances of an event.

        Args:
            vectors: (N, D) good faces.
            photo_of: (N,) photo of each.
            person: (N,) number of the established person, from 0; -1 for all other faces.
            people: Number of established people, from 1.
            rule: Tells how far strangers are where there is one person only.
        """
        rows = np.flatnonzero(person >= 0)
        self.sizes = np.bincount(person[rows], minlength=people)
        sums = np.zeros((people, vectors.shape[1]))
        for start in range(0, len(rows), _BLOCK_ROWS):
            block = rows[start : start + _BLOCK_ROWS]
            np.add.at(sums, person[block], vectors[block].astype(np.float64))
        self._means = sums / self.sizes[:, None]
        others = (len(vectors) - len(rows)) / len(rows)
        self._nobody = math.log(min(max(_NOBODY * others, _LEAST_NOBODY), _MOST_NOBODY))
        self._learn(vectors, person, rows, sums, rule)
        self._on_photo: dict[int, set[int]] = defaultdict(set)
        for photo, who in zip(photo_of[rows].tolist(), person[rows].tolist(), strict=True):
            self._on_photo[photo].add(who)
        self._photos_of: list[set[int]] = [set() for _ in range(people)]
        for photo, everybody in self._on_photo.items():
            for who in everybody:
                self._photos_of[who].add(photo)

    def _learn(
        self,
        vectors: NDArray[np.float32],
        person: NDArray[np.int64],
        rows: NDArray[np.intp],
        sums: NDArray[np.float64],
        rule: GroupingRule,
    ) -> None:
        sample = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(np.intp))]
        faces, own = vectors[sample].astype(np.float64), person[sample]
        # The distance of a face from the other faces of its person.
        itself = np.einsum("ij,ij->i", faces, faces)
        kept = np.maximum(self.sizes[own] - 1, 1)
        from_own = 1.0 - (np.einsum("ij,ij->i", faces, sums[own]) - itself) / kept
        self._own = float(from_own.mean() + _FARTHER * from_own.std())
        usual, spread = usual_strangers(rule)
        self._usual_spread = spread
        # Few faces, or near-copies, make nobody surer than the weights are.
        self._own_spread = _WIDER * max(float(from_own.std()), spread)
        if len(self.sizes) == 1:
            self._strangers, self._strangers_spread = np.array([usual]), np.array([spread])
            return
        # Sums over the sampled faces of others, in blocks, so that no (faces, people) matrix is held.
        total, squares = np.zeros(len(self.sizes)), np.zeros(len(self.sizes))
        for start in range(0, len(sample), _BLOCK_ROWS):
            away = self.distances(faces[start : start + _BLOCK_ROWS])
            away[np.arange(len(away)), own[start : start + _BLOCK_ROWS]] = 0.0
            total += away.sum(axis=0)
            squares += (away * away).sum(axis=0)
        count = len(sample) - np.bincount(own, minlength=len(self.sizes))
        usual = total.sum() / count.sum()
        usual_square = max(squares.sum() / count.sum() - usual * usual, (_LEAST_SPREAD * spread) ** 2)
        weight = count + _PRIOR_FACES
        self._strangers = (total + _PRIOR_FACES * usual) / weight
        about = squares - 2 * self._strangers * total + count * self._strangers**2
        self._strangers_spread = np.maximum(
            np.sqrt((about + _PRIOR_FACES * usual_square) / weight), _LEAST_SPREAD * spread
        )

    def distances(
        self, faces: NDArray[np.floating], people: NDArray[np.intp] | slice = slice(None)
    ) -> NDArray[np.float64]:
        """(F, P) mean distance of each of (F, D) faces from the faces of each person."""
        return np.asarray(1.0 - faces.astype(np.float64) @ self._means[people].T)

    def on_photo(self, photo: int) -> set[int]:
        """The established people on a photo."""
        return self._on_photo.get(photo, set())

    def add(self, person: int, photo: int) -> None:
        """Note that a person is on a photo."""
        self._on_photo[photo].add(person)
        self._photos_of[person].add(photo)

    def log_odds(
        self, distance: NDArray[np.float64], people: NDArray[np.intp], beside: Iterable[int]
    ) -> NDArray[np.float64]:
        """How much more likely faces are those of people than of nobody known.

        Whether a face is somebody's is told by how unusual its distances are for strangers; whose it is, by the
        differences of its distances: of two siblings both are near, which makes neither of them likelier.

        Args:
            distance: (F, P) from `distances`.
            people: (P,) the people.
            beside: The people who are known to be on the same photo.

        Returns:
            (F, P) natural logarithms of the ratios, prior included.
        """
        usual, spread = self._strangers[people], self._strangers_spread[people]
        # Nearer than usual is never worse.
        own = np.maximum(distance - self._own, 0.0) / self._own_spread
        # Farther than strangers usually are is never better.
        strange = np.minimum((distance - usual) / spread, 0.0)
        ratio = 0.5 * (strange**2 - own**2) + np.log(spread / self._own_spread)
        prior = np.log(self.sizes[people] / self.sizes.sum() * self._company(people, sorted(beside)))
        known = _log_sum(ratio + prior - self._nobody)
        which = prior - distance / (_DISCERNED * self._usual_spread)
        return np.asarray(known + which - _log_sum(which))

    def _company(self, people: NDArray[np.intp], beside: Sequence[int]) -> NDArray[np.float64]:
        """(P,) how many times more often than usual people are on photos with those who are there."""
        if not beside:
            return np.ones(len(people))
        photos = len(self._on_photo)
        times = np.empty(len(people))
        for place, who in enumerate(people.tolist()):
            mine = self._photos_of[who]
            usual = (len(mine) + 0.5) / (photos + 1)
            shares = [
                (len(mine & self._photos_of[other]) + _COMPANY_PHOTOS * usual)
                / (len(self._photos_of[other]) + _COMPANY_PHOTOS)
                for other in beside
            ]
            times[place] = math.fsum(shares) / len(shares) / usual
        return np.clip(times, _LEAST_COMPANY, _MOST_COMPANY)


def _log_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(F, 1) logarithm of the sum of exponentials of each row."""
    top = values.max(axis=1, keepdims=True)
    return np.asarray(top + np.log(np.exp(values - top).sum(axis=1, keepdims=True)))


def likely_people(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """(F, P) probability of each person for each face, from `PeopleNearby.log_odds`; -inf is excluded."""
    top = np.maximum(log_odds.max(axis=1, initial=0.0), 0.0)[:, None]
    odds = np.exp(log_odds - top)
    return np.asarray(odds / (np.exp(-top) + odds.sum(axis=1, keepdims=True)))


def usual_strangers(rule: GroupingRule) -> tuple[float, float]:
    """The usual distance of strangers and its spread, as the rule tells them: the inverse of `GroupingRule.fitted`."""
    spread = max(
        (rule.group_distance - rule.single_distance) / (SINGLE_SPREADS - GROUP_SPREADS),
        _LEAST_PART * rule.single_distance,
    )
    return rule.group_distance + GROUP_SPREADS * spread, spread
