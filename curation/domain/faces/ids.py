"""Ids of photos and faces, so that no request has to carry a file name."""

from __future__ import annotations

import hashlib
import re

__all__ = ["FACE_ID_PATTERN", "PHOTO_ID_PATTERN", "face_id", "parse_face_id", "photo_id"]

PHOTO_ID_PATTERN = r"^[0-9a-f]{16}$"
FACE_ID_PATTERN = r"^[0-9a-f]{16}-(0|[1-9][0-9]{0,4})$"
_FACE_ID = re.compile(r"([0-9a-f]{16})-(0|[1-9][0-9]{0,4})")


def photo_id(image_path: str) -> str:
    """The first 16 hex digits of the SHA-256 of a photo's `image_path`; the same in every run."""
    return hashlib.sha256(image_path.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def face_id(photo: str, face_index: int) -> str:
    """The id of a face.

    Args:
        photo: Id of the photo.
        face_index: Number of the face in the photo, from left to right, 0-based.
    """
    return f"{photo}-{face_index}"


def parse_face_id(text: str) -> tuple[str, int] | None:
    """Id of the photo and number of the face in it; None if the text is not the id of a face."""
    match = _FACE_ID.fullmatch(text)
    return None if match is None else (match[1], int(match[2]))
