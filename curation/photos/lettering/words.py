"""Words on pictures in any script: for each text the first font of this machine that has its letters.

Pillow's own font has Latin letters; DejaVu, which comes with matplotlib, has Greek, Cyrillic, Hebrew and Arabic ones
too; for others the machine's fonts are looked through by name. What no font has is left out.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

__all__ = ["plate", "writable"]

_Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
_Colour: TypeAlias = tuple[int, int, int]

_DARK, _LIGHT = (18, 18, 20), (255, 255, 255)
# By name: Pillow looks for them where Linux, macOS and Windows keep their fonts.
_SYSTEM_FONTS = (
    "DejaVuSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "wqy-microhei.ttc",
    "DroidSansFallbackFull.ttf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "msyh.ttc",
    "msgothic.ttc",
    "malgun.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansBengali-Regular.ttf",
    "NotoSansTamil-Regular.ttf",
    "Nirmala.ttf",
    "leelawui.ttf",
    "Arial Unicode.ttf",
    "arialuni.ttf",
)
_PROBE_PX = 20
_SMALLEST_PX, _SMALLEST_SHARE = 8, 0.7  # of the text size that is asked for
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_NO_LETTER = "\uffff"


def writable(text: str, otherwise: str) -> str:
    """The part of a text for which there is a font; `otherwise` if no letter or digit is left of it."""
    number = _font_number(text)
    kept = "".join(char for char in text if _has(number, char))
    kept = " ".join(kept.split()).strip("\N{ZERO WIDTH JOINER}\N{VARIATION SELECTOR-16}")
    return kept if any(char.isalnum() for char in kept) else otherwise


def plate(text: str, text_px: int, colour: _Colour, *, max_width: int) -> NDArray[np.uint8]:
    """A dark label with a text and a stripe of a colour at its left.

    Args:
        text: On one line.
        text_px: Height of the text; smaller if it is too long.
        colour: RGB.
        max_width: Of the label; a text that is too long even in small letters is cut off.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    number = _font_number(text)
    smallest_px = max(_SMALLEST_PX, round(_SMALLEST_SHARE * text_px))
    while text_px > smallest_px and _width(text, number, text_px) > max_width:
        text_px -= 1
    while len(text) > 1 and _width(text, number, text_px) > max_width:
        text = f"{text.rstrip(_ELLIPSIS)[:-1]}{_ELLIPSIS}"
    padding = _padding(text_px)
    width, height = min(_width(text, number, text_px), max(max_width, 1)), round(1.2 * text_px) + padding
    image = Image.new("RGB", (width, height), _DARK)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, padding - 1, height - 1), colour)
    draw.text((2 * padding, height / 2), text, _LIGHT, _fonts(text_px)[number], anchor="lm")
    return np.asarray(image, dtype=np.uint8)


def _width(text: str, number: int, text_px: int) -> int:
    return round(_fonts(text_px)[number].getlength(text)) + 3 * _padding(text_px)


def _padding(text_px: int) -> int:
    return max(2, round(text_px / 4))


@cache
def _font_number(text: str) -> int:
    """The font that has most letters of a text; the first of equals."""
    fonts = range(len(_files()) + 1)
    return max(fonts, key=lambda number: (sum(_has(number, char) for char in text), -number))


@cache
def _files() -> tuple[Path | str, ...]:
    """The fonts that are there, besides Pillow's own."""
    found: list[Path | str] = []
    package = find_spec("matplotlib")
    for place in (package.submodule_search_locations or ()) if package is not None else ():
        own = Path(place, "mpl-data", "fonts", "ttf", "DejaVuSans.ttf")
        if own.is_file():
            found.append(own)
    for name in _SYSTEM_FONTS:
        try:
            ImageFont.truetype(name, _PROBE_PX)
        except OSError:
            continue
        found.append(name)
    return tuple(found)


@cache
def _fonts(text_px: int) -> tuple[_Font, ...]:
    return (ImageFont.load_default(size=text_px), *(ImageFont.truetype(file, text_px) for file in _files()))


@cache
def _has(number: int, char: str) -> bool:
    """Whether a font has a letter: it draws something else for it than for what no font has."""
    if unicodedata.category(char) in ("Zs", "Cf", "Mn"):
        return True
    font = _fonts(_PROBE_PX)[number]
    return _drawn(font, char) != _drawn(font, _NO_LETTER)


def _drawn(font: _Font, char: str) -> bytes:
    mask = font.getmask(char)
    return bytes(mask) + bytes(str(mask.size), "ascii")
