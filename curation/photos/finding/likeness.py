"""How alike two pictures look, though one may be cropped, made brighter, or without colours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["GREY_PX", "grey_picture", "likeness"]

GREY_PX = 64
"""The longer side of the pictures that are compared, in pixels."""

_LEAST_PX = 10  # of a shorter side: smaller pieces look like anything
_PIECES = tuple(np.linspace(1.0, 0.4, 16).tolist())  # how much of the first picture the second one may show
_LEAST_CONTRAST = 3.0  # levels, standard deviation: black frames look like each other

Grey = NDArray[np.uint8]


def grey_picture(picture: NDArray[np.uint8]) -> Grey:
    """A picture as it is compared.

    Args:
        picture: (H, W, 3) uint8 RGB, upright.

    Returns:
        (h, w) uint8, the longer side `GREY_PX`.
    """
    height, width = picture.shape[:2]
    scale = GREY_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def likeness(whole: Grey, other: Grey) -> float | None:
    """The largest correlation of a picture with another one, or with a piece of it.

    Brightness and contrast do not count. Turned pictures are tried, too: programs turn one file of a pair and not the
    other.

    Args:
        whole: From `grey_picture`.
        other: From `grey_picture`; shows all of the first, or a piece of it.

    Returns:
        At most 1; None if one of the pictures has hardly any contrast.
    """
    if min(float(whole.std()), float(other.std())) < _LEAST_CONTRAST or min(whole.shape) < _LEAST_PX:
        return None
    return max(_best(whole, np.ascontiguousarray(np.rot90(other, turn))) for turn in range(4))


def _best(whole: Grey, other: Grey) -> float:
    first = whole.astype(np.float32)
    height, width = whole.shape
    best = -1.0
    if abs(other.shape[1] / other.shape[0] * height / width - 1) < 0.1:
        best = _correlation(first, other, (width, height))
    for piece in _PIECES:
        scale = piece * min(width / other.shape[1], height / other.shape[0])
        size = min(width, round(other.shape[1] * scale)), min(height, round(other.shape[0] * scale))
        if min(size) >= _LEAST_PX:
            best = max(best, _correlation(first, other, size))
    return best


def _correlation(whole: NDArray[np.float32], other: Grey, size: tuple[int, int]) -> float:
    piece = np.asarray(cv2.resize(other, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    found = cv2.matchTemplate(whole, piece, cv2.TM_CCOEFF_NORMED)
    # Of a part without contrast it is not defined.
    return float(np.nan_to_num(found, nan=-1.0, posinf=-1.0, neginf=-1.0).clip(-1.0, 1.0).max())
