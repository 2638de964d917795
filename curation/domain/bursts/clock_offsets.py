"""How far one camera's clock is ahead of another's, from the pictures alone.

Two photographers of one event take the same moments: the same people in the same composition. Pairs of photos that look
alike vote for the difference of their times. Wrong pairs vote for any difference, right ones for the same, so that the
true offset stands out, and how far it stands out is measured against the event itself: all other offsets, at which only
chance and the rhythm of the day bring alike photos together, show how many votes mean nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from curation.domain.bursts.photo_similarity import coarse_looks, photo_similarity, unpacked

__all__ = ["ClockMoment", "ClockOffset", "find_offset", "moments_of"]

_MOMENT_S = 5.0  # photos of one camera within this time are one vote: a burst would else outvote the day
_MOST_MOMENTS = 10_000  # of one camera; of more, every second, third, ... is taken
_ROWS_AT_ONCE = 512
_MOST_PAIRS = 60_000  # are compared closely
_COARSE_SIMILARITY = 0.35
_LEAST_WEIGHT = 3.0  # in nats: a pair that one in twenty pairs would be by chance says nothing
_MOST_OF_LOOKS, _MOST_OF_PEOPLE = 6.0, 6.0  # in nats, so that no pair outvotes several
_ALIKE = 0.5  # below this, two pictures differ in what they show
_HALF_WIDTHS_S = (4.0, 15.0, 60.0)  # photographers press their buttons within seconds, or stay at a scene for a minute
_AGREEING_S = 20.0  # clocks that differ by less agree
_LEAST_OFFSETS_S = (20.0, 180.0, 1200.0)  # that are believed if the pairs agree within these widths
_WINDOWS = 60
_APART = 6.0  # half-widths: windows nearer than this to each other share their pairs' scenes
_LEAST_PAIRS = 5
_LEAST_PAIRS_WITHIN = (5, 6, 8)  # for each of the widths: wide windows catch more by chance
_LEAST_SLOTS, _SLOT_S = 3, 300.0  # the pairs come from as many parts of the day: one scene proves nothing
# How many times as many votes as for any other offset, for each of the widths: typical ones, and all others, which may
# as well come from a second photographer who follows the first from table to table; those are never told by minutes.
_CLEARER_IF_TYPICAL, _CLEARER = (1.4, 1.5, 2.5), (1.4, 2.0, math.inf)
_PAIR_NATS = 5.0  # of a usual pair: votes divided by it are about as many as pairs
# The square root of a number of chance events varies by a half, whatever the number.
_ABOVE, _ABOVE_IF_TYPICAL = 1.2, 0.9  # square roots; typical are quarters of an hour: summer time, time zones, a day
_TYPICAL_S, _TYPICAL_WITHIN_S = 900.0, 90.0
_STAYS = 0.6  # of the best offset's votes: with so many for no offset at all, clocks stay as they are
_REFINED_S = 1.5


@dataclass(frozen=True, slots=True)
class ClockMoment:
    """One or a few photos that a camera took within seconds.

    Attributes:
        time_s: Of the photo in the middle, by the camera's clock.
        image_path: Of that photo.
        miniature: Of that photo, see `curation.photos.looks.miniature`.
        people: Keys of those who are in any of the photos.
    """

    time_s: float
    image_path: str
    miniature: bytes
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """An offset that the pictures tell.

    Attributes:
        offset_s: How far the second clock is ahead of the first; 0 where they agree.
        pairs: How many pairs of moments speak for it.
        votes: The weight of these pairs, in nats.
        others: The weight of the best other offset.
        within_s: Within which the pairs agree.
        examples: Paths of the pairs that speak for it the loudest: first and second camera's photo.
    """

    offset_s: float
    pairs: int
    votes: float
    others: float
    within_s: float
    examples: tuple[tuple[str, str], ...] = ()


def moments_of(photos: Sequence[ClockMoment]) -> list[ClockMoment]:
    """Photos of one camera as moments by time; of very many, an even part."""
    moments: list[list[ClockMoment]] = []
    for photo in sorted(photos, key=lambda one: (one.time_s, one.image_path)):
        if moments and photo.time_s - moments[-1][0].time_s <= _MOMENT_S:
            moments[-1].append(photo)
        else:
            moments.append([photo])
    step = -(-len(moments) // _MOST_MOMENTS)
    return [_joined(group) for group in moments[:: max(1, step)]]


def _joined(group: Sequence[ClockMoment]) -> ClockMoment:
    middle = group[len(group) // 2]
    people = frozenset().union(*(one.people for one in group))
    return ClockMoment(middle.time_s, middle.image_path, middle.miniature, people)


def find_offset(first: Sequence[ClockMoment], second: Sequence[ClockMoment]) -> ClockOffset | None:
    """How far the second camera's clock is ahead of the first's; None if the pictures do not tell.

    Args:
        first: Moments of one camera, see `moments_of`.
        second: Those of another one.
    """
    if min(len(first), len(second)) < _LEAST_PAIRS:
        return None
    rows, columns, weights = _alike_pairs(first, second)
    if len(rows) < _LEAST_PAIRS:
        return None
    times_a = np.array([one.time_s for one in first])
    times_b = np.array([one.time_s for one in second])
    differences = times_b[columns] - times_a[rows]
    order = np.argsort(differences, kind="stable")
    votes = _Votes(rows[order], columns[order], weights[order], differences[order], times_a)
    for width, (half_width, least) in enumerate(zip(_HALF_WIDTHS_S, _LEAST_OFFSETS_S, strict=True)):
        found = _peak(votes, width)
        if found is not None:
            told = _told(votes, *found, half_width, first, second)
            if abs(told.offset_s) <= max(half_width, _AGREEING_S):
                return replace(told, offset_s=0.0)
            # Between the two, it is not clear whether somebody came a little later or the clock is wrong.
            return told if abs(told.offset_s) >= least else None
    return None


# --- Pairs ------------------------------------------------------------------------------------------------

Places = NDArray[np.intp]
Floats = NDArray[np.float64]


def _alike_pairs(first: Sequence[ClockMoment], second: Sequence[ClockMoment]) -> tuple[Places, Places, Floats]:
    """The pairs that are rarely alike by chance, and how much each one says, in nats."""
    pictures = unpacked([one.miniature for one in (*first, *second)])
    looks = coarse_looks(pictures)
    known = _people_matrix([*first, *second])
    size = len(first)
    totals = known.sum(axis=1)
    rows, columns, worth = [], [], []
    for start in range(0, size, _ROWS_AT_ONCE):
        part = slice(start, min(size, start + _ROWS_AT_ONCE))
        likeness = looks[part] @ looks[size:].T
        shared = np.sqrt(known[part]) @ np.sqrt(known[size:]).T
        people = _people_worth(shared, totals[part][:, None], totals[size:][None, :])
        i, j = np.nonzero((likeness >= _COARSE_SIMILARITY) | (people >= _LEAST_WEIGHT))
        roughly = people[i, j] + np.maximum(likeness[i, j], 0.0)
        if len(i) > _MOST_PAIRS:
            best = np.argsort(-roughly, kind="stable")[:_MOST_PAIRS]
            i, j, roughly = i[best], j[best], roughly[best]
        rows.append(i + start)
        columns.append(j)
        worth.append(roughly)
    all_rows, all_columns = np.concatenate(rows), np.concatenate(columns)
    chosen = np.sort(np.argsort(-np.concatenate(worth), kind="stable")[:_MOST_PAIRS])
    all_rows, all_columns = all_rows[chosen], all_columns[chosen]
    if not len(all_rows):
        return all_rows, all_columns, np.zeros(0)
    alike = photo_similarity(pictures, all_rows, all_columns + size).astype(np.float64)
    shared = np.einsum("ij,ij->i", np.sqrt(known[all_rows]), np.sqrt(known[all_columns + size]))
    people = _people_worth(shared, totals[all_rows], totals[all_columns + size])
    weights = _looks_worth(alike, size * len(second)) + people
    wanted = weights >= _LEAST_WEIGHT
    return all_rows[wanted], all_columns[wanted], weights[wanted]


def _people_matrix(moments: Sequence[ClockMoment]) -> Floats:
    """What it says that each person is in each moment, in nats: somebody who is everywhere says nothing."""
    numbers: dict[str, int] = {}
    for one in moments:
        for key in sorted(one.people):
            numbers.setdefault(key, len(numbers))
    known = np.zeros((len(moments), max(1, len(numbers))))
    for row, one in enumerate(moments):
        for key in one.people:
            known[row, numbers[key]] = 1.0
    often = known.mean(axis=0)
    return np.asarray(known * -np.log(np.maximum(often, 1e-6)), dtype=np.float64)


def _people_worth(shared: Floats, one: Floats, other: Floats) -> Floats:
    """What the people say whom two moments share, less the more people are in one of them only."""
    union = np.maximum(one + other - shared, 1e-9)
    return np.minimum(shared * (shared / union), _MOST_OF_PEOPLE)


def _looks_worth(likeness: Floats, pairs: int) -> Floats:
    """What a likeness says, by how few of all pairs are as alike: before one backdrop all are, and it says nothing."""
    order = np.argsort(-likeness, kind="stable")
    ranks = np.empty(len(likeness))
    ranks[order] = np.arange(1, len(likeness) + 1)
    worth = np.minimum(-np.log(ranks / pairs), _MOST_OF_LOOKS)
    return np.where(likeness >= _ALIKE, worth, 0.0)


# --- Votes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Votes:
    """Pairs by the difference of their times: moments of both cameras, weights, and differences in seconds."""

    rows: Places
    columns: Places
    weights: Floats
    differences: Floats
    times_a: Floats

    def matched(self, low: float, high: float) -> list[int]:
        """The pairs within a window, each moment in one of them at most, those that say the most first."""
        start, end = np.searchsorted(self.differences, [low, high])
        used_rows: set[int] = set()
        used_columns: set[int] = set()
        chosen = []
        for place in (start + np.argsort(-self.weights[start:end], kind="stable")).tolist():
            row, column = int(self.rows[place]), int(self.columns[place])
            if row not in used_rows and column not in used_columns:
                used_rows.add(row)
                used_columns.add(column)
                chosen.append(place)
        return chosen

    def weight(self, chosen: Sequence[int]) -> float:
        return float(self.weights[list(chosen)].sum())


def _peak(votes: _Votes, width: int) -> tuple[list[int], float] | None:
    """The pairs of the window with the most votes, and the votes of the best other one; None if unclear."""
    half_width = _HALF_WIDTHS_S[width]
    scored = []
    for low in _windows(votes, half_width):
        chosen = votes.matched(low, low + 2 * half_width)
        scored.append((votes.weight(chosen), low + half_width, chosen))
    scored.sort(key=lambda one: (-one[0], one[1]))
    best, middle, chosen = scored[0]
    others = max((score for score, at, _ in scored[1:] if abs(at - middle) > _APART * half_width), default=0.0)
    slots = {int(votes.times_a[votes.rows[place]] // _SLOT_S) for place in chosen}
    if len(chosen) < _LEAST_PAIRS_WITHIN[width] or len(slots) < _LEAST_SLOTS:
        return None
    is_typical = abs(middle - round(middle / _TYPICAL_S) * _TYPICAL_S) <= _TYPICAL_WITHIN_S
    above = math.sqrt(best / _PAIR_NATS) - math.sqrt(others / _PAIR_NATS)
    clearer, least_above = (_CLEARER_IF_TYPICAL, _ABOVE_IF_TYPICAL) if is_typical else (_CLEARER, _ABOVE)
    if math.isinf(clearer[width]) or best < clearer[width] * others or above < least_above:
        return None
    if abs(middle) > 2 * half_width and votes.weight(votes.matched(-half_width, half_width)) >= _STAYS * best:
        return None
    return chosen, others


def _windows(votes: _Votes, half_width: float) -> list[float]:
    """Where the windows begin that hold the most, at least half a width apart."""
    sums = np.concatenate([[0.0], np.cumsum(votes.weights)])
    ends = np.searchsorted(votes.differences, votes.differences + 2 * half_width, side="right")
    inside = sums[ends] - sums[:-1]
    lows: list[float] = []
    taken: set[int] = set()
    for place in np.argsort(-inside, kind="stable").tolist():
        low = float(votes.differences[place])
        cell = math.floor(low / half_width)
        if cell in taken:
            continue
        taken.add(cell)
        lows.append(low)
        if len(lows) == _WINDOWS:
            break
    return lows


def _told(
    votes: _Votes,
    chosen: Sequence[int],
    others: float,
    half_width: float,
    first: Sequence[ClockMoment],
    second: Sequence[ClockMoment],
) -> ClockOffset:
    differences = votes.differences[list(chosen)]
    weights = votes.weights[list(chosen)]
    # Where the pairs are densest, then their mean there: those of one instant differ by less than those of one scene.
    near = np.exp(-0.5 * ((differences[:, None] - differences[None, :]) / _REFINED_S) ** 2) @ weights
    densest = differences[int(np.argmax(near))]
    kernel = weights * np.exp(-0.5 * ((differences - densest) / (2 * _REFINED_S)) ** 2)
    loudest = sorted(chosen, key=lambda place: (-votes.weights[place], place))[:3]
    return ClockOffset(
        round(float((kernel * differences).sum() / kernel.sum()), 1),
        len(chosen),
        round(votes.weight(chosen), 3),
        round(others, 3),
        half_width,
        tuple((first[votes.rows[p]].image_path, second[votes.columns[p]].image_path) for p in loudest),
    )
