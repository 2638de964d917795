"""Boxes of people by YOLOX (Ge et al., "YOLOX: Exceeding YOLO Series in 2021"), whose class 0 are COCO's people."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import PersonBox
from curation.domain.faces.face import Box
from curation.engines.bodies.base import BodySpec
from curation.engines.bodies.network import load_network
from curation.engines.bodies.squares import Pyramid
from curation.engines.bodies.suppression import kept_boxes

__all__ = ["PersonBoxes", "clipped_box", "decode"]

_SIDE_PX = 416
_STRIDES_PX = (8, 16, 32)
_PADDING = 114  # the grey beside the picture, as in training
_PERSON_CLASS = 0
_MAX_LOG_SIZE = 10.0  # sizes are given as logarithms; a damaged file could give any number

MIN_CONFIDENCE = 0.3
"""Of a box; a box that nothing else confirms needs more, see `curation.domain.bodies.joining`."""
_MAX_OVERLAP = 0.5


class PersonBoxes:
    """Finds boxes of people; safe to use from several threads."""

    def __init__(self, spec: BodySpec) -> None:
        """Load the network.

        Raises:
            WeightsMissingError: If its file is missing.
            WeightsBrokenError: If its file is not such a network.
        """
        self._network = load_network(spec)
        self._grid, self._steps = _grid()

    def find(self, photo: Pyramid, width: int, height: int) -> list[PersonBox]:
        """Find people.

        Args:
            photo: The photo.
            width: Of the full-size photo.
            height: Likewise.

        Returns:
            Boxes in pixels of the full-size photo, the most certain first.

        Raises:
            FaceAnalysisError: If the network fails.
        """
        array = photo.level(_SIDE_PX / max(width, height)).array
        rows, columns = array.shape[:2]
        ratio = _SIDE_PX / max(rows, columns)
        size = max(1, round(columns * ratio)), max(1, round(rows * ratio))
        interpolation = cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR
        canvas = np.full((_SIDE_PX, _SIDE_PX, 3), _PADDING, dtype=np.uint8)
        canvas[: size[1], : size[0]] = cv2.resize(array, size, interpolation=interpolation)
        given = canvas[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)
        (output,) = self._network.run(given)
        edges, scores = decode(output.reshape(-1, 85), self._grid, self._steps)
        edges[:, 0::2] *= width / size[0]
        edges[:, 1::2] *= height / size[1]
        found = []
        for place in kept_boxes(edges, scores, _MAX_OVERLAP):
            box = clipped_box(edges[place], width, height)
            if box is not None:
                found.append(PersonBox(box, float(min(1.0, scores[place]))))
        return found


def decode(
    output: NDArray[np.float32], grid: NDArray[np.float64], steps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The boxes of people in the network's output that are certain enough.

    Args:
        output: (N, 85).
        grid: (N, 2) columns and rows of the places of the output.
        steps: (N,) distances of those places, in pixels.

    Returns:
        (M, 4) edges in pixels of the network's input, and (M,) confidences.
    """
    scores = output[:, 4].astype(np.float64) * output[:, 5 + _PERSON_CLASS]
    certain = scores >= MIN_CONFIDENCE
    numbers, step = output[certain, :4].astype(np.float64), steps[certain, None]
    centres = (numbers[:, :2] + grid[certain]) * step
    halves = np.exp(np.minimum(numbers[:, 2:4], _MAX_LOG_SIZE)) * step / 2
    return np.concatenate((centres - halves, centres + halves), axis=1), scores[certain]


def clipped_box(edges: NDArray[np.floating], width: int, height: int) -> Box | None:
    """Edges x1, y1, x2, y2 as a box of whole pixels inside the photo; None if nothing of it is inside."""
    left, upper = max(0, round(float(edges[0]))), max(0, round(float(edges[1])))
    right, lower = min(width, round(float(edges[2]))), min(height, round(float(edges[3])))
    if right <= left or lower <= upper:
        return None
    return Box(left, upper, right - left, lower - upper)


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    places, steps = [], []
    for stride in _STRIDES_PX:
        count = _SIDE_PX // stride
        rows, columns = np.mgrid[0:count, 0:count]
        places.append(np.stack((columns.ravel(), rows.ravel()), axis=1).astype(np.float64))
        steps.append(np.full(count * count, float(stride)))
    return np.concatenate(places), np.concatenate(steps)
