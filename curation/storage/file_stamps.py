"""What tells cheaply whether a file changed: its size and its time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["FileStamp", "stamp_of"]


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Size and modification time of a file; a file with the same stamp is taken to have the same content."""

    path: Path
    size_bytes: int
    mtime_ns: int


def stamp_of(path: Path) -> FileStamp | None:
    """The stamp of a file as it is now, or None if the file cannot be accessed."""
    try:
        status = path.stat()
    except OSError:
        return None
    return FileStamp(path, status.st_size, status.st_mtime_ns)
