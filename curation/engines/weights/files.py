"""Files of the models folder: their hash, and replacing a small one atomically."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path

from curation.disk.file_modes import hand_out
from curation.disk.temporaries import OwnFile, own_name
from curation.errors import StorageError

__all__ = ["file_digest", "file_sha256", "not_writable", "write_atomically"]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hex.

    Raises:
        StorageError: If it cannot be read.
    """
    return file_digest(path, "sha256")


def file_digest(path: Path, algorithm: str) -> str:
    """A hash of a file's content, in hex; not to protect from anybody, but to recognise a published file.

    Args:
        path: The file.
        algorithm: As in `hashlib`, `sha256` or `md5`.

    Raises:
        StorageError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, partial(hashlib.new, algorithm, usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error}") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a small file as a whole, or leave it as it is.

    Raises:
        StorageError: If it cannot be written.
    """
    try:
        with OwnFile(lambda: path.with_name(own_name(path.name))) as own:
            own.file.write(content)
            own.file.flush()
            os.fsync(own.file.fileno())
            hand_out(own.file.fileno())  # weights are about nobody, and often shared
            own.path.replace(path)
    except OSError as error:
        raise not_writable(path, error) from error


def not_writable(path: Path, error: OSError) -> StorageError:
    """The error that tells the user why a file cannot be written."""
    return StorageError(f"{path} cannot be written: {error}; free some space or choose another io.models_dir")
