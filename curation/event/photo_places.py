"""Where photos that are sent to the service go: a folder, or object storage. Nothing is ever overwritten."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from curation.domain.files.pairing import stem_key
from curation.errors import CurationError, ObjectChangedError
from curation.photos.files.content import content_sha256
from curation.settings import Settings
from curation.storage.atomic import explained
from curation.storage.objects.store import ObjectStore

__all__ = ["FolderPlace", "ObjectPlace", "PhotoPlace", "disk_faults", "photo_place"]

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})


class PhotoPlace(Protocol):
    """Takes new photos."""

    @property
    def folder(self) -> Path:
        """Where a photo is received under a hidden name, on this machine."""

    def put(self, source: Path, name: str) -> bool:
        """Take a received file under a name; False if there is something of this name.

        Raises:
            StorageError: If it cannot be written.
        """

    def has(self, name: str, *, size_bytes: int, sha256: str) -> bool:
        """Whether there is a photo of this name with this content; False if that cannot be told."""

    def names_like(self, name: str) -> list[str]:
        """The names that begin like the stem of a name, whatever their case; sorted. Empty if that cannot be told."""

    def at_hand(self, name: str) -> AbstractContextManager[Path]:
        """Make a file readable.

        Raises:
            CurationError: If it cannot be fetched.
        """


class FolderPlace:
    """The folder of photos."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which need not exist."""
        self.folder = folder

    def put(self, source: Path, name: str) -> bool:
        """See `PhotoPlace.put`."""
        with disk_faults(self.folder):
            return _move(source, self.folder / name)

    def has(self, name: str, *, size_bytes: int, sha256: str) -> bool:
        """See `PhotoPlace.has`."""
        other = self.folder / name
        try:
            return other.stat().st_size == size_bytes and content_sha256(other) == sha256
        except (OSError, CurationError):
            return False

    def names_like(self, name: str) -> list[str]:
        """See `PhotoPlace.names_like`."""
        try:
            with os.scandir(self.folder) as entries:
                return _like(name, (entry.name for entry in entries))
        except OSError:
            return []

    @contextmanager
    def at_hand(self, name: str) -> Iterator[Path]:
        """See `PhotoPlace.at_hand`."""
        yield self.folder / name


class ObjectPlace:
    """The photos in object storage."""

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        """Take the storage, and a folder of this machine for photos that are being received."""
        self._store = store
        self.folder = folder

    def put(self, source: Path, name: str) -> bool:
        """See `PhotoPlace.put`."""
        with disk_faults(self.folder):
            content = source.read_bytes()
        try:
            self._store.create(name, content)
        except ObjectChangedError:
            return False
        with disk_faults(self.folder):
            source.unlink(missing_ok=True)
        return True

    def has(self, name: str, *, size_bytes: int, sha256: str) -> bool:
        """See `PhotoPlace.has`."""
        compared = self.folder / f".{sha256}.compared"
        try:
            if self._store.head(name).size_bytes != size_bytes:
                return False
            self._store.fetch(name, compared)
            return content_sha256(compared) == sha256
        except CurationError:
            return False
        finally:
            compared.unlink(missing_ok=True)

    def names_like(self, name: str) -> list[str]:
        """See `PhotoPlace.names_like`; only names of the same case."""
        try:
            keys = [info.key for info in self._store.list(name.rpartition(".")[0])]
        except CurationError:
            return []
        return _like(name, (key for key in keys if "/" not in key))

    @contextmanager
    def at_hand(self, name: str) -> Iterator[Path]:
        """See `PhotoPlace.at_hand`."""
        fetched = self.folder / f".{uuid.uuid4().hex}.compared.{name.rpartition('.')[2]}"
        try:
            with disk_faults(self.folder):
                self._store.fetch(name, fetched)
            yield fetched
        finally:
            fetched.unlink(missing_ok=True)


def _like(name: str, names: Iterable[str]) -> list[str]:
    start = stem_key(name.rpartition(".")[0])
    return sorted(other for other in names if not other.startswith(".") and stem_key(other).startswith(start))


def photo_place(settings: Settings) -> PhotoPlace:
    """Where new photos of the event go.

    Raises:
        ExtraMissingError: If the extra for object storage is not installed.
    """
    if not settings.input_address:
        return FolderPlace(settings.io.input_dir)
    from curation.storage.objects.opening import open_store

    store = open_store(settings.input_address, timeout_s=settings.io.object_timeout_s)
    return ObjectPlace(store, settings.event_dir / "received_photos")


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Explain what the operating system says of a file in `path`.

    Raises:
        StorageError: Instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise explained(error, path, "written") from error


def _move(source: Path, target: Path) -> bool:
    """Move a file unless the target exists; never overwrites a file.

    Returns:
        False if the target exists.

    Raises:
        OSError: If the file cannot be moved.
    """
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    else:
        source.unlink()
        return True
    # FAT disks (cameras) have no hard links: create the target first, then replace it atomically.
    try:
        target.touch(exist_ok=False)
    except FileExistsError:
        return False
    source.replace(target)
    return True
