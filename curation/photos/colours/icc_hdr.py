"""ICC profiles that stand for a picture of high dynamic range: PQ or HLG (ICC.1:2022, 9.2.17, and names in use)."""

from __future__ import annotations

import re
from functools import lru_cache

from curation.photos.colours.cicp import HLG, PQ, Cicp

__all__ = ["hdr_of_profile", "profile_tags"]

_MAX_TAGS = 200
_NAME = re.compile(r"\b(?:(PQ|ST ?2084)|(HLG|B67))\b", re.IGNORECASE)


@lru_cache(maxsize=8)
def hdr_of_profile(icc_profile: bytes) -> Cicp | None:
    """The code points of a profile for HDR, by its tag `cicp` or else its name; None for any other or a broken one."""
    if icc_profile[16:20] != b"RGB ":
        return None
    tags = profile_tags(icc_profile)
    cicp = tags.get(b"cicp", b"")
    if len(cicp) >= 12:
        told = Cicp(cicp[8], cicp[9])
        return told if told.is_hdr and told.is_known else None
    name = _name(tags.get(b"desc", b""))
    match = _NAME.search(name)
    if match is None:
        return None
    return Cicp(12 if "P3" in name.upper() else 9, PQ if match[1] else HLG)


def profile_tags(profile: bytes) -> dict[bytes, bytes]:
    """The tags of a profile with what they hold; of a broken one those that can be found."""
    count = min(int.from_bytes(profile[128:132], "big"), _MAX_TAGS)
    found = {}
    for at in range(132, 132 + 12 * count, 12):
        offset, size = (int.from_bytes(profile[at + i : at + i + 4], "big") for i in (4, 8))
        found[profile[at : at + 4]] = profile[offset : offset + size]
    return found


def _name(desc: bytes) -> str:
    if desc[:4] == b"mluc":
        size, offset = (int.from_bytes(desc[i : i + 4], "big") for i in (20, 24))
        return desc[offset : offset + size].decode("utf-16-be", "replace")
    return desc[12 : 12 + int.from_bytes(desc[8:12], "big")].split(b"\0", 1)[0].decode("latin-1")
