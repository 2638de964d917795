"""Drawn people for tests: a photo, the person with skeleton or face, and the clothing mask, without any network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.bodies.pose import Pose, PoseJoint, PoseLandmark
from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.base import Pixels
from curation.engines.bodies.base import BodyMask

__all__ = ["WALL", "DressedPerson", "dressed_person", "standing_pose"]

WALL = (40, 160, 60)
"""A green that nobody wears in these pictures."""
_SKIN = (205, 160, 135)
_JOINTS = {
    PoseJoint.NOSE: (100, 45),
    PoseJoint.LEFT_EAR: (112, 45),
    PoseJoint.RIGHT_EAR: (88, 45),
    PoseJoint.LEFT_SHOULDER: (125, 85),
    PoseJoint.RIGHT_SHOULDER: (75, 85),
    PoseJoint.LEFT_ELBOW: (135, 125),
    PoseJoint.RIGHT_ELBOW: (65, 125),
    PoseJoint.LEFT_WRIST: (138, 165),
    PoseJoint.RIGHT_WRIST: (62, 165),
    PoseJoint.LEFT_HIP: (115, 170),
    PoseJoint.RIGHT_HIP: (85, 170),
    PoseJoint.LEFT_KNEE: (115, 245),
    PoseJoint.RIGHT_KNEE: (85, 245),
    PoseJoint.LEFT_ANKLE: (115, 315),
    PoseJoint.RIGHT_ANKLE: (85, 315),
    PoseJoint.LEFT_FOOT_INDEX: (118, 335),
    PoseJoint.RIGHT_FOOT_INDEX: (82, 335),
}


class DressedPerson(NamedTuple):
    """A drawn person; photo and mask cover the same 200 x 360 pixels, or the upper part of them."""

    pixels: Pixels
    person: Person
    clothes: BodyMask
    whole: BodyMask


def standing_pose() -> Pose:
    """The skeleton of the drawn person; joints that are not drawn lie on the nose."""
    places = [_JOINTS.get(joint, _JOINTS[PoseJoint.NOSE]) for joint in PoseJoint]
    return Pose(tuple(PoseLandmark(float(x), float(y), 0.0, 1.0) for x, y in places), 0.95)


def dressed_person(
    top: tuple[int, int, int] = (200, 30, 40),
    bottom: tuple[int, int, int] = (20, 20, 22),
    *,
    with_pose: bool = True,
    with_face: bool = True,
    height: int = 360,
    skin: tuple[int, int, int] = _SKIN,
) -> DressedPerson:
    """Draw a person in a top down to the hips, trousers and bare hands.

    Args:
        top: Its colour, sRGB.
        bottom: Likewise.
        with_pose: Whether the person has a skeleton.
        with_face: Whether the person has a face.
        height: Where the photo ends; 360 shows the feet.
        skin: Colour of head and hands.
    """
    photo = np.empty((360, 200, 3), dtype=np.uint8)
    photo[:] = WALL
    clothes = np.zeros((360, 200), dtype=np.float32)
    whole = np.zeros((360, 200), dtype=np.float32)

    def draw(left: int, upper: int, right: int, lower: int, colour: tuple[int, int, int], *, is_clothes: bool) -> None:
        photo[upper:lower, left:right] = colour
        clothes[upper:lower, left:right] = 1.0 if is_clothes else 0.0
        whole[upper:lower, left:right] = 1.0

    draw(82, 18, 118, 68, skin, is_clothes=False)
    draw(70, 74, 130, 166, top, is_clothes=True)
    draw(56, 80, 70, 155, top, is_clothes=True)
    draw(130, 80, 144, 155, top, is_clothes=True)
    draw(56, 155, 70, 172, skin, is_clothes=False)
    draw(130, 155, 144, 172, skin, is_clothes=False)
    draw(75, 166, 125, 318, bottom, is_clothes=True)
    draw(75, 318, 125, 342, (90, 60, 30), is_clothes=True)
    face = FaceOfBody(
        0,
        Box(84, 26, 32, 42),
        FiveLandmarks.from_array(np.array([[92.0, 42], [108, 42], [100, 50], [94, 58], [106, 58]])),
        0.99,
    )
    box = Box(54, 16, 92, min(330, height - 16))
    person = Person(0, box, 0.99, standing_pose() if with_pose else None, face if with_face else None)
    area = Box(0, 0, 200, height)

    def mask(values: NDArray[np.float32]) -> BodyMask:
        return BodyMask(values[:height], area, 1.0)

    return DressedPerson(Pixels(photo[:height], 1.0), person, mask(clothes), mask(whole))
