"""What the sections on eyes and smiles share: measured faces of people whom the networks have not seen."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.base import Evaluation
from benchmarks.evaluation.rivals import Rivals, aspect_ratio
from curation.domain.faces.geometry import head_pose
from curation.domain.judging.measures import Measure, joined_eyes
from curation.engines.landmarks import LandmarkPredictor
from curation.pipelines.expression_measures import ExpressionMeasures, expression_measures
from training.face_chips import PORTRAITS, WHOLE_PHOTOS, found_faces, small_engine
from training.judging import is_reserved, person_of

__all__ = ["MeasuredFace", "hindsight", "judged", "reserved_faces"]

MAX_YAW_DEG = 45.0
"""The default of scoring.thresholds.max_yaw_deg."""
MIN_FACE_PX = 40
"""The default of scoring.thresholds.min_face_px."""


class MeasuredFace(NamedTuple):
    """A face of a person whom no network has learned from.

    Attributes:
        key: Of the face, see `training.face_chips.FaceChips`.
        source: Its set.
        face_px: Shorter side of its box.
        yaw_deg: Turn to the side.
        measures: The program's own.
        aspect_ratio: Of the eyes.
        ocec: Their probability of being open by OCEC.
        blink: MediaPipe's blendshape, both eyes.
        smile: MediaPipe's blendshape, both corners.
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


def reserved_faces(evaluation: Evaluation, sources: Sequence[str]) -> list[MeasuredFace]:
    """Faces of reserved people, found by retinaface-arcface and measured as run_scoring.py does.

    Raises:
        Unavailable: If photos or weights are not there.
    """
    for source in (*PORTRAITS, *WHOLE_PHOTOS, "videos"):
        evaluation.set_folder(source)
    return [face for face in _all_reserved_faces(evaluation.data) if face.source in sources]


@functools.cache  # two sections ask for them
def _all_reserved_faces(data: Path) -> tuple[MeasuredFace, ...]:
    return tuple(_measured_faces(data))


def _measured_faces(data: Path) -> Iterator[MeasuredFace]:
    rivals = Rivals(data / "weights/onnx")
    predictor = LandmarkPredictor()

    def wanted(path: str) -> bool:
        return is_reserved(person_of(path))

    for key, pixels, face in found_faces(data / "photos", small_engine(data), wanted):
        landmarks = predictor.predict(pixels, face.landmarks)
        if landmarks is None:
            continue
        (measures,) = expression_measures(pixels, [(face.box, face.landmarks)], predictor)
        pose = head_pose(face.landmarks.as_array())
        yield MeasuredFace(
            key,
            key.split("/")[0],
            min(face.box.w, face.box.h) // (3 if key.startswith("genki_crops/") else 1),  # it was enlarged
            pose.yaw_deg,
            measures,
            aspect_ratio(landmarks.points),
            rivals.ocec(pixels, landmarks.points),
            *rivals.blendshapes(pixels, landmarks.points, pose.roll_deg),
        )


def judged(face: MeasuredFace) -> bool:
    """Whether the default settings judge the eyes and the smile of a face."""
    return face.face_px >= MIN_FACE_PX and abs(face.yaw_deg) <= MAX_YAW_DEG


def hindsight(values: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """The best accuracy that any threshold reaches, both classes counting as much."""
    order = np.argsort(values)
    yes = np.cumsum(truth[order]) / max(1, truth.sum())
    no = np.cumsum(~truth[order]) / max(1, (~truth).sum())
    return float(np.max(np.concatenate([[0.5], (1 - yes + no) / 2])))
