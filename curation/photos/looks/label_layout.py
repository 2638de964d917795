"""Where labels of faces stand on a picture: beside their faces, never on a face, never outside of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box

__all__ = ["PlacedLabel", "place_labels"]

_RINGS = 8
"""How far from its face a label may stand, in its own heights; further away nobody finds the face it belongs to."""

_Line: TypeAlias = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """Where a label stands.

    Attributes:
        box: Of the label, in pixels of the picture.
        line: The ends of a line from the label to its face, if it does not stand right beside it.
    """

    box: Box
    line: _Line | None


def place_labels(
    size: tuple[int, int],
    faces: Sequence[Box],
    labels: Sequence[tuple[int, int]],
    *,
    gap: int,
    kept: Sequence[PlacedLabel | None] = (),
) -> list[PlacedLabel | None]:
    """Find a place for each label.

    Args:
        size: Width and height of the picture.
        faces: Boxes, with what is drawn around them.
        labels: Width and height of the label of each face.
        gap: Between a label and all other things, in pixels.
        kept: Labels that have their places already, None for each that is still to be placed.

    Returns:
        For each face the place of its label; None if there is none near it.
    """
    placed: list[PlacedLabel | None] = list(kept) or [None] * len(faces)
    in_the_way = [*faces, *(place.box for place in placed if place is not None)]
    # Large faces are what a picture is about, and leave the fewest places.
    for number in sorted(range(len(faces)), key=lambda each: (-faces[each].w * faces[each].h, each)):
        if placed[number] is not None:
            continue
        others = np.array(in_the_way)
        for ring in range(_RINGS):
            found = _place_in_ring(size, faces[number], labels[number], ring, others, own=number, gap=gap)
            if found is not None:
                placed[number] = found
                in_the_way.append(found.box)
                break
    return placed


def _place_in_ring(
    size: tuple[int, int],
    face: Box,
    label: tuple[int, int],
    ring: int,
    in_the_way: NDArray[np.int_],
    *,
    own: int,
    gap: int,
) -> PlacedLabel | None:
    """The first free place at some distance from a face, whose own box is one of those in the way."""
    places = _places(face, *label, gap + 1 + ring * label[1])
    boxes = np.array([box for box, _ in places])
    left, top = boxes[:, :1], boxes[:, 1:2]
    right, bottom = left + label[0], top + label[1]
    inside = ((left >= 0) & (top >= 0) & (right <= size[0]) & (bottom <= size[1]))[:, 0]
    x, y, w, h = in_the_way.T
    touches = (left < x + w + gap) & (right > x - gap) & (top < y + h + gap) & (bottom > y - gap)
    for number in np.flatnonzero(inside & ~touches.any(axis=1)):
        box, line = places[number]
        if ring == 0:
            return PlacedLabel(box, None)
        if not any(_crosses(line, other) for other_number, other in enumerate(in_the_way) if other_number != own):
            return PlacedLabel(box, line)
    return None


def _places(face: Box, w: int, h: int, away: int) -> list[tuple[Box, _Line]]:
    """Places for a label of width `w` and height `h`, the best first, each with the line to its face."""
    x, y = face.x, face.y
    right, bottom = x + face.w, y + face.h
    middle_x, middle_y = x + face.w // 2, y + face.h // 2
    places: list[tuple[Box, _Line]] = []
    for top, start, end in ((y - away - h, y - away, y), (bottom + away, bottom + away, bottom)):
        for left in (x, middle_x - w // 2, right - w, middle_x - w // 4, middle_x - 3 * w // 4, middle_x, middle_x - w):
            from_x = min(max(middle_x, left), left + w)
            places.append((Box(left, top, w, h), ((from_x, start), (middle_x, end))))
    for left, start, end in ((right + away, right + away, right), (x - away - w, x - away, x)):
        for top in (y, middle_y - h // 2, bottom - h, y - h, bottom):
            from_y = min(max(middle_y, top), top + h)
            places.append((Box(left, top, w, h), ((start, from_y), (end, middle_y))))
    return places


def _crosses(line: _Line, box: NDArray[np.int_]) -> bool:
    crosses, _, _ = cv2.clipLine([int(value) for value in box], *line)
    return bool(crosses)
