"""Which face of an earlier run is which face of this run, so that clusters keep their ids and labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces import Box, FaceRow
from curation.domain.geometry import box_iou

__all__ = ["EarlierFaces", "matched_ids"]

_SAME_PLACE_IOU = 0.5
_SAME_FACE_COSINE = 0.9  # of one face in one photo, also when it was saved again; of two people far less
_SAME_PHOTOS_SHARE = 0.3  # where embeddings cannot be compared, so many faces must lie at the same places


@dataclass(frozen=True, slots=True, eq=False)
class EarlierFaces:
    """Faces of the last run; `embeddings` is None if they cannot be compared with the present ones."""

    rows: Sequence[FaceRow]
    embeddings: NDArray[np.float32] | None


def matched_ids(
    earlier: EarlierFaces, places: Sequence[tuple[str, Box]], embeddings: NDArray[np.float32]
) -> dict[int, int]:
    """Find faces again: at the same place of the same path, or with the same embedding under another path.

    Args:
        earlier: The faces of the last run.
        places: `image_path` and box of each present face.
        embeddings: (N, D) of the present faces.

    Returns:
        From row of `places` to the earlier cluster id, -1 included; faces that were not found are left out.
    """
    by_path: dict[str, list[int]] = defaultdict(list)
    for old, row in enumerate(earlier.rows):
        by_path[row.image_path].append(old)
    vectors = earlier.embeddings
    comparable = vectors is not None and (len(embeddings) == 0 or vectors.shape[1] == embeddings.shape[1])
    pairs: dict[int, int] = {}
    for face, (path, box) in enumerate(places):
        best, best_iou = None, _SAME_PLACE_IOU
        for old in by_path.get(path, ()):
            iou = box_iou(box, earlier.rows[old].facial_area)
            if iou < best_iou:
                continue
            if comparable and vectors is not None:
                row = vectors[earlier.rows[old].embedding_row]
                if float(row @ embeddings[face]) < _SAME_FACE_COSINE:
                    continue
            best, best_iou = old, iou
        if best is not None:
            pairs[face] = best
    if comparable and vectors is not None:
        # The same content gives the same bytes, whatever the file is called now.
        by_content = {vectors[row.embedding_row].tobytes(): old for old, row in enumerate(earlier.rows)}
        for face in range(len(places)):
            if face not in pairs and (found := by_content.get(embeddings[face].tobytes())) is not None:
                pairs[face] = found
    elif len(pairs) < _SAME_PHOTOS_SHARE * min(len(earlier.rows), len(places)):
        # Cameras number the photos of every event alike, so a few faces at the same place prove nothing.
        return {}
    return {face: earlier.rows[old].cluster_id for face, old in pairs.items()}
