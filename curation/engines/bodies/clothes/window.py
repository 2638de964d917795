"""The part of a photo that is looked at for one person's clothes, and moving maps between it and masks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.engines.base import Pixels
from curation.engines.bodies.base import BodyMask

__all__ = ["Window", "window_of"]

_MARGIN = 0.08  # of the longer side of a body's box


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of the upright full-size photo, and a grid of cells on it.

    Attributes:
        area: In pixels of the full-size photo.
        width: Of the grid, in cells.
        height: Likewise.
    """

    area: Box
    width: int
    height: int

    def picture(self, pixels: Pixels) -> NDArray[np.uint8]:
        """(h, w, 3) uint8 RGB, the window's part of a photo at the photo's scale; at least one pixel."""
        rows, columns = pixels.array.shape[:2]
        left = min(int(self.area.x * pixels.scale), columns - 1)
        top = min(int(self.area.y * pixels.scale), rows - 1)
        right = min(columns, max(left + 1, round((self.area.x + self.area.w) * pixels.scale)))
        bottom = min(rows, max(top + 1, round((self.area.y + self.area.h) * pixels.scale)))
        return pixels.array[top:bottom, left:right]

    def on_grid(self, picture: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """A map of the whole window, (h, w) or (h, w, C) of any size, as (height, width[, C]) float32."""
        shrinks = picture.shape[0] > self.height and picture.shape[1] > self.width
        resized = cv2.resize(
            np.ascontiguousarray(picture),
            (self.width, self.height),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
        )
        return np.asarray(resized, dtype=np.float32)

    def mask_on_grid(self, mask: BodyMask) -> NDArray[np.float32]:
        """A mask of some other part of the photo as (height, width) float32; 0 where it says nothing."""
        return _moved(mask.values, mask.area, self.area, self.width, self.height)

    def grid_on_mask(self, values: NDArray[np.float32], mask: BodyMask) -> NDArray[np.float32]:
        """A map on the grid as one of the size and area of a mask; 0 outside of the window."""
        height, width = mask.values.shape
        return _moved(values, self.area, mask.area, width, height)

    def places(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 2) x, y in cells of the grid for points in pixels of the full-size photo."""
        scale = np.array([self.width / self.area.w, self.height / self.area.h])
        return np.asarray((points - np.array([self.area.x, self.area.y]) + 0.5) * scale - 0.5)


def window_of(box: Box, width: int, height: int, *, grid_px: int) -> Window:
    """The window for a body's box.

    Args:
        box: Of the body.
        width: Of the full-size photo.
        height: Likewise.
        grid_px: Cells of the grid's longer side; cells are never smaller than pixels.
    """
    margin = round(_MARGIN * max(box.w, box.h))
    left, top = min(max(0, box.x - margin), width - 1), min(max(0, box.y - margin), height - 1)
    right, bottom = min(width, box.x + box.w + margin), min(height, box.y + box.h + margin)
    area = Box(left, top, max(1, right - left), max(1, bottom - top))
    scale = min(1.0, grid_px / max(area.w, area.h))
    return Window(area, max(1, round(area.w * scale)), max(1, round(area.h * scale)))


def _moved(values: NDArray[np.float32], source: Box, target: Box, width: int, height: int) -> NDArray[np.float32]:
    """A map of one part of a photo as (height, width) of another part; 0 where they do not overlap.

    Pixels of all maps are cells whose middles lie between whole numbers; larger maps are averaged before.
    """
    rows, columns = values.shape
    scale_x, scale_y = target.w / width * columns / source.w, target.h / height * rows / source.h
    if scale_x > 1 or scale_y > 1:
        size = (max(1, round(columns / max(1.0, scale_x))), max(1, round(rows / max(1.0, scale_y))))
        values = np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
        rows, columns = values.shape
        scale_x, scale_y = target.w / width * columns / source.w, target.h / height * rows / source.h
    shift_x, shift_y = (target.x - source.x) / source.w * columns, (target.y - source.y) / source.h * rows
    matrix = np.array(
        [[scale_x, 0, shift_x + scale_x / 2 - 0.5], [0, scale_y, shift_y + scale_y / 2 - 0.5]], dtype=np.float64
    )
    moved = cv2.warpAffine(
        np.pad(values, 1, mode="edge"),
        matrix + np.array([[0, 0, 1], [0, 0, 1]]),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return np.asarray(moved, dtype=np.float32)
