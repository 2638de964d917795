"""What tells cheaply whether a file changed: its size and its time; of a photo in object storage, its size and ETag."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curation.storage.objects.listed import listed_at

__all__ = ["FileStamp", "content_name", "stamp_of"]

_HALF = 2**63


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Size and modification time of a file; a file with the same stamp is taken to have the same content.

    Attributes:
        path: Of the file.
        size_bytes: Of its content.
        mtime_ns: In nanoseconds since 1970, within 64 bits, whatever the clock of the disk says (years after 2262 are
            counted from 1678 again); of a photo in object storage, seconds with a number made of its ETag.
    """

    path: Path
    size_bytes: int
    mtime_ns: int

    def __post_init__(self) -> None:
        """Keep the time where databases can hold it."""
        if not -_HALF <= self.mtime_ns < _HALF:
            object.__setattr__(self, "mtime_ns", (self.mtime_ns + _HALF) % (2 * _HALF) - _HALF)


def content_name(stamp: FileStamp) -> str:
    """A name of the content of a file: another one when it changes."""
    return f"{stamp.path}:{stamp.size_bytes}:{stamp.mtime_ns}"


def stamp_of(path: Path) -> FileStamp | None:
    """The stamp of a file as it is now, or None if the file cannot be accessed.

    A photo in object storage has the stamp that the last listing gave it; its file need not be on this machine.

    Raises:
        StorageError: If the index of that listing is damaged.
    """
    found = listed_at(path)
    if found is not None:
        listed, name = found
        info = listed.objects.get(name)
        return None if info is None else FileStamp(path, info.size_bytes, info.mtime_ns)
    try:
        status = path.stat()
    except OSError:
        return None
    return FileStamp(path, status.st_size, status.st_mtime_ns)
