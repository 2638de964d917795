"""Which faces of an event can be read, by the rule that was measured for the weights or is learned from the event."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import FiveLandmarks
from curation.domain.grouping.unreadable_faces import LEAST_SAMPLE, UnreadableRule, learned_rule
from curation.engines.base import EngineSpec
from curation.engines.spoilt_chips import SPOILT_WAYS
from curation.pipelines.clustering.event_faces import EventFaces
from curation.pipelines.per_photo import SpoilTask, spoilt_face_worker
from curation.pipelines.stage import RunContext, content_key

__all__ = ["ReadableFaces", "UnreadableFaces", "sampled_faces"]

logger = logging.getLogger(__name__)

SPOILT_VERSION = 1
"""Raise it when the same face may give other spoilt embeddings."""
SAMPLE_FACES = 32
"""At most so many faces of an event are spoilt and embedded."""

_BLOCK_ROWS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class UnreadableFaces:
    """The faces of an event that cannot be read.

    Attributes:
        is_unreadable: (N,) one flag per face.
        rule: By which; None if there is none for this event.
        source: Where the rule comes from, in words for the run record.
        sample: How many faces of the event it was learned from; 0 if it was measured for the weights.
    """

    is_unreadable: NDArray[np.bool_]
    rule: UnreadableRule | None
    source: str
    sample: int


class ReadableFaces:
    """Tells the faces of an event that can be read from those that cannot."""

    def __init__(self, context: RunContext, spec: EngineSpec, analysis_key: str) -> None:
        """Take the run's context, the engine, and the key of the analyses."""
        self._context = context
        self._spec = spec
        self._analysis_key = analysis_key

    def judged(self, faces: EventFaces, is_good: NDArray[np.bool_], photo_paths: Mapping[str, Path]) -> UnreadableFaces:
        """Find the faces that cannot be read.

        Args:
            faces: Of the event.
            is_good: (N,) whether a face is large, sharp and frontal enough; the rule is learned from such faces.
            photo_paths: To open the photos of the event, by image path.

        Raises:
            StorageError: If something cannot be read or written.
            RunInterruptedError: If the run was cancelled.
            WeightsError: If the workers cannot load the engine.
        """
        rule, source, sample = self._spec.unreadable, "measured for these weights", 0
        if rule is None:
            rule, source, sample = self._learned(faces, is_good, photo_paths)
        flags = np.zeros(len(faces), dtype=np.bool_)
        if rule is not None:
            for start in range(0, len(faces), _BLOCK_ROWS):
                self._context.stop_if_cancelled()
                rows = np.arange(start, min(start + _BLOCK_ROWS, len(faces)))
                flags[rows] = rule.is_unreadable(faces.embeddings[rows])
        if flags.any():
            logger.info("%d of %d faces cannot be read (%s)", int(flags.sum()), len(faces), source)
        return UnreadableFaces(flags, rule, source, sample)

    def _learned(
        self, faces: EventFaces, is_good: NDArray[np.bool_], photo_paths: Mapping[str, Path]
    ) -> tuple[UnreadableRule | None, str, int]:
        sample = sampled_faces(faces, is_good)
        if len(sample) < LEAST_SAMPLE:
            return None, f"none: these weights were not measured, and only {len(sample)} photos have good faces", 0
        spoilt = self._spoilt(faces, sample, photo_paths)
        kept = [face for face in sample if face in spoilt]
        rule = None
        if len(kept) >= LEAST_SAMPLE:
            rule = learned_rule(faces.embeddings[kept], np.stack([spoilt[face] for face in kept]))
        if rule is None:
            return (
                None,
                "none: these weights were not measured, and spoilt faces are not apart from good ones",
                len(kept),
            )
        return rule, f"learned from {len(kept)} faces of the event, spoilt on purpose", len(kept)

    def _spoilt(
        self, faces: EventFaces, sample: list[int], photo_paths: Mapping[str, Path]
    ) -> dict[int, NDArray[np.float32]]:
        """The spoilt embeddings of the faces, without those whose photo failed."""
        store, out = self._context.store, {}
        tasks: list[SpoilTask] = []
        of_task: dict[str, tuple[int, str]] = {}
        for face in sample:
            path = faces.image_path(face)
            sha256, analysis_key, number = faces.place_in_store(face, self._analysis_key)
            key = content_key([SPOILT_VERSION, SPOILT_WAYS, analysis_key, number])
            known = store.spoilt_face(sha256, key, len(SPOILT_WAYS))
            if known is not None:
                out[face] = known
                continue
            of_task[path] = (face, key)
            landmarks = FiveLandmarks.from_array(faces.landmarks[face])
            tasks.append(SpoilTask(path, photo_paths[path], sha256, landmarks))
        if not tasks:
            return out
        for outcome in self._context.work_through(
            "looking for unreadable faces", spoilt_face_worker, tasks, done=len(out)
        ):
            if outcome.result is None:
                reason = outcome.failure.reason if outcome.failure else "no result"
                logger.info("a face of %s is not used: %s", outcome.task.image_path, reason)
                continue
            face, key = of_task[outcome.task.image_path]
            store.save_spoilt_face(outcome.task.sha256, key, outcome.result)
            out[face] = outcome.result
        return out


def sampled_faces(faces: EventFaces, is_good: NDArray[np.bool_]) -> list[int]:
    """The best good face of each of at most `SAMPLE_FACES` photos, in the order of the hashes of their content.

    So the sample does not depend on names or on the order of the photos, copies of a photo count once, and most of it
    stays the same when photos are added.
    """
    best: dict[str, int] = {}
    for face in np.flatnonzero(is_good).tolist():
        sha256 = faces.sha256[int(faces.photo[face])]
        if sha256 not in best or faces.quality[face, 3] > faces.quality[best[sha256], 3]:
            best[sha256] = face
    return [best[sha256] for sha256 in sorted(best)[:SAMPLE_FACES]]
