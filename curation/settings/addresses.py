"""Places as settings name them: folders of this machine, and addresses of object storage."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["is_address", "place_key", "written_path"]


def is_address(text: str) -> bool:
    """Whether a place is an address of object storage, such as `s3://bucket/folder`, and not a folder."""
    return "://" in text


def place_key(place: str) -> str:
    """A short name for a folder or an address, the same however a folder is written."""
    known = place.rstrip("/") if is_address(place) else os.path.normcase(os.path.realpath(place))
    return hashlib.sha256(os.fsencode(known)).hexdigest()[:16]


def written_path(text: str | Path) -> Path:
    """A path as somebody wrote it, with `~` for a home folder; that of nobody (`~nobody-here/x`) is left as it is."""
    try:
        return Path(os.path.expanduser(text))  # noqa: PTH111 - pathlib's raises an error for that
    except ValueError:  # what cannot be a name, such as one with a zero
        return Path(text)
