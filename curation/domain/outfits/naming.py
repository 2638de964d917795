"""Names of colours: boundaries in lightness, chroma and hue of OKLab.

The hues of the boundaries lie between the focal colours of the basic colour terms (Berlin and Kay, 1969; in Ottosson's
OKLab); the chromas below which a colour counts as black, grey or white were chosen on labelled garments, see
docs/assets_clothes.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.outfits.oklab import lightness_chroma_hue
from curation.domain.outfits.outfit import ColourName

__all__ = ["colour_name", "colour_names"]

_BLACK_BELOW = 0.34  # lightness of colours without a hue
_WHITE_FROM = 0.80
# Lightness, and the chroma from which a colour of that lightness has a hue; in between they are interpolated. Shade
# turns greys bluish, so blue asks for more than the warm hues.
_LIGHTNESSES = (0.0, 0.20, 0.30, 0.45, 0.65, 0.85, 1.0)
_WARM_CHROMAS = (0.045, 0.045, 0.035, 0.030, 0.028, 0.028, 0.028)
_COLD_CHROMAS = (0.045, 0.040, 0.034, 0.034, 0.036, 0.036, 0.036)
_COLD_HUES = (150.0, 330.0)

_RED_HUES = (5.0, 42.0)  # from pink to orange
_YELLOW_FROM, _GREEN_FROM, _BLUE_FROM, _PURPLE_FROM, _PINK_FROM = 82.0, 112.0, 200.0, 290.0, 335.0
_DULL_CHROMA = 0.10  # warm colours below are brown or beige
_BEIGE_FROM = 0.66  # lightness of dull warm colours
_BROWN_BELOW = 0.56  # lightness of orange hues
_PINK_RED_LIGHTNESS = 0.66  # reds above are pink
_PINK_RED_CHROMA = 0.17


def colour_name(lab: NDArray[np.floating]) -> ColourName:
    """The name of one colour, (3,) in OKLab."""
    return colour_names(lab[None])[0]


def colour_names(lab: NDArray[np.floating]) -> list[ColourName]:
    """The names of colours.

    Args:
        lab: (N, 3) in OKLab, see `curation.domain.outfits.oklab.oklab`.
    """
    return [_name(*each) for each in lightness_chroma_hue(lab).tolist()]


def _name(lightness: float, chroma: float, hue: float) -> ColourName:
    cold = _COLD_HUES[0] <= hue < _COLD_HUES[1]
    if chroma < np.interp(lightness, _LIGHTNESSES, _COLD_CHROMAS if cold else _WARM_CHROMAS):
        if lightness < _BLACK_BELOW:
            return ColourName.BLACK
        return ColourName.WHITE if lightness >= _WHITE_FROM else ColourName.GREY
    if _GREEN_FROM <= hue < _BLUE_FROM:
        return ColourName.GREEN
    if _BLUE_FROM <= hue < _PURPLE_FROM:
        return ColourName.BLUE
    if _PURPLE_FROM <= hue < _PINK_FROM:
        return ColourName.PURPLE
    if hue >= _PINK_FROM or hue < _RED_HUES[1]:
        return _of_red_hues(lightness, chroma, hue)
    return _of_warm_hues(lightness, chroma, hue)


def _of_red_hues(lightness: float, chroma: float, hue: float) -> ColourName:
    towards_pink = hue >= _PINK_FROM or hue < _RED_HUES[0]
    if towards_pink:
        return ColourName.PINK if lightness >= 0.45 else (ColourName.RED if chroma > 0.09 else ColourName.PURPLE)
    if lightness >= _PINK_RED_LIGHTNESS and chroma < _PINK_RED_CHROMA:
        return ColourName.PINK
    if chroma < 0.07 and lightness >= 0.3:
        return ColourName.BROWN if lightness < _BEIGE_FROM else ColourName.PINK
    return ColourName.RED


def _of_warm_hues(lightness: float, chroma: float, hue: float) -> ColourName:
    if chroma < _DULL_CHROMA:
        if lightness >= _BEIGE_FROM:
            return ColourName.BEIGE
        return ColourName.GREEN if hue >= 100 else ColourName.BROWN
    if hue >= _YELLOW_FROM:
        return ColourName.YELLOW if lightness >= 0.62 else (ColourName.GREEN if hue >= 100 else ColourName.BROWN)
    return ColourName.ORANGE if lightness >= _BROWN_BELOW else ColourName.BROWN
