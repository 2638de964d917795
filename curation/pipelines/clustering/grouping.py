"""Grouping the faces of an event in a worker, or taking the same grouping from the analysis store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.clusters import confidences
from curation.domain.grouping.grouping_evidence import GroupingEvidence
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.labelling.corrections import NOBODY, NOT_A_PERSON, Constraints
from curation.domain.report import Progress
from curation.engines.base import EngineSpec
from curation.errors import WorkerError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.pipelines.clustering.event_faces import EventFaces
from curation.pipelines.grouping_task import ClusterTask, cluster_faces_worker
from curation.pipelines.stage import RunContext, content_key
from curation.settings import ClusteringSettings
from curation.storage.atomic import explained, own_working_file
from curation.workers.pool import usable_cores

__all__ = ["FaceGrouping", "grouping_rule"]

GROUPING_VERSION = 5
"""Raise it when the same embeddings and settings may give other clusters."""

SAME_PHOTO_PART = 1 / 3
"""Of the threshold: how much the distance of two faces of one photo is raised if no penalty was measured for the
weights."""


def grouping_rule(clustering: ClusteringSettings, spec: EngineSpec) -> GroupingRule:
    """The rule of a run: from the settings, else as measured for the weights, else from their published threshold."""
    distance = clustering.distance_threshold
    if distance is None and spec.grouping is not None:
        rule = spec.grouping
    else:
        distance = distance or spec.distance_threshold
        measured = spec.grouping
        penalty = measured.same_photo_penalty if measured else SAME_PHOTO_PART * distance
        # Only a published distance of weights that were not measured is a guess; the user's own one is not.
        guessed = clustering.distance_threshold is None
        rule = GroupingRule(distance, distance, penalty, follows_strangers=guessed)
    if clustering.same_photo_penalty is not None:
        rule = replace(rule, same_photo_penalty=clustering.same_photo_penalty)
    return rule


class FaceGrouping:
    """Groups the faces of an event by a rule and the user's corrections."""

    def __init__(self, context: RunContext, rule: GroupingRule) -> None:
        """Take the run's context and the rule."""
        self._context = context
        self._rule = rule

    def good_enough(self, faces: EventFaces) -> NDArray[np.bool_]:
        """(N,) which faces are large, sharp and frontal enough to tell who they are."""
        limits = self._context.settings.clustering
        size_px, sharpness, yaw_deg = faces.quality[:, 0], faces.quality[:, 1], faces.quality[:, 2]
        is_good: NDArray[np.bool_] = size_px >= limits.min_face_px
        is_good &= sharpness >= limits.min_sharpness
        is_good &= np.abs(yaw_deg) <= limits.max_yaw_deg
        # Of a face that the user drew and no detector sees, it is a guess where eyes and mouth are.
        is_good &= faces.confidence > 0
        return is_good

    def identifiable(
        self, faces: EventFaces, constraints: Constraints, is_unreadable: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Which faces can tell who they are: good enough, readable, and not said to be of no person by the user.

        Args:
            faces: Of the event.
            constraints: From the user's corrections.
            is_unreadable: (N,) faces that cannot be read, see `ReadableFaces`.

        Returns:
            (N,) one flag per face.
        """
        is_told = self.good_enough(faces) & ~is_unreadable
        is_told &= constraints.cluster != NOT_A_PERSON
        return is_told

    def groups(
        self,
        faces: EventFaces,
        identified: NDArray[np.bool_],
        is_unreadable: NDArray[np.bool_],
        constraints: Constraints,
        embeddings_sha256: str,
    ) -> tuple[NDArray[np.int64], GroupingEvidence]:
        """The groups, from the store if it has the grouping of the same faces by the same settings.

        Args:
            faces: Of the event.
            identified: (N,) as `identifiable` returns it.
            is_unreadable: (N,) faces that must not join a cluster in the second look either.
            constraints: From the user's corrections.
            embeddings_sha256: Of the embeddings of `faces`.

        Returns:
            (N,) the group of each face from 0 on, -1 for faces in no group; and what decided.

        Raises:
            WorkerError: If the worker fails.
            StorageError: If something cannot be read or written.
            RunInterruptedError: If the run was cancelled.
        """
        count = int(identified.sum())
        masks = [hashlib.sha256(array.tobytes()).hexdigest() for array in (identified, is_unreadable, faces.photo)]
        clustering = self._context.settings.clustering.model_dump(mode="json")
        wanted: list[object] = [GROUPING_VERSION, embeddings_sha256, masks, asdict(self._rule), clustering]
        if constraints:
            wanted += [
                hashlib.sha256(array.astype("<i8").tobytes()).hexdigest()
                for array in (constraints.cluster, constraints.apart)
            ]
        key = content_key(wanted)
        found = self._stored(key, len(faces))
        if found is None:
            found = self._computed(faces, identified, is_unreadable, constraints)
            self._context.store.save_grouping(key, found[0], json.dumps(found[1].to_json()))
        self._context.progress(Progress("grouping faces", count, count))
        return found

    def _stored(self, key: str, count: int) -> tuple[NDArray[np.int64], GroupingEvidence] | None:
        """The grouping of `count` faces, if the store has it and it is intact."""
        stored = self._context.store.grouping(key)
        if stored is None or len(stored[0]) != count:
            return None
        try:
            return stored[0], GroupingEvidence.from_json(parse_json(stored[1]))
        except PARSER_ERRORS:
            return None

    def _computed(
        self,
        faces: EventFaces,
        identified: NDArray[np.bool_],
        is_unreadable: NDArray[np.bool_],
        constraints: Constraints,
    ) -> tuple[NDArray[np.int64], GroupingEvidence]:
        count = int(identified.sum())
        if count == 0:
            rule = self._rule
            nothing = GroupingEvidence(
                rule.single_distance, rule.group_distance, rule.same_photo_penalty, None, 0, 0, 0
            )
            return np.full(len(faces), -1, dtype=np.int64), nothing
        self._context.progress(Progress("grouping faces", 0, count))
        # The other workers are idle now, so their cores are free.
        threads = self._context.settings.performance.workers or usable_cores()
        output = self._context.settings.io.output_dir
        # Poor faces that the user assigned to a cluster need no guess, and for those that cannot be read there is none.
        is_good = np.where(identified, 1, np.where((constraints.cluster == NOBODY) & ~is_unreadable, 0, -1))
        second_look = self._context.settings.clustering.second_look
        with own_working_file(output, "grouping.npy") as place, own_working_file(output, "apart.npy") as pairs:
            _save(place, np.stack([faces.photo, is_good, constraints.together], axis=1))
            if len(constraints.apart) > 0:
                _save(pairs, constraints.apart.astype(np.int64))
            apart = pairs if len(constraints.apart) > 0 else None
            task = ClusterTask(faces.embeddings.path, place, apart, self._rule, second_look, threads)
            (outcome,) = self._context.pool.run(cluster_faces_worker, [task], cancel=self._context.cancel)
        if outcome.result is None:
            reason = outcome.failure.reason if outcome.failure else "no result"
            raise WorkerError(f"grouping {count} faces failed: {reason}; is there enough free memory?")
        return np.array(outcome.result.labels, dtype=np.int64), outcome.result.evidence

    def confidences(
        self, faces: EventFaces, members: dict[int, list[int]], evidence: GroupingEvidence
    ) -> NDArray[np.float64]:
        """How surely each face belongs to its cluster.

        Args:
            faces: Of the event.
            members: The faces of each cluster.
            evidence: Of the grouping.

        Returns:
            (N,) in [0, 1]; 0 for faces that are in no cluster, or alone in one.

        Raises:
            RunInterruptedError: If the run was cancelled.
        """
        out = np.zeros(len(faces))
        for of_cluster in members.values():
            self._context.stop_if_cancelled()
            if len(of_cluster) > 1:
                vectors = faces.embeddings[of_cluster]
                out[of_cluster] = confidences(vectors, np.zeros(len(vectors), dtype=np.int64), evidence.group_distance)
        return out


def _save(place: Path, values: NDArray[np.int64]) -> None:
    try:
        with place.open("wb") as file:
            np.save(file, values, allow_pickle=False)
    except OSError as error:
        raise explained(error, place, "written") from error
