"""The gate: what is refused before any worker sees it, by the file's header alone."""

from __future__ import annotations

from pathlib import Path

from curation.domain.assets.states import RejectCode
from curation.errors import AssetRejectedError, PhotoTooLargeError, PhotoUnreadableError
from curation.photos.files.decoding import open_photo_bytes
from curation.photos.files.formats import SNIFF_BYTES, SUPPORTED_FORMATS, describe_other, sniff
from curation.photos.files.lazy_photo import OpenPhoto
from curation.pipelines.assets.limits import GateLimits

__all__ = ["check"]


def check(content: bytes, limits: GateLimits, *, name: str = "") -> OpenPhoto:
    """Let a picture pass, or say why not.

    Only the header is read, so that a huge file takes no time; a file that turns out to be damaged when it is decoded
    is refused later, with the same code.

    Args:
        content: Of the file.
        limits: What is taken.
        name: Of the file, if it had one: its extension tells RAW files that begin like a TIFF.

    Returns:
        The picture, not decoded yet.

    Raises:
        AssetRejectedError: With a `RejectCode` as its reason, but for `no_person`.
        MemoryError: If there is not enough memory now.
    """
    if not content:
        raise _rejected(RejectCode.UNREADABLE, "the file is empty: choose another one")
    if len(content) > limits.max_bytes:
        raise _rejected(
            RejectCode.TOO_LARGE,
            f"the file has {len(content) / 1e6:.1f} MB, at most {limits.max_bytes / 1e6:g} MB are taken: make it "
            "smaller, or raise service.upload_photo_mb",
        )
    start = content[:SNIFF_BYTES]
    if sniff(start, Path(name).suffix[1:].lower()) is None:
        raise _rejected(RejectCode.FORMAT, f"{describe_other(start)}; these are taken: {SUPPORTED_FORMATS}")
    try:
        photo = open_photo_bytes(content, max_megapixels=limits.max_megapixels, name=name)
    except PhotoTooLargeError as error:
        raise _rejected(RejectCode.TOO_LARGE, str(error)) from error
    except PhotoUnreadableError as error:
        if isinstance(error.__cause__, MemoryError):
            raise error.__cause__ from error  # not the picture's fault
        raise _rejected(RejectCode.UNREADABLE, str(error)) from error
    if min(photo.width, photo.height) < limits.min_side_px:
        raise _rejected(
            RejectCode.TOO_SMALL,
            f"the picture has {photo.width} x {photo.height} pixels, its shorter side needs {limits.min_side_px}: "
            "choose a larger one, or lower assets.min_side_px",
        )
    if photo.width * photo.height > limits.max_megapixels * 1e6:
        raise _rejected(
            RejectCode.TOO_LARGE,
            f"the picture has {photo.width * photo.height / 1e6:.0f} megapixels, at most {limits.max_megapixels:g} "
            "are taken: make it smaller, or raise io.max_photo_megapixels",
        )
    return photo


def _rejected(code: RejectCode, message: str) -> AssetRejectedError:
    return AssetRejectedError(message, code.value)
