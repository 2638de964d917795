"""When closed eyes are no blink: in a laugh, in a kiss, a hug or a prayer, and, if the user wants it, of children.

A blink spoils a photo; the eyes that a hearty laugh presses shut do not, nor those that two people close together. Only
the positions of the faces, the poses of the heads and the smile are looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from itertools import combinations
from math import hypot

from curation.domain.measuring.measures import FaceMeasures

__all__ = ["Excuse", "is_laugh", "moments"]

# A posed smile with a blink is a mistake, and there are more of them than of laughs: only a laugh that few smiles reach
# excuses eyes that are surely shut. A strong smile excuses eyes that it narrows to a line, of which the network is
# unsure.
_LAUGH_FROM = 0.92
_STRONG_SMILE_FROM = 0.75
_NARROWED_FROM = 0.06

_APART = 0.4  # least distance of the middles of two faces, in widths of a face: nearer ones are one face, found twice
_CHEEK_TO_CHEEK = 1.4  # distance of the middles of two faces, in widths of a face, of people who touch
_FACING = 2.5  # the same for two who have turned their heads towards each other
_FACING_DEG = 15.0  # least turn of each head towards the other
_LEAST_SIZE = 0.5  # of the larger face: somebody in the background does not embrace anybody
_BOWED_DEG = 12.0  # least nod of a bowed head


class Excuse(StrEnum):
    """Why closed eyes are no blink; the value completes a sentence about a person."""

    LAUGH = "laughs with closed eyes"
    MOMENT = "has closed eyes in a moment with others"
    CHILD = "looks like a child and has closed eyes"


def is_laugh(eyes: float | None, smile: float | None) -> bool:
    """Whether closed eyes belong to a laugh: to a hearty one, or to a strong smile that only narrows them.

    Args:
        eyes: How far the eyes are open, in [0, 1]; None if it cannot be told.
        smile: In [0, 1]; None if it cannot be told.
    """
    if eyes is None or smile is None:
        return False
    return smile >= _LAUGH_FROM or (smile >= _STRONG_SMILE_FROM and eyes >= _NARROWED_FROM)


def moments(faces: Mapping[int, tuple[FaceMeasures, bool | None]], key_people: Collection[int]) -> frozenset[int]:
    """The faces with closed eyes that share a moment: a kiss, a hug, heads bowed together.

    Two faces with closed eyes that touch, or that are near and turned to each other, are a kiss or a hug. If all key
    people whose eyes can be told, at least two, have closed eyes and bowed heads, they pray or listen.

    Args:
        faces: The measures of each face of a photo, and whether its eyes are open (None: cannot tell), by number.
        key_people: Numbers of the faces of the main and important people.

    Returns:
        Numbers of faces.
    """
    closed = sorted(number for number, (_, is_open) in faces.items() if is_open is False)
    found: set[int] = set()
    for one, other in combinations(closed, 2):
        if _are_close(faces[one][0], faces[other][0]):
            found |= {one, other}
    told = [number for number in key_people if faces[number][1] is not None]
    if len(told) >= 2 and all(faces[n][1] is False and faces[n][0].pitch_deg <= -_BOWED_DEG for n in told):
        found |= set(told)
    return frozenset(found)


def _are_close(one: FaceMeasures, other: FaceMeasures) -> bool:
    small, large = sorted((one.size_px, other.size_px))
    if small < _LEAST_SIZE * large:
        return False
    distance = hypot(one.centre[0] - other.centre[0], one.centre[1] - other.centre[1]) / ((small + large) / 2)
    if distance < _APART:
        return False
    if distance <= _CHEEK_TO_CHEEK:
        return True
    left, right = (one, other) if one.centre[0] <= other.centre[0] else (other, one)
    return distance <= _FACING and left.yaw_deg >= _FACING_DEG and right.yaw_deg <= -_FACING_DEG
