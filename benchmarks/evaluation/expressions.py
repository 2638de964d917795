"""Measured faces of held-out people, for the sections on eyes and smiles."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.evaluation.baselines import BaselineNetworks, aspect_ratio
from curation.domain.faces.geometry import head_pose
from curation.domain.measuring.measures import Measure, joined_eyes
from curation.engines.landmarks import LandmarkPredictor
from curation.pipelines.expression_measures import ExpressionMeasures, expression_measures
from ground_truth.detected_faces import PORTRAITS, WHOLE_PHOTOS, enlargement, found_faces
from ground_truth.engines import small_engine
from ground_truth.evaluation import Evaluation
from ground_truth.splits import is_held_out, person_of

__all__ = ["MeasuredFace", "held_out_faces", "is_judged"]

MAX_YAW_DEG = 45.0
"""The default of scoring.thresholds.max_yaw_deg."""
MIN_FACE_PX = 40
"""The default of scoring.thresholds.min_face_px."""


class MeasuredFace(NamedTuple):
    """A face of a person on whom no network was trained.

    Attributes:
        key: Key of the face, see `ground_truth.detected_faces`.
        source: Its set.
        face_px: Shorter side of its box in pixels.
        yaw_deg: Rotation of the head to the side.
        measures: The program's measures.
        aspect_ratio: Aspect ratio of the eyes.
        ocec: Probability by OCEC that the eyes are open.
        blink: MediaPipe's blendshape, mean of both eyes, in [0, 1].
        smile: MediaPipe's blendshape, mean of both corners of the mouth, in [0, 1].
    """

    key: str
    source: str
    face_px: int
    yaw_deg: float
    measures: ExpressionMeasures
    aspect_ratio: float
    ocec: float
    blink: float
    smile: float

    @property
    def eyes(self) -> Measure:
        """Both eyes in one measure."""
        return joined_eyes(self.measures.right_eye, self.measures.left_eye)


def held_out_faces(evaluation: Evaluation, sources: Sequence[str]) -> list[MeasuredFace]:
    """Faces of held-out people, found by retinaface-arcface and measured as run_scoring.py does.

    Raises:
        Unavailable: If photos or weights are missing.
    """
    for source in (*PORTRAITS, *WHOLE_PHOTOS, "videos"):
        evaluation.set_folder(source)
    return [face for face in _all_held_out_faces(evaluation.data) if face.source in sources]


@functools.cache  # two sections use them
def _all_held_out_faces(data: Path) -> tuple[MeasuredFace, ...]:
    return tuple(_measured_faces(data))


def _measured_faces(data: Path) -> Iterator[MeasuredFace]:
    baselines = BaselineNetworks(data / "weights/onnx")
    predictor = LandmarkPredictor()

    def wanted(path: str) -> bool:
        return is_held_out(person_of(path))

    for key, pixels, face in found_faces(data / "photos", small_engine(data), wanted):
        landmarks = predictor.predict(pixels, face.landmarks)
        if landmarks is None:
            continue
        (measures,) = expression_measures(pixels, [(face.box, face.landmarks)], predictor)
        pose = head_pose(face.landmarks.as_array())
        yield MeasuredFace(
            key,
            key.split("/")[0],
            min(face.box.w, face.box.h) // enlargement(key),
            pose.yaw_deg,
            measures,
            aspect_ratio(landmarks.points),
            baselines.ocec(pixels, landmarks.points),
            *baselines.blendshapes(pixels, landmarks.points, pose.roll_deg),
        )


def is_judged(face: MeasuredFace) -> bool:
    """Whether the eyes and the smile of a face count at the default settings."""
    return face.face_px >= MIN_FACE_PX and abs(face.yaw_deg) <= MAX_YAW_DEG
