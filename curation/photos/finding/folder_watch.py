"""Whether the folders that were looked through are still there: a disk may be unplugged while photos are opened.

A photo that cannot be opened costs a row in the report. A folder that is gone is no fault of its photos: a run that
took it for theirs would write tables without them. So whoever finds a photo that fails asks for its folder first.
"""

from __future__ import annotations

import errno
import os
import queue
import stat
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.disk.away import DISK_IS_AWAY
from curation.errors import PhotosMissingError
from curation.photos.finding.names import SURROGATE
from curation.regular_files import open_regular

__all__ = ["ANSWER_LIMIT_S", "NO_FOLDERS", "FolderWatch", "SeenFolder", "answer_of", "shown_path", "watch_of"]

ANSWER_LIMIT_S = 30.0
"""A disk that sleeps needs ten seconds to wake up; one that takes longer to name a folder is taken for dead."""

_ANOTHER = "another disk or folder has its place now"
_KEPT = "what was there before is as it was: put the folder back (connect the disk, mount it), then run again"
_LOCKED = (
    "what was there before is as it was: give yourself permission to read the folder and its photos, then run again"
)
_FORBIDDEN = ("no permission", os.strerror(errno.EACCES), os.strerror(errno.EPERM))


@dataclass(frozen=True, slots=True)
class SeenFolder:
    """A folder that was looked through.

    Attributes:
        path: Absolute.
        device: Of the disk that it was on (`st_dev`).
        inode: Its number there, which some file systems (FAT, some network disks) give out anew.
    """

    path: Path
    device: int
    inode: int


def shown_path(path: Path) -> str:
    """A path for messages, whatever bytes it has."""
    return SURROGATE.sub("\N{REPLACEMENT CHARACTER}", str(path))


def answer_of(ask: Callable[[], str], limit_s: float | None = None) -> str:
    """What is wrong with a place on a disk, which may not answer at all.

    Args:
        ask: Returns what is wrong, empty for nothing; it is called in a thread of its own, which a dead disk keeps.
        limit_s: How long it is waited for; None is `ANSWER_LIMIT_S`.
    """
    limit_s = ANSWER_LIMIT_S if limit_s is None else limit_s
    answers: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(ask()), name="asks-a-disk", daemon=True).start()
    try:
        return answers.get(timeout=limit_s)
    except queue.Empty:
        return f"the disk has not answered for {limit_s:g} s"


class FolderWatch:
    """Knows the folders of one listing."""

    def __init__(
        self,
        folders: Sequence[SeenFolder] = (),
        files: Iterable[Path] = (),
        *,
        limit_s: float | None = None,
    ) -> None:
        """Take what was found.

        Args:
            folders: That were looked through, the folder of photos first; none if photos do not lie in folders.
            files: Photos and clips in them.
            limit_s: How long a disk may take to answer; None is `ANSWER_LIMIT_S`.
        """
        self._folders = {folder.path: folder for folder in folders}
        self._root = folders[0] if folders else None
        self._limit_s = limit_s
        self._files: defaultdict[Path, list[Path]] = defaultdict(list)
        self._readable: dict[int, Path] = {}  # by disk, one that could be read when it was asked last
        for path in files if folders else ():
            self._files[path.parent].append(path)

    def demand(self, path: Path) -> None:
        """Check that a photo that could not be used is not to blame for its folder.

        Args:
            path: Of the photo.

        Raises:
            PhotosMissingError: If its folder, or the folder of photos, is not the one that was looked through.
        """
        if self._root is None:
            return
        folder = self._folders.get(path.parent, self._root)
        for one in dict.fromkeys((self._root, folder)):
            self._demand(one, path)

    def demand_all(self) -> None:
        """Check that all folders are still there, before what was not found in them is taken for not there.

        Raises:
            PhotosMissingError: If one is not.
        """
        for folder in self._folders.values():
            self._demand(folder)

    def _demand(self, folder: SeenFolder, photo: Path | None = None) -> None:
        why = answer_of(lambda: self._fault(folder, photo), self._limit_s)
        if why:
            what = "the folder of photos" if folder is self._root else "the folder"
            if why.endswith(_FORBIDDEN):
                raise PhotosMissingError(f"{what} {shown_path(folder.path)} cannot be read any more ({why}); {_LOCKED}")
            raise PhotosMissingError(f"{what} {shown_path(folder.path)} vanished during the run ({why}); {_KEPT}")

    def _fault(self, folder: SeenFolder, photo: Path | None) -> str:
        try:
            status = folder.path.stat()
            if not stat.S_ISDIR(status.st_mode):
                return "it is not a folder any more"
            if status.st_dev != folder.device:
                return _ANOTHER
            with os.scandir(folder.path) as scan:
                next(scan, None)
            if not os.access(folder.path, os.X_OK):
                return "no permission"
        except OSError as error:
            return error.strerror or str(error)
        if photo is not None and (why := self._fault_of_disk(photo, folder.device)):
            return why
        if photo is None:
            had_files = folder.path in self._files
            is_other = status.st_ino != folder.inode and had_files and not self._has_files(folder.path)
            return _ANOTHER if is_other else ""
        if os.path.lexists(photo):
            return ""
        if status.st_ino != folder.inode and not self._has_files(folder.path):
            return _ANOTHER
        if folder is self._root and not any(map(self._has_files, list(self._files))):
            return "none of its photos is there any more"
        return ""

    def _fault_of_disk(self, photo: Path, device: int) -> str:
        """Whether a photo cannot be read because nothing on its disk can; empty if it is the only one, or can be."""
        number = _unreadable(photo)
        if number in DISK_IS_AWAY:
            return os.strerror(number)
        if not number or (self._readable.get(device) and not _unreadable(self._readable[device])):
            return ""
        others = 0
        for folder, paths in self._files.items():
            known = self._folders.get(folder)
            if known is None or known.device != device:
                continue
            for path in paths:
                others += path != photo
                if not _unreadable(path):
                    self._readable[device] = path
                    return ""
        return f"none of its photos can be read: {os.strerror(number)}" if others else ""

    def _has_files(self, folder: Path) -> bool:
        """Whether any file of a folder is still there; those that are not are forgotten, as they do not come back."""
        files = self._files.get(folder, [])
        while files and not os.path.lexists(files[-1]):
            files.pop()
        return bool(files)


def _unreadable(path: Path) -> int:
    """Why the system does not let a file be read, as an errno; 0 if it does, or if there is no such file."""
    try:
        with open_regular(path) as file:
            file.read(1)
    except OSError as error:
        number = error.errno or 0
        return 0 if number in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP) else number
    return 0


NO_FOLDERS = FolderWatch()
"""Watches nothing."""


def watch_of(root: Path, files: Iterable[Path]) -> FolderWatch:
    """Watches the folders of some photos as they are now; nothing without the folder of photos.

    Args:
        root: The folder of photos.
        files: The photos; of those that are not there, only the folder of photos is watched.
    """
    paths = list(files)
    folders = []
    for folder in dict.fromkeys((root, *(path.parent for path in paths))):
        try:
            status = folder.stat()
        except OSError:
            if folder is root:
                return NO_FOLDERS
        else:
            folders.append(SeenFolder(folder, status.st_dev, status.st_ino))
    return FolderWatch(folders, paths)
