"""Faces grouped as a clustering run groups those that are good enough, without files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.face_groups import GroupedFaces, grouped_faces
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.remaining_faces import join_remaining_faces

__all__ = ["grouped", "grouped_with_rule"]


def grouped(
    embeddings: NDArray[np.float32], photos: NDArray[np.int64], rule: GroupingRule, *, second_look: bool = True
) -> NDArray[np.int64]:
    """The group of each face.

    Args:
        embeddings: (N, D) of unit length.
        photos: (N,) photo of each face.
        rule: Grouping rule of the weights.
        second_look: As in `clustering.second_look` of config.yaml.

    Returns:
        (N,) labels from 0 on.
    """
    return grouped_with_rule(embeddings, photos, rule, second_look=second_look)[0]


def grouped_with_rule(
    embeddings: NDArray[np.float32], photos: NDArray[np.int64], rule: GroupingRule, *, second_look: bool = True
) -> tuple[NDArray[np.int64], GroupedFaces]:
    """The same, and what the linkage found before the second look, with the rule as it was fitted to the event."""
    vectors = rule.compared(embeddings)
    found = grouped_faces(vectors, photos, rule)
    if not second_look:
        return found.labels, found
    return join_remaining_faces(vectors, photos, found.labels, vectors[:0], photos[:0], found.rule).labels, found
