"""Made-up people and records of pictures for tests."""

from __future__ import annotations

from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.attributes.values import FaceAttributes
from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.bodies.pose import Pose, PoseLandmark
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.outfits.outfit import ColourName, Garment, GarmentColour, GarmentPart, Outfit
from tests.attribute_values import SHA256, a_sex, an_age

__all__ = ["SHA256", "a_face_of_body", "a_person", "a_person_record", "a_record", "an_outfit", "standing"]

# A person who stands upright and looks into the camera: x as a share of the height from the middle, to the picture's
# right for the person's left side; y as a share of the height from the crown. In the order of `PoseJoint`.
_HEAD = (
    (0.0, 0.08),
    (0.01, 0.064),
    (0.019, 0.064),
    (0.028, 0.064),
    (-0.01, 0.064),
    (-0.019, 0.064),
    (-0.028, 0.064),
    (0.042, 0.068),
    (-0.042, 0.068),
    (0.015, 0.101),
    (-0.015, 0.101),
)
_SIDE = (0.11, 0.19), (0.14, 0.33), (0.15, 0.45), (0.155, 0.49), (0.15, 0.5), (0.145, 0.48)
_LEG = (0.055, 0.5), (0.06, 0.72), (0.06, 0.93), (0.055, 0.97), (0.075, 0.99)


def standing(centre_x: float, top: float, height: float, *, visibility: float = 0.95, turn: float = 0.0) -> Pose:
    """The skeleton of a person who stands.

    Args:
        centre_x: Of the body, in pixels.
        top: Of the crown, in pixels.
        height: Of the body, in pixels.
        visibility: Of all joints.
        turn: How much lower the shoulder on the right of the picture is, as a share of the height.
    """
    points = list(_HEAD)
    for x, y in (*_SIDE, *_LEG):
        points += [(x, y + (turn / 2 if y == _SIDE[0][1] else 0)), (-x, y - (turn / 2 if y == _SIDE[0][1] else 0))]
    return Pose(tuple(PoseLandmark(centre_x + x * height, top + y * height, 0.0, visibility) for x, y in points), 0.97)


def a_face_of_body(index: int, centre_x: float, top: float, height: float) -> FaceOfBody:
    """The face of a person like `standing`."""
    points = [(-0.019, 0.064), (0.019, 0.064), (0.0, 0.08), (-0.015, 0.101), (0.015, 0.101)]
    box = Box(round(centre_x - 0.035 * height), round(top + 0.03 * height), round(0.07 * height), round(0.08 * height))
    return FaceOfBody(
        index, box, FiveLandmarks(*(Point(centre_x + x * height, top + y * height) for x, y in points)), 0.98
    )


def a_person(
    index: int = 0,
    *,
    centre_x: float = 300.0,
    top: float = 100.0,
    height: float = 800.0,
    size: tuple[int, int] = (600, 1000),
    with_pose: bool = True,
    with_face: bool = True,
    turn: float = 0.0,
) -> Person:
    """A person who stands; the box is clipped to a picture of that width and height."""
    left, right = max(0, round(centre_x - 0.17 * height)), min(size[0], round(centre_x + 0.17 * height))
    upper, lower = max(0, round(top)), min(size[1], round(top + height))
    return Person(
        person_index=index,
        box=Box(left, upper, right - left, lower - upper),
        confidence=0.93,
        pose=standing(centre_x, top, height, turn=turn) if with_pose else None,
        face=a_face_of_body(index, centre_x, top, height) if with_face else None,
    )


def an_outfit(top: ColourName = ColourName.RED, bottom: ColourName = ColourName.BLACK) -> Outfit:
    """Of two colours above the hips and one below them."""
    return Outfit(
        Garment(
            GarmentPart.TOP,
            (GarmentColour(top, 0.75, (190, 30, 40)), GarmentColour(ColourName.WHITE, 0.25, (240, 240, 238))),
            0.81,
            5321,
        ),
        Garment(GarmentPart.BOTTOM, (GarmentColour(bottom, 1.0, (20, 21, 25)),), 0.9, 7002),
    )


def a_person_record(index: int = 0, *, person: Person | None = None, cut_at: CutAt = CutAt.NONE) -> PersonRecord:
    """A person of whom everything is known."""
    return PersonRecord(
        person=a_person(index) if person is None else person,
        composition=Composition(cut_at, 0.9, 0.1, 0.31, -2.5, (3,)),
        outfit=an_outfit(),
        attributes=FaceAttributes(age=an_age(), sex=a_sex()),
        clothes_share=0.7,
        mask_confidence=0.95,
        clothes_confidence=0.88,
        signature=(0.1, 0.2, 0.7),
    )


def a_record(
    *people: PersonRecord, files: tuple[str, ...] = ("annotated.jpg", "clothes.png", "mask.png")
) -> AssetRecord:
    """A picture of 600 x 1000 pixels."""
    return AssetRecord(
        sha256=SHA256,
        width=600,
        height=1000,
        people=people,
        files=files,
        engine="retinaface-arcface",
        weights=(("retinaface.onnx", "b" * 64), ("u2netp.onnx", "c" * 64)),
        notes=("age and sex: cannot tell",),
    )
