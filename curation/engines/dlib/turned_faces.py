"""Faces found in a turned photo, as faces of the photo before it was turned."""

from __future__ import annotations

import numpy as np

from curation.domain.faces.face import FiveLandmarks
from curation.domain.faces.geometry import clipped_box
from curation.engines.base import PhotoPixels
from curation.engines.batching import ChippedFace
from curation.engines.tiling import Detections
from curation.engines.turns import turned_back

__all__ = ["face_turned_back"]


def face_turned_back(face: ChippedFace, photo: PhotoPixels, turn: int) -> ChippedFace:
    """A face in pixels of the photo before it was turned; the chip stays upright.

    Args:
        face: In pixels of the turned photo.
        photo: The photo before it was turned.
        turn: Quarter turns against the clock by which it was turned.
    """
    box = face.box
    seen = Detections(
        np.array([[box.x, box.y, box.x + box.w, box.y + box.h]], dtype=np.float64),
        np.array([face.confidence]),
        face.landmarks.as_array()[None],
    )
    back = turned_back(seen, turn, photo.width, photo.height)
    left, top, right, bottom = back.areas[0].tolist()
    before = clipped_box(left, top, right, bottom, photo.width, photo.height)
    assert before is not None
    return face._replace(box=before, landmarks=FiveLandmarks.from_array(back.points[0]))
