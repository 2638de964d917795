"""The 33 landmarks of a pose, in the order and with the names of BlazePose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

__all__ = ["BONES", "Pose", "PoseJoint", "PoseLandmark"]


class PoseJoint(IntEnum):
    """Places of the 33 landmarks; left and right are those of the person, not of the picture."""

    NOSE = 0
    LEFT_EYE_INNER = 1
    LEFT_EYE = 2
    LEFT_EYE_OUTER = 3
    RIGHT_EYE_INNER = 4
    RIGHT_EYE = 5
    RIGHT_EYE_OUTER = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    MOUTH_LEFT = 9
    MOUTH_RIGHT = 10
    LEFT_SHOULDER = 11
    RIGHT_SHOULDER = 12
    LEFT_ELBOW = 13
    RIGHT_ELBOW = 14
    LEFT_WRIST = 15
    RIGHT_WRIST = 16
    LEFT_PINKY = 17
    RIGHT_PINKY = 18
    LEFT_INDEX = 19
    RIGHT_INDEX = 20
    LEFT_THUMB = 21
    RIGHT_THUMB = 22
    LEFT_HIP = 23
    RIGHT_HIP = 24
    LEFT_KNEE = 25
    RIGHT_KNEE = 26
    LEFT_ANKLE = 27
    RIGHT_ANKLE = 28
    LEFT_HEEL = 29
    RIGHT_HEEL = 30
    LEFT_FOOT_INDEX = 31
    RIGHT_FOOT_INDEX = 32


BONES: tuple[tuple[PoseJoint, PoseJoint], ...] = (
    (PoseJoint.LEFT_EAR, PoseJoint.LEFT_EYE),
    (PoseJoint.LEFT_EYE, PoseJoint.NOSE),
    (PoseJoint.NOSE, PoseJoint.RIGHT_EYE),
    (PoseJoint.RIGHT_EYE, PoseJoint.RIGHT_EAR),
    (PoseJoint.MOUTH_LEFT, PoseJoint.MOUTH_RIGHT),
    (PoseJoint.LEFT_SHOULDER, PoseJoint.RIGHT_SHOULDER),
    (PoseJoint.LEFT_SHOULDER, PoseJoint.LEFT_ELBOW),
    (PoseJoint.LEFT_ELBOW, PoseJoint.LEFT_WRIST),
    (PoseJoint.LEFT_WRIST, PoseJoint.LEFT_INDEX),
    (PoseJoint.RIGHT_SHOULDER, PoseJoint.RIGHT_ELBOW),
    (PoseJoint.RIGHT_ELBOW, PoseJoint.RIGHT_WRIST),
    (PoseJoint.RIGHT_WRIST, PoseJoint.RIGHT_INDEX),
    (PoseJoint.LEFT_SHOULDER, PoseJoint.LEFT_HIP),
    (PoseJoint.RIGHT_SHOULDER, PoseJoint.RIGHT_HIP),
    (PoseJoint.LEFT_HIP, PoseJoint.RIGHT_HIP),
    (PoseJoint.LEFT_HIP, PoseJoint.LEFT_KNEE),
    (PoseJoint.LEFT_KNEE, PoseJoint.LEFT_ANKLE),
    (PoseJoint.LEFT_ANKLE, PoseJoint.LEFT_HEEL),
    (PoseJoint.LEFT_HEEL, PoseJoint.LEFT_FOOT_INDEX),
    (PoseJoint.RIGHT_HIP, PoseJoint.RIGHT_KNEE),
    (PoseJoint.RIGHT_KNEE, PoseJoint.RIGHT_ANKLE),
    (PoseJoint.RIGHT_ANKLE, PoseJoint.RIGHT_HEEL),
    (PoseJoint.RIGHT_HEEL, PoseJoint.RIGHT_FOOT_INDEX),
)
"""Pairs of landmarks between which a line is drawn; those of hands and inside of the face are left out."""


class PoseLandmark(NamedTuple):
    """A landmark of a pose.

    Attributes:
        x: In pixels of the upright full-size photo; may lie outside, where the network guesses.
        y: Likewise.
        z: Depth in the same unit, 0 at the middle of the hips, smaller towards the camera; rough.
        visibility: Probability that it is in the photo and not hidden, in [0, 1].
    """

    x: float
    y: float
    z: float
    visibility: float


@dataclass(frozen=True, slots=True)
class Pose:
    """A skeleton.

    Attributes:
        landmarks: 33, in the order of `PoseJoint`.
        confidence: Probability that a person is there, in [0, 1], as the network says.
    """

    landmarks: tuple[PoseLandmark, ...]
    confidence: float

    def at(self, joint: PoseJoint) -> PoseLandmark:
        """One landmark."""
        return self.landmarks[joint]
