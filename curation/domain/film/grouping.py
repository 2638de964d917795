"""Which tracks of films are one person: average linkage of the tracks' means, clean ones first.

A track's mean is a far better thing to compare than a face, and a film has a thousand times fewer tracks than faces.
Two tracks that are on screen at the same time are two people (but for mirrors, split screens and pictures on walls,
which hold near-copies), so they are never merged. Tracks that show profiles only, or are dark, blurred or tiny,
resemble each other whoever they are: they hold no group together, and join one afterwards if it is clearly theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from curation.domain.film.track import Track
from curation.domain.grouping.clusters import confidences
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.merge_evidence import decided_merges
from curation.domain.grouping.people_nearby import usual_strangers
from curation.domain.grouping.shared_photos import Strangers
from curation.domain.grouping.unreadable_faces import UnreadableRule
from curation.domain.linkage.average_linkage import merge_history

__all__ = [
    "ScreenMates",
    "TrackGroups",
    "canonical_order",
    "distances_of",
    "film_rule",
    "group_tracks",
    "margin_of",
    "screen_mates",
    "shows_somebody",
    "stands_alone",
]

Rows = NDArray[np.intp]

CLEAN_QUALITY = 0.3
"""The best face of a clean track has at least this quality: darker, more blurred and turned ones resemble each other
whoever they are."""
CLEAN_YAW_DEG = 60.0
"""And is turned to the side by at most this: only profiles of different people were nearer than 0.68."""
CLEAN_FACE_PX = 24
"""And its shorter side has at least so many pixels."""
CLEARLY_READABLE = 0.5
"""Of the limit from which on a face cannot be read: below it a face can, without a doubt."""
LEAST_TRACKS = 2
"""What is left over joins groups of at least so many more easily than a single track."""

_GROUP_PART = 0.6
"""Of the way from the limit of single faces to that of large clusters: where the limit of large groups of tracks is.
The mean of a track varies less than a face does, so strangers' averages are less wide apart from those of one person.
"""
_POOR_PART = 0.5
"""Of that way, for tracks that are left over."""
_MARGIN_SPREADS = 0.5
"""How much nearer than the second nearest a group has to be, in spreads of strangers, as for single photos."""
_LEAST_PAIRS, _LEAST_MOMENTS = 30, 5
"""Of tracks on screen together, before they tell how far strangers are, as for photos."""
_BLOCK_ROWS = 1024
_QUARTILES = 1.349  # between the quartiles of a normal distribution, in standard deviations


@dataclass(frozen=True, slots=True, eq=False)
class TrackGroups:
    """Groups of tracks.

    Attributes:
        labels: (N,) group of each track, from 0 to K - 1 by the first track of each; -1: nobody, see `shows_somebody`.
        confidence: (N,) how well each track fits its group, in [0, 1]; 0 for a track that is alone.
        rule: The limits that were applied.
    """

    labels: NDArray[np.int64]
    confidence: NDArray[np.float64]
    rule: GroupingRule


@dataclass(frozen=True, slots=True, eq=False)
class ScreenMates:
    """Pairs of tracks that are on screen at the same time.

    Attributes:
        pairs: (M, 2) their rows, the lower one first, rising.
        moments: (M,) a number for the shot of each pair.
    """

    pairs: Rows
    moments: NDArray[np.int64]


def canonical_order(tracks: Sequence[Track], films: NDArray[np.int64]) -> Rows:
    """An order that depends on the tracks alone, so that nothing depends on the order in which they are given."""
    return np.array(
        sorted(
            range(len(tracks)),
            key=lambda row: (
                int(films[row]),
                tracks[row].span,
                tracks[row].sightings[0].box,
                tracks[row].mean.tobytes(),
            ),
        ),
        dtype=np.intp,
    )


def screen_mates(tracks: Sequence[Track], films: NDArray[np.int64]) -> ScreenMates:
    """Which tracks are on screen at the same time.

    They are if they were seen in the same picture, or if their spans overlap by more than the tolerances of the ends
    explain: one face whose track broke is not two people.

    Args:
        tracks: N tracks.
        films: (N,) number of the film of each.
    """
    frames = [frozenset(sighting.frame_index for sighting in track.sightings) for track in tracks]
    # Whole numbers in the order of the times: comparing these is exact as well, and far faster.
    moments = {time: number for number, time in enumerate(sorted({time for track in tracks for time in track.span}))}
    starts, ends = ([moments[time] for time in times] for times in _spans(tracks))
    pairs: list[tuple[int, int]] = []
    for film in np.unique(films).tolist():
        there: list[int] = []
        for row in sorted(np.flatnonzero(films == film).tolist(), key=lambda row: (starts[row], row)):
            there = [other for other in there if ends[other] > starts[row]]
            pairs += [
                (min(row, other), max(row, other))
                for other in there
                if not frames[row].isdisjoint(frames[other]) or _overlap_s(tracks[row], tracks[other]) > 0
            ]
            there.append(row)
    pairs.sort()
    shots = {key: number for number, key in enumerate(sorted({(int(films[a]), tracks[a].shot) for a, _ in pairs}))}
    return ScreenMates(
        np.array(pairs, dtype=np.intp).reshape(-1, 2),
        np.array([shots[int(films[a]), tracks[a].shot] for a, _ in pairs], dtype=np.int64),
    )


def distances_of(vectors: NDArray[np.float32], pairs: Rows) -> NDArray[np.float64]:
    """(M,) cosine distances of the pairs of rows of (N, D)."""
    out = np.empty(len(pairs))
    for start in range(0, len(pairs), _BLOCK_ROWS):
        a, b = vectors[pairs[start : start + _BLOCK_ROWS].T].astype(np.float64)
        out[start : start + len(a)] = 1.0 - np.einsum("ij,ij->i", a, b)
    return out


def _spans(tracks: Sequence[Track]) -> tuple[list[Fraction], list[Fraction]]:
    """The starts and the ends."""
    return [track.span.start for track in tracks], [track.span.end for track in tracks]


def _overlap_s(one: Track, other: Track) -> float:
    """For how long two tracks are on screen together at least, in seconds; 0 or less if they may not be."""
    first, second = sorted((one, other), key=lambda track: track.span)
    overlap = float(min(first.span.end, second.span.end) - second.span.start)
    return overlap - first.end_tolerance_s - second.start_tolerance_s


def film_rule(rule: GroupingRule, strangers: Strangers | None = None) -> GroupingRule:
    """The limits for tracks, from those for faces: narrower for large groups; see `GroupingRule.fitted`."""
    fitted = rule.fitted(strangers)
    wide = fitted.group_distance - fitted.single_distance
    return replace(fitted, group_distance=fitted.single_distance + _GROUP_PART * wide)


def margin_of(rule: GroupingRule) -> float:
    """How much nearer than to the second nearest somebody has to be, as a cosine distance; from the faces' rule."""
    return _MARGIN_SPREADS * usual_strangers(rule)[1]


