"""The 33 landmarks of a person by BlazePose (Grishchenko et al., "BlazePose GHUM Holistic", 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.pose import Pose, PoseJoint, PoseLandmark
from curation.engines.bodies.base import BodySpec
from curation.engines.bodies.network import load_network
from curation.engines.bodies.squares import Head, Pyramid, Square, points_in_photo, square_between

__all__ = ["PoseLandmarks", "Skeleton"]

_SIDE_PX = 256
_POINTS = 39
_HIPS, _RIM = 33, 34  # the middle of the hips, and a point of the circle around the body

OUTSIDE_VISIBILITY = 0.1
"""The highest visibility of a landmark outside the photo: where it is, is guessed."""


class Skeleton(NamedTuple):
    """A skeleton and the square in which the person should be looked at next.

    Attributes:
        pose: Its landmarks and its confidence.
        square: Around the whole body, in pixels of the full-size photo.
    """

    pose: Pose
    square: Square


class PoseLandmarks:
    """Finds the landmarks of a person whose place is roughly known; safe to use from several threads."""

    def __init__(self, spec: BodySpec) -> None:
        """Load the network.

        Raises:
            WeightsMissingError: If its file is missing.
            WeightsBrokenError: If its file is not such a network.
        """
        self._network = load_network(spec)

    def find(
        self,
        photo: Pyramid,
        square: Square,
        width: int,
        height: int,
        *,
        hidden: Sequence[Head] = (),
        own: Head | None = None,
    ) -> Skeleton:
        """Find the landmarks of the person in a square.

        Args:
            photo: The photo.
            square: Around the person, its "up" towards the head, in pixels of the full-size photo.
            width: Of the full-size photo.
            height: Likewise.
            hidden: Heads of other people, see `Pyramid.cut`.
            own: The person's own, likewise.

        Raises:
            FaceAnalysisError: If the network fails.
        """
        given = photo.cut(square, _SIDE_PX, hidden=hidden, own=own).astype(np.float32)[None] / np.float32(255)
        numbers, flag = self._network.run(given)
        values = numbers.reshape(_POINTS, 5).astype(np.float64)
        points = points_in_photo(values[:, :2], square, _SIDE_PX)
        depths = values[:, 2] * square.side / _SIDE_PX
        seen = _probability(values[:, 3]) * _probability(values[:, 4])
        landmarks = []
        for (x, y), z, visibility in zip(points[: len(PoseJoint)], depths, seen, strict=False):
            inside = 0 <= x < width and 0 <= y < height
            landmarks.append(
                PoseLandmark(
                    float(x), float(y), float(z), float(visibility if inside else min(visibility, OUTSIDE_VISIBILITY))
                )
            )
        confidence = float(np.clip(flag[0, 0], 0, 1))
        return Skeleton(Pose(tuple(landmarks), confidence), square_between(points[_HIPS], points[_RIM]))


def _probability(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))), dtype=np.float64)
