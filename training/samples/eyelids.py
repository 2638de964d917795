"""Drawing lids and dark lenses over open eyes.

The same picture then appears in both classes, so that its source says nothing about the class; and eyes that are only
narrowed by a laugh are learned as open.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["dark_lens", "drawn_lids"]

_SKIN_ABOVE = 0.42  # of the eye's width: height of the lid and skin above the eye that is stretched down


def drawn_lids(
    crop: NDArray[np.uint8], outline: NDArray[np.float64], lowered: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw the upper lid down (and the lower one up a little) by stretching the skin around the eye.

    Args:
        crop: (h, w) uint8 with an open eye.
        outline: (6, 2) landmarks of the eye in the crop: corner, upper lid, upper lid, corner, lower lid, lower lid.
        lowered: Share of the opening that is covered; 1 closes the eye.
        rng: Random generator.
    """
    height, width = crop.shape
    first, last = sorted((outline[0], outline[3]), key=lambda point: float(point[0]))
    eye_width = float(np.linalg.norm(last - first))
    x = np.arange(width, dtype=np.float64)
    upper = _lid(x, first, outline[1:3], last)
    lower = _lid(x, first, outline[4:6], last)
    inside = (x > first[0] - 1) & (x < last[0] + 1)
    opening = np.where(inside, np.maximum(lower - upper, 0), 0)
    margin = np.where(inside, np.minimum(rng.uniform(0.5, 2.0), opening), 0)  # the lashes stay in place
    raised = rng.uniform(0.0, 0.35) * lowered
    new_upper = upper + opening * lowered * (1 - raised)
    new_lower = lower - opening * lowered * raised
    top = upper - _SKIN_ABOVE * eye_width
    bottom = lower + 0.3 * eye_width
    y = np.arange(height, dtype=np.float64)[:, None]
    skin = top + (y - top) * ((upper - margin) - top) / np.maximum(new_upper - top, 1e-3)
    cheek = bottom - (bottom - y) * (bottom - (lower + margin * 0.5)) / np.maximum(bottom - new_lower, 1e-3)
    source = np.where((y > top) & (y <= new_upper), skin, y)
    source = np.where((y > np.maximum(new_upper, new_lower)) & (y < bottom), cheek, source)
    source = np.where(inside, source, y)
    columns = np.broadcast_to(x, (height, width)).astype(np.float32)
    picture = cv2.remap(crop, columns, source.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # Lashes along the new edge, denser towards the middle.
    distance = (y - new_upper) / rng.uniform(0.7, 1.6)
    line = np.exp(-(distance**2)) * (opening > 0) * rng.uniform(0.15, 0.75)
    return np.clip(picture * (1 - line), 0, 255).astype(np.uint8)


def _lid(
    x: NDArray[np.float64], first: NDArray[np.float64], between: NDArray[np.float64], last: NDArray[np.float64]
) -> NDArray[np.float64]:
    points = np.concatenate([[first], between, [last]])
    # A parabola is the highest degree that four points can determine well.
    return np.asarray(np.polyval(np.polyfit(points[:, 0], points[:, 1], 2), x), dtype=np.float64)


def dark_lens(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cover an eye with a dark or mirroring lens."""
    height, width = crop.shape
    factor = 4
    mask = np.zeros((height * factor, width * factor), dtype=np.uint8)
    middle = (int(factor * (width / 2 + rng.normal(0, 2))), int(factor * (height / 2 + rng.normal(1, 2))))
    axes = (int(factor * width * rng.uniform(0.42, 0.62)), int(factor * height * rng.uniform(0.26, 0.5)))
    if rng.random() < 0.6:
        cv2.ellipse(mask, middle, axes, rng.normal(0, 5), 0, 360, 255, -1)
    else:
        low, high = (middle[0] - axes[0], middle[1] - axes[1]), (middle[0] + axes[0], middle[1] + axes[1])
        cv2.rectangle(mask, low, high, 255, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), factor).astype(np.float32)
    share = cv2.resize(soft, (width, height), interpolation=cv2.INTER_AREA) / 255 * rng.uniform(0.9, 1.0)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    dark = float(rng.uniform(0, 60))
    lens = np.full((height, width), dark, dtype=np.float32) + y * rng.uniform(-20, 60)
    if rng.random() < 0.5:  # reflections in the lens: soft shapes
        shapes = cv2.resize(rng.normal(0, 1, (5, 6)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        lens = lens + shapes * rng.uniform(5, 50)
    if rng.random() < 0.5:
        spot = np.zeros((height, width), dtype=np.float32)
        at = (int(rng.uniform(0.2, 0.8) * width), int(rng.uniform(0.25, 0.7) * height))
        cv2.ellipse(spot, at, (int(rng.integers(1, 6)), int(rng.integers(1, 4))), 0, 0, 360, 1.0, -1)
        lens = lens + cv2.GaussianBlur(spot, (0, 0), 0.8) * rng.uniform(60, 200)
    return np.clip(crop * (1 - share) + lens * share, 0, 255).astype(np.uint8)
