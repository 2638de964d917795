"""HDR pictures for ordinary screens: from PQ or HLG in BT.2020 to sRGB, bright things rolled off instead of cut.

- PQ: SMPTE ST 2084, from code to candela per square metre.
- HLG: ITU-R BT.2100, table 5, inverse OETF and OOTF for a display of 1000 cd/m2.
- Some files say PQ and are not: a picture brighter than any display that films are graded on is left as it is coded.
- Roll-off: ITU-R BT.2390, section 5.4.1 (EETF, without the toe), from the picture's own peak to reference white, which
  is 203 cd/m2 (ITU-R BT.2408); on the largest of the three colours, so that hues stay.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["HLG", "PQ", "tone_mapped"]

PQ: Final = 16
"""Transfer characteristics by their numbers in ITU-T H.273."""
HLG: Final = 18

Floats = NDArray[np.float32]

_WHITE_NITS: Final = 203.0
_BRIGHTEST_DISPLAY_NITS: Final = 4000.0
_HLG_PEAK_NITS: Final = 1000.0
_PQ_PEAK_NITS: Final = 10_000.0
_M1, _M2 = 2610 / 16384, 2523 / 32
_C1, _C2, _C3 = 3424 / 4096, 2413 / 128, 2392 / 128
_HLG_A, _HLG_B, _HLG_C = 0.17883277, 0.28466892, 0.55991073
_HLG_GAMMA: Final = 1.2
_BT2020_LUMA: Final = np.array([0.2627, 0.6780, 0.0593], dtype=np.float32)
# ITU-R BT.2087, from the primaries of BT.2020 to those of BT.709, linear.
_TO_BT709: Final = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], dtype=np.float32
)
# Single sparkling pixels decide nothing.
_PEAK_PERCENTILE: Final = 99.8
_BAND_ROWS: Final = 128


def tone_mapped(codes: NDArray[np.uint16], transfer: int) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB.

    Args:
        codes: (H, W, 3) uint16 RGB as coded, full range, primaries of BT.2020.
        transfer: `PQ` or `HLG`.
    """
    step = max(1, codes.shape[0] * codes.shape[1] // 250_000)
    some = _nits(codes.reshape(-1, 3)[::step], transfer)
    peak = float(np.percentile(some.max(axis=1), _PEAK_PERCENTILE))
    if peak > _BRIGHTEST_DISPLAY_NITS:
        return np.asarray(np.right_shift(codes, 8), dtype=np.uint8)
    peak = max(peak, _WHITE_NITS)
    shown = np.empty(codes.shape, dtype=np.uint8)
    for first in range(0, codes.shape[0], _BAND_ROWS):
        band = slice(first, first + _BAND_ROWS)
        shown[band] = _shown(_nits(codes[band], transfer), peak)
    return shown


def _nits(codes: NDArray[np.uint16], transfer: int) -> Floats:
    """Light of each colour in candela per square metre."""
    values = np.asarray(codes.astype(np.float32) / 65535, dtype=np.float32)
    if transfer == HLG:
        scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - _HLG_C) / _HLG_A) + _HLG_B) / 12)
        luma = np.maximum(scene @ _BT2020_LUMA, 1e-6)[..., np.newaxis]
        return np.asarray(_HLG_PEAK_NITS * scene * luma ** (_HLG_GAMMA - 1), dtype=np.float32)
    return _pq_nits(values)


def _pq_nits(codes: Floats) -> Floats:
    """Light in candela per square metre of PQ's codes in [0, 1]."""
    root = codes ** (1 / _M2)
    return np.asarray(_PQ_PEAK_NITS * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1), dtype=np.float32)


def _perceived(nits: Floats) -> Floats:
    """PQ's code, in [0, 1], of light in candela per square metre."""
    power = (np.maximum(nits, 0) / _PQ_PEAK_NITS) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2, dtype=np.float32)


def _shown(nits: Floats, peak: float) -> NDArray[np.uint8]:
    """Light as it is coded for an ordinary screen."""
    largest = np.maximum(nits.max(axis=-1, keepdims=True), 1e-4)
    rolled = _rolled_off(largest, peak)
    linear = np.clip((nits * (rolled / largest) / _WHITE_NITS) @ _TO_BT709.T, 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * coded), dtype=np.uint8)


def _rolled_off(nits: Floats, peak: float) -> Floats:
    """Light up to `peak` brought below reference white: a straight line, then a Hermite spline in PQ's codes."""
    top = float(_perceived(np.array([peak], dtype=np.float32))[0])
    value = _perceived(nits) / top
    white = float(_perceived(np.array([_WHITE_NITS], dtype=np.float32))[0]) / top
    knee = max(1.5 * white - 0.5, 0.0)
    share = np.clip((value - knee) / max(1 - knee, 1e-6), 0, 1)
    spline = (
        (2 * share**3 - 3 * share**2 + 1) * knee
        + (share**3 - 2 * share**2 + share) * (1 - knee)
        + (-2 * share**3 + 3 * share**2) * white
    )
    return _pq_nits(np.asarray(np.where(value < knee, value, spline) * top, dtype=np.float32))
