"""Boxes with names, drawn on pictures of films and on posters; a name keeps its place from picture to picture."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.photos.lettering.words import plate

__all__ = ["NOBODY_COLOUR", "BoxDrawer", "NamedBox", "colour_of"]

_Colour = tuple[int, int, int]
_Rectangle = tuple[int, int, int, int]

_DARK = (18, 18, 20)
_COLOURS: tuple[_Colour, ...] = (
    (255, 209, 0),
    (0, 214, 255),
    (255, 120, 190),
    (120, 235, 90),
    (255, 150, 60),
    (190, 160, 255),
    (255, 95, 85),
    (90, 160, 255),
)
_TEXT_SHARE, _MIN_TEXT_PX = 0.024, 11  # of the square root of the picture's pixels
_SMALL_PX = 240  # of the shorter side: lines of pictures below it have one pixel
_KEPT_PLATES = 256


@dataclass(frozen=True, slots=True)
class NamedBox:
    """A face to draw.

    Attributes:
        key: The same from picture to picture.
        box: x, y, width, height in pixels of the picture that is drawn on; may lie between pixels.
        text: On one line; empty for a box without a name.
        colour: RGB.
    """

    key: Hashable
    box: tuple[float, float, float, float]
    text: str
    colour: _Colour


NOBODY_COLOUR: _Colour = (170, 170, 170)
"""Of faces that are no character's."""


def colour_of(number: int) -> _Colour:
    """The colour of a person by number; after the last one the first again."""
    return _COLOURS[number % len(_COLOURS)]


class BoxDrawer:
    """Draws on pictures of one size."""

    def __init__(self, width: int, height: int) -> None:
        """For pictures of this size, in pixels."""
        self._width, self._height = width, height
        self._text_px = max(_MIN_TEXT_PX, round(_TEXT_SHARE * (width * height) ** 0.5))
        self._line_px = max(1 if min(width, height) < _SMALL_PX else 2, round(self._text_px / 9))
        self._plates: dict[tuple[str, _Colour], NDArray[np.uint8]] = {}
        self._places: dict[Hashable, int] = {}

    def draw(self, canvas: NDArray[np.uint8], faces: Sequence[NamedBox]) -> None:
        """Draw on a picture.

        Args:
            canvas: (H, W, 3) uint8 RGB, contiguous; it is changed.
            faces: Those in it; the first ones choose the place of their names first.
        """
        boxes = [self._rectangle(face) for face in faces]
        for face, box in zip(faces, boxes, strict=True):
            corners = (box[0], box[1]), (box[0] + box[2] - 1, box[1] + box[3] - 1)
            cv2.rectangle(canvas, *corners, _DARK, 2 * self._line_px + 1, cv2.LINE_8)
            cv2.rectangle(canvas, *corners, face.colour, self._line_px, cv2.LINE_8)
        taken: list[_Rectangle] = []
        places: dict[Hashable, int] = {}
        for number, face in enumerate(faces):
            if not face.text:
                continue
            label = self._plate(face.text, face.colour)
            others = [*taken, *(box for other, box in enumerate(boxes) if other != number)]
            place, at = self._place(boxes[number], label, others, self._places.get(face.key, 0))
            places[face.key] = place
            taken.append(at)
            x, y, w, h = at
            canvas[y : y + h, x : x + w] = label[:h, :w]
        self._places = places

    def _rectangle(self, face: NamedBox) -> _Rectangle:
        """The box in whole pixels, inside of the picture."""
        x, y, w, h = face.box
        left, top = (min(max(round(value), 0), end - 1) for value, end in ((x, self._width), (y, self._height)))
        right = min(max(round(x + w), left + 1), self._width)
        bottom = min(max(round(y + h), top + 1), self._height)
        return left, top, right - left, bottom - top

    def _plate(self, text: str, colour: _Colour) -> NDArray[np.uint8]:
        key = (text, colour)
        if key not in self._plates:
            if len(self._plates) >= _KEPT_PLATES:
                self._plates.clear()
            made = plate(text, self._text_px, colour, max_width=self._width)
            self._plates[key] = made[: self._height, : self._width]
        return self._plates[key]

    def _place(
        self, box: _Rectangle, label: NDArray[np.uint8], others: Sequence[_Rectangle], before: int
    ) -> tuple[int, _Rectangle]:
        """The place that the name had in the picture before if it is free there, else the first free one."""
        height, width = label.shape[:2]
        gap = self._line_px + 1
        x, y, w, h = box
        rows = (y - gap - height, y + h + gap, y + h + gap, y - gap - height, y + gap, y + h - gap - height)
        columns = (x, x, x + w - width, x + w - width, x + gap, x + gap)
        candidates = [self._inside(column, row, width, height) for column, row in zip(columns, rows, strict=True)]
        order = [before, *(number for number in range(len(candidates)) if number != before)]

        def hidden(number: int) -> int:
            own = () if number >= 4 else (box,)
            return sum(_overlap(candidates[number], other) for other in (*others, *own))

        best = min(order, key=hidden)
        return best, candidates[best]

    def _inside(self, x: int, y: int, width: int, height: int) -> _Rectangle:
        return max(0, min(x, self._width - width)), max(0, min(y, self._height - height)), width, height


def _overlap(a: _Rectangle, b: _Rectangle) -> int:
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0
