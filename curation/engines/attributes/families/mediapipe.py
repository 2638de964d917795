"""478 dense landmarks by the face mesh of MediaPipe's Face Landmarker (Apache-2.0)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import DensePoint, FaceAttributes
from curation.domain.faces.geometry import (
    apply_transform,
    inverse_transform,
    similarity_transform,
    transform_scale,
)
from curation.engines.attributes.crops import chips_of, template_chip
from curation.engines.attributes.network import loaded_network
from curation.engines.attributes.reader import FoundAt, ReaderSpec
from curation.engines.base import PhotoPixels, Pixels

__all__ = ["POINTS", "TEMPLATE", "MediapipeReader"]

POINTS = 478
"""Number of landmarks: 468 of the face, and five of each iris."""

TEMPLATE: NDArray[np.float64] = np.array(
    [[0.359, 0.361], [0.641, 0.361], [0.500, 0.525], [0.380, 0.634], [0.620, 0.634]]
)
"""Where the five landmarks lie in the network's square, in parts of its side.

Medians over 216 faces, in the square that MediaPipe makes of the network's own points (half as large again as the
rectangle around them) and that no longer changes when the network is run on it again.
"""

_CHIP_PX = 192
_OTHER_CHIP_PX = 256  # of the form that Google handed out later
_EYE_DISTANCE_PX = 64.0
_MIN_PRESENCE = 0.5
"""MediaPipe's own default: below this the network sees no face there."""


class MediapipeReader:
    """Reader `mediapipe`; implements `AttributeReader`, safe in threads."""

    def __init__(self, spec: ReaderSpec) -> None:
        """Load the network.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a network.
        """
        self._spec = spec
        self._network = loaded_network(
            spec.weights[0],
            spec.providers,
            shape=(_CHIP_PX, _CHIP_PX, 3),
            other_shapes=[(_OTHER_CHIP_PX, _OTHER_CHIP_PX, 3)],
            sizes=(3 * POINTS, 1),
        )
        self._side_px = self._network.shape[0]

    @property
    def spec(self) -> ReaderSpec:
        """What this reader was built from."""
        return self._spec

    def read(self, photo: PhotoPixels, faces: Sequence[FoundAt]) -> list[FaceAttributes]:
        """Find the dense landmarks of all faces of a photo, see `AttributeReader.read`."""
        chips = chips_of(photo, faces, self._chips, eye_distance_px=_EYE_DISTANCE_PX)
        inputs = [chip.astype(np.float32) / np.float32(255) for of_face in chips for chip in of_face or ()]
        meshes, presences = self._network.run(inputs)
        found = iter(zip(meshes, presences, strict=True))
        return [
            FaceAttributes(dense=() if of_face is None else _in_photo(face, *next(found), self._side_px))
            for face, of_face in zip(faces, chips, strict=True)
        ]

    def _chips(self, pixels: Pixels, face: FoundAt) -> tuple[NDArray[np.uint8], ...]:
        return (template_chip(pixels, face, template=TEMPLATE, size_px=self._side_px),)


def _in_photo(
    face: FoundAt, mesh: NDArray[np.float32], presence: NDArray[np.float32], side_px: int
) -> tuple[DensePoint, ...]:
    """The points in pixels of the photo; empty if the network sees no face, or gives no numbers."""
    log_odds = float(presence[0])
    if not np.isfinite(mesh).all() or not log_odds >= math.log(_MIN_PRESENCE / (1 - _MIN_PRESENCE)):
        return ()
    # Pixel centres of photo and square are at whole numbers, the network's points at positions between them.
    to_square = similarity_transform(face.landmarks.as_array(), TEMPLATE * side_px - 0.5)
    points = np.asarray(mesh, dtype=np.float64).reshape(POINTS, 3)
    flat = apply_transform(inverse_transform(to_square), points[:, :2] - 0.5)
    depths = points[:, 2] / transform_scale(to_square)
    return tuple(DensePoint(x, y, z) for (x, y), z in zip(flat.tolist(), depths.tolist(), strict=True))
