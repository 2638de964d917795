"""Whether clusters look like the people who were labelled, for people none of whose shown faces is there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.identity.said import Said, content_of
from curation.pipelines.clustering.event_faces import EventFaces
from curation.pipelines.clustering.present_photos import PresentEvent

__all__ = ["ShownLikeness"]

_MOST_COMPARED = 200  # faces of a cluster
_SURE_PART = 0.6  # of the limit for one person: a cluster of photos that were never seen that is so near is the person
_NEW_PART = 0.8  # of the faces of such a cluster were never seen


class ShownLikeness:
    """Compares clusters with the faces that were shown when people were labelled."""

    def __init__(
        self,
        said: Said,
        shown: Mapping[int, NDArray[np.intp]],
        present: PresentEvent,
        faces: EventFaces,
        rule: GroupingRule,
    ) -> None:
        """Take the words and the faces; vectors are read when they are needed.

        Args:
            said: All words, with where their photos and faces are now.
            shown: For labelled clusters the rows of shown faces that are there; the others are compared.
            present: The photos of the run.
            faces: Of the run.
            rule: How near faces of one person are.
        """
        self._said = said
        self._absent = [cluster for cluster in said.labels if cluster not in shown]
        self._present = present
        self._faces = faces
        self._rule = rule
        self._vectors: dict[int, NDArray[np.float32] | None] = {}

    def looks_like(self, cluster: int, rows: NDArray[np.intp]) -> bool:
        """Whether faces look like a labelled person; True where that cannot be told, or needs not.

        Args:
            cluster: The id of the person.
            rows: Of the faces.
        """
        if cluster not in self._absent:
            return True
        distance = self._distance(cluster, rows)
        return distance is None or distance <= self._rule.group_distance

    def found(self, groups: NDArray[np.int64], is_known: NDArray[np.bool_]) -> dict[int, NDArray[np.intp]]:
        """People whose photos are gone, and who are surely those of a cluster of photos that were never seen.

        Args:
            groups: (N,) -1 for none.
            is_known: (N,) faces that had an id before.

        Returns:
            For each such person the rows of the cluster's faces.
        """
        if not self._absent:
            return {}
        members = {
            int(group): rows
            for group in np.unique(groups[groups >= 0])
            if is_known[rows := np.flatnonzero(groups == group)].mean() <= 1 - _NEW_PART
        }
        limit = _SURE_PART * self._rule.single_distance
        distances = {
            (cluster, group): distance
            for cluster in self._absent
            for group, rows in members.items()
            if (distance := self._distance(cluster, rows)) is not None
        }
        out = {}
        for (cluster, group), distance in distances.items():
            others = [d for (c, g), d in distances.items() if (c == cluster) is not (g == group)]
            if distance <= limit and all(distance < other for other in others):
                out[cluster] = members[group]
        return out

    def _distance(self, cluster: int, rows: NDArray[np.intp]) -> float | None:
        """The mean cosine distance of faces to the shown faces of a person; None if their vectors are not known."""
        shown = self._of(cluster)
        if shown is None or len(rows) == 0:
            return None
        some = rows if len(rows) <= _MOST_COMPARED else rows[:: -(-len(rows) // _MOST_COMPARED)]
        vectors = self._rule.compared(self._faces.embeddings[some])
        if vectors.shape[1] != shown.shape[1]:
            return None
        return 1.0 - float(vectors.mean(axis=0) @ shown.mean(axis=0))

    def _of(self, cluster: int) -> NDArray[np.float32] | None:
        if cluster not in self._vectors:
            parts = []
            for key, box in self._said.labels[cluster].faces:
                look = self._present.look_then(content_of(key), [box])
                if look is not None and look.vectors.shape[1]:
                    is_face = np.array([Box(*map(round, other)) == box for other in look.boxes.tolist()], dtype=bool)
                    parts.append(look.vectors[is_face])
            joined = np.concatenate(parts) if parts else None
            known = joined is not None and len(joined) > 0
            self._vectors[cluster] = self._rule.compared(joined) if known and joined is not None else None
        return self._vectors[cluster]
