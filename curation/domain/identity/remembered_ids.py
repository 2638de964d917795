"""Cluster ids of all faces that ever had one, so that who is away for a run, or grouped otherwise, gets the id back.

A face is known by its photo's content and its box, an id by the faces that had it. Of each face two ids are kept: the
first it ever had and the last. A cluster gets the id that most of its faces had; and where the groups are exactly those
of an earlier run, all clusters get exactly the ids of that run, whatever happened in between.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box

__all__ = ["Claims", "RememberedIds", "face_keys", "first_ids", "group_keys", "ids_of_groups"]

KEY_BYTES = 16
MAX_GROUPINGS = 100
"""Groupings whose ids are remembered as a whole; those that were not seen for longest go first."""

_PURE_PART = 0.8  # of the known faces of a cluster had its id first
_FIRST, _LAST = 1.0, 0.9  # a vote for the id that a face had first counts a little more than one for the last


def face_keys(faces: Sequence[tuple[str, Box]]) -> NDArray[np.void]:
    """(N,) keys of faces by the SHA-256 of the photo's content and the box."""
    joined = b"".join(
        blake2b(f"{sha256}:{box.x},{box.y},{box.w},{box.h}".encode(), digest_size=KEY_BYTES).digest()
        for sha256, box in faces
    )
    return np.frombuffer(joined, dtype=np.dtype((np.void, KEY_BYTES)))


