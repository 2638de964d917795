"""What the user corrected in the grouping: one person, different people, not a face, not a person.

Corrections identify faces by photo and place, so they stay valid after every clustering run. Two things follow from
them: which cluster each face counts to (`corrected_clusters`, at once and without a new run), and what a later grouping
must and must not join (`constraints`). A later correction of a face replaces an earlier one; an undone correction has
no effect, as if it had never been made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou

__all__ = [
    "NOBODY",
    "NOT_A_PERSON",
    "SAME_PLACE_IOU",
    "Constraints",
    "CorrectedFace",
    "Correction",
    "CorrectionKind",
    "FacePlaces",
    "PlacedFace",
    "active_corrections",
    "constraints",
    "corrected_clusters",
    "next_free_id",
    "not_persons",
    "table_clusters",
]

NOBODY = -1
"""Cluster of a face that belongs to nobody known."""
NOT_A_PERSON = -2
"""Cluster of what is not a face, or the face of no person: it counts nowhere, not even as an unknown face."""
SAME_PLACE_IOU = 0.5
"""From here on two boxes of one photo are one face; see `curation.pipelines.clustering.identity`."""

_UNTOUCHED = -3


class CorrectionKind(StrEnum):
    """What a correction says."""

    SAME_PERSON = "same_person"
    DIFFERENT_PEOPLE = "different_people"
    NOT_A_FACE = "not_a_face"
    NOT_A_PERSON = "not_a_person"


@dataclass(frozen=True, slots=True)
class CorrectedFace:
    """A face that a correction names.

    Attributes:
        image_path: Of the photo.
        facial_area: In pixels of the upright full-size photo.
        was: The cluster that it counted to before the correction, -1 for none; where it goes back to.
    """

    image_path: str
    facial_area: Box
    was: int = NOBODY


@dataclass(frozen=True, slots=True)
class Correction:
    """One thing that the user said.

    Attributes:
        id: Its name.
        at: When it was said, UTC, ISO 8601.
        kind: `same_person`: `faces` and `others` are the person `cluster`. `different_people`: `faces` are the person
            `cluster`, and none of `others` is that person. `not_a_face`: `faces` are no faces. `not_a_person`:
            `faces`, and all that count to `cluster`, are of no person: a statue, a poster.
        faces: At least one.
        others: Only of the first two kinds.
        cluster: The id that the faces count to; -1 for `not_a_face`.
        undone: Whether the user took it back.
        applied: Whether the last clustering run followed it, so that its table has what the correction made.
    """

    id: str
    at: str
    kind: CorrectionKind
    faces: tuple[CorrectedFace, ...]
    others: tuple[CorrectedFace, ...] = ()
    cluster: int = NOBODY
    undone: bool = False
    applied: bool = False

    @property
    def moved(self) -> tuple[CorrectedFace, ...]:
        """The faces that it gives to its cluster."""
        return self.faces + self.others if self.kind is CorrectionKind.SAME_PERSON else self.faces

    @property
    def target(self) -> int:
        """Where it puts them."""
        return NOT_A_PERSON if self.kind is CorrectionKind.NOT_A_FACE else self.cluster


class PlacedFace(Protocol):
    """What is needed of a row of face_data.csv."""

    @property
    def image_path(self) -> str:
        """Of the photo."""

    @property
    def facial_area(self) -> Box:
        """In pixels of the upright full-size photo."""

    @property
    def cluster_id(self) -> int:
        """-1 for none."""


class FacePlaces:
    """Finds the faces of a table that corrections name: at the same place of the same photo."""

    def __init__(self, places: Iterable[tuple[str, Box]]) -> None:
        """Take `image_path` and box of every row."""
        self._boxes: list[Box] = []
        self._rows: dict[tuple[str, Box], int] = {}
        self._of_photo: dict[str, list[int]] = defaultdict(list)
        for row, (path, box) in enumerate(places):
            self._boxes.append(box)
            self._rows.setdefault((path, box), row)
            self._of_photo[path].append(row)

    def __len__(self) -> int:
        return len(self._boxes)

    def find(self, faces: Sequence[CorrectedFace]) -> NDArray[np.intp]:
        """(F,) the row of each face, -1 where it is not found.

        The same box counts, else the one that overlaps most, from `SAME_PLACE_IOU` on. No row is found for two
        different boxes.
        """
        out = np.array([self._rows.get((face.image_path, face.facial_area), -1) for face in faces], dtype=np.intp)
        missing = np.flatnonzero(out < 0).tolist()
        if missing:
            self._find_moved(faces, out, missing)
        return out

    def _find_moved(self, faces: Sequence[CorrectedFace], out: NDArray[np.intp], missing: Sequence[int]) -> None:
        taken = set(out.tolist())
        wanted: dict[tuple[str, Box], list[int]] = defaultdict(list)
        for place in missing:
            wanted[faces[place].image_path, faces[place].facial_area].append(place)
        pairs = [
            (-iou, row, path, box)
            for path, box in wanted
            for row in self._of_photo.get(path, ())
            if row not in taken and (iou := box_iou(box, self._boxes[row])) >= SAME_PLACE_IOU
        ]
        for _, row, path, box in sorted(pairs):
            if row not in taken and (path, box) in wanted:
                out[wanted.pop((path, box))] = row
                taken.add(row)


def active_corrections(corrections: Iterable[Correction]) -> list[Correction]:
    """Those that count, in their order."""
    return [correction for correction in corrections if not correction.undone]


def not_persons(corrections: Iterable[Correction]) -> frozenset[int]:
    """Clusters that are no persons."""
    return frozenset(c.cluster for c in active_corrections(corrections) if c.kind is CorrectionKind.NOT_A_PERSON)


def table_clusters(
    clusters: Sequence[int] | NDArray[np.integer], corrections: Sequence[Correction], places: FacePlaces
) -> NDArray[np.int64]:
    """(N,) cluster ids as face_data.csv has them after a run: corrected, with -2 for what is no face.

    Clusters of no persons keep their ids here, so that they are found again by the next run.

    Args:
        clusters: (N,) of the table's rows.
        corrections: In the order in which they were made.
        places: Of the same rows.
    """
    out = np.array(clusters, dtype=np.int64)
    for correction in corrections:
        if correction.undone and not correction.applied:
            continue
        moved = correction.moved
        rows = places.find(moved)
        is_found = rows >= 0
        if correction.undone:
            # The table has what was taken back since: its faces go where they came from.
            out[rows[is_found]] = np.array([face.was for face in moved], dtype=np.int64)[is_found]
        else:
            out[rows[is_found]] = correction.target
    return out


def corrected_clusters(
    rows: Sequence[PlacedFace], corrections: Sequence[Correction], *, places: FacePlaces | None = None
) -> NDArray[np.int64]:
    """The cluster that each face counts to, by what the user corrected.

    Applied to its own result it gives the same again.

    Args:
        rows: Of face_data.csv.
        corrections: In the order in which they were made.
        places: Of the same rows, if they are at hand; else they are made.

    Returns:
        (N,) cluster ids: from 0 a person, -1 (`NOBODY`) a face of nobody known, -2 (`NOT_A_PERSON`) what is to be
        left out everywhere.
    """
    clusters = np.array([row.cluster_id for row in rows], dtype=np.int64)
    if not corrections:
        return clusters
    if places is None:
        places = FacePlaces((row.image_path, row.facial_area) for row in rows)
    out = table_clusters(clusters, corrections, places)
    out[np.isin(out, list(not_persons(corrections)))] = NOT_A_PERSON
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Constraints:
    """What corrections ask of a grouping.

    Attributes:
        cluster: (N,) the id that corrections give each face: -1 where they say nothing, -2 for what is no face.
        apart: (M, 2) rows of faces that are different people, the lower one first, in ascending order.
    """

    cluster: NDArray[np.int64]
    apart: NDArray[np.intp]

    def __bool__(self) -> bool:
        return bool((self.cluster != NOBODY).any()) or len(self.apart) > 0

    @property
    def together(self) -> NDArray[np.int64]:
        """(N,) equal from 0 on for faces that are one person; -1 for all others."""
        return np.maximum(self.cluster, NOBODY)


def constraints(corrections: Sequence[Correction], places: FacePlaces) -> Constraints:
    """What the corrections ask of a grouping of these faces.

    Faces that were given to one cluster belong together. Faces that were split off are not the person of those that
    they were split from, until either is split off again or given to the other one's cluster.

    Args:
        corrections: In the order in which they were made.
        places: Of all faces.
    """
    cluster = np.full(len(places), _UNTOUCHED, dtype=np.int64)
    last_split = np.full(len(places), -1)
    pairs: list[tuple[int, NDArray[np.intp]]] = []
    for number, correction in enumerate(active_corrections(corrections)):
        rows = places.find(correction.moved)
        rows = rows[rows >= 0]
        cluster[rows] = correction.target
        if correction.kind in (CorrectionKind.DIFFERENT_PEOPLE, CorrectionKind.NOT_A_FACE):
            last_split[rows] = number
        if correction.kind is CorrectionKind.DIFFERENT_PEOPLE:
            others = places.find(correction.others)
            others = others[others >= 0]
            pairs.append((number, np.stack(np.meshgrid(rows, others, indexing="ij"), axis=-1).reshape(-1, 2)))
    cluster[cluster == _UNTOUCHED] = NOBODY
    held = [np.zeros((0, 2), dtype=np.intp)]
    for number, of_correction in pairs:
        first, second = cluster[of_correction[:, 0]], cluster[of_correction[:, 1]]
        is_valid = (last_split[of_correction] <= number).all(axis=1)
        is_valid &= ~((first == second) & (first >= 0)) & (of_correction[:, 0] != of_correction[:, 1])
        is_valid &= (first != NOT_A_PERSON) & (second != NOT_A_PERSON)
        held.append(np.sort(of_correction[is_valid], axis=1))
    return Constraints(cluster, np.unique(np.concatenate(held), axis=0))


def next_free_id(corrections: Iterable[Correction]) -> int:
    """The first cluster id that no correction names, undone ones included: ids are never used again."""
    return 1 + max((max((c.cluster, *(face.was for face in c.faces + c.others))) for c in corrections), default=NOBODY)
