"""Reads the headers of files in object storage without fetching them."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from curation.errors import CurationError
from curation.photos.finding.twins import StampedFile
from curation.storage.objects.file_names import key_of
from curation.storage.objects.store import ObjectStore

__all__ = ["ObjectFiles"]

_BLOCK_BYTES = 128 * 1024  # the headers of most photos


class ObjectFiles:
    """Implements `curation.photos.finding.twins.FilesOfEvent` for a bucket: headers are read, pictures are not."""

    threads = 16

    def __init__(self, store: ObjectStore, root: Path) -> None:
        """Take the storage, and the folder into which photos are fetched."""
        self._store = store
        self._root = root

    def opened(self, file: StampedFile) -> AbstractContextManager[BinaryIO]:
        """See `FilesOfEvent.opened`."""
        key = key_of(file.path.relative_to(self._root).as_posix())
        return cast(BinaryIO, io.BufferedReader(_Part(self._store, key, file.size_bytes), _BLOCK_BYTES))

    def grey(self, file: StampedFile) -> NDArray[np.uint8] | None:
        """None: the whole file would be needed."""
        return None

    def holds(self, file: StampedFile, content_id: str) -> bool:
        """False: the whole file would be needed."""
        return False


class _Part(io.RawIOBase):
    """An object as a file."""

    def __init__(self, store: ObjectStore, key: str, size_bytes: int) -> None:
        self._store = store
        self._key = key
        self._size = size_bytes
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        length = min(len(buffer), self._size - self._position)
        if length <= 0:
            return 0
        try:
            content = self._store.read_range(self._key, self._position, length)
        except CurationError as error:
            raise OSError(str(error)) from error
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)
