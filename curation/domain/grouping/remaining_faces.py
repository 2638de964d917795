"""A second look at the faces that are left over: alone, in a pair, or too poor to be grouped by themselves.

It uses what average linkage does not see: who is on the photo already (nobody is twice in a photo), who usually stands
beside them, and how far the faces of this event are from their own person and from others. The faces of a photo are
assigned together, one face a person.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.people_nearby import PeopleNearby, likely_people

__all__ = ["RemainingFaces", "join_remaining_faces"]

PERSON_FACES = 3
"""Clusters of at least so many good faces are established people: fewer are not reliable."""
SINGLE_FACE_CLUSTER = 5
"""A good face that is left over joins only a cluster of at least so many: it may well be somebody else."""
LEFT_OVER_FACES = 2
"""Good faces in clusters of up to so many are left over."""
POOR_FACE_PART = 0.5
"""How far a person may be from a poor face, as a share of the way from the limit of single faces to that of large
clusters."""
LEAST_PROBABILITY = 0.85
"""With which a face joins a person."""

_ROUNDS = 3  # who was assigned tells who stands beside whom
_BLOCK_ROWS = 1024


class RemainingFaces(NamedTuple):
    """Where the faces went.

    Attributes:
        labels: (N,) new labels of the good faces, from 0 to L - 1.
        poor: (P,) labels of the poor faces, -1 for none.
        joined: Number of good faces that joined a person.
    """

    labels: NDArray[np.int64]
    poor: NDArray[np.int64]
    joined: int


def join_remaining_faces(
    vectors: NDArray[np.float32],
    photo_of: NDArray[np.integer],
    labels: NDArray[np.int64],
    poor: NDArray[np.float32],
    photo_of_poor: NDArray[np.integer],
    rule: GroupingRule,
    *,
    settled: NDArray[np.bool_] | None = None,
) -> RemainingFaces:
    """Assign faces that are left over to people who are not yet on their photo.

    A face joins a person if it is within the limit of distance, and at least `LEAST_PROBABILITY` likely theirs: by
    the event's own distances, the number of faces of each person, and those who stand beside. Of the faces of one
    photo, each person gets at most one: those that are likeliest together.

    Where there is one established person only, the rule tells how far strangers are from it.

    Args:
        vectors: (N, D) the good faces, from `rule.compared`.
        photo_of: (N,) photo of each good face.
        labels: (N,) clusters of the good faces, from `group_faces`.
        poor: (P, D) faces that are too poor to be grouped, from `rule.compared`.
        photo_of_poor: (P,) photo of each poor face.
        rule: Grouping rule of the weights that made the embeddings.
        settled: (N,) good faces with corrections of the user: they stay where they are.
    """
    sizes = np.bincount(labels)
    established = np.flatnonzero(sizes >= PERSON_FACES)
    joined, poor_joined = labels.copy(), np.full(len(poor), -1, dtype=np.int64)
    left = sizes[labels] <= LEFT_OVER_FACES
    alone = np.flatnonzero(left if settled is None else left & ~settled)
    if len(established) > 0 and len(alone) + len(poor) > 0:
        number = np.full(len(sizes), -1, dtype=np.int64)
        number[established] = np.arange(len(established))
        people = PeopleNearby(vectors, photo_of, number[labels], len(established), rule)
        faces = np.concatenate([vectors[alone], poor])
        photos = np.concatenate([photo_of[alone], photo_of_poor]).astype(np.int64)
        is_poor = np.arange(len(faces)) >= len(alone)
        chosen = _Assignment(people, faces, photos, is_poor, rule).run()
        found = np.where(chosen >= 0, established[chosen], -1)
        joined[alone] = np.where(found[: len(alone)] >= 0, found[: len(alone)], labels[alone])
        poor_joined = found[len(alone) :].astype(np.int64)
    moved = int((joined != labels).sum())
    used, numbers = np.unique(joined, return_inverse=True)
    has = poor_joined >= 0
    poor_joined[has] = np.searchsorted(used, poor_joined[has])
    return RemainingFaces(numbers.astype(np.int64), poor_joined, moved)


class _Assignment:
    """Faces that are left over, and the people near each of them."""

    def __init__(
        self,
        people: PeopleNearby,
        faces: NDArray[np.float32],
        photos: NDArray[np.int64],
        is_poor: NDArray[np.bool_],
        rule: GroupingRule,
    ) -> None:
        self._people = people
        self._faces = faces
        self._photos = photos
        self._chosen = np.full(len(faces), -1, dtype=np.intp)
        wide = max(rule.group_distance - rule.single_distance, 0.0)
        limit = rule.single_distance + np.where(is_poor, POOR_FACE_PART, 1.0) * wide
        least = np.where(is_poor, PERSON_FACES, SINGLE_FACE_CLUSTER)
        # The people that a face is near enough to; most faces are near nobody.
        self._near: list[NDArray[np.intp]] = []
        for start in range(0, len(faces), _BLOCK_ROWS):
            away = people.distances(faces[start : start + _BLOCK_ROWS])
            part = slice(start, start + len(away))
            is_near = (away < limit[part, None]) & (people.sizes >= least[part, None])
            self._near += [np.flatnonzero(flags) for flags in is_near]

    def run(self) -> NDArray[np.intp]:
        """(F,) the person that each face joins, or -1."""
        waiting: dict[int, list[int]] = defaultdict(list)
        for face, near in enumerate(self._near):
            if len(near) > 0:
                waiting[int(self._photos[face])].append(face)
        for _ in range(_ROUNDS):
            # All photos are decided by what is known at the beginning of the round, so their order does not matter.
            found = [(face, who) for photo, faces in waiting.items() for face, who in self._of_photo(photo, faces)]
            if not found:
                break
            for face, who in found:
                self._chosen[face] = who
                photo = int(self._photos[face])
                self._people.add(who, photo)
                waiting[photo].remove(face)
        return self._chosen

    def _of_photo(self, photo: int, faces: list[int]) -> list[tuple[int, int]]:
        there = self._people.on_photo(photo)
        candidates = np.array(
            sorted({who for face in faces for who in self._near[face].tolist()} - there), dtype=np.intp
        )
        if len(candidates) == 0:
            return []
        is_near = np.array([np.isin(candidates, self._near[face]) for face in faces])
        odds = self._people.log_odds(self._people.distances(self._faces[faces], candidates), candidates, there)
        odds[~is_near] = -np.inf
        # Every face may also stay alone, at no gain.
        gain = np.concatenate([np.maximum(odds, 0.0), np.zeros((len(faces), len(faces)))], axis=1)
        rows, columns = linear_sum_assignment(gain, maximize=True)
        taken = {
            row: column
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
            if column < len(candidates) and odds[row, column] > 0
        }
        out = []
        for row, column in taken.items():
            free = odds[row].copy()
            free[[other for of_row, other in taken.items() if of_row != row]] = -np.inf
            if likely_people(free[None])[0, column] >= LEAST_PROBABILITY:
                out.append((faces[row], int(candidates[column])))
        return out