def group_tracks(
    tracks: Sequence[Track],
    rule: GroupingRule,
    *,
    film_of: Sequence[int] | None = None,
    unreadable: UnreadableRule | None = None,
    threads: int = 1,
) -> TrackGroups:
    """Group the tracks of one or several films by person. The order of the tracks does not matter.

    Args:
        tracks: N tracks, N from 0.
        rule: Of the weights, as for faces.
        film_of: (N,) number of the film of each track; all are of one if None.
        unreadable: Which faces cannot be read, for the weights; None if nobody knows.
        threads: Number of CPU threads. The result does not depend on it.

    Raises:
        ValueError: If a mean is not of unit length or holds no numbers.
    """
    films = np.zeros(len(tracks), dtype=np.int64) if film_of is None else np.asarray(film_of, dtype=np.int64)
    order = canonical_order(tracks, films)
    rows = order[shows_somebody(tracks, unreadable)[order]]
    labels = np.full(len(tracks), -1, dtype=np.int64)
    if len(rows) == 0:
        return TrackGroups(labels, np.zeros(len(tracks)), film_rule(rule))
    used = [tracks[row] for row in rows.tolist()]
    means = np.stack([track.mean for track in used]).astype(np.float32)
    if not np.isfinite(means).all() or abs(np.linalg.norm(means, axis=1) - 1.0).max() > 0.01:
        raise ValueError("the means of tracks are to be numbers, and of unit length")
    vectors = rule.compared(means)
    mates = screen_mates(used, films[rows])
    grouping = _Grouping(used, vectors, mates, rule, stands_alone(used, unreadable), threads)
    found = grouping.run()
    confidence = np.zeros(len(tracks))
    confidence[rows] = confidences(means, found, max(grouping.limits.group_distance, 1e-9))
    labels[rows] = found
    return TrackGroups(_numbered(labels), confidence, grouping.limits)


