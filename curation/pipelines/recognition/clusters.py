"""The clusters of an event as recognition compares them, and recognition with the rule of the embedder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from curation.domain.faces.index import EventIndex
from curation.domain.recognition.known import ClusterFaces, KnownFaces, Recognition
from curation.engines.base import DLIB
from curation.errors import FaceDataError
from curation.storage.embeddings_file import EmbeddingsFile

__all__ = ["MOST_FACES", "Recogniser", "cluster_faces", "embedder_of", "embedder_of_record", "grouping_digest"]

Recogniser = Callable[[Sequence[ClusterFaces], KnownFaces], Sequence[Recognition]]
"""Says who clusters are, see `curation.domain.recognition.policy`."""

MOST_FACES = 50
"""Of a cluster, its best: more of them change no answer, and a couple with thousands of faces would take long."""


def embedder_of(engine: str, weights: Sequence[str]) -> str:
    """The SHA-256 of the embedder among those of an engine's weights, in the order of `EngineSpec.weights`.

    Args:
        engine: Name of the engine.
        weights: SHA-256 of each file; empty returns an empty text, which is nobody's embedder.
    """
    if not weights:
        return ""
    return weights[0] if engine == DLIB or len(weights) == 1 else weights[1]


def embedder_of_record(record: Mapping[str, Any]) -> tuple[str, str]:
    """Name of the engine and SHA-256 of the embedder of a clustering, by its run record; empty if it does not say."""
    engine, weights = record.get("engine"), record.get("weights")
    if not isinstance(engine, str) or not isinstance(weights, dict):
        return "", ""
    return engine, embedder_of(engine, [str(sha256) for sha256 in weights.values()])


def grouping_digest(event: EventIndex, clusters: Collection[int], embeddings_sha256: str) -> str:
    """A digest of the faces of some clusters: as long as it is the same, so is every answer of one gallery.

    Args:
        event: All faces in their clusters.
        clusters: That are asked about.
        embeddings_sha256: Of the vectors.
    """
    wanted = np.array(sorted(clusters), dtype="<i8")
    of_rows = np.where(np.isin(event.cluster_ids, wanted), event.cluster_ids, -1).astype("<i8")
    digest = hashlib.sha256(embeddings_sha256.encode())
    digest.update(wanted.tobytes())
    digest.update(of_rows.tobytes())
    return digest.hexdigest()[:32]


def cluster_faces(event: EventIndex, clusters: Collection[int], embeddings: Path) -> list[ClusterFaces]:
    """The best faces of clusters with their vectors.

    Args:
        event: All faces in their clusters.
        clusters: Ids; those without faces are left out.
        embeddings: The file of the vectors.

    Returns:
        By cluster id, ascending.

    Raises:
        FaceDataError: If the file does not fit the table.
        StorageError: If it cannot be read.
    """
    faces = {cluster: event.faces_of_cluster(cluster, MOST_FACES) for cluster in sorted(clusters)}
    if not any(faces.values()):
        return []
    out = []
    with EmbeddingsFile(embeddings) as file:
        for cluster, found in faces.items():
            # Faces that were drawn since the last run have no vector there yet.
            found = tuple(face for face in found if face.row.embedding_row >= 0)
            rows = [face.row.embedding_row for face in found]
            if not rows:
                continue
            if max(rows) >= len(file):
                raise FaceDataError(f"{embeddings} does not fit face_data.csv; run the clustering again")
            out.append(ClusterFaces(cluster, file[rows], tuple(face.row.image_path for face in found)))
    return out
