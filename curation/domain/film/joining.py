"""Characters of films join the people who are known, and everybody keeps the id that the user knows.

Photos come first: a film never moves their clusters. Its tracks are grouped among themselves, and a group joins the
known person whose mean is near enough, and clearly nearer than that of anybody else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.geometry import box_iou
from curation.domain.film.grouping import ScreenMates, distances_of, film_rule, margin_of
from curation.domain.film.track import Sighting, Track
from curation.domain.grouping.grouping_rule import GroupingRule

__all__ = ["KnownPeople", "ids_of_earlier", "ids_of_groups", "joined_people"]

_APART_MARGINS = 2.0
"""How many margins nearer than a second person from whom the user keeps the nearest apart: these two resemble each
other."""


_SAME_PLACE = 0.3
"""Overlap of two boxes of one face that was found twice, at about the same time: intersection over union."""


def _no_pairs() -> NDArray[np.int64]:
    return np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class KnownPeople:
    """People whom tracks may join: the clusters of an event's photos.

    Attributes:
        cluster_ids: (N,) int64 ids, each once.
        means: (N, D) float32 mean of the embeddings of each cluster's faces, as the engine made them; of any length up
            to 1.
        sizes: (N,) int64 number of faces of each, from 1.
        apart: (M, 2) int64 pairs of ids that the user says are two people.
    """

    cluster_ids: NDArray[np.int64]
    means: NDArray[np.float32]
    sizes: NDArray[np.int64]
    apart: NDArray[np.int64] = field(default_factory=_no_pairs)

    def __post_init__(self) -> None:
        count = len(self.cluster_ids)
        if len(self.means) != count or len(self.sizes) != count or len(np.unique(self.cluster_ids)) != count:
            raise ValueError("known people have one id, mean and size each")


def joined_people(
    means: NDArray[np.float32],
    labels: NDArray[np.int64],
    mates: ScreenMates,
    known: KnownPeople,
    rule: GroupingRule,
    *,
    same_person: Mapping[int, str] | None = None,
) -> dict[int, int]:
    """Which known person each group of tracks is.

    A group joins the nearest person within the limit for their sizes, if that one is clearly nearer than the second
    nearest, by a margin that is double if the user keeps these two apart. Nobody is on screen twice at the same time:
    of two such groups only the nearer one joins, unless they are near-copies, as in a mirror.

    Args:
        means: (N, D) of unit length, the means of tracks.
        labels: (N,) group of each track, -1 for none.
        mates: Tracks that are on screen at the same time.
        known: The people.
        rule: For faces.
        same_person: The same text for all clusters of one person, by id; others are a person each.

    Returns:
        Cluster id by group; groups that join nobody are not in it.
    """
    used = np.flatnonzero(labels >= 0)
    if len(used) == 0 or len(known.cluster_ids) == 0:
        return {}
    groups, owner, sizes = np.unique(labels[used], return_inverse=True, return_counts=True)
    vectors = rule.compared(means[used])
    sums = np.zeros((len(groups), vectors.shape[1]))
    np.add.at(sums, owner, vectors.astype(np.float64))
    people = rule.compared(known.means.astype(np.float32)).astype(np.float64)
    away = 1.0 - (sums / sizes[:, None]) @ people.T
    limit = film_rule(rule).largest_distance(sizes[:, None].astype(np.int64), known.sizes[None, :].astype(np.int64))
    ids = known.cluster_ids.tolist()
    persons = [(same_person or {}).get(cluster, f"cluster:{cluster}") for cluster in ids]
    apart = {frozenset(pair) for pair in known.apart.tolist()}
    margin = margin_of(rule)
    conflicts = _conflicts(vectors, labels, used, mates, rule)
    joined: dict[int, int] = {}
    by_person: dict[str, set[int]] = defaultdict(set)
    for place in np.lexsort((groups, away.min(axis=1))).tolist():
        group = int(groups[place])
        free = [
            number
            for number in np.lexsort((known.cluster_ids, away[place])).tolist()
            if not conflicts[group] & by_person[persons[number]]
        ]
        if not free or not away[place, free[0]] < limit[place, free[0]]:
            continue
        nearest = free[0]
        second = next((number for number in free if persons[number] != persons[nearest]), None)
        if second is not None:
            is_apart = frozenset((ids[nearest], ids[second])) in apart
            needed = margin * (_APART_MARGINS if is_apart else 1.0)
            if away[place, second] - away[place, nearest] < needed:
                continue
        joined[group] = ids[nearest]
        by_person[persons[nearest]].add(group)
    return joined


def _conflicts(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    used: NDArray[np.intp],
    mates: ScreenMates,
    rule: GroupingRule,
) -> dict[int, set[int]]:
    """For each group those that are on screen at the same time as somebody else."""
    place = np.full(len(labels), -1)
    place[used] = np.arange(len(used))
    out: dict[int, set[int]] = defaultdict(set)
    sides = labels[mates.pairs]
    between = mates.pairs[(sides >= 0).all(axis=1) & (sides[:, 0] != sides[:, 1])]
    is_other = distances_of(vectors, place[between]) >= rule.near_copy
    for one, other in np.unique(labels[between[is_other]], axis=0).tolist():
        out[one].add(other)
        out[other].add(one)
    return out


def ids_of_groups(
    labels: NDArray[np.int64],
    times: Sequence[Fraction],
    joined: Mapping[int, int],
    earlier: NDArray[np.int64],
    first_new_id: int,
    seen: Collection[int],
) -> dict[int, int]:
    """The id of each group: of the known person whom it joins, else that which most of its tracks had, else a new one.

    Args:
        labels: (N,) group of each track, -1 for none.
        times: For how long each track is on screen.
        joined: From `joined_people`.
        earlier: (N,) id that each track had in an earlier run, -1 for none.
        first_new_id: New ids are from here on, the longest on screen first; not below it, nor among the earlier ones.
        seen: Groups that are seen enough to count; others get no new id.

    Returns:
        Id by group; a group without one is not in it.
    """
    out = dict(joined)
    votes: Counter[tuple[int, int]] = Counter()
    on_screen: dict[int, Fraction] = defaultdict(Fraction)
    first: dict[int, int] = {}
    for row, (label, before) in enumerate(zip(labels.tolist(), earlier.tolist(), strict=True)):
        if label < 0:
            continue
        first.setdefault(label, row)
        on_screen[label] += times[row]
        if before >= 0:
            votes[label, before] += 1
    taken = set(out.values())
    for (label, before), _ in sorted(votes.items(), key=lambda item: (-item[1], -on_screen[item[0][0]], item[0][1])):
        if label not in out and before not in taken:
            out[label] = before
            taken.add(before)
    next_id = max([first_new_id, *(before + 1 for before in earlier.tolist())])
    rest = [label for label in first if label not in out and label in seen]
    for label in sorted(rest, key=lambda label: (-on_screen[label], first[label])):
        out[label] = next_id
        next_id += 1
    return out


def ids_of_earlier(tracks: Sequence[Track], earlier: Sequence[tuple[Track, int]]) -> list[int]:
    """The id that each track of a film had when the film was looked at before, perhaps at other times; -1 for none.

    Args:
        tracks: As they are now.
        earlier: As they were, each with its id.
    """
    starts = np.array([float(track.span.start) for track, _ in earlier])
    ends = np.array([float(track.span.end) for track, _ in earlier])
    out = []
    for track in tracks:
        there = np.flatnonzero((starts < float(track.span.end)) & (ends > float(track.span.start))).tolist()
        votes = Counter(
            earlier[row][1] for row in there for sighting in track.sightings if _is_in(sighting, earlier[row][0])
        )
        out.append(min(votes, key=lambda one: (-votes[one], one)) if votes else -1)
    return out


def _is_in(sighting: Sighting, track: Track) -> bool:
    """Whether a track was where a face is, at that time."""
    if not track.span.start <= sighting.time < track.span.end:
        return False
    nearest = min(track.sightings, key=lambda other: abs(other.time - sighting.time))
    return box_iou(nearest.box, sighting.box) >= _SAME_PLACE
