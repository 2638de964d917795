"""The user's corrections of what was found: same person, different people, not a face, not a person, a face, a cover.

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
    "cover_rows",
    "drawn_faces",
    "grouped_clusters",
    "next_free_id",
    "not_persons",
    "table_clusters",
]

NOBODY = -1
"""Cluster of an unknown face."""
NOT_A_PERSON = -2
"""Cluster of what is not a face, or not the face of a person: it counts nowhere, not even as an unknown face."""
SAME_PLACE_IOU = 0.5
"""Two boxes of one photo with this overlap or more are one face; see `curation.pipelines.clustering.identity`."""

_UNTOUCHED = -3


class CorrectionKind(StrEnum):
    """The kind of a correction."""

    SAME_PERSON = "same_person"
    DIFFERENT_PEOPLE = "different_people"
    NOT_A_FACE = "not_a_face"
    NOT_A_PERSON = "not_a_person"
    FACE = "face"
    COVER = "cover"

    @property
    def names_cluster(self) -> bool:
        """Whether it says which cluster its faces count to."""
        return self not in (CorrectionKind.NOT_A_FACE, CorrectionKind.FACE, CorrectionKind.COVER)


@dataclass(frozen=True, slots=True)
class CorrectedFace:
    """A face that a correction refers to.

    Attributes:
        image_path: Path of the photo.
        facial_area: Box in pixels of the upright full-size photo.
        was: The cluster that it counted to before the correction, -1 for none; an undo moves it back there.
        now: Path and box of the face now, if its photo was renamed or edited since; None for the two above.
        is_found: Whether the face was found in the last run.
    """

    image_path: str
    facial_area: Box
    was: int = NOBODY
    now: tuple[str, Box] | None = None
    is_found: bool = True

    @property
    def place(self) -> tuple[str, Box] | None:
        """Path and box now; None if it was not found."""
        return (self.now or (self.image_path, self.facial_area)) if self.is_found else None


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction of the grouping by the user.

    Attributes:
        id: Its id.
        at: When it was made, UTC, ISO 8601.
        kind: `same_person`: `faces` and `others` are the person `cluster`. `different_people`: `faces` are the person
            `cluster`, and none of `others` is that person. `not_a_face`: `faces` are not faces. `not_a_person`:
            `faces`, and all that count to `cluster`, are not of a person but, for example, of a statue or a poster.
            `face`: the user drew the one of `faces`; who it is, other corrections say. `cover`: the one of `faces` is
            the picture of whoever it counts to.
        faces: At least one; of the last two kinds exactly one.
        others: Only for the first two kinds.
        cluster: The id that the faces count to; -1 for kinds that name none.
        undone: Whether the user undid it.
        applied: Whether the last clustering run followed it, so that its effect is in the table.
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
        """The faces that it moves to its cluster."""
        if self.kind in (CorrectionKind.FACE, CorrectionKind.COVER):
            return ()
        return self.faces + self.others if self.kind is CorrectionKind.SAME_PERSON else self.faces

    @property
    def target(self) -> int:
        """The cluster that it moves them to."""
        return NOT_A_PERSON if self.kind is CorrectionKind.NOT_A_FACE else self.cluster


class PlacedFace(Protocol):
    """The part of a row of face_data.csv that corrections need."""

    @property
    def image_path(self) -> str:
        """Path of the photo."""

    @property
    def facial_area(self) -> Box:
        """Box in pixels of the upright full-size photo."""

    @property
    def cluster_id(self) -> int:
        """Cluster of the face, -1 for none."""


class FacePlaces:
    """Finds the faces that corrections refer to in a table: those at the same place of the same photo."""

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

    def row(self, place: tuple[str, Box]) -> int | None:
        """The row with exactly this path and box; None if there is none."""
        return self._rows.get(place)

    def find(self, faces: Sequence[CorrectedFace]) -> NDArray[np.intp]:
        """(F,) the row of each face, -1 where it is not found.

        An equal box matches, otherwise the one with the largest overlap, if that is at least `SAME_PLACE_IOU`. No row
        matches two different boxes.
        """
        places = [face.place for face in faces]
        out = np.array([-1 if place is None else self._rows.get(place, -1) for place in places], dtype=np.intp)
        missing = [face for face in np.flatnonzero(out < 0).tolist() if places[face] is not None]
        if missing:
            self._find_moved(faces, out, missing)
        return out

    def _find_moved(self, faces: Sequence[CorrectedFace], out: NDArray[np.intp], missing: Sequence[int]) -> None:
        taken = set(out.tolist())
        wanted: dict[tuple[str, Box], list[int]] = defaultdict(list)
        for number in missing:
            if (place := faces[number].place) is not None:
                wanted[place].append(number)
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
    """The corrections that were not undone, in their order."""
    return [correction for correction in corrections if not correction.undone]


def not_persons(corrections: Iterable[Correction]) -> frozenset[int]:
    """Clusters that are not people."""
    return frozenset(c.cluster for c in active_corrections(corrections) if c.kind is CorrectionKind.NOT_A_PERSON)


def table_clusters(
    clusters: Sequence[int] | NDArray[np.integer], corrections: Sequence[Correction], places: FacePlaces
) -> NDArray[np.int64]:
    """(N,) cluster ids for face_data.csv after a clustering run: corrected, with -2 for what is not a face.

    Clusters that are not people keep their ids here, so that the next run finds them again.

    Args:
        clusters: (N,) cluster ids of the rows of the table.
        corrections: In the order in which they were made.
        places: Places of the same rows.
    """
    out = np.array(clusters, dtype=np.int64)
    for correction in corrections:
        if correction.undone and not correction.applied:
            continue
        moved = correction.moved
        rows = places.find(moved)
        is_found = rows >= 0
        if correction.undone:
            # The table still has what was undone since: its faces go back where they came from.
            out[rows[is_found]] = np.array([face.was for face in moved], dtype=np.int64)[is_found]
        else:
            out[rows[is_found]] = correction.target
    for row in _taken_back(corrections, places):
        out[row] = NOT_A_PERSON
    return out


def _taken_back(corrections: Sequence[Correction], places: FacePlaces) -> Iterable[int]:
    """Rows of drawn faces that the table still has, but that the user took back since."""
    drawn = drawn_faces(corrections)
    for correction in corrections:
        if correction.kind is CorrectionKind.FACE and correction.undone and correction.applied:
            place = correction.faces[0].place
            row = None if place is None or place in drawn else places.row(place)
            if row is not None:
                yield row


def drawn_faces(corrections: Iterable[Correction]) -> list[tuple[str, Box]]:
    """Path and box of the faces that the user drew, where they are now, in the order in which they were drawn."""
    places = (c.faces[0].place for c in active_corrections(corrections) if c.kind is CorrectionKind.FACE)
    return list(dict.fromkeys(place for place in places if place is not None))


def cover_rows(corrections: Iterable[Correction], places: FacePlaces) -> list[int]:
    """The rows of the faces that the user chose as covers, the last chosen one first."""
    chosen = [c.faces[0] for c in active_corrections(corrections) if c.kind is CorrectionKind.COVER]
    return [int(row) for row in places.find(chosen[::-1]) if row >= 0] if chosen else []


def grouped_clusters(
    clusters: Sequence[int] | NDArray[np.integer], corrections: Sequence[Correction], places: FacePlaces
) -> NDArray[np.int64]:
    """(N,) the cluster of each face as it was grouped: where the corrections that count found it.

    Args:
        clusters: (N,) cluster ids of the rows of the table, which may have followed corrections.
        corrections: In the order in which they were made.
        places: Places of the same rows.
    """
    out = np.array(clusters, dtype=np.int64)
    for correction in reversed(corrections):
        rows = places.find(correction.moved)
        is_found = rows >= 0
        out[rows[is_found]] = np.array([face.was for face in correction.moved], dtype=np.int64)[is_found]
    return out


def corrected_clusters(
    rows: Sequence[PlacedFace], corrections: Sequence[Correction], *, places: FacePlaces | None = None
) -> NDArray[np.int64]:
    """The cluster that each face counts to after the user's corrections.

    It is idempotent: applied to its own result it returns the same.

    Args:
        rows: Rows of face_data.csv.
        corrections: In the order in which they were made.
        places: Places of the same rows; None computes them.

    Returns:
        (N,) cluster ids: from 0 a person, -1 (`NOBODY`) an unknown face, -2 (`NOT_A_PERSON`) what is to be ignored
        everywhere.
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
    """What corrections require of a grouping.

    Attributes:
        cluster: (N,) the cluster that corrections give each face: -1 without a correction, -2 for what is not a face.
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
    """What the corrections require of a grouping of these faces.

    Faces that were moved to one cluster belong together. Faces that were split off are not the person of the faces
    that they were split from, until either is split off again or moved to the cluster of the other.

    Args:
        corrections: In the order in which they were made.
        places: Places of all faces.
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
    """The first cluster id that no correction refers to, including undone ones: ids are never reused."""
    return 1 + max((max((c.cluster, *(face.was for face in c.faces + c.others))) for c in corrections), default=NOBODY)
