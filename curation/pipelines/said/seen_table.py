"""The event as the user saw it: the table of the last clustering, with the corrections laid over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou
from curation.domain.identity.said import FacePlace, known_by_path
from curation.domain.labelling.corrections import (
    SAME_PLACE_IOU,
    Correction,
    FacePlaces,
    PlacedFace,
    active_corrections,
    corrected_clusters,
    drawn_faces,
    grouped_clusters,
)

__all__ = ["SHOWN_FACES", "SeenTable", "ShownFace"]

SHOWN_FACES = 20
"""At most so many faces stand for a person who was labelled."""
_TYPICAL_PART = 0.6  # of a cluster: the faces nearest to its mean, so that a wrong face does not stand for the person


class ShownFace(PlacedFace, Protocol):
    """The part of a row of face_data.csv that is needed."""

    @property
    def embedding_row(self) -> int:
        """Of the embeddings."""

    @property
    def face_quality(self) -> float:
        """In [0, 1]."""


class SeenTable:
    """Implements `curation.domain.identity.settling.SeenEvent`; everything is read when it is first needed."""

    def __init__(
        self,
        read: Callable[[], tuple[Sequence[ShownFace], Sequence[Correction]]],
        contents: Callable[[], Mapping[str, str]],
        paths: Callable[[], Sequence[str]],
        vectors: Callable[[list[int]], NDArray[np.float32] | None],
    ) -> None:
        """Take what reads the parts.

        Args:
            read: Returns the rows of face_data.csv, and the corrections with where their faces are now.
            contents: Returns the SHA-256 of photos by path, as far as it is known.
            paths: Returns the paths of the event's photos without faces.
            vectors: Returns the embeddings of some `embedding_row`s, (n, D); None if they cannot be read.
        """
        self._read = read
        self._contents = contents
        self._paths = paths
        self._vectors = vectors

    @cached_property
    def _table(self) -> tuple[Sequence[ShownFace], NDArray[np.int64], NDArray[np.int64]]:
        """The rows, and the cluster of each after the corrections and as it was grouped."""
        rows, corrections = self._read()
        places = FacePlaces((row.image_path, row.facial_area) for row in rows)
        as_grouped = grouped_clusters([row.cluster_id for row in rows], active_corrections(corrections), places)
        return rows, corrected_clusters(rows, corrections, places=places), as_grouped

    @cached_property
    def _known(self) -> Mapping[str, str]:
        return self._contents()

    @cached_property
    def _of_photo(self) -> Mapping[str, list[Box]]:
        boxes: dict[str, list[Box]] = defaultdict(list)
        for row in self._table[0]:
            boxes[row.image_path].append(row.facial_area)
        # Faces that were drawn since the last run are seen by whoever drew them.
        for path, box in drawn_faces(self._read()[1]):
            if box not in boxes[path]:
                boxes[path].append(box)
        return boxes

    @cached_property
    def _without_faces(self) -> frozenset[str]:
        return frozenset(self._paths())

    def photo_key(self, image_path: str) -> str | None:
        """See `SeenEvent.photo_key`."""
        known = self._known.get(image_path)
        if known is not None:
            return known
        is_photo = image_path in self._of_photo or image_path in self._without_faces
        return known_by_path(image_path) if is_photo else None

    def box_at(self, image_path: str, box: Box) -> Box | None:
        """See `SeenEvent.box_at`."""
        boxes = self._of_photo.get(image_path, ())
        if box in boxes:
            return box
        best = max(boxes, key=lambda other: box_iou(box, other), default=None)
        return best if best is not None and box_iou(box, best) >= SAME_PLACE_IOU else None

    def shown_faces(self, cluster: int) -> Sequence[FacePlace]:
        """See `SeenEvent.shown_faces`: spread over the event, of those that are nearest to the person's mean."""
        rows, clusters, as_grouped = self._table
        shown = np.flatnonzero(clusters == cluster) if cluster >= 0 else np.zeros(0, dtype=np.intp)
        # What a correction brought into the cluster follows that correction, and leaves when it is taken back.
        own = shown[as_grouped[shown] == cluster]
        if not len(shown) and cluster >= 0:
            # A person who was merged into another one is still the same faces.
            own = np.flatnonzero(as_grouped == cluster)
        members = (own if len(own) else shown).tolist()
        if len(members) > SHOWN_FACES:
            members = self._typical(members)
        chosen = np.linspace(0, len(members) - 1, min(len(members), SHOWN_FACES)).round().astype(int).tolist()
        return [(rows[members[place]].image_path, rows[members[place]].facial_area) for place in chosen]

    def _typical(self, members: list[int]) -> list[int]:
        rows = self._table[0]
        vectors = self._vectors([rows[member].embedding_row for member in members])
        if vectors is None:
            likeness = np.array([rows[member].face_quality for member in members])
        else:
            likeness = vectors @ vectors.mean(axis=0)
        count = max(SHOWN_FACES, round(_TYPICAL_PART * len(members)))
        nearest = np.argsort(-likeness, kind="stable")[:count]
        return [members[place] for place in sorted(nearest.tolist())]
