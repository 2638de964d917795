"""An index of the faces of an event: lookup by photo, by cluster and by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import FaceRow
from curation.domain.faces.ids import face_id, parse_face_id, photo_id

__all__ = ["EventIndex", "FaceEntry"]


@dataclass(frozen=True, slots=True)
class FaceEntry:
    """A face and the cluster that it is in now.

    Attributes:
        face_id: See `curation.domain.faces.ids`.
        photo_id: Id of its photo.
        row: Its row of face_data.csv, with the `cluster_id` of the last clustering run.
        cluster_id: Its cluster after the user's corrections; -1 for a face that is in no cluster.
    """

    face_id: str
    photo_id: str
    row: FaceRow
    cluster_id: int


@dataclass(frozen=True, slots=True, eq=False)
class _Photos:
    """What stays the same when faces move to other clusters.

    Attributes:
        paths: Paths of the photos that have faces, in the order of the table.
        ids: Ids of these photos.
        number: Index in `paths`, by photo id.
        faces: For each photo the rows of its faces, from left to right.
        photo: (N,) for each row the index of its photo.
        quality: (N,) face quality of each row.
    """

    paths: tuple[str, ...]
    ids: tuple[str, ...]
    number: Mapping[str, int]
    faces: tuple[tuple[int, ...], ...]
    photo: NDArray[np.int64]
    quality: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Sequence[FaceRow]) -> _Photos:
        faces: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            faces.setdefault(row.image_path, []).append(place)
        photo = np.zeros(len(rows), dtype=np.int64)
        for number, places in enumerate(faces.values()):
            places.sort(key=lambda place: rows[place].face_index)
            photo[places] = number
        ids = tuple(map(photo_id, faces))
        return cls(
            tuple(faces),
            ids,
            {name: number for number, name in enumerate(ids)},
            tuple(map(tuple, faces.values())),
            photo,
            np.fromiter((row.face_quality for row in rows), dtype=np.float64, count=len(rows)),
        )


class EventIndex:
    """All faces of an event. An index is immutable; `regrouped` returns a new one.

    Attributes:
        rows: Rows of face_data.csv.
        cluster_ids: (N,) the cluster of each row after the user's corrections; -1 for none, -2 for what is not the face
            of a person. Read-only.
        covers: Rows of the faces that the user chose as covers of their people, the last chosen one first.
    """

    def __init__(self, rows: Sequence[FaceRow]) -> None:
        """Use the clusters of the table, without corrections."""
        self.rows = tuple(rows)
        self.cluster_ids = np.fromiter((row.cluster_id for row in self.rows), dtype=np.int64, count=len(self.rows))
        self._photos = _Photos.of(self.rows)
        self.covers: tuple[int, ...] = ()

    def regrouped(
        self, cluster_ids: Sequence[int] | NDArray[np.integer], covers: Sequence[int] | None = None
    ) -> EventIndex:
        """A new index of the same faces in other clusters.

        Args:
            cluster_ids: (N,) one for each of `rows`, -1 for none.
            covers: Rows of chosen covers, the last chosen one first; None keeps them.
        """
        clusters = np.array(cluster_ids, dtype=np.int64)
        if clusters.shape != self.cluster_ids.shape:
            raise ValueError(f"{len(self.rows)} faces need as many clusters, not {clusters.shape}")
        other = EventIndex.__new__(EventIndex)
        other.rows = self.rows
        other.cluster_ids = clusters
        other._photos = self._photos
        other.covers = self.covers if covers is None else tuple(covers)
        return other

    @property
    def image_paths(self) -> tuple[str, ...]:
        """Paths of all photos that have faces."""
        return self._photos.paths

    def image_path(self, photo: str) -> str | None:
        """The path of a photo by its id; None if it has no faces."""
        number = self._photos.number.get(photo)
        return None if number is None else self._photos.paths[number]

    def faces_of_photo(self, photo: str) -> tuple[FaceEntry, ...]:
        """The faces of a photo from left to right; empty for an unknown id."""
        number = self._photos.number.get(photo)
        return () if number is None else tuple(map(self.entry, self._photos.faces[number]))

    def clusters_of_photo(self, photo: str) -> frozenset[int]:
        """The clusters of the faces of a photo."""
        number = self._photos.number.get(photo)
        places = () if number is None else self._photos.faces[number]
        return frozenset(int(self.cluster_ids[place]) for place in places if self.cluster_ids[place] >= 0)

    def face(self, face: str) -> FaceEntry | None:
        """A face by its id; None if there is no such face."""
        place = self.place(face)
        return None if place is None else self.entry(place)

    def place(self, face: str) -> int | None:
        """The index of a face in `rows`, by its id; None if there is no such face."""
        parsed = parse_face_id(face)
        number = None if parsed is None else self._photos.number.get(parsed[0])
        if parsed is None or number is None:
            return None
        return next((p for p in self._photos.faces[number] if self.rows[p].face_index == parsed[1]), None)

    @cached_property
    def _members(self) -> dict[int, NDArray[np.int64]]:
        """For each cluster the rows of its faces: the chosen cover, then the best ones first."""
        quality = np.where(np.isnan(self._photos.quality), 0.0, self._photos.quality)
        order = np.lexsort((-quality, self.cluster_ids)).astype(np.int64)
        clusters, starts = np.unique(self.cluster_ids[order], return_index=True)
        parts = np.split(order, starts[1:]) if len(clusters) else []
        members = {int(c): part for c, part in zip(clusters.tolist(), parts, strict=True) if c >= 0}
        for row in reversed(self.covers):
            part = members.get(int(self.cluster_ids[row]))
            if part is not None:
                members[int(self.cluster_ids[row])] = np.concatenate([[row], part[part != row]]).astype(np.int64)
        return members

    def cover(self, cluster: int) -> int | None:
        """The row of the face that the user chose as the cover of a cluster; None if none was chosen."""
        return next((row for row in self.covers if self.cluster_ids[row] == cluster), None)

    @cached_property
    def photo_counts(self) -> Mapping[int, int]:
        """The number of different photos of each cluster that has faces."""
        width = max(1, len(self._photos.paths))
        inside = self.cluster_ids >= 0
        pairs = np.unique(self.cluster_ids[inside] * width + self._photos.photo[inside])
        clusters, counts = np.unique(pairs // width, return_counts=True)
        return dict(zip(clusters.tolist(), counts.tolist(), strict=True))

    @cached_property
    def corrected(self) -> frozenset[int]:
        """The clusters whose faces differ from those of the last clustering run."""
        before = np.fromiter((row.cluster_id for row in self.rows), dtype=np.int64, count=len(self.rows))
        differ = before != self.cluster_ids
        clusters = frozenset([*before[differ].tolist(), *self.cluster_ids[differ].tolist()])
        return frozenset(cluster for cluster in clusters if cluster >= 0)

    def face_count(self, cluster: int) -> int:
        """The number of faces in a cluster; 0 if there is no such cluster."""
        return len(self._members.get(cluster, ()))

    def faces_of_cluster(self, cluster: int, limit: int | None = None, offset: int = 0) -> tuple[FaceEntry, ...]:
        """Faces of a cluster, the best to look at first.

        Args:
            cluster: Its id.
            limit: Maximum number of faces; None for all.
            offset: Number of faces to skip at the start.
        """
        members = self._members.get(cluster)
        if members is None:
            return ()
        end = None if limit is None else offset + limit
        return tuple(self.entry(place) for place in members[offset:end].tolist())

    def sample_faces(self, cluster: int, count: int) -> tuple[FaceEntry, ...]:
        """At most `count` faces of a cluster: the best one, and others spread evenly from good to poor."""
        members = self._members.get(cluster)
        if members is None or count < 1:
            return ()
        places = np.unique(np.linspace(0, len(members) - 1, min(count, len(members))).round().astype(np.int64))
        return tuple(self.entry(place) for place in members[places].tolist())

    def best_face(self, cluster: int) -> str:
        """The id of a cluster's best face.

        Raises:
            KeyError: If there is no such cluster.
        """
        place = int(self._members[cluster][0])
        return face_id(self._photos.ids[int(self._photos.photo[place])], self.rows[place].face_index)

    def photos_of_cluster(self, cluster: int) -> frozenset[str]:
        """The image paths of the photos that a cluster's faces are in."""
        members = self._members.get(cluster)
        if members is None:
            return frozenset()
        return frozenset(self._photos.paths[number] for number in np.unique(self._photos.photo[members]).tolist())

    def entry(self, place: int) -> FaceEntry:
        """The face of a row."""
        photo = self._photos.ids[int(self._photos.photo[place])]
        row = self.rows[place]
        return FaceEntry(face_id(photo, row.face_index), photo, row, int(self.cluster_ids[place]))
