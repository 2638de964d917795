"""Where a person's head is on a grid: by the face, else by the skeleton."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.domain.bodies.pose import PoseJoint
from curation.engines.bodies.clothes.window import Window

__all__ = ["Head", "head_of"]

_LEAST_POSE_CONFIDENCE = 0.5
# A head in heights of the face's box (hairline to chin): its middle lies so much above that of the box.
_RISE, _HALF_WIDTH, _HALF_HEIGHT = 0.12, 0.55, 0.70
# The face in distances of a skeleton's ears; in profile, where these coincide, in parts of the torso.
_FACE_OF_EARS, _FACE_OF_TORSO = 1.25, 0.32


class Head(NamedTuple):
    """A head, in pixels of the upright full-size photo.

    Attributes:
        x: Of the middle of the face.
        y: Likewise.
        face: Height of the face, hairline to chin.
        down_x: Direction from the head to the neck, of unit length.
        down_y: Likewise.
    """

    x: float
    y: float
    face: float
    down_x: float
    down_y: float

    def frame(self, window: Window) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """How far each cell of a grid is beside and below the middle of the face, in heights of the face."""
        x = window.area.x + (np.arange(window.width) + 0.5) * window.area.w / window.width - 0.5 - self.x
        y = window.area.y + (np.arange(window.height) + 0.5) * window.area.h / window.height - 0.5 - self.y
        across = (x[None] * self.down_y - y[:, None] * self.down_x) / self.face
        along = (x[None] * self.down_x + y[:, None] * self.down_y) / self.face
        return across.astype(np.float32), along.astype(np.float32)

    def inside(self, window: Window) -> NDArray[np.bool_]:
        """Which cells of a grid lie in the ellipse of the head."""
        across, along = self.frame(window)
        return np.asarray((across / _HALF_WIDTH) ** 2 + ((along + _RISE) / _HALF_HEIGHT) ** 2 < 1)


def head_of(person: Person) -> Head | None:
    """The head of a person; None if neither face nor skeleton shows it."""
    if person.face is not None:
        box = person.face.box
        points = person.face.landmarks.as_array()
        down = points[3:].mean(axis=0) - points[:2].mean(axis=0)
        length = float(np.hypot(*down))
        if length < 1e-3 or not np.isfinite(length):
            down, length = np.array([0.0, 1.0]), 1.0
        return Head(box.x + box.w / 2, box.y + box.h / 2, max(1.0, float(box.h)), *(down / length).tolist())
    pose = person.pose
    if pose is None or pose.confidence < _LEAST_POSE_CONFIDENCE:
        return None
    points = np.array([[each.x, each.y] for each in pose.landmarks])
    ears = points[[PoseJoint.LEFT_EAR, PoseJoint.RIGHT_EAR]]
    middle = points[: PoseJoint.MOUTH_RIGHT + 1].mean(axis=0) * 0.5 + ears.mean(axis=0) * 0.5
    shoulders = points[[PoseJoint.LEFT_SHOULDER, PoseJoint.RIGHT_SHOULDER]].mean(axis=0)
    hips = points[[PoseJoint.LEFT_HIP, PoseJoint.RIGHT_HIP]].mean(axis=0)
    torso = float(np.hypot(*(hips - shoulders)))
    face = max(_FACE_OF_EARS * float(np.hypot(*(ears[0] - ears[1]))), _FACE_OF_TORSO * torso, 1.0)
    down = shoulders - middle
    length = float(np.hypot(*down))
    if not np.isfinite(length) or not np.isfinite(face) or length < 1e-3:
        return None
    return Head(float(middle[0]), float(middle[1]), face, *(down / length).tolist())
