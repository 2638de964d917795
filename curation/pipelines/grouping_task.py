"""Grouping the faces of an event in a worker, so that its memory is freed when the worker ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from curation.domain.grouping.face_groups import grouped_faces
from curation.domain.grouping.grouping_evidence import GroupingEvidence
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.remaining_faces import join_remaining_faces
from curation.errors import StorageError

__all__ = ["ClusterTask", "ClusteredFaces", "cluster_faces_worker"]


@dataclass(frozen=True, slots=True)
class ClusterTask:
    """The faces of an event, to be grouped.

    Attributes:
        embeddings: A .npy file, (N, D) float32 of unit length.
        faces: A .npy file, (N, 3) int64: the number of the face's photo; 1 if the face is good enough, 0 if it is too
            poor, -1 if it is not grouped; and a number from 0 on, the same for faces that the user says are one person.
        apart: A .npy file, (M, 2) int64: pairs of faces that the user says are two people; None if there are none.
        rule: When faces are one person.
        second_look: Whether single and poor faces may join a cluster that they clearly belong to.
        threads: Number of CPU threads.
    """

    embeddings: Path
    faces: Path
    apart: Path | None
    rule: GroupingRule
    second_look: bool
    threads: int


@dataclass(frozen=True, slots=True)
class ClusteredFaces:
    """The groups.

    Attributes:
        labels: The group of each face, -1 for those that are too poor or not grouped.
        evidence: What decided.
    """

    labels: list[int]
    evidence: GroupingEvidence


def cluster_faces_worker(task: ClusterTask) -> ClusteredFaces:
    """Group faces.

    Raises:
        StorageError: If the files cannot be read.
    """
    try:
        embeddings = np.load(task.embeddings, mmap_mode="r", allow_pickle=False)
        photo, is_good, together = np.load(task.faces, allow_pickle=False).T
        pairs = np.zeros((0, 2), dtype=np.int64) if task.apart is None else np.load(task.apart, allow_pickle=False)
        good, poor = np.flatnonzero(is_good == 1), np.flatnonzero(is_good == 0)
        vectors = task.rule.compared(embeddings[good])
        poor_vectors = task.rule.compared(embeddings[poor if task.second_look else poor[:0]])
    except (OSError, ValueError) as error:
        raise StorageError(f"{task.embeddings} cannot be read ({error}); is the disk full?") from error
    labels = np.full(len(photo), -1, dtype=np.int64)
    place = np.full(len(photo), -1)
    place[good] = np.arange(len(good))
    apart = place[pairs]
    apart = apart[(apart >= 0).all(axis=1)]
    found = grouped_faces(vectors, photo[good], task.rule, together=together[good], apart=apart, threads=task.threads)
    labels[good], evidence = found.labels, found.evidence
    if task.second_look:
        settled = together[good] >= 0
        settled[apart.ravel()] = True
        left = join_remaining_faces(
            vectors, photo[good], found.labels, poor_vectors, photo[poor], found.rule, settled=settled
        )
        labels[good], labels[poor] = left.labels, left.poor
        evidence = replace(evidence, joined=left.joined, poor_joined=int((left.poor >= 0).sum()))
    return ClusteredFaces([int(label) for label in labels], evidence)
