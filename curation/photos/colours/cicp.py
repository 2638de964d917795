"""Colour spaces by code points (CICP, ITU-T H.273), as HEIF, AVIF, JPEG XL, PNG and ICC profiles name them.

Numbers and formulas are those of H.273 (07/2021), tables 2 and 3, which cite BT.709, BT.2020, BT.2100 and
SMPTE ST 2084.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ADOBE_RGB",
    "HLG",
    "PQ",
    "SRGB_PRIMARIES",
    "Cicp",
    "Primaries",
    "linear_of",
    "primaries_of",
]

PQ = 16
HLG = 18
_LINEAR = 8
_SRGB = 13
_GAMMAS = {4: 2.2, 5: 2.8}
# BT.709, BT.601, BT.2020 and their like: one curve under several numbers.
_BT_709_CURVES = frozenset({1, 6, 7, 11, 12, 14, 15})
_UNSPECIFIED = 2


class Primaries(NamedTuple):
    """Chromaticities x and y of red, green, blue and white (CIE 1931)."""

    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float]


_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
SRGB_PRIMARIES = Primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
ADOBE_RGB = Primaries((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), _D65)
"""Adobe RGB (1998), which is no code point; its gamma is 563 / 256."""

_PRIMARIES = {
    1: SRGB_PRIMARIES,
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}
# Those of television in standard definition: pictures that say so are shown as sRGB by every viewer.
_NEARLY_SRGB = frozenset({1, 2, 5, 6, 7, 22})


class Cicp(NamedTuple):
    """A colour space by its code points.

    Attributes:
        primaries: `ColourPrimaries` of H.273.
        transfer: `TransferCharacteristics` of H.273.
    """

    primaries: int
    transfer: int

    @property
    def is_hdr(self) -> bool:
        """Whether white is only a part of its range, so that it has to be brought to that of a screen."""
        return self.transfer in (PQ, HLG)

    @property
    def is_shown_as_srgb(self) -> bool:
        """Whether it is sRGB, or near to it: the curve of BT.709 with its own primaries is shown as sRGB everywhere."""
        is_curve = self.transfer in _BT_709_CURVES or self.transfer in (_SRGB, _UNSPECIFIED)
        return self.primaries in _NEARLY_SRGB and is_curve

    @property
    def is_known(self) -> bool:
        """Whether both numbers are known here; what is not specified counts as known."""
        curves = _BT_709_CURVES | {_UNSPECIFIED, _LINEAR, _SRGB, PQ, HLG, *_GAMMAS}
        return (self.primaries == _UNSPECIFIED or self.primaries in _PRIMARIES) and self.transfer in curves


def primaries_of(cicp: Cicp) -> Primaries:
    """Its primaries; those that are not specified are BT.2020's for HDR, else sRGB's."""
    return _PRIMARIES.get(cicp.primaries, _PRIMARIES[9] if cicp.is_hdr else SRGB_PRIMARIES)


def linear_of(transfer: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light of coded values from 0 to 1, where 1 is diffuse white (a sheet of paper).

    For PQ that is 203 cd/m², and for HLG a scene's light of 0.265 (BT.2408, table 1); brighter parts are above 1.

    Args:
        transfer: `TransferCharacteristics` of H.273; one that is not known counts as sRGB.
        values: Coded values.
    """
    if transfer == PQ:
        return _pq_nits(values) / 203
    if transfer == HLG:
        return _hlg_scene(values) / 0.265
    if transfer == _LINEAR:
        return values
    if transfer in _GAMMAS:
        return np.asarray(values ** _GAMMAS[transfer])
    if transfer in _BT_709_CURVES:
        return np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))
    return _srgb_to_linear(values)


def _srgb_to_linear(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light of sRGB values from 0 to 1 (IEC 61966-2-1)."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _pq_nits(values: NDArray[np.float64]) -> NDArray[np.float64]:
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = values ** (1 / m2)
    return np.asarray(10000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1))


def _hlg_scene(values: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
