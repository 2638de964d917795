"""Errors of the decoding libraries, in words for the report."""

from __future__ import annotations

import re

__all__ = ["reason_of"]

_MAX_ORIGINAL_CHARS = 200
_ADDRESS = re.compile(r"<[^>]*>|'[^']*/[^']*'|\"[^\"]*/[^\"]*\"")
_REASONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (
            r"truncat|premature|end of file|not enough|unexpected end|file read|broken data stream|need_more_input|eof",
            "cut off",
        ),
        (r"decompressed data too large|exceeds limit|memory limit|too large|bomb", "suspicious"),
        (r"cannot identify", "not recognised"),
    )
)
_SENTENCES = {
    "cut off": "the file is cut off or damaged",
    "suspicious": "the file unpacks to far more than a photo contains",
    "not recognised": "not a picture, or damaged at its beginning",
}


def reason_of(error: BaseException) -> str:
    """One line for the user: what is wrong with the file, then the decoder's own words.

    Args:
        error: What the decoder raised; paths and addresses of objects are removed from its text.
    """
    if isinstance(error, MemoryError):
        return "there is not enough memory to decode the file"
    original = " ".join(_ADDRESS.sub("", str(error)).split())[:_MAX_ORIGINAL_CHARS]
    sentence = "the file is damaged or of a kind that cannot be decoded"
    for pattern, key in _REASONS:
        if pattern.search(original):
            sentence = _SENTENCES[key]
            break
    return f"{sentence} ({original or type(error).__name__})"
