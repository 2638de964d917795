"""Pictures of faces as the networks of attributes were trained on: by landmarks, or by the detector's box."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from curation.engines.alignment import aligned_face, detail_scale
from curation.engines.attributes.reader import FoundAt
from curation.engines.base import PhotoPixels, Pixels

__all__ = ["BoxCrop", "box_chip", "chips_of", "template_chip"]


class BoxCrop(StrEnum):
    """How the rectangle of a detector's box becomes a square."""

    SQUARE = "square"
    """A square around the box's middle whose side is the box's longer one: what is beside the face stays visible."""
    LETTERBOX = "letterbox"
    """The same square, black beside the box; deepface's way."""


def chips_of(
    photo: PhotoPixels,
    faces: Sequence[FoundAt],
    cut: Callable[[Pixels, FoundAt], Sequence[NDArray[np.uint8]]],
    *,
    eye_distance_px: float,
) -> list[Sequence[NDArray[np.uint8]] | None]:
    """Cut the chips of each face of a photo, which is decoded once.

    Args:
        photo: The photo.
        faces: Any number.
        cut: Cuts those of one face; raises ValueError if the face's points are no face.
        eye_distance_px: Distance of the eyes at which a face shows enough detail for the chips.

    Returns:
        Its chips, (S, S, 3) uint8 RGB, for each face; None where its points or its box are no face.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded.
    """
    if not faces:
        return []
    pixels = photo.detailed(detail_scale([face.landmarks for face in faces], eye_distance_px=eye_distance_px))
    chips: list[Sequence[NDArray[np.uint8]] | None] = []
    for face in faces:
        try:
            chips.append(cut(pixels, face))
        except ValueError:
            chips.append(None)
    return chips


def template_chip(pixels: Pixels, face: FoundAt, *, template: NDArray[np.float64], size_px: int) -> NDArray[np.uint8]:
    """Cut a face so that its five landmarks are as near as possible to a template.

    Args:
        pixels: The photo.
        face: The face.
        template: (5, 2) positions in parts of the chip's side.
        size_px: Side of the chip.

    Raises:
        ValueError: If the landmarks coincide or are not finite.
    """
    points = (face.landmarks.as_array() + 0.5) * pixels.scale - 0.5
    return aligned_face(pixels.array, points, template=template * size_px - 0.5, size_px=size_px)


def box_chip(
    pixels: Pixels,
    face: FoundAt,
    *,
    size_px: int,
    crop: BoxCrop = BoxCrop.SQUARE,
    margin: float = 0.0,
    turned: bool = False,
) -> NDArray[np.uint8]:
    """Cut a face by its box.

    Args:
        pixels: The photo.
        face: The face.
        size_px: Side of the chip.
        crop: How the box becomes a square.
        margin: By how much the square is larger than the box, in parts of it; 0.5 is half of it in all.
        turned: Whether the photo is turned about the box's middle so that the eyes are level.

    Returns:
        (size_px, size_px, 3) uint8 RGB; black outside of the photo.

    Raises:
        ValueError: If the box or the landmarks are no face.
    """
    box = face.box
    numbers = np.array([*box, *np.ravel(face.landmarks.as_array())], dtype=np.float64)
    if not np.isfinite(numbers).all() or min(box.w, box.h) < 1:
        raise ValueError("the box is no face")
    side = max(box.w, box.h) * (1 + margin)
    middle = np.array([box.x + box.w / 2, box.y + box.h / 2])
    right_eye, left_eye = face.landmarks.as_array()[:2]
    angle = math.atan2(*(left_eye - right_eye)[::-1]) if turned else 0.0
    along = np.array([math.cos(angle), math.sin(angle)]) * side / 2
    # Corners and middles are positions between pixels, whose centres are at whole numbers.
    points = np.stack([middle - along, middle + along]) * pixels.scale - 0.5
    target = np.array([[0.0, size_px / 2], [size_px, size_px / 2]]) - 0.5
    chip = aligned_face(pixels.array, points, template=target, size_px=size_px)
    if crop is BoxCrop.LETTERBOX:
        chip = chip.copy()
        for axis, length in ((0, box.h), (1, box.w)):
            outside = (size_px - round(size_px * length / max(box.w, box.h))) // 2
            lines = chip if axis == 0 else chip.transpose(1, 0, 2)
            lines[:outside] = 0
            lines[size_px - outside :] = 0
    return chip
