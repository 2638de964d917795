"""Augmentation of crops: size, sharpness, noise, compression, light, so that networks cannot learn the source.

Every crop of every class gets the same random changes, and the resolutions of all are drawn from one distribution.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["covered", "degraded", "jittered", "relit"]

Grey = NDArray[np.uint8]


def jittered(
    matrix: NDArray[np.float64], centre: tuple[float, float], rng: np.random.Generator, *, shift_px: float
) -> NDArray[np.float64]:
    """A (2, 3) transform followed by a small random rotation, scaling, shear and shift about `centre` in its output."""
    angle = math.radians(rng.normal(0, 5))
    size = math.exp(rng.normal(0, 0.09))
    stretch = math.exp(rng.normal(0, 0.06))
    shear = rng.normal(0, 0.06)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = turn @ np.array([[size * stretch, shear], [0.0, size / stretch]])
    middle = np.array(centre)
    moved = np.column_stack([linear, middle - linear @ middle + rng.normal(0, shift_px, 2)])
    return np.column_stack([moved[:, :2] @ matrix[:, :2], moved[:, :2] @ matrix[:, 2] + moved[:, 2]])


def degraded(crop: Grey, native: float, target: float, rng: np.random.Generator) -> Grey:
    """A crop at a lower resolution, blurred, with grain and JPEG blocks.

    Args:
        crop: (h, w) uint8.
        native: Pixels of the picture per pixel of the crop; above 1 if the crop is reduced.
        target: The value of `native` that the crop should appear to have; no effect if above `native` or 1.
        rng: Random generator.
    """
    height, width = crop.shape
    factor = min(1.0, target / min(1.0, native)) if target < native else 1.0
    picture = crop
    if factor < 0.97:
        small = (max(6, round(width * factor)), max(6, round(height * factor)))
        picture = np.asarray(cv2.resize(crop, small, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if rng.random() < 0.35:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.3)), dtype=np.uint8)
    elif rng.random() < 0.12:
        picture = _motion_blurred(picture, rng)
    if rng.random() < 0.4:
        grain = rng.normal(0, rng.uniform(1, 9), picture.shape)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        # The grid of the blocks starts anywhere.
        top, left = (int(v) for v in rng.integers(0, 8, 2))
        framed = np.pad(picture, ((top, 4), (left, 4)), mode="edge")
        quality = int(rng.uniform(25, 95))
        coded = cv2.imencode(".jpg", framed, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
        picture = decoded[top : top + picture.shape[0], left : left + picture.shape[1]]
    if picture.shape != crop.shape:
        method = cv2.INTER_CUBIC if rng.random() < 0.3 else cv2.INTER_LINEAR
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=method), dtype=np.uint8)
    return picture


def _motion_blurred(picture: Grey, rng: np.random.Generator) -> Grey:
    reach = int(rng.integers(1, 4))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), dtype=np.float32)
    angle = rng.uniform(0, math.pi)
    dx, dy = round(reach * math.cos(angle)), round(reach * math.sin(angle))
    cv2.line(kernel, (reach - dx, reach - dy), (reach + dx, reach + dy), 1.0)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), dtype=np.uint8)


def relit(crop: Grey, rng: np.random.Generator) -> Grey:
    """A crop in other light: gamma, contrast, brightness, and a shadow or a light from one side."""
    height, width = crop.shape
    light = (crop.astype(np.float32) / 255) ** math.exp(rng.normal(0, 0.25))
    if rng.random() < 0.5:
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        angle = rng.uniform(0, 2 * math.pi)
        light = light * (1 + rng.uniform(0, 0.5) * (x * math.cos(angle) + y * math.sin(angle))).astype(np.float32)
    light = (light - 0.4) * math.exp(rng.normal(0, 0.2)) + 0.4 + rng.normal(0, 0.05)
    return np.clip(light * 255, 0, 255).astype(np.uint8)


def covered(crop: Grey, rng: np.random.Generator) -> Grey:
    """A crop with something over it that hides little: the frame of glasses, a glint, a strand of hair, a watermark."""
    height, width = crop.shape
    picture = crop.copy()
    kind = rng.integers(0, 4)
    tone = int(rng.choice([rng.integers(0, 70), rng.integers(150, 256)]))
    if kind <= 1:  # a frame around the eye, a bridge to one side
        middle = (int(width / 2 + rng.normal(0, 2)), int(height / 2 + rng.normal(0, 2)))
        axes = (int(width * rng.uniform(0.40, 0.58)), int(height * rng.uniform(0.30, 0.5)))
        thickness = int(rng.integers(1, 4))
        if rng.random() < 0.5:
            cv2.ellipse(picture, middle, axes, rng.normal(0, 4), 0, 360, tone, thickness, cv2.LINE_AA)
        else:
            low, high = (middle[0] - axes[0], middle[1] - axes[1]), (middle[0] + axes[0], middle[1] + axes[1])
            cv2.rectangle(picture, low, high, tone, thickness, cv2.LINE_AA)
    elif kind == 2:  # a glint on the lens
        spot = np.zeros_like(picture)
        at = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        size = (int(rng.integers(1, 5)), int(rng.integers(2, 10)))
        cv2.ellipse(spot, at, size, rng.uniform(0, 180), 0, 360, int(rng.integers(80, 200)), -1, cv2.LINE_AA)
        picture = np.asarray(cv2.add(picture, spot), dtype=np.uint8)
    else:  # hair, or the letters of a watermark
        for _ in range(int(rng.integers(1, 4))):
            ends = [(int(rng.uniform(0, width)), int(rng.choice([-3, height + 3]))) for _ in range(2)]
            cv2.line(picture, ends[0], ends[1], tone, 1, cv2.LINE_AA)
    share = rng.uniform(0.4, 1.0)
    return np.asarray(cv2.addWeighted(picture, share, crop, 1 - share, 0), dtype=np.uint8)