@dataclass(frozen=True, slots=True, eq=False)
class RememberedIds:
    """What is remembered of all runs.

    Attributes:
        keys: (K,) sorted, see `face_keys`.
        first: (K,) the id that each face had first; -1 if it was only ever in clusters of several people who were
            apart before.
        last: (K,) the id that it had last.
        groupings: Ids of whole groupings: for the key of the grouping, the id of each of its groups in the order of
            their keys; the grouping of the last run comes last.
    """

    keys: NDArray[np.void] = field(default_factory=lambda: face_keys(()))
    first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    last: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    groupings: Mapping[bytes, tuple[int, ...]] = field(default_factory=dict)

    def find(self, keys: NDArray[np.void]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first and the last id of faces: two arrays (N,), -1 for faces that never had one."""
        nothing = np.full(len(keys), -1, dtype=np.int64)
        if len(self.keys) == 0 or len(keys) == 0:
            return nothing, nothing.copy()
        own, wanted = _sortable(self.keys), _sortable(keys)
        place = np.minimum(np.searchsorted(own, wanted), len(own) - 1)
        is_known = own[place] == wanted
        return np.where(is_known, self.first[place], -1), np.where(is_known, self.last[place], -1)

    def with_run(
        self, keys: NDArray[np.void], ids: NDArray[np.integer], grouping: tuple[bytes, tuple[int, ...]] | None
    ) -> RememberedIds:
        """The same after a run.

        Args:
            keys: (N,) of the faces of the run.
            ids: (N,) the cluster id of each as it was grouped, -1 for none.
            grouping: The key of the grouping and the ids of its groups in the order of their keys.
        """
        has_id = ids >= 0
        keys, ids = keys[has_id], ids[has_id].astype(np.int64)
        known, _ = self.find(keys)
        own = np.where(_is_pure(known, ids), ids, -1)
        joined = np.concatenate([_sortable(self.keys), _sortable(keys)])
        # The first of equal keys is the one that was remembered; read from behind, it is that of the last run.
        merged, first_at = np.unique(joined, return_index=True)
        _, from_behind = np.unique(joined[::-1], return_index=True)
        last_at = len(joined) - 1 - from_behind
        firsts = np.concatenate([self.first, own])
        firsts = np.where(firsts[first_at] >= 0, firsts[first_at], firsts[last_at])
        lasts = np.concatenate([self.last, ids])[last_at]
        groupings = dict(self.groupings)
        if grouping is not None:
            groupings.pop(grouping[0], None)
            groupings[grouping[0]] = grouping[1]
            groupings = dict(list(groupings.items())[-MAX_GROUPINGS:])
        raw = np.frombuffer(merged.tobytes(), dtype=np.uint8).reshape(len(merged), KEY_BYTES + 1)[:, :KEY_BYTES]
        return RememberedIds(
            np.frombuffer(raw.tobytes(), dtype=np.dtype((np.void, KEY_BYTES))), firsts, lasts, groupings
        )

    @property
    def highest(self) -> int:
        """The highest id; -1 if there is none."""
        of_groupings = max((max(ids, default=-1) for ids in self.groupings.values()), default=-1)
        return max(int(self.first.max(initial=-1)), int(self.last.max(initial=-1)), of_groupings)


def _is_pure(first: NDArray[np.integer], ids: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(N,) whether the cluster of each face is the one that most of its known faces had before.

    With other settings a cluster may hold several people. Whoever is first seen in it is not for that one of them.

    Args:
        first: (N,) the id that each face had first, -1 for none.
        ids: (N,) the id that it has now.
    """
    known, same = Counter(ids[first >= 0].tolist()), Counter(ids[first == ids].tolist())
    return np.array([same[id_] >= _PURE_PART * known[id_] for id_ in ids.tolist()], dtype=bool)


def _sortable(keys: NDArray[np.void]) -> NDArray[np.bytes_]:
    """The same bytes in a form that numpy can sort: bytes, ended so that trailing zeros count."""
    raw = np.frombuffer(keys.tobytes(), dtype=np.uint8).reshape(len(keys), KEY_BYTES)
    ended = np.concatenate([raw, np.ones((len(keys), 1), dtype=np.uint8)], axis=1)
    return np.frombuffer(ended.tobytes(), dtype=f"S{KEY_BYTES + 1}")


def group_keys(groups: NDArray[np.integer], keys: NDArray[np.void]) -> dict[int, bytes]:
    """A key of each group: the same for the same faces, whatever their order and the number of the group.

    Args:
        groups: (N,) -1 for none.
        keys: (N,) of the faces.
    """
    raw = _sortable(keys)
    order = np.lexsort((raw, groups))
    out: dict[int, bytes] = {}
    values, starts = np.unique(groups[order], return_index=True)
    ends = [*starts[1:], len(order)]
    for value, start, end in zip(values.tolist(), starts, ends, strict=False):
        if value >= 0:
            out[int(value)] = blake2b(raw[order[start:end]].tobytes(), digest_size=KEY_BYTES).digest()
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """What ids should go by.

    Attributes:
        pinned: (N,) the cluster that corrections give each face, below 0 for none.
        first: (N,) the id that each face had first, -1 for none.
        last: (N,) the id that it had last, -1 for none.
        labelled: For each cluster id with a label, the rows of the faces that were shown when it was labelled.
        looks_like: Whether the faces of a group, given by their rows, look like the person with an id. Asked for people
            with a label none of whose shown faces is there: they must not give their name to somebody else.
    """

    pinned: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    labelled: Mapping[int, NDArray[np.intp]]
    looks_like: Callable[[int, NDArray[np.intp]], bool] = lambda *_: True


def ids_of_groups(
    groups: NDArray[np.integer],
    photos: Sequence[str],
    keys: NDArray[np.void],
    claims: Claims,
    remembered: Mapping[bytes, tuple[int, ...]],
    *,
    next_id: int,
) -> tuple[dict[int, int], tuple[bytes, tuple[int, ...]]]:
    """The id of each group.

    First come ids that corrections give, then those of labelled people whose shown faces are in the group for the most
    part, then, if there were the same groups before, the ids of that time, then the ids that most faces of a group had,
    then new ones.

    Args:
        groups: (N,) -1 for none.
        photos: (N,) the photo of each face.
        keys: (N,) of the faces.
        claims: On ids.
        remembered: Earlier groupings, see `RememberedIds`.
        next_id: The first id that was never used.

    Returns:
        From group to id, and what `RememberedIds.with_run` wants to know.
    """
    claimed = _claimed(groups, claims)
    of_group = group_keys(groups, keys)
    in_order = sorted(of_group, key=of_group.__getitem__)
    grouping = blake2b(b"".join(of_group[group] for group in in_order), digest_size=KEY_BYTES).digest()
    before = remembered.get(grouping, ())
    if len(before) == len(in_order) and len(set(before)) == len(before):
        ids = dict(zip(in_order, before, strict=True))
        if all(ids[group] == id_ for group, id_ in claimed.items()) and all(
            group in claimed or claims.looks_like(id_, np.flatnonzero(groups == group)) for group, id_ in ids.items()
        ):
            return ids, (grouping, before)
    ids = _voted(groups, claims, claimed)
    new = np.array([-1 if group in ids else group for group in groups.tolist()], dtype=np.int64)
    ids |= first_ids(new, photos, next_id=next_id)
    return ids, (grouping, tuple(ids[group] for group in in_order))


def _claimed(groups: NDArray[np.integer], claims: Claims) -> dict[int, int]:
    """Ids that follow from the user's words, by group."""
    pinned = Counter(
        (int(groups[face]), int(claims.pinned[face]))
        for face in np.flatnonzero((claims.pinned >= 0) & (groups >= 0)).tolist()
    )
    out: dict[int, int] = {}
    _choose(out, pinned)
    votes: Counter[tuple[int, int]] = Counter()
    for id_, rows in claims.labelled.items():
        of_rows = groups[rows[claims.pinned[rows] < 0]]
        of_rows = of_rows[of_rows >= 0]
        for group, count in Counter(of_rows.tolist()).items():
            # One shown face among many of somebody else's does not make them the person.
            if 2 * count >= len(of_rows) and (count >= 3 or _is_mostly(id_, groups == group, claims)):
                votes[int(group), id_] += count
    _choose(out, votes)
    return out


def _is_mostly(id_: int, had: NDArray[np.bool_], claims: Claims) -> bool:
    """Whether most of some faces that are known, as `had` marks them, had an id."""
    known = int(((claims.first[had] == id_) | (claims.last[had] == id_)).sum())
    return 2 * known >= int((claims.first[had] >= 0).sum())


def _voted(groups: NDArray[np.integer], claims: Claims, claimed: Mapping[int, int]) -> dict[int, int]:
    def is_allowed(group: int, id_: int) -> bool:
        had = groups == group
        # A part of somebody that holds one face of a labelled person must not get their name.
        is_named = id_ not in claims.labelled or _is_mostly(id_, had, claims)
        return is_named and claims.looks_like(id_, np.flatnonzero(had))

    out = dict(claimed)
    is_one = claims.first >= 0
    changed = np.where(claims.last == claims.first, -1, claims.last)
    of_one: dict[tuple[int, int], float] = defaultdict(float)
    for weight, ids in ((_FIRST, claims.first), (_LAST, np.where(is_one, changed, -1))):
        for pair, count in _votes(groups, ids).items():
            of_one[pair] += weight * count
    _choose(out, of_one, is_allowed)
    # Faces that were only ever in clusters of several people do not know whose id that was.
    _choose(out, _votes(groups, np.where(is_one, -1, changed)), is_allowed)
    return out


def _votes(groups: NDArray[np.integer], ids: NDArray[np.int64]) -> Counter[tuple[int, int]]:
    """How many faces of each group have each id."""
    votes = (groups >= 0) & (ids >= 0)
    return Counter(zip(groups[votes].tolist(), ids[votes].tolist(), strict=True))


def _choose(
    out: dict[int, int],
    votes: Mapping[tuple[int, int], float],
    is_allowed: Callable[[int, int], bool] = lambda *_: True,
) -> None:
    """Give each group the id with the most votes, each id once; ties go to the lower id, then to the lower group."""
    taken = set(out.values())
    for (group, id_), _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0][1], vote[0][0])):
        if group not in out and id_ not in taken and is_allowed(group, id_):
            out[group] = id_
            taken.add(id_)


def first_ids(groups: NDArray[np.integer], photos: Sequence[str], *, next_id: int = 0) -> dict[int, int]:
    """Ids for groups that have none yet: by number of photos, then of faces, then by their first face.

    Args:
        groups: (N,) -1 is ignored.
        photos: (N,) the photo of each face.
        next_id: The first id to assign.

    Returns:
        From group to id.
    """
    order = np.argsort(groups, kind="stable")
    values, starts = np.unique(groups[order], return_index=True)
    members = {int(value): part for value, part in zip(values, np.split(order, starts)[1:], strict=True) if value >= 0}
    size = {
        group: (-len({photos[face] for face in faces}), -len(faces), int(faces[0])) for group, faces in members.items()
    }
    return {group: next_id + place for place, group in enumerate(sorted(members, key=lambda group: size[group]))}
