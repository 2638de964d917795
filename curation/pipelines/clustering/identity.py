"""Matching the faces of this run with those of the last run, so that clusters keep their ids and labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou
from curation.domain.labelling.corrections import PlacedFace

__all__ = ["EarlierFace", "EarlierFaces", "Vectors", "matched_ids"]

_SAME_PLACE_IOU = 0.5
_SAME_FACE_COSINE = 0.9  # one face in one photo, even if the photo was saved again; two people have far less
_SAME_PHOTOS_SHARE = 0.3  # of the faces must be at the same places if embeddings cannot be compared
_BLOCK_ROWS = 2048  # vectors in memory at a time


class Vectors(Protocol):
    """(N, D) float32 of unit length that can be read by rows: an array, or a file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """N and D."""

    def __getitem__(self, rows: list[int], /) -> NDArray[np.float32]:
        """The vectors of some rows."""


class EarlierFace(PlacedFace, Protocol):
    """The part of a row of face_data.csv that is needed."""

    @property
    def embedding_row(self) -> int:
        """Of the embeddings."""


@dataclass(frozen=True, slots=True, eq=False)
class EarlierFaces:
    """The faces of the last run; `embeddings` is None if they cannot be compared with those of this run."""

    rows: Sequence[EarlierFace]
    embeddings: Vectors | None


def matched_ids(earlier: EarlierFaces, places: Sequence[tuple[str, Box]], embeddings: Vectors) -> dict[int, int]:
    """Match faces: at the same place of the photo with the same path, or with the same embedding under another path.

    Args:
        earlier: The faces of the last run.
        places: `image_path` and box of each face of this run.
        embeddings: Of the faces of this run.

    Returns:
        The earlier cluster id, which may be -1, by row of `places`, for all faces with a match.
    """
    at_same_place = _at_same_places(earlier.rows, places)
    vectors = earlier.embeddings
    comparable = vectors is not None and (len(places) == 0 or vectors.shape[1] == embeddings.shape[1])
    if vectors is not None and comparable:
        at_same_place = _with_similar_embeddings(at_same_place, earlier.rows, vectors, embeddings)
    pairs: dict[int, int] = {}
    best_iou: dict[int, float] = {}
    for face, old, iou in at_same_place:
        if iou >= best_iou.get(face, 0.0):
            pairs[face], best_iou[face] = old, iou
    if vectors is not None and comparable:
        pairs |= _same_content([face for face in range(len(places)) if face not in pairs], earlier, vectors, embeddings)
    elif len(pairs) < _SAME_PHOTOS_SHARE * min(len(earlier.rows), len(places)):
        # Cameras use the same file names in every event, so a few faces at the same places prove nothing.
        return {}
    return {face: earlier.rows[old].cluster_id for face, old in pairs.items()}


def _at_same_places(rows: Sequence[EarlierFace], places: Sequence[tuple[str, Box]]) -> list[tuple[int, int, float]]:
    """Face, earlier face and IoU of their boxes, for all pairs at the same place."""
    by_path: dict[str, list[int]] = defaultdict(list)
    for old, row in enumerate(rows):
        by_path[row.image_path].append(old)
    return [
        (face, old, iou)
        for face, (path, box) in enumerate(places)
        for old in by_path.get(path, ())
        if (iou := 1.0 if box == rows[old].facial_area else box_iou(box, rows[old].facial_area)) >= _SAME_PLACE_IOU
    ]


def _with_similar_embeddings(
    pairs: list[tuple[int, int, float]], rows: Sequence[EarlierFace], old_vectors: Vectors, vectors: Vectors
) -> list[tuple[int, int, float]]:
    """The pairs whose embeddings are so similar that they must be of one face."""
    similar = []
    for start in range(0, len(pairs), _BLOCK_ROWS):
        block = pairs[start : start + _BLOCK_ROWS]
        old = old_vectors[[rows[old].embedding_row for _, old, _ in block]]
        cosines = np.einsum("ij,ij->i", old, vectors[[face for face, _, _ in block]])
        similar += [pair for pair, cosine in zip(block, cosines.tolist(), strict=True) if cosine >= _SAME_FACE_COSINE]
    return similar


def _same_content(
    faces: Sequence[int], earlier: EarlierFaces, old_vectors: Vectors, vectors: Vectors
) -> dict[int, int]:
    """Earlier faces with an identical embedding: the same content gives the same bytes under any file name."""
    if not faces:
        return {}
    wanted = dict(_digests(vectors, faces))
    needed = set(wanted.values())
    old_rows = [row.embedding_row for row in earlier.rows]
    old_by_digest = {digest: old for old, (_, digest) in enumerate(_digests(old_vectors, old_rows)) if digest in needed}
    return {face: old_by_digest[digest] for face, digest in wanted.items() if digest in old_by_digest}


def _digests(vectors: Vectors, rows: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = list(rows[start : start + _BLOCK_ROWS])
        for row, vector in zip(block, vectors[block], strict=True):
            yield row, sha256(vector.tobytes()).digest()
