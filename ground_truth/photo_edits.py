"""Edits of photos as people make them before they export: sizes, turns, tones and crops."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["EDITS", "Picture"]

Picture = NDArray[np.uint8]
Edit = Callable[[Picture, np.random.Generator], Picture]


def _scaled(picture: Picture, by: float) -> Picture:
    height, width = picture.shape[:2]
    size = (max(16, round(width * by)), max(16, round(height * by)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC), np.uint8)


def _coded(picture: Picture, suffix: str, quality: int) -> Picture:
    flag = cv2.IMWRITE_WEBP_QUALITY if suffix == ".webp" else cv2.IMWRITE_JPEG_QUALITY
    written, data = cv2.imencode(suffix, np.ascontiguousarray(picture[..., ::-1]), [flag, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if not written or decoded is None:
        raise ValueError(f"{suffix} cannot be written")
    return np.ascontiguousarray(decoded[..., ::-1])


def _levels(picture: Picture, change: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Picture:
    """Change the values in [0, 1]."""
    return np.asarray(
        np.clip(change(np.asarray(picture, dtype=np.float32) / np.float32(255)), 0, 1) * 255 + 0.5, dtype=np.uint8
    )


def _stops(picture: Picture, stops: float) -> Picture:
    return _levels(picture, lambda value: value * 2.0 ** (stops / 2.2))


def _white_balance(picture: Picture, warmer: float) -> Picture:
    gains = np.array([1 + warmer, 1.0, 1 - warmer], dtype=np.float32)
    return _levels(picture, lambda value: value * gains)


def _s_curve(picture: Picture) -> Picture:
    return _levels(picture, lambda value: value + 0.12 * np.sin(2 * np.pi * (value - 0.5)))


def _grey(picture: Picture) -> Picture:
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    return np.ascontiguousarray(np.repeat(np.asarray(grey, np.uint8)[..., None], 3, axis=2))


def _turned(picture: Picture, quarters: int) -> Picture:
    return np.ascontiguousarray(np.rot90(picture, quarters))


def _straightened(picture: Picture, degrees: float) -> Picture:
    """Turned about the middle, and cut to the largest upright rectangle of the same shape without corners."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), degrees, 1.0)
    turned = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR)
    sine, cosine = abs(math.sin(math.radians(degrees))), math.cos(math.radians(degrees))
    share = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
    w, h = int(width * share), int(height * share)
    x, y = (width - w) // 2, (height - h) // 2
    return np.ascontiguousarray(np.asarray(turned, np.uint8)[y : y + h, x : x + w])


def _cropped(picture: Picture, random: np.random.Generator, share: float, aspect: float | None = None) -> Picture:
    """A window at a random place: `share` of both sides, or of a given width through height."""
    height, width = picture.shape[:2]
    w, h = width * share, height * share
    if aspect is not None:
        w, h = min(w, h * aspect), min(h, w / aspect)
    x, y = int(random.uniform(0, width - w)), int(random.uniform(0, height - h))
    return np.ascontiguousarray(picture[y : y + int(h), x : x + int(w)])


EDITS: Mapping[str, Edit] = MappingProxyType(
    {
        "JPEG at half the size": lambda picture, _: _coded(_scaled(picture, 0.5), ".jpg", 80),
        "WebP at 70 % of the size": lambda picture, _: _coded(_scaled(picture, 0.7), ".webp", 75),
        "WebP, turned by 90°, smaller": lambda picture, _: _coded(_turned(_scaled(picture, 0.6), 1), ".webp", 75),
        "turned by 180°": lambda picture, _: _coded(_turned(picture, 2), ".jpg", 90),
        "turned by 270°": lambda picture, _: _coded(_turned(picture, 3), ".jpg", 90),
        "brighter by 0.7 stops": lambda picture, _: _coded(_stops(picture, 0.7), ".jpg", 90),
        "darker by 0.7 stops": lambda picture, _: _coded(_stops(picture, -0.7), ".jpg", 90),
        "warmer": lambda picture, _: _coded(_white_balance(picture, 0.15), ".jpg", 90),
        "more contrast": lambda picture, _: _coded(_s_curve(picture), ".jpg", 90),
        "black and white, smaller": lambda picture, _: _coded(_grey(_scaled(picture, 0.6)), ".jpg", 85),
        "straightened by 2°": lambda picture, _: _coded(_straightened(picture, 2), ".jpg", 90),
        "straightened by -5°": lambda picture, _: _coded(_straightened(picture, -5), ".jpg", 90),
        "cropped to 85 %": lambda picture, random: _coded(_cropped(picture, random, 0.85), ".jpg", 90),
        "cropped to 65 %": lambda picture, random: _coded(_cropped(picture, random, 0.65), ".jpg", 90),
        "cropped to 45 %": lambda picture, random: _coded(_cropped(picture, random, 0.45), ".jpg", 90),
        "cropped to a square of 80 %": lambda picture, random: _coded(_cropped(picture, random, 0.8, 1.0), ".jpg", 90),
        "cropped to 70 %, brighter, WebP": lambda picture, random: _coded(
            _stops(_scaled(_cropped(picture, random, 0.7), 0.7), 0.5), ".webp", 80
        ),
        "straightened by 3°, black and white": lambda picture, _: _coded(
            _grey(_scaled(_straightened(picture, 3), 0.7)), ".jpg", 85
        ),
    }
)
"""Edits by name; each takes a picture, (H, W, 3) uint8 RGB, and a source of random numbers."""