def _numbered(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbered by the first track of each group."""
    numbers: dict[int, int] = {}
    return np.array(
        [-1 if label < 0 else numbers.setdefault(label, len(numbers)) for label in labels.tolist()], dtype=np.int64
    )


def shows_somebody(tracks: Sequence[Track], unreadable: UnreadableRule | None) -> NDArray[np.bool_]:
    """Which tracks may be a person: they have faces, and at least one of them can be read.

    A hand, a lamp, a face in the dark or behind another head is followed like a face, but its embeddings lie where
    those of spoilt faces do.

    Args:
        tracks: N tracks.
        unreadable: For the weights; None if nobody knows.
    """
    out = np.array([len(track.faces) > 0 and len(track.mean) > 0 for track in tracks], dtype=np.bool_)
    if unreadable is None:
        return out
    for row in np.flatnonzero(out & ~stands_alone(tracks, unreadable)).tolist():
        faces = np.stack([face.face.detected.embedding for face in tracks[row].faces])
        out[row] = unreadable.likeness(faces).min() < CLEARLY_READABLE * unreadable.limit
    return out


def stands_alone(tracks: Sequence[Track], unreadable: UnreadableRule | None) -> NDArray[np.bool_]:
    """Which tracks may be a person of their own: their mean can be read. Others only join somebody.

    Args:
        tracks: N tracks.
        unreadable: For the weights; None if nobody knows.
    """
    out = np.array([len(track.faces) > 0 and len(track.mean) > 0 for track in tracks], dtype=np.bool_)
    rows = np.flatnonzero(out)
    if unreadable is not None and len(rows) > 0:
        out[rows] = ~unreadable.is_unreadable(np.stack([tracks[row].mean for row in rows.tolist()]))
    return out


def _is_clean(track: Track) -> bool:
    """Whether a track tells by itself who it shows."""
    return any(
        face.face.quality.score >= CLEAN_QUALITY
        and abs(face.face.quality.yaw_deg) <= CLEAN_YAW_DEG
        and face.face.quality.size_px >= CLEAN_FACE_PX
        for face in track.faces
    )


class _Grouping:
    """The grouping of N tracks with faces, in canonical order.

    Attributes:
        limits: The rule for these tracks.
    """

    def __init__(
        self,
        tracks: Sequence[Track],
        vectors: NDArray[np.float32],
        mates: ScreenMates,
        rule: GroupingRule,
        alone: NDArray[np.bool_],
        threads: int,
    ) -> None:
        self._vectors = vectors
        self._stands_alone = alone
        self._clean = np.array([_is_clean(track) for track in tracks]) & alone
        self._threads = threads
        self._margin = margin_of(rule)
        away = distances_of(vectors, mates.pairs)
        learned = rule.fitted(_strangers(away, mates.moments, 0.0)) if rule.follows_strangers else rule
        is_other = away >= learned.near_copy
        self._apart = mates.pairs[is_other]
        self.limits = film_rule(learned, _strangers(away[is_other], mates.moments[is_other], learned.near_copy))
        self._others: list[set[int]] = [set() for _ in tracks]
        for one, other in self._apart.tolist():
            self._others[one].add(other)
            self._others[other].add(one)

    def run(self) -> NDArray[np.int64]:
        """(N,) labels, from 0 on, in no particular order; -1 for nobody."""
        labels = np.full(len(self._vectors), -1, dtype=np.int64)
        clean, poor = np.flatnonzero(self._clean), np.flatnonzero(~self._clean)
        labels[clean] = self._linked(clean, self.limits)
        wide = self.limits.group_distance - self.limits.single_distance
        single, left = self.limits.single_distance, self.limits.single_distance + _POOR_PART * wide
        self._join(labels, poor, self._clean, left)
        # Now as near to the whole group, profiles included, as single tracks have to be.
        self._join(labels, np.flatnonzero(labels < 0), labels >= 0, single)
        self._join(labels, self._alone(labels), labels >= 0, left, joins_single=False)
        # Poor tracks that are nobody's are compared with each other at the limit of single ones, however many they are.
        rest = np.flatnonzero((labels < 0) & self._stands_alone)
        strict = replace(self.limits, group_distance=single)
        labels[rest] = self._linked(rest, strict) + labels.max(initial=-1) + 1
        return labels

    def _linked(self, rows: Rows, limits: GroupingRule) -> NDArray[np.int64]:
        """(R,) labels of some tracks from 0 on, by average linkage."""
        if len(rows) == 0:
            return np.zeros(0, dtype=np.int64)
        place = np.full(len(self._vectors), -1)
        place[rows] = np.arange(len(rows))
        apart = place[self._apart]
        vectors = self._vectors[rows]
        history = merge_history(
            vectors,
            max(limits.group_distance, limits.single_distance),
            together=_copies(vectors),
            apart=apart[(apart >= 0).all(axis=1)],
            threads=self._threads,
        )
        # A track is a photo of its own: what stands together is apart already.
        own = np.arange(len(rows))
        decided = decided_merges(history, vectors, own, np.zeros(len(rows), dtype=bool), limits)
        return decided.history.labels()

    def _alone(self, labels: NDArray[np.int64]) -> Rows:
        """Clean tracks that are alone in their group."""
        sizes = np.bincount(labels[labels >= 0], minlength=1)
        return np.flatnonzero((labels >= 0) & (sizes[labels] == 1) & self._clean)

    def _join(
        self,
        labels: NDArray[np.int64],
        rows: Rows,
        counts: NDArray[np.bool_],
        limit: float,
        *,
        joins_single: bool = True,
    ) -> None:
        """Let tracks join the groups that are clearly nearest, the nearest track first.

        Args:
            labels: (N,) groups, -1 for none; changed.
            rows: The tracks that may join.
            counts: (N,) of which tracks the means of the groups are made.
            limit: Of the distance.
            joins_single: Whether they may also join a group of a single track, at the limit of single tracks.
        """
        groups, owner, sizes = np.unique(labels[counts], return_inverse=True, return_counts=True)
        if len(rows) == 0 or len(groups) == 0:
            return
        sums = np.zeros((len(groups), self._vectors.shape[1]))
        np.add.at(sums, owner, self._vectors[counts].astype(np.float64))
        away = 1.0 - self._vectors[rows].astype(np.float64) @ (sums / sizes[:, None]).T
        limits = np.where(sizes >= LEAST_TRACKS, limit, self.limits.single_distance if joins_single else -np.inf)
        away[groups[None, :] == labels[rows][:, None]] = np.inf
        place = np.full(len(labels), -1)
        place[rows] = np.arange(len(rows))
        number = np.searchsorted(groups, labels)
        for row in np.flatnonzero(labels >= 0).tolist():
            away[self._mates_among(row, place), number[row]] = np.inf
        for at in np.argsort(away.min(axis=1), kind="stable").tolist():
            nearest = int(away[at].argmin())
            nearer_than = np.partition(away[at], 1)[1] - self._margin if len(groups) > 1 else np.inf
            if away[at, nearest] < limits[nearest] and away[at, nearest] <= nearer_than:
                labels[rows[at]] = groups[nearest]
                away[self._mates_among(int(rows[at]), place), nearest] = np.inf

    def _mates_among(self, row: int, place: NDArray[np.intp]) -> list[int]:
        """The places of the tracks that cannot be the same person."""
        return [at for other in self._others[row] if (at := int(place[other])) >= 0]


def _copies(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """(R,) the same number for tracks with the same vector, -1 for all others.

    A film that repeats itself (a loop, credits over scenes that were seen) has many of them. They would be merged first
    anyway, as nothing is nearer; but each of them would be weighed against each other one, all equally near. Copies
    that are on screen together are mirrors and not kept apart, so nothing that is apart is put together.
    """
    _, number, count = np.unique(vectors, axis=0, return_inverse=True, return_counts=True)
    number = number.reshape(-1)
    return np.where(count[number] > 1, number, -1).astype(np.int64)


def _strangers(away: NDArray[np.float64], moments: NDArray[np.int64], near_copy: float) -> Strangers | None:
    """How far tracks on screen together are from each other; None if there are too few."""
    is_other = away >= near_copy
    away, moments = away[is_other], moments[is_other]
    count = len(np.unique(moments))
    if len(away) < _LEAST_PAIRS or count < _LEAST_MOMENTS:
        return None
    low, middle, high = np.quantile(away, (0.25, 0.5, 0.75)).tolist()
    return Strangers(middle, (high - low) / _QUARTILES, len(away), count)
