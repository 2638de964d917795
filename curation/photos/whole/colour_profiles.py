"""Whether a colour profile inside a photo is whole: with a broken one, all colours are wrong."""

from __future__ import annotations

from curation.domain.files.health import FileFault
from curation.photos.whole.findings import damaged, zeroed
from curation.photos.whole.zero_runs import first_zeros

__all__ = ["profile_fault"]

_HEADER_BYTES = 128
_TAG_BYTES = 12
_MOST_TAGS = 200
# Curves and tables may begin with zeros, but do not fall back to them. Descriptions hold up to 78 zeros.
_CURVE_ZEROS = 24
_COLOURS = (b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt")


def profile_fault(data: bytes, start: int, end: int) -> FileFault | None:
    """What is wrong with an ICC profile in a file; such a photo is analysed, and the fault is told.

    Args:
        data: The file.
        start: Where the profile begins.
        end: The place behind it.
    """
    profile = data[start:end]
    if len(profile) < _HEADER_BYTES + 4 or profile[36:40] != b"acsp":
        if len(profile) >= 64 and not profile.strip(b"\0"):
            return zeroed("its colour profile", start, end, is_seen=False)
        return None  # decoders pass over it
    size = int.from_bytes(profile[:4], "big")
    count = int.from_bytes(profile[128:132], "big")
    if size > len(profile) or not 0 < count <= _MOST_TAGS:
        return damaged("its colour profile is not whole", is_seen=False)
    for place in range(_HEADER_BYTES + 4, _HEADER_BYTES + 4 + count * _TAG_BYTES, _TAG_BYTES):
        offset, length = (int.from_bytes(profile[place + k : place + k + 4], "big") for k in (4, 8))
        if (
            offset < _HEADER_BYTES
            or length < 8
            or offset + length > len(profile)
            or not any(profile[offset : offset + 4])
        ):
            return damaged("its colour profile is not whole", is_seen=False)
        if profile[offset : offset + 4] == b"curv":
            run = first_zeros(profile, _CURVE_ZEROS, offset + 12 + _CURVE_ZEROS, offset + length)
            if run is not None and any(profile[offset + 12 : run[0]]):
                return zeroed("its colour profile", start + run[0], start + run[1], is_seen=False)
        elif profile[place : place + 4] in _COLOURS and not any(profile[offset + 8 : offset + length]):
            return zeroed("its colour profile", start + offset, start + offset + length, is_seen=False)
    return None
