"""Photos in the colours of their own file, for pictures that are made from them and keep its colour profile.

Everywhere else photos are decoded to sRGB, which loses the colours of a wider space (Adobe RGB, Display P3, ProPhoto).
Pixels of 16 bits a channel become 8 bits here too, in the file's own colour space.
"""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple

from curation.photos.files.decoding import open_photo_bytes
from curation.photos.files.formats import SNIFF_BYTES, PhotoFormat, sniff
from curation.photos.files.lazy_photo import OpenPhoto
from curation.photos.files.pillow_files import open_pillow

__all__ = ["OwnColours", "in_own_colours"]

_WITH_RESOLUTION = (PhotoFormat.JPEG, PhotoFormat.PNG, PhotoFormat.TIFF, PhotoFormat.WEBP, PhotoFormat.BMP)
_MIN_DPI = 2.0  # Pillow gives 0 or 1 where a file only tells the shape of its pixels


class OwnColours(NamedTuple):
    """A photo in the colours of its file.

    Attributes:
        photo: The photo; the given one if that has the file's colours already.
        icc_profile: The colour space of its pixels; None for sRGB.
        dpi: Pixels per inch, horizontally and vertically (of the upright photo); None if the file does not say.
    """

    photo: OpenPhoto
    icc_profile: bytes | None
    dpi: tuple[float, float] | None


def in_own_colours(photo: OpenPhoto, content: bytes, *, max_megapixels: float, name: str = "") -> OwnColours:
    """Open a photo in the colours of its own file.

    Args:
        photo: The same photo, opened as usual; give it up afterwards, so that it is not decoded twice in memory.
        content: Of the photo's file.
        max_megapixels: As for `open_photo_bytes`.
        name: Likewise.

    Returns:
        The photo with its colour profile. Photos whose colour space is not one of RGB (CMYK, Lab, grey) and those with
        a broken profile are in sRGB, without a profile.

    Raises:
        PhotoUnreadableError: If its header cannot be read.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    dpi = _resolution(content, name, max_megapixels)
    if dpi is not None and photo.orientation >= 5:  # turned by a quarter
        dpi = (dpi[1], dpi[0])
    if photo.icc_profile is None:
        return OwnColours(photo, None, dpi)
    own = open_photo_bytes(content, max_megapixels=max_megapixels, name=name, own_colours=True)
    return OwnColours(own, own.icc_profile, dpi)


def _resolution(content: bytes, name: str, max_megapixels: float) -> tuple[float, float] | None:
    kind = sniff(content[:SNIFF_BYTES], name.rpartition(".")[2].lower())
    if kind not in _WITH_RESOLUTION:
        return None
    try:
        with open_pillow(BytesIO(content), (kind.value,), max_megapixels=max_megapixels) as image:
            x, y = (float(each) for each in image.info["dpi"])
    except Exception:  # whatever is odd about a header that could be opened before, it just has no resolution
        return None
    return (x, y) if min(x, y) >= _MIN_DPI else None
