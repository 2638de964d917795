"""ICC profiles of linear light, as programs embed in pictures of floats (ICC.1:2022, 10.6, 10.18 and 10.31)."""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from curation.photos.colours.cicp import SRGB_PRIMARIES
from curation.photos.colours.icc_hdr import profile_tags
from curation.photos.colours.matrices import to_pcs

__all__ = ["light_of_profile"]


@lru_cache(maxsize=8)
def light_of_profile(icc_profile: bytes | None) -> NDArray[np.float64] | None:
    """The 3 x 3 matrix from a linear profile's light to that of sRGB; None for any other profile, and a broken one."""
    if not icc_profile or icc_profile[16:20] != b"RGB ":
        return None
    tags = profile_tags(icc_profile)
    if not all(_is_linear(tags.get(name, b"")) for name in (b"rTRC", b"gTRC", b"bTRC")):
        return None
    columns = [tags.get(name, b"")[8:20] for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    if any(len(column) < 12 for column in columns):
        return None
    matrix = np.array([struct.unpack(">3i", column) for column in columns], dtype=np.float64).T / 65536
    return np.asarray(np.linalg.solve(to_pcs(SRGB_PRIMARIES), matrix))


def _is_linear(curve: bytes) -> bool:
    if curve[:4] == b"curv" and len(curve) >= 12:
        count = int.from_bytes(curve[8:12], "big")
        return (
            count == 0 or (count == 1 and curve[12:14] == b"\1\0") or (count == 2 and curve[12:16] == b"\0\0\xff\xff")
        )
    return curve[:4] == b"para" and curve[8:10] == b"\0\0" and curve[12:16] == b"\0\1\0\0"
