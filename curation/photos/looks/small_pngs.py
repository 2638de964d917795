"""Cut-outs and masks at smaller sizes, for a screen that shows many of them."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from curation.errors import PhotoUnreadableError
from curation.photos.looks.pictures import LONG_SIDE_PX, PictureSize

__all__ = ["png_picture"]

_THUMBNAIL_PX = 480  # cut-outs are looked at in larger cells than photos
_SEEN_ALPHA = 8  # of 255; less is a breath of noise that nobody sees, and must not widen the picture
_QUICK = 3  # zlib's level


def png_picture(path: Path, size: PictureSize, *, is_trimmed: bool) -> bytes:
    """A PNG, made smaller.

    Args:
        path: Of a PNG: a cut-out with transparency (RGBA), or a mask (grey).
        size: The maximum of the longer side: 480 pixels for `thumbnail`, else that of `LONG_SIDE_PX`.
        is_trimmed: Cut off the empty room around what can be seen, first.

    Returns:
        A PNG of the same kind, alpha is straight; colours are mixed weighted by alpha, so that no fringe appears.

    Raises:
        PhotoUnreadableError: If the file cannot be decoded.
    """
    limit = _THUMBNAIL_PX if size is PictureSize.THUMBNAIL else LONG_SIDE_PX[size]
    try:
        with Image.open(path, formats=("PNG",)) as opened:
            picture = opened.convert("RGBA" if "A" in opened.getbands() or "transparency" in opened.info else "L")
    except (OSError, SyntaxError, ValueError) as error:
        raise PhotoUnreadableError(f"{path.name} cannot be decoded: {error}") from error
    if is_trimmed and picture.mode == "RGBA":
        seen = picture.getchannel("A").point([255 if value >= _SEEN_ALPHA else 0 for value in range(256)]).getbbox()
        if seen is not None:
            picture = picture.crop(seen)
    share = limit / max(picture.size)
    if share < 1:
        width, height = (max(1, round(side * share)) for side in picture.size)
        mixed = picture.convert("RGBa") if picture.mode == "RGBA" else picture
        picture = mixed.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0).convert(picture.mode)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=_QUICK)
    return file.getvalue()
