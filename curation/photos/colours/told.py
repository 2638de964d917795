"""Which of the colours that a file tells in several places counts, and how its pixels become sRGB."""

from __future__ import annotations

from typing import NamedTuple

from curation.photos.colours.cicp import Cicp
from curation.photos.colours.icc_hdr import hdr_of_profile
from curation.photos.colours.made_profiles import adobe_rgb_profile, cicp_profile

__all__ = ["ToldColours", "told_colours"]


class ToldColours(NamedTuple):
    """The colours of a file's pixels.

    Attributes:
        icc_profile: Their profile: the file's own, or one made for what the file tells in other words; None for sRGB,
            and for HDR.
        hdr: The code points of a picture of high dynamic range, which becomes sRGB when it is decoded.
    """

    icc_profile: bytes | None = None
    hdr: Cicp | None = None


def told_colours(icc_profile: bytes | None, cicp: Cicp | None = None, *, is_adobe_rgb: bool = False) -> ToldColours:
    """The colours that count: an embedded profile before code points, and those before EXIF.

    Args:
        icc_profile: As embedded in the file.
        cicp: Code points that it names.
        is_adobe_rgb: Whether its EXIF says so.
    """
    if icc_profile:
        hdr = hdr_of_profile(icc_profile)
        return ToldColours(icc_profile) if hdr is None else ToldColours(hdr=hdr)
    if cicp is not None and cicp.is_known:
        if cicp.is_hdr:
            return ToldColours(hdr=cicp)
        if not cicp.is_shown_as_srgb:
            return ToldColours(cicp_profile(cicp))
        if cicp.transfer != 2:
            return ToldColours()
    return ToldColours(adobe_rgb_profile() if is_adobe_rgb else None)
