"""What bodies look like as vectors, by OSNet (Zhou et al., "Omni-Scale Feature Learning", ICCV 2019).

Vectors of the same person in the same clothes are near each other. They say nothing across days, and little where
people dress alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.engines.base import PhotoPixels
from curation.engines.bodies.base import BodySpec
from curation.engines.bodies.network import load_network

__all__ = ["OutfitVector"]

_SIZE_PX = (128, 256)  # width, height
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)  # ImageNet's
_DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_LENGTH = 512


class OutfitVector:
    """Computes vectors of bodies; safe to use from several threads."""

    def __init__(self, spec: BodySpec) -> None:
        """Load the network.

        Raises:
            WeightsMissingError: If its file is missing.
            WeightsBrokenError: If its file is not such a network.
        """
        self._network = load_network(spec)

    def vectors(self, photo: PhotoPixels, boxes: Sequence[Box]) -> NDArray[np.float32]:
        """Compute the vectors of bodies.

        Args:
            photo: The picture.
            boxes: Of bodies or parts of them, in pixels of the upright full-size photo.

        Returns:
            (N, 512) float32 of unit length, in the order of the boxes; zeros where the network says nothing.

        Raises:
            PhotoUnreadableError: If the photo cannot be decoded.
            FaceAnalysisError: If the network fails.
        """
        found = np.zeros((len(boxes), _LENGTH), dtype=np.float32)
        if not boxes:
            return found
        pixels = photo.detailed(min(1.0, max(_SIZE_PX[1] / box.h for box in boxes)))
        for place, box in enumerate(boxes):
            left, upper = int(box.x * pixels.scale), int(box.y * pixels.scale)
            right = max(left + 1, round((box.x + box.w) * pixels.scale))
            lower = max(upper + 1, round((box.y + box.h) * pixels.scale))
            left, upper = min(left, pixels.array.shape[1] - 1), min(upper, pixels.array.shape[0] - 1)
            cut = cv2.resize(pixels.array[upper:lower, left:right], _SIZE_PX, interpolation=cv2.INTER_AREA)
            given = ((cut.astype(np.float32) / np.float32(255) - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None]
            (vector,) = self._network.run(given)
            found[place] = vector[0] / max(float(np.linalg.norm(vector[0])), 1e-9)
        return found
