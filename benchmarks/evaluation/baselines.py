"""Baselines for eyes and smiles: the aspect ratio, OCEC, MediaPipe's blendshapes.

OCEC (github.com/PINTO0309/OCEC) takes 24 x 40 pixels of one eye. MediaPipe's Face Landmarker predicts 478 points in a
square of 192 x 192 pixels; a second network computes 52 blendshapes from 146 of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.alignment import aligned_face
from curation.engines.base import Pixels, WeightsFile
from curation.engines.onnx_sessions import onnx_session
from curation.errors import CurationError
from ground_truth.errors import Unavailable

__all__ = ["BaselineNetworks", "aspect_ratio"]

_EYES = ((36, 42), (42, 48))
_OCEC_SIZE = (40, 24)
_OCEC_EYE_PX = 28.6  # width of the eye in the crop; the boxes of its training data hold the eye with a margin
_MESH_PX = 192
_BLINKS, _SMILES = (10, 9), (44, 45)  # right and left eye; left and right corner of the mouth
# The points that the blendshapes are computed from, from MediaPipe's face_blendshapes_graph.
_BLENDSHAPE_POINTS = [
    *(0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78),
    *(80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152),
    *(153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246),
    *(249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312),
    *(314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381),
    *(382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466),
    *range(468, 478),
]


def aspect_ratio(points: NDArray[np.floating]) -> float:
    """Height over width of both eyes (Soukupová and Čech, CVWW 2016), of (68, 2) landmarks."""
    ratios = []
    for first, end in _EYES:
        eye = points[first:end]
        height = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
        ratios.append(height / (2 * np.linalg.norm(eye[0] - eye[3]) + 1e-9))
    return float(np.mean(ratios))


class BaselineNetworks:
    """The networks of OCEC and MediaPipe, from weights/onnx."""

    def __init__(self, folder: Path) -> None:
        """Load them.

        Raises:
            Unavailable: If one is missing.
        """
        self._ocec, self._mesh, self._blendshapes = (
            _session(folder / name) for name in ("ocec_m.onnx", "face_landmarks_478.onnx", "face_blendshapes_52.onnx")
        )

    def ocec(self, pixels: Pixels, points: NDArray[np.float64]) -> float:
        """Mean probability by OCEC's medium model that the eyes are open.

        Args:
            pixels: The photo.
            points: (68, 2) landmarks as of `LandmarkPredictor`, in pixels of the full-size photo.
        """
        values = []
        width, height = _OCEC_SIZE
        middle = np.array([width - 1, height - 1]) / 2
        half = np.array([_OCEC_EYE_PX / 2, 0])
        for first, end in _EYES:
            eye = (points[first:end] + 0.5) * pixels.scale - 0.5
            corners = eye[[0, 3]] - eye[[0, 3]].mean(axis=0) + eye.mean(axis=0)
            crop = aligned_face(pixels.array, corners, template=np.stack([middle - half, middle + half]), size_px=width)
            chw = crop[:height].astype(np.float32).transpose(2, 0, 1) / 255
            values.append(float(self._ocec.run(None, {"images": chw[None]})[0].item()))
        return float(np.mean(values))

    def blendshapes(self, pixels: Pixels, points: NDArray[np.float64], roll_deg: float) -> tuple[float, float]:
        """MediaPipe's blendshapes: how much both eyes blink, and how much the mouth smiles, each in [0, 1].

        Args:
            pixels: The photo.
            points: (68, 2) landmarks as of `LandmarkPredictor`, in pixels of the full-size photo.
            roll_deg: Rotation of the head in the picture plane.
        """
        face = (points + 0.5) * pixels.scale - 0.5
        turn = cv2.getRotationMatrix2D((0, 0), roll_deg, 1.0)[:, :2]
        upright = face @ turn.T
        low, high = upright.min(axis=0), upright.max(axis=0)
        low[1] -= 0.25 * (high[1] - low[1])  # the forehead
        centre, side = (low + high) / 2, 1.5 * float((high - low).max())
        linear = turn * (_MESH_PX / side)
        matrix = np.column_stack([linear, _MESH_PX / 2 - centre * (_MESH_PX / side)])
        crop = cv2.warpAffine(pixels.array, matrix, (_MESH_PX, _MESH_PX), flags=cv2.INTER_AREA)
        mesh = self._run(self._mesh, (crop / 255).astype(np.float32)[None])
        chosen = mesh.reshape(-1, 3)[_BLENDSHAPE_POINTS, :2].astype(np.float32)
        shapes = self._run(self._blendshapes, chosen[None]).ravel()
        return float(shapes[list(_BLINKS)].mean()), float(shapes[list(_SMILES)].mean())

    @staticmethod
    def _run(session: Any, value: NDArray[np.float32]) -> NDArray[np.float32]:
        outputs = session.run(None, {session.get_inputs()[0].name: value})
        return max((np.asarray(output) for output in outputs), key=lambda output: output.size)


def _session(path: Path) -> Any:
    try:
        return onnx_session(WeightsFile(path.name, path, ""), ("CPUExecutionProvider",))
    except CurationError as error:
        raise Unavailable(f"{path} is missing or cannot be loaded") from error
