"""Getting the files of photos to hand before they are opened: they may lie in a folder, or in object storage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

__all__ = ["LocalOriginals", "Originals"]


class Originals(Protocol):
    """Makes files of the input folder readable; picklable, and used in every process that opens photos."""

    def at_hand(self, path: Path) -> AbstractContextManager[Path]:
        """Make a file readable for as long as the context lasts.

        Args:
            path: Below the input folder, as `photo_path` returns it; other paths are left as they are.

        Returns:
            The path to open.

        Raises:
            PhotoUnreadableError: If the file is gone for good.
            ObjectStorageUnavailableError: If it cannot be fetched now; never the fault of the photo.
        """


class LocalOriginals:
    """Photos of a folder are readable where they are."""

    @contextmanager
    def at_hand(self, path: Path) -> Iterator[Path]:
        """See `Originals.at_hand`."""
        yield path
