"""Where the people of a picture stand, by BlazePose's detector (Bazarevsky et al., "BlazePose", 2020).

It was made for one person in front of a camera: in groups it finds few, so that parts of the picture are given to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.engines.bodies.base import BodySpec
from curation.engines.bodies.network import load_network
from curation.engines.bodies.squares import Head, Pyramid, Square, points_in_photo, square_between
from curation.engines.bodies.suppression import kept_boxes

__all__ = ["PoseDetector", "Stand"]

_SIDE_PX = 224
# Strides of the network's output maps; at each place there are two anchors of size 1.
_STRIDES_PX = (8, 16, 32, 32, 32)
_ANCHORS_PER_PLACE = 2
_HIPS, _RIM = slice(4, 6), slice(6, 8)
_MAX_LOG_ODDS = 100.0
_MIN_SCORE = 0.5
_MAX_OVERLAP = 0.3


class Stand(NamedTuple):
    """Where somebody stands.

    Attributes:
        square: Around the whole body, in pixels of the full-size photo.
        score: In [0, 1].
    """

    square: Square
    score: float


class PoseDetector:
    """Finds where people stand; safe to use from several threads."""

    def __init__(self, spec: BodySpec) -> None:
        """Load the network.

        Raises:
            WeightsMissingError: If its file is missing.
            WeightsBrokenError: If its file is not such a network.
        """
        self._network = load_network(spec)
        self._anchors = _anchors()

    def find(
        self, photo: Pyramid, area: Square, *, hidden: Sequence[Head] = (), own: Head | None = None
    ) -> list[Stand]:
        """Find people in a part of a photo.

        Args:
            photo: The photo.
            area: The part, in pixels of the full-size photo.
            hidden: Heads of other people, see `Pyramid.cut`.
            own: The person's own, likewise.

        Returns:
            The most certain first.

        Raises:
            FaceAnalysisError: If the network fails.
        """
        given = photo.cut(area, _SIDE_PX, hidden=hidden, own=own).astype(np.float32)[None] / np.float32(127.5) - 1
        numbers, log_odds = self._network.run(given)
        scores = 1 / (1 + np.exp(-np.clip(log_odds[0].astype(np.float64), -_MAX_LOG_ODDS, _MAX_LOG_ODDS)))
        certain = scores >= _MIN_SCORE
        values, scores = numbers.reshape(-1, 12)[certain].astype(np.float64), scores[certain]
        anchors = self._anchors[certain]
        centres = values[:, :2] + anchors
        edges = np.concatenate((centres - values[:, 2:4] / 2, centres + values[:, 2:4] / 2), axis=1)
        found = []
        for place in kept_boxes(edges, scores, _MAX_OVERLAP):
            ends = np.stack((values[place, _HIPS], values[place, _RIM])) + anchors[place]
            hips, rim = points_in_photo(ends, area, _SIDE_PX)
            found.append(Stand(square_between(hips, rim), float(scores[place])))
        return found


def _anchors() -> NDArray[np.float64]:
    """(2254, 2) middles of the anchors in pixels of the input; maps of the same size share their places."""
    anchors = []
    for stride in dict.fromkeys(_STRIDES_PX):
        count = _SIDE_PX // stride
        rows, columns = np.mgrid[0:count, 0:count]
        places = np.stack((columns.ravel(), rows.ravel()), axis=1) + 0.5
        anchors.append(np.repeat(places * stride, _ANCHORS_PER_PLACE * _STRIDES_PX.count(stride), axis=0))
    return np.concatenate(anchors).astype(np.float64)
