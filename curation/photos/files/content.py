"""Reading a photo's file once, for its hash and for decoding."""

from __future__ import annotations

import hashlib
from pathlib import Path

from curation.errors import PhotoUnreadableError
from curation.regular_files import open_regular

__all__ = ["content_sha256", "read_content"]

_HASH_CHUNK_BYTES = 2**20
# Larger files are read twice, for the hash and for decoding, rather than held in memory.
_MAX_HELD_BYTES = 64 * 2**20


def content_sha256(path: Path) -> str:
    """SHA-256 of a file's content in hex, read in chunks.

    Raises:
        PhotoUnreadableError: If the file cannot be read.
    """
    return read_content(path, keep_bytes=0)[0]


def read_content(path: Path, *, keep_bytes: int = _MAX_HELD_BYTES) -> tuple[str, bytes | None]:
    """Read a file once, for its hash and for `open_photo`.

    Args:
        path: The file.
        keep_bytes: Larger files are only hashed, in chunks.

    Returns:
        SHA-256 of the content in hex, and the content, or None if it has more than `keep_bytes`.

    Raises:
        PhotoUnreadableError: If the file cannot be read.
    """
    try:
        with open_regular(path) as file:
            content = file.read(keep_bytes + 1) if keep_bytes else b""
            digest = hashlib.sha256(content)
            if keep_bytes and len(content) <= keep_bytes:
                return digest.hexdigest(), content
            del content
            while chunk := file.read(_HASH_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error
    return digest.hexdigest(), None
