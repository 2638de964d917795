"""A photo as a file on disk, or as the bytes of one that was received and is nowhere on disk."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from curation.regular_files import open_regular

__all__ = ["PhotoFile"]


class PhotoFile(NamedTuple):
    """What a decoder needs to know of a file; at least one of the two is there.

    Attributes:
        path: Where it is; None if it is in memory only.
        content: Its bytes, if they were read already.
    """

    path: Path | None
    content: bytes | None = None

    @property
    def size_bytes(self) -> int:
        """Its size.

        Raises:
            OSError: If there is no such file.
        """
        if self.content is not None:
            return len(self.content)
        assert self.path is not None
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        """Open it for reading; close it.

        Raises:
            OSError: If it cannot be opened.
        """
        if self.content is not None:
            return BytesIO(self.content)
        assert self.path is not None
        return open_regular(self.path)

    def read(self) -> bytes:
        """All of it.

        Raises:
            OSError: If it cannot be read.
        """
        if self.content is not None:
            return self.content
        assert self.path is not None
        with open_regular(self.path) as file:
            return file.read()

    @property
    def opened_by_libraries(self) -> Path | BinaryIO:
        """For a library that takes a path or an open file: the path where there is one, of which it reads less."""
        return BytesIO(self.content or b"") if self.path is None else self.path
