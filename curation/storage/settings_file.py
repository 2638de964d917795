"""config.yaml as a file: its entity tag, reading it and replacing it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from curation.storage.atomic import explained, write_bytes

__all__ = ["config_etag", "read_config", "write_config"]


def config_etag(content: bytes) -> str:
    """A strong entity tag of the content of the settings file, which is empty if there is no file."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def read_config(path: Path) -> bytes:
    """The content of the settings file; empty if there is no file.

    Raises:
        StorageError: If it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise explained(error, path, "read") from error


def write_config(path: Path, content: bytes) -> None:
    """Write the settings file atomically; if it is a symbolic link, the file that it points to.

    Raises:
        StorageError: If it cannot be written; the old one is then unchanged.
    """
    write_bytes(path.resolve(), content)
