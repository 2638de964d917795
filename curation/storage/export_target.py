"""Where an export goes: a new folder or a new ZIP file, which gets its name only when it is complete.

A killed run leaves a hidden temporary file or folder, which the next export removes; nothing is ever overwritten.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from curation.disk.file_modes import hand_out, make_handed_out
from curation.disk.temporaries import OwnFile, OwnFolder, own_name, sweep_left
from curation.domain.choosing.export import name_key
from curation.errors import PhotoError, PhotoNotWrittenError, StorageError
from curation.storage.atomic import explained

__all__ = ["ExportTarget", "FolderTarget", "ZipTarget", "check_room", "sweep_exports"]

logger = logging.getLogger(__name__)

_ZIP_YEARS = (1980, 2107)  # the range of dates in a ZIP file
_FILE_MODE = 0o100644
_MOST_NAME_BYTES = 255
_REFUSED_NAME = frozenset({errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ, errno.EEXIST})
"""What systems say to a name that the disk does not take, or takes for that of a file that is there."""
_NO_LINKS = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


class ExportTarget(Protocol):
    """Receives files, and gets its final name when all are there."""

    written_bytes: int
    """Size of all files so far, without hard links, which take no space."""
    longest_name: int
    """The most bytes that the name of a file or folder may have."""

    def takes(self, name: str) -> bool:
        """Whether a file or folder can have a name that is not valid on every system.

        Args:
            name: Without `/`.
        """

    def add(self, name: str, parts: Iterable[bytes], *, mtime_ns: int, size_bytes: int) -> None:
        """Write a file.

        Args:
            name: Path in the export with `/`; not used before.
            parts: Its content; if the iterator raises a PhotoError, no file is left.
            mtime_ns: When the content was last changed, in nanoseconds since 1970.
            size_bytes: The approximate size of the content.

        Raises:
            StorageError: If nothing can be written.
            PhotoNotWrittenError: If this file cannot be written, but others can; no part of it is left.
            PhotoError: If `parts` raises it.
        """

    def link(self, name: str, source: Path) -> None:
        """Add a hard link to an existing file.

        Raises:
            StorageError: If no hard link can be created.
            PhotoNotWrittenError: If this one cannot be created, but others can.
        """

    def finish(self) -> Path:
        """Give the export its final name.

        Returns:
            Its path; a number is added to a name that is taken.

        Raises:
            StorageError: If it cannot be renamed.
        """

    def discard(self) -> None:
        """Remove what was written, unless it was finished."""


class FolderTarget:
    """A new folder."""

    def __init__(self, export_dir: Path, name: str) -> None:
        """Create the temporary folder.

        Raises:
            StorageError: If it cannot be created.
        """
        self.written_bytes = 0
        self._final = export_dir / name
        try:
            make_handed_out(export_dir)
            self._own = OwnFolder(lambda: export_dir / own_name(name))
            self._identity = self._own.path.stat()
        except OSError as error:
            raise explained(error, self._final, "created") from error
        self._temporary = self._own.path
        self.longest_name = _longest_name(self._temporary)

    def takes(self, name: str) -> bool:
        """See `ExportTarget.takes`: a file of this name is made and looked for, as some disks change names silently."""
        place = self._temporary / ".names"
        try:
            place.mkdir(exist_ok=True)
            (place / name).touch(exist_ok=False)
            return [name_key(found) for found in os.listdir(place)] == [name_key(name)]  # noqa: PTH208 - names only
        except OSError as error:
            return error.errno not in _REFUSED_NAME  # what else is wrong is told when the file is written
        except ValueError:
            return False
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def add(self, name: str, parts: Iterable[bytes], *, mtime_ns: int, size_bytes: int) -> None:
        """See `ExportTarget.add`."""
        path = self._temporary / name
        self._demand()
        try:
            make_handed_out(path.parent)
            file = path.open("xb")
        except OSError as error:
            raise self._failed(error, name, "written") from error
        try:
            with file:
                hand_out(path)
                for part in parts:
                    file.write(part)
                written = file.tell()
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise explained(error, self._final / name, "written") from error
            path.unlink(missing_ok=True)
            raise PhotoNotWrittenError(
                "the disk of the export does not take so large a file (FAT takes 4 GiB at most)"
            ) from error
        except PhotoError:
            path.unlink(missing_ok=True)
            raise
        # FAT keeps times to two seconds, and on some network disks only the owner of a file may set them.
        with suppress(OSError):
            os.utime(path, ns=(mtime_ns, mtime_ns))
        self.written_bytes += written

    def _failed(self, error: OSError, name: str, doing: str) -> StorageError | PhotoNotWrittenError:
        """The error for a file that cannot be created."""
        if error.errno in _REFUSED_NAME:
            return PhotoNotWrittenError(f"the disk of the export does not take the name {name!a} ({error.strerror})")
        return explained(error, self._final / name, doing)

    def link(self, name: str, source: Path) -> None:
        """See `ExportTarget.link`."""
        path = self._temporary / name
        self._demand()
        try:
            make_handed_out(path.parent)
            # The target of a symbolic link is linked: a relative link would be wrong in another folder.
            path.hardlink_to(source.resolve())
        except OSError as error:
            if error.errno in _NO_LINKS:
                raise StorageError(
                    f"no hard link to {source} can be created in {self._final.parent}: hard links need one disk, a "
                    "file system that supports them, and photos that you own; export copies instead"
                ) from error
            raise self._failed(error, name, "linked") from error

    def finish(self) -> Path:
        """See `ExportTarget.finish`."""
        self._demand()
        hand_out(self._temporary, is_folder=True)
        path = _appear(self._temporary, self._final, suffix="")
        self._own.close()
        return path

    def _demand(self) -> None:
        """Check that the folder is still the one that was made: else a part of the export would pass for all of it."""
        try:
            if os.path.samestat(self._temporary.stat(), self._identity):
                return
            why = "another disk has its place now"
        except OSError as error:
            why = error.strerror or str(error)
        raise StorageError(
            f"the folder of exports {self._final.parent} vanished during the export ({why}): put it back (connect the "
            "disk, mount it), then export again"
        )

    def discard(self) -> None:
        """See `ExportTarget.discard`."""
        self._own.close()


class ZipTarget:
    """A new ZIP file; photos are stored without compression, because they are compressed already."""

    longest_name = _MOST_NAME_BYTES

    def __init__(self, export_dir: Path, name: str) -> None:
        """Open the temporary file.

        Raises:
            StorageError: If it cannot be created.
        """
        self.written_bytes = 0
        self._final = export_dir / f"{name}.zip"
        try:
            make_handed_out(export_dir)
            self._own = OwnFile(lambda: export_dir / own_name(self._final.name))
            self._zip = zipfile.ZipFile(self._own.file, "w", zipfile.ZIP_STORED)
        except OSError as error:
            raise explained(error, self._final, "created") from error

    def takes(self, name: str) -> bool:
        """See `ExportTarget.takes`: whoever unpacks it may have another system."""
        return False

    def add(self, name: str, parts: Iterable[bytes], *, mtime_ns: int, size_bytes: int) -> None:
        """See `ExportTarget.add`. A photo that fails after its first part cannot be removed again: a StorageError."""
        content = iter(parts)
        part = next(content, b"")
        entry = zipfile.ZipInfo(name, _zip_time(mtime_ns))
        entry.external_attr = _FILE_MODE << 16
        entry.create_system = 3  # Unix, so that the mode is used
        entry.file_size = max(size_bytes, len(part))  # decides whether the entry needs 64 bits
        try:
            with self._zip.open(entry, "w") as file:
                while part:
                    file.write(part)
                    part = next(content, b"")
        except OSError as error:
            raise explained(error, self._final, "written") from error
        except PhotoError as error:
            raise StorageError(f"{name} cannot be read to its end ({error}); export again without it") from error
        self.written_bytes += entry.file_size

    def link(self, name: str, source: Path) -> None:
        """A ZIP file has no links."""
        raise StorageError(f"{name} cannot be linked into a ZIP file")

    def finish(self) -> Path:
        """See `ExportTarget.finish`."""
        try:
            self._zip.close()
            self._own.file.flush()
            os.fsync(self._own.file.fileno())
        except OSError as error:
            raise explained(error, self._final, "written") from error
        hand_out(self._own.file.fileno())
        path = _appear(self._own.path, self._final.with_name(self._final.name.removesuffix(".zip")), suffix=".zip")
        self._own.close()
        return path

    def discard(self) -> None:
        """See `ExportTarget.discard`."""
        # If the file cannot be completed, it does not matter: it is removed below.
        with suppress(OSError, ValueError):
            self._zip.close()
        self._own.close()


def check_room(export_dir: Path, needed_bytes: int) -> None:
    """Check that there is enough disk space for an export, before it fills the disk.

    Raises:
        StorageError: If there is not enough, or the free space cannot be determined.
    """
    there = next(folder for folder in (export_dir, *export_dir.parents) if folder.exists())
    try:
        free_bytes = shutil.disk_usage(there).free
    except OSError as error:
        raise explained(error, export_dir, "written into") from error
    if needed_bytes > free_bytes:
        raise StorageError(
            f"the photos need {needed_bytes / 1e9:.1f} GB, and {export_dir} has {free_bytes / 1e9:.1f} GB left: free "
            "some space, export fewer photos, or name another folder (io.export_dir)"
        )


def sweep_exports(export_dir: Path) -> None:
    """Remove the temporary files and folders that dead processes left in `export_dir`, which may be missing.

    Raises:
        StorageError: If something cannot be removed.
    """
    try:
        for path in sweep_left(export_dir):
            logger.info("%s was left by an export that was killed; it is removed", path)
    except OSError as error:
        raise explained(error, Path(error.filename or export_dir), "removed") from error


def _longest_name(folder: Path) -> int:
    """The most bytes of a name in a folder; encrypted ones take fewer than others."""
    try:
        return min(_MOST_NAME_BYTES, os.pathconf(folder, "PC_NAME_MAX"))
    except (AttributeError, OSError, ValueError):
        return _MOST_NAME_BYTES


def _appear(temporary: Path, final: Path, *, suffix: str) -> Path:
    """Rename the export to its name, or to that name with a number. Only one export at a time writes to a folder."""
    path, number = final.with_name(final.name + suffix), 1
    try:
        while os.path.lexists(path):
            number += 1
            path = final.with_name(f"{final.name} ({number}){suffix}")
        temporary.rename(path)
    except OSError as error:
        raise explained(error, path, "written") from error
    return path


def _zip_time(mtime_ns: int) -> tuple[int, int, int, int, int, int]:
    first, last = _ZIP_YEARS
    try:
        moment = time.localtime(mtime_ns / 1e9)
    except (ValueError, OverflowError, OSError):  # a disk whose clock ran wild
        return (first, 1, 1, 0, 0, 0)
    if moment.tm_year < first:
        return (first, 1, 1, 0, 0, 0)
    if moment.tm_year > last:
        return (last, 12, 31, 23, 59, 58)
    return (moment.tm_year, moment.tm_mon, moment.tm_mday, moment.tm_hour, moment.tm_min, min(moment.tm_sec, 59))
