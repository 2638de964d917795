"""Masks of people as figures and as one mask of the whole picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.cutting import EdgeContact
from curation.domain.faces.face import Box
from curation.engines.bodies.base import BodyMask

__all__ = ["IS_INSIDE", "area_px", "edge_contact", "inside_certainty", "union_of"]

IS_INSIDE = 0.5
"""From this value on, a pixel of a mask belongs to its thing."""

_LONG_SIDE_PX = 2048  # of a union; the networks' own masks have far fewer pixels


def inside_certainty(mask: BodyMask) -> float | None:
    """The mean of a mask's values inside its outline, in [0.5, 1]; None if nothing is inside."""
    inside = mask.values[mask.values >= IS_INSIDE]
    return float(inside.mean(dtype=np.float64)) if inside.size else None


def area_px(mask: BodyMask) -> float:
    """How many pixels of the full-size photo are inside a mask."""
    return float(np.count_nonzero(mask.values >= IS_INSIDE)) / mask.scale**2


def union_of(masks: Sequence[BodyMask], width: int, height: int) -> BodyMask:
    """One mask of the whole picture: each pixel has the highest value of all masks.

    Args:
        masks: Any number.
        width: Of the upright full-size photo, in pixels.
        height: Likewise.
    """
    scale = min(1.0, _LONG_SIDE_PX / max(width, height))
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    values: NDArray[np.float32] = np.zeros(size, np.float32)
    for mask in masks:
        x, y, w, h = mask.area
        left, top = round(x * scale), round(y * scale)
        right, bottom = min(size[1], round((x + w) * scale)), min(size[0], round((y + h) * scale))
        if right <= left or bottom <= top or not mask.values.size:
            continue
        placed = cv2.resize(mask.values, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
        part = values[top:bottom, left:right]
        np.maximum(part, placed, out=part)
    return BodyMask(values, Box(0, 0, width, height), scale)


_EDGE_SHARE = 0.004  # how deep the strip along an edge is in which a mask touches it, per side of the photo


def edge_contact(mask: BodyMask, width: int, height: int) -> EdgeContact:
    """How much of the photo's edges the outline of a person covers.

    Args:
        mask: Of the person.
        width: Of the upright full-size photo, in pixels.
        height: Likewise.
    """
    inside = mask.values >= IS_INSIDE
    x, y, w, h = mask.area
    across, down = w / max(1, inside.shape[1]), h / max(1, inside.shape[0])  # pixels of the photo per pixel of the mask
    strip_x = max(1, round(_EDGE_SHARE * width / across))
    strip_y = max(1, round(_EDGE_SHARE * height / down))
    return EdgeContact(
        left=float(inside[:, :strip_x].all(axis=1).sum()) * down if x <= 0 else 0.0,
        right=float(inside[:, -strip_x:].all(axis=1).sum()) * down if x + w >= width else 0.0,
        bottom=float(inside[-strip_y:].all(axis=0).sum()) * across if y + h >= height else 0.0,
        top=float(inside[:strip_y].all(axis=0).sum()) * across if y <= 0 else 0.0,
    )
