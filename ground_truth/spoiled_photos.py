"""Photos made worse in ways that a photographer knows: deterministic, each with a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

__all__ = ["RECIPES", "spoiled"]

Picture = NDArray[np.uint8]

_LONGEST_PX = 1600
_SCREEN_PX = (1080, 2340)
_COLLAGE_PX = 1600
_GREY = (228, 228, 232)


def spoiled(recipe: str, pictures: Sequence[Image.Image], face: tuple[float, float] | None = None) -> Image.Image:
    """Make a photo worse.

    Args:
        recipe: A key of `RECIPES`.
        pictures: Upright RGB photos; all but `collage` use the first only.
        face: Where the face is that `cut` cuts through, as fractions of the photo's width and height.

    Raises:
        KeyError: If there is no such recipe.
        ValueError: If there is no picture, or `cut` does not know where the face is.
    """
    if not pictures:
        raise ValueError("there is no picture to spoil")
    if recipe == "collage":
        return _collage(pictures)
    first = pictures[0].convert("RGB")
    first.thumbnail((_LONGEST_PX, _LONGEST_PX))
    if recipe == "cut":
        if face is None:
            raise ValueError("to cut through a face, its place must be known")
        return _cut(first, face)
    if recipe == "screenshot":
        return _screenshot(first)
    return Image.fromarray(_CHANGES[recipe](np.asarray(first, dtype=np.uint8)))


def _blur(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(picture.shape) / 110), dtype=np.uint8)


def _soft(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(picture.shape) / 350), dtype=np.uint8)


def _motion(picture: Picture) -> Picture:
    length = max(5, max(picture.shape) // 35)
    return np.asarray(cv2.blur(picture, (length, max(1, length // 8))), dtype=np.uint8)


def _dark(picture: Picture) -> Picture:
    return np.asarray(picture * 0.15, dtype=np.uint8)


def _blown(picture: Picture) -> Picture:
    return np.asarray(np.clip(picture * 2.4 + 50.0, 0, 255), dtype=np.uint8)


def _tiny(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    scale = 110 / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


_CHANGES: Mapping[str, Callable[[Picture], Picture]] = MappingProxyType(
    {"blur": _blur, "soft": _soft, "motion": _motion, "dark": _dark, "blown": _blown, "tiny": _tiny}
)

RECIPES: Mapping[str, str] = MappingProxyType(
    {
        "blur": "out of focus: Gaussian blur, sigma 1/110 of the longer side",
        "soft": "slightly out of focus: Gaussian blur, sigma 1/350 of the longer side",
        "motion": "shaken: a box of 1/35 of the longer side, sideways",
        "dark": "underexposed: 15 % of the light",
        "blown": "overexposed: 2.4 times the light and 50 of 255 more, clipped",
        "tiny": "reduced to 110 px on the longer side",
        "cut": "cropped so that the frame's edge goes through the face",
        "collage": "four photos in one",
        "screenshot": "shown small on the white screen of a phone, with bars and lines of text around",
    }
)
"""The recipes, with descriptions."""


def _cut(picture: Image.Image, face: tuple[float, float]) -> Image.Image:
    """Keep the larger side of a vertical line through the face."""
    width, height = picture.size
    line = round(face[0] * width)
    return picture.crop((0, 0, line, height) if face[0] >= 0.5 else (line, 0, width, height))


def _collage(pictures: Sequence[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (_COLLAGE_PX, _COLLAGE_PX), "white")
    half = _COLLAGE_PX // 2
    for place in range(4):
        picture = pictures[place % len(pictures)].convert("RGB")
        width, height = picture.size
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 4
        square = picture.crop((left, top, left + side, top + side)).resize((half - 12, half - 12))
        sheet.paste(square, (place % 2 * half + 6, place // 2 * half + 6))
    return sheet


def _screenshot(picture: Image.Image) -> Image.Image:
    width, height = _SCREEN_PX
    screen = Image.new("RGB", _SCREEN_PX, "white")
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, width, 90), fill=_GREY)
    draw.rectangle((0, height - 160, width, height), fill=_GREY)
    scale = min((width - 240) / picture.width, height * 0.35 / picture.height)
    shown = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    screen.paste(shown, ((width - shown.width) // 2, 420))
    for line in range(14):
        top = 420 + shown.height + 70 + line * 52
        draw.rectangle((90, top, width - 120 - (line * 137) % 400, top + 20), fill=(90, 90, 96))
    for line in range(4):
        draw.rectangle((90, 150 + line * 52, width - 200 - line * 90, 172 + line * 52), fill=(60, 60, 66))
    return screen
