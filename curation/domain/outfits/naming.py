"""Names of colours: boundaries in lightness, chroma and hue of OKLab.

The hues of the boundaries lie between the focal colours of the basic colour terms (Berlin and Kay, 1969), in Ottosson's
OKLab. Where a colour is so pale that it counts as black, grey or white depends on its hue: photographers balance for
skin, and shade is bluish, so that a bluish grey is still called grey where an equally pale warm one is beige or brown.
The numbers were chosen on one half of labelled street photos, see docs/assets_clothes.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.outfits.oklab import lightness_chroma_hue
from curation.domain.outfits.outfit import ColourName

__all__ = ["colour_name", "colour_names"]

_BLACK_BELOW, _WHITE_FROM = 0.36, 0.78  # lightness of colours without a hue

# Chroma from which a colour has a hue, at these lightnesses; in between it is interpolated.
_LIGHTNESSES = (0.25, 0.50, 0.85, 0.97)
_WARM_CHROMAS = (0.035, 0.018, 0.017, 0.022)
_GREEN_CHROMAS = (0.035, 0.018, 0.025, 0.025)
_COLD_CHROMAS = (0.040, 0.029, 0.036, 0.036)

# Hues in degrees at which these begin; red ends where orange begins, and pinks lie on both sides of 0.
_ORANGE_FROM, _YELLOW_FROM, _GREEN_FROM, _BLUE_FROM, _PURPLE_FROM, _PINK_FROM = 39.0, 82.0, 112.0, 200.0, 284.0, 330.0
_WARM_TO, _RED_FROM, _OLIVE_FROM, _LEMON_TO = 118.0, 5.0, 100.0, 120.0

_PINK_LIGHTNESS = 0.45  # of hues between purple and red; darker ones are red or purple
_CRIMSON_CHROMA = 0.09
_ROSE_LIGHTNESS, _ROSE_CHROMAS, _ROSE_TO = 0.66, (0.05, 0.17), 38.0  # light reds are pink
_RUST_CHROMA, _DARK_RED_LIGHTNESS = 0.07, 0.30  # paler reds are brown, unless they are dark
_CHOCOLATE = (0.40, 38.0, 0.12)  # dark reds with a hue towards orange and less chroma are brown
_BEIGE_LIGHTNESS = 0.66
_DULL_CHROMA, _YELLOW_CHROMA = 0.10, 0.09  # warm colours below are brown or beige
_ORANGE_LIGHTNESS, _YELLOW_LIGHTNESS, _LEMON_LIGHTNESS = 0.56, 0.62, 0.80


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
    if chroma < _least_chroma(lightness, hue):
        if lightness < _BLACK_BELOW:
            return ColourName.BLACK
        return ColourName.WHITE if lightness >= _WHITE_FROM else ColourName.GREY
    if _GREEN_FROM <= hue < _BLUE_FROM:
        return ColourName.YELLOW if hue < _LEMON_TO and lightness > _LEMON_LIGHTNESS else ColourName.GREEN
    if _BLUE_FROM <= hue < _PURPLE_FROM:
        return ColourName.BLUE
    if _PURPLE_FROM <= hue < _PINK_FROM:
        return ColourName.PURPLE
    if hue >= _PINK_FROM or hue < _RED_FROM:
        if lightness >= _PINK_LIGHTNESS:
            return ColourName.PINK
        return ColourName.RED if chroma > _CRIMSON_CHROMA else ColourName.PURPLE
    return _of_reds(lightness, chroma, hue) if hue < _ORANGE_FROM else _of_yellows(lightness, chroma, hue)


def _least_chroma(lightness: float, hue: float) -> float:
    if hue >= _PINK_FROM or hue < _WARM_TO:
        chromas = _WARM_CHROMAS
    else:
        chromas = _GREEN_CHROMAS if hue < _BLUE_FROM else _COLD_CHROMAS
    return float(np.interp(lightness, _LIGHTNESSES, chromas))


def _of_reds(lightness: float, chroma: float, hue: float) -> ColourName:
    if lightness >= _ROSE_LIGHTNESS and chroma < _ROSE_CHROMAS[1]:
        return ColourName.PINK if chroma > _ROSE_CHROMAS[0] and hue < _ROSE_TO else ColourName.BEIGE
    if chroma < _RUST_CHROMA and lightness >= _DARK_RED_LIGHTNESS:
        return ColourName.BROWN
    below, from_hue, less_than = _CHOCOLATE
    return ColourName.BROWN if lightness < below and hue > from_hue and chroma < less_than else ColourName.RED


def _of_yellows(lightness: float, chroma: float, hue: float) -> ColourName:
    if hue >= _YELLOW_FROM and chroma >= _YELLOW_CHROMA and lightness >= _YELLOW_LIGHTNESS:
        return ColourName.YELLOW
    if chroma < _DULL_CHROMA and lightness >= _BEIGE_LIGHTNESS:
        return ColourName.BEIGE
    if hue >= _OLIVE_FROM:
        return ColourName.GREEN
    if hue >= _YELLOW_FROM or chroma < _DULL_CHROMA or lightness < _ORANGE_LIGHTNESS:
        return ColourName.BROWN
    return ColourName.ORANGE
