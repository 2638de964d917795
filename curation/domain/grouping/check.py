"""Estimates how good the grouping of an event is, from a few dozen answers to "is this the same person?".

Both figures are B-cubed (Bagga & Baldwin 1998), over the faces that were identified. Precision is the probability that
a face drawn from the group of a random face is of the same person: such pairs are drawn and asked about. Recall is the
share of the faces of a random face's person that are in its group: of random faces, the nearest face outside of their
group is asked about; if that is the same person, its group is missing, and the next nearest group is asked about.

The pairs are drawn systematically along their similarity, so that easy and hard pairs are in proportion. Intervals
are Wilson's (1927, "Probable inference, the law of succession, and statistical inference"); for values within
[0, 1] other than 0 and 1 they are wider than necessary.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "GroupingCheck", "Pair", "Verdict"]

Pair = tuple[int, int]
"""The rows of two faces; the face that was drawn comes first."""

_Z = 1.959964  # two-sided 95 %
_DRAWS = 4000  # pairs from which the questions are drawn systematically
_MOST_MISSING_GROUPS = 3  # with more, the recall of the person is low anyway


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its 95 % interval, from `answers` answers."""

    value: float
    low: float
    high: float
    answers: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Precision and recall; None where no question was answered."""

    precision: Estimate | None
    recall: Estimate | None


class GroupingCheck:
    """The questions about one grouping, and what follows from the answers.

    An answer is True (the same person), False (two people) or None (cannot tell).
    """

    def __init__(self, embeddings: NDArray[np.float32], groups: Sequence[int], *, count: int, seed: int = 0) -> None:
        """Draw the faces and pairs that are asked about.

        Args:
            embeddings: (N, D) of unit length.
            groups: (N,) group of each face; -1 for faces that were not identified.
            count: Number of questions, half of them for the precision, without follow-up questions.
            seed: Of the random draws; the same faces, groups and seed give the same questions.

        Raises:
            ValueError: If fewer than two faces were identified.
        """
        self._embeddings = embeddings
        self._groups = np.asarray(groups, dtype=np.int64)
        self._identified = np.flatnonzero(self._groups >= 0)
        if len(self._identified) < 2:
            raise ValueError("there are no two identified faces to compare")
        names, self._group_of = np.unique(self._groups[self._identified], return_inverse=True)
        self._members = [self._identified[self._group_of == place] for place in range(len(names))]
        self._place = dict(zip(self._identified.tolist(), self._group_of.tolist(), strict=True))
        random = np.random.default_rng(seed)
        self._inside = self._pairs_inside(random, count // 2)
        self._drawn = self._faces_drawn(random, count - count // 2)
        self._nearest = {face: self._nearest_outside(face) for face in self._drawn}

    def _pairs_inside(self, random: np.random.Generator, count: int) -> list[Pair]:
        sizes = np.array([len(members) for members in self._members])
        chances = (sizes - 1.0) / len(self._identified)  # of a random face: its group, times (n - 1) / n others
        if chances.sum() == 0:
            return []
        drawn = []
        for place in random.choice(len(sizes), size=_DRAWS, p=chances / chances.sum()):
            first, second = random.choice(self._members[place], size=2, replace=False)
            drawn.append((int(first), int(second)))
        similarity = [float(self._embeddings[first] @ self._embeddings[second]) for first, second in drawn]
        unique: list[Pair] = []
        for place in _systematic(np.argsort(similarity, kind="stable"), count, random):
            if drawn[place] not in unique and drawn[place][::-1] not in unique:
                unique.append(drawn[place])
        return unique

    def _faces_drawn(self, random: np.random.Generator, count: int) -> list[int]:
        if len(self._members) < 2:
            return []
        order = np.argsort([-len(self._members[place]) for place in self._group_of], kind="stable")
        faces = self._identified[order]
        return [int(face) for face in _systematic(faces, min(count, len(faces)), random)]

    def _nearest_outside(self, face: int) -> list[int]:
        """Of each of the groups most similar to the face's own, the face most similar to it; best group first."""
        own = self._place[face]
        mean = self._embeddings[self._members[own]].astype(np.float64).mean(axis=0)
        similarity = self._embeddings[self._identified].astype(np.float64) @ mean
        sums = np.bincount(self._group_of, weights=similarity, minlength=len(self._members))
        means = sums / np.array([len(members) for members in self._members])
        means[own] = -np.inf
        order = np.argsort(-means, kind="stable")[: min(_MOST_MISSING_GROUPS, len(means) - 1)]
        vector = self._embeddings[face].astype(np.float64)
        out = []
        for place in order:
            members = self._members[int(place)]
            out.append(int(members[int(np.argmax(self._embeddings[members].astype(np.float64) @ vector))]))
        return out

    def questions(self, answers: Mapping[Pair, bool | None]) -> list[Pair]:
        """The pairs that are still to be asked about, including follow-up questions; empty when done."""
        wanted = [*self._inside, *(pair for face in self._drawn for pair in self._chain(face, answers))]
        return [pair for pair in dict.fromkeys(wanted) if pair not in answers]

    def _chain(self, face: int, answers: Mapping[Pair, bool | None]) -> list[Pair]:
        chain = []
        for other in self._nearest[face]:
            chain.append((face, other))
            if answers.get((face, other)) is not True:
                break
        return chain

    def verdict(self, answers: Mapping[Pair, bool | None]) -> Verdict:
        """Estimate both figures from the answers so far."""
        return Verdict(self._precision(answers), self._recall(answers))

    def _precision(self, answers: Mapping[Pair, bool | None]) -> Estimate | None:
        # A face is always of its own person: that part of the average needs no question.
        itself = len(self._members) / len(self._identified)
        if not self._inside:
            return Estimate(1.0, 1.0, 1.0, 0)
        told = [answer for pair in self._inside if (answer := answers.get(pair)) is not None]
        if not told:
            return None
        value, low, high = (itself + (1 - itself) * share for share in _wilson(sum(told) / len(told), len(told)))
        return Estimate(value, low, high, len(told))

    def _recall(self, answers: Mapping[Pair, bool | None]) -> Estimate | None:
        if not self._drawn:
            return Estimate(1.0, 1.0, 1.0, 0) if len(self._members) == 1 else None
        shares = []
        for face in self._drawn:
            first, *_ = chain = self._chain(face, answers)
            if answers.get(first) is None:
                continue
            own = len(self._members[self._place[face]])
            missing = sum(len(self._members[self._place[pair[1]]]) for pair in chain if answers.get(pair) is True)
            shares.append(own / (own + missing))
        if not shares:
            return None
        value, low, high = _wilson(sum(shares) / len(shares), len(shares))
        return Estimate(value, low, high, len(shares))


def _systematic(ordered: NDArray[np.int64], count: int, random: np.random.Generator) -> list[int]:
    """`count` entries at equal intervals from a random start."""
    if count < 1 or len(ordered) == 0:
        return []
    step = len(ordered) / count
    start = random.uniform(0, step)
    return [int(ordered[min(int(start + place * step), len(ordered) - 1)]) for place in range(count)]


def _wilson(share: float, count: int) -> tuple[float, float, float]:
    """A share with its 95 % interval."""
    middle = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
