"""What one person wears, in colours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ColourName", "Garment", "GarmentColour", "GarmentPart", "Outfit"]


class ColourName(StrEnum):
    """The names that colours of clothes get; users search for these."""

    BLACK = "black"
    WHITE = "white"
    GREY = "grey"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    BROWN = "brown"
    BEIGE = "beige"


class GarmentPart(StrEnum):
    """A part of an outfit. A dress is both: its upper part is the top, its skirt the bottom."""

    TOP = "top"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class GarmentColour:
    """A colour of a garment.

    Attributes:
        name: Its name.
        share: Of the garment's pixels that have this colour, in (0, 1].
        rgb: The mean of these pixels, sRGB 0 to 255.
    """

    name: ColourName
    share: float
    rgb: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Garment:
    """One part of an outfit.

    Attributes:
        part: Top or bottom.
        colours: The largest share first; empty for "cannot tell" (too few pixels, not in the photo).
        confidence: That the first colour's name is right, in [0, 1].
        pixels: How many pixels of the mask it was read from, in full-size pixels.
    """

    part: GarmentPart
    colours: tuple[GarmentColour, ...]
    confidence: float
    pixels: int


@dataclass(frozen=True, slots=True)
class Outfit:
    """What a person wears.

    Attributes:
        top: Above the hips.
        bottom: Below them.
        coloured_light: Whether the light itself seems to be coloured, so that all names are doubtful.
    """

    top: Garment
    bottom: Garment
    coloured_light: bool = False
