"""Faces of the labelled photos as upright chips with their 68 landmarks, found once and cached in a file.

Chips are grey, since colour says more about a picture's source than about an eye or a mouth. Faces and landmarks come
from the program's own engine and predictor, so that a network is trained on crops like those that it will get.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import DetectedFace
from curation.domain.faces.geometry import apply_transform, head_pose, head_size_px, similarity_transform
from curation.domain.measuring.calibration import landmark_fit
from curation.engines.alignment import aligned_face
from curation.engines.base import Pixels
from curation.engines.landmarks import LandmarkPredictor
from ground_truth.detected_faces import enlargement, found_faces
from ground_truth.engines import small_engine

__all__ = ["CHIP_EYES_PX", "CHIP_PX", "FaceChips", "face_chips"]

CHIP_PX = 192
CHIP_EYES_PX = 72.0
"""Distance of the eyes of a frontal head in a chip, in pixels."""

_EYE_HEIGHT = 56.0  # of the point between the eyes in a chip, from its upper edge
_TEMPLATE = np.array(
    [[CHIP_PX / 2 - CHIP_EYES_PX / 2, _EYE_HEIGHT], [CHIP_PX / 2 + CHIP_EYES_PX / 2, _EYE_HEIGHT]], dtype=np.float64
)
_MIN_FACE_PX = 24


@dataclass(frozen=True, slots=True, eq=False)
class FaceChips:
    """Chips of N faces.

    Attributes:
        keys: (N,) face keys, see `ground_truth.detected_faces`.
        chips: (N, 192, 192) uint8.
        points: (N, 68, 2) float32, in pixels of the chip.
        eyes_px: (N,) float32, distance of the eyes in the picture, as if the head were frontal.
        yaw_deg: (N,) float32.
        fit: (N,) float32, see `landmark_fit`.
        face_px: (N,) int32, shorter side of the face's box.
    """

    keys: NDArray[np.str_]
    chips: NDArray[np.uint8]
    points: NDArray[np.float32]
    eyes_px: NDArray[np.float32]
    yaw_deg: NDArray[np.float32]
    fit: NDArray[np.float32]
    face_px: NDArray[np.int32]


def face_chips(data: Path, cache: Path) -> FaceChips:
    """All faces of the labelled photos.

    Args:
        data: Folder that holds photos/ and weights/.
        cache: An .npz file; read if it exists, else written.

    Raises:
        Unavailable: If the weights are missing.
    """
    if not cache.is_file():
        engine, predictor = small_engine(data), LandmarkPredictor()
        rows = []
        for key, pixels, face in found_faces(data / "photos", engine):
            row = _chip(key, pixels, face, predictor)
            if row is not None:
                rows.append(row)
        keys, chips, points, eyes_px, yaw_deg, fit, face_px = zip(*rows, strict=True)
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            cache,
            keys=np.array(keys),
            chips=np.stack(chips),
            points=np.stack(points).astype(np.float32),
            eyes_px=np.array(eyes_px, np.float32),
            yaw_deg=np.array(yaw_deg, np.float32),
            fit=np.array(fit, np.float32),
            face_px=np.array(face_px, np.int32),
        )
    with np.load(cache) as stored:
        return FaceChips(**{name: stored[name] for name in FaceChips.__slots__})


def _chip(
    key: str, pixels: Pixels, face: DetectedFace, predictor: LandmarkPredictor
) -> tuple[str, NDArray[np.uint8], NDArray[np.float64], float, float, float, int] | None:
    five = face.landmarks.as_array()
    pose = head_pose(five)
    found = predictor.predict(pixels, face.landmarks)
    if found is None or min(face.box.w, face.box.h) < _MIN_FACE_PX:
        return None
    # The eyes of a turned head are closer together; chips show all heads at the same size.
    eyes_px = head_size_px(five, pose)
    axis = five[1] - five[0]
    middle, half = five[:2].mean(axis=0), axis / np.linalg.norm(axis) * eyes_px / 2
    ends = np.stack([middle - half, middle + half])
    colour = aligned_face(pixels.array, ends, template=_TEMPLATE, size_px=CHIP_PX)
    points = apply_transform(similarity_transform(ends, _TEMPLATE), found.points)
    return (
        key,
        np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), dtype=np.uint8),
        points,
        eyes_px / enlargement(key),  # enlarging adds no detail
        pose.yaw_deg,
        landmark_fit(found.disagreement, found.instability),
        min(face.box.w, face.box.h),
    )
