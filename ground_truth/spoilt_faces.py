"""Faces spoilt as a wrong alignment or something in front of them would do it, made of the chips of real faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["CHIP_SPOILERS", "SPOILT_BEYOND_READING", "Chip", "close_up", "spoilt_chip"]

Chip = NDArray[np.uint8]
_BLUR = 0.05  # standard deviation in sides of the chip, a seventh of the distance of the eyes
_Spoiler = Callable[[Chip, Chip, np.random.Generator], Chip]


def _part(chip: Chip, middle: tuple[float, float], side: float, degrees: float) -> Chip:
    """A turned square part of a chip, enlarged to the size of the chip; `middle` and `side` in parts of its sides."""
    size = chip.shape[0]
    turn = np.deg2rad(degrees)
    matrix = side * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = np.array(middle) * size - matrix @ np.full(2, size / 2)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    whole = np.ascontiguousarray(chip)
    part = cv2.warpAffine(whole, np.c_[matrix, shift], (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(part, dtype=np.uint8)


def _piece(chip: Chip, _: Chip, random: np.random.Generator) -> Chip:
    middle = (float(random.uniform(0.25, 0.75)), float(random.uniform(0.25, 0.75)))
    return _part(chip, middle, float(random.uniform(0.3, 0.5)), float(random.uniform(-25, 25)))


def _large_piece(chip: Chip, _: Chip, random: np.random.Generator) -> Chip:
    middle = (float(random.uniform(0.35, 0.65)), float(random.uniform(0.35, 0.65)))
    return _part(chip, middle, float(random.uniform(0.5, 0.65)), float(random.uniform(-15, 15)))


def _two_heads(chip: Chip, other: Chip, _: np.random.Generator) -> Chip:
    """The middle of one face at the left, that of another at the right."""
    size = chip.shape[0]
    out = np.asarray(cv2.GaussianBlur(np.ascontiguousarray(chip), (0, 0), size / 8), dtype=np.uint8)
    small, half = int(0.75 * size), size // 2
    top, cut = (size - small) // 2, (small - half) // 2
    for face, start, wide in ((chip, 0, half), (other, half, size - half)):
        head = cv2.resize(np.ascontiguousarray(face), (small, small), interpolation=cv2.INTER_AREA)
        out[top : top + small, start : start + wide] = head[:, cut : cut + wide]
    return out


def _covered_half(chip: Chip, _: Chip, random: np.random.Generator) -> Chip:
    """One of the four halves in one colour; the lower one as a mask, the upper one as a cap covers it."""
    size, out = chip.shape[0], np.array(chip)
    colour = random.integers(20, 235, 3)
    rows, columns = (
        (slice(None), slice(0, size // 2)),
        (slice(None), slice(size // 2, None)),
        (slice(0, int(0.58 * size)), slice(None)),
        (slice(int(0.52 * size), None), slice(None)),
    )[int(random.integers(4))]
    out[rows, columns] = colour
    return out


def _mostly_covered(chip: Chip, other: Chip, random: np.random.Generator) -> Chip:
    """All but 38 % of the width hidden by somebody's hair or forehead."""
    size, out = chip.shape[0], np.array(chip)
    front = _part(other, (0.5, 0.15), 0.3, 90.0)
    columns = slice(0, int(0.62 * size)) if random.integers(2) else slice(int(0.38 * size), None)
    out[:, columns] = front[:, columns]
    return out


CHIP_SPOILERS: Mapping[str, _Spoiler] = MappingProxyType(
    {
        "upside down": lambda chip, _other, _random: chip[::-1, ::-1],
        "on its side": lambda chip, _other, random: np.rot90(chip, 1 + 2 * int(random.integers(2))),
        "turned by 45 degrees": lambda chip, _other, random: _part(
            chip, (0.5, 0.5), 1.0, float(random.choice([-45.0, 45.0]))
        ),
        "a piece": _piece,
        "a large piece": _large_piece,
        "two heads": _two_heads,
        "mostly covered": _mostly_covered,
        "film negative": lambda chip, _other, _random: 255 - chip,
        "out of focus": lambda chip, _other, _random: np.asarray(
            cv2.GaussianBlur(np.ascontiguousarray(chip), (0, 0), _BLUR * chip.shape[0]), dtype=np.uint8
        ),
        "half covered": _covered_half,
    }
)
"""By name, what makes a spoilt chip of a chip and that of another person."""

SPOILT_BEYOND_READING = tuple(name for name in CHIP_SPOILERS if name != "half covered")
"""The spoilers that leave nothing to read; half a face is often enough, so it counts for nothing but mixed clusters."""


def spoilt_chip(name: str, chip: Chip, other: Chip, random: np.random.Generator) -> Chip:
    """(S, S, 3) uint8: a chip spoilt in the way `name` of `CHIP_SPOILERS`, with the help of another person's chip."""
    return np.ascontiguousarray(CHIP_SPOILERS[name](chip, other, random))


def close_up(photo: Chip, box: tuple[int, int, int, int], fill: float, height_px: int) -> Chip:
    """The surroundings of a face, enlarged so that the face fills a part of the height.

    Args:
        photo: (H, W, 3) uint8.
        box: x, y, w, h of the face in pixels.
        fill: Part of the height that the box fills, in (0, 1].
        height_px: Height of the result; the width is four fifths of it, less at the edge of the photo.
    """
    x, y, w, h = box
    tall = h / fill
    wide = 0.8 * tall
    left, top = (int(max(0, middle - half)) for middle, half in ((x + w / 2, wide / 2), (y + h / 2, tall / 2)))
    right, bottom = int(min(photo.shape[1], x + w / 2 + wide / 2)), int(min(photo.shape[0], y + h / 2 + tall / 2))
    part = np.ascontiguousarray(photo[top:bottom, left:right])
    scale = height_px / part.shape[0]
    return np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
