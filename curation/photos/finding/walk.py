"""Walking through a folder of photos and all folders below it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from curation.photos.files.formats import PHOTO_EXTENSIONS, VIDEO_EXTENSIONS, VIDEO_PROXY_EXTENSIONS
from curation.photos.finding.folder_watch import SeenFolder
from curation.photos.finding.names import CLUSTERS_MARK, escaped, extension_of, is_passed_over, may_be_folder
from curation.photos.finding.placeholders import absent_content, absent_link
from curation.photos.finding.places import left_out, place_of

if TYPE_CHECKING:
    from curation.photos.files.listing import FoundFiles

__all__ = ["Walk"]

_CLIP_EXTENSIONS = VIDEO_EXTENSIONS - VIDEO_PROXY_EXTENSIONS
_LEADS_AWAY = "a link that leads nowhere: if it leads to a folder, that is on a disk which is not connected"


def _nothing(_: str) -> None: ...


class Walk:
    """One walk through the folder, which collects the lists of a `Listing`."""

    def __init__(
        self, root: Path, exclude: Sequence[Path], found: FoundFiles, step: Callable[[str], None] = _nothing
    ) -> None:
        """Prepare the walk.

        Args:
            root: The folder of photos, absolute.
            exclude: Files and folders inside it that are not input; they need not exist.
            found: Receives what is found.
            step: Is told before each question to the disk what it is about.
        """
        self._root = root
        self._step = step
        self._tree = _Disk(root, step)
        self._excluded = {identity for path in exclude if (identity := _identity(path)) is not None}
        self._visited: set[tuple[int, int]] = set()
        self._links: list[tuple[PurePosixPath, Path]] = []
        self._found = found

    def run(self) -> None:
        """Look at all files; what cannot be read is among those that failed."""
        self._walk(PurePosixPath(), self._root)
        # Links to folders come last, so that a folder is listed under its own name, whatever the links are called.
        while self._links:
            self._links.sort(reverse=True)
            self._walk(*self._links.pop())

    def _walk(self, relative: PurePosixPath, folder: Path) -> None:
        pending = [(relative, folder)]
        while pending:
            relative, folder = pending.pop()
            self._step(str(folder))
            try:
                status = folder.stat()
                if (status.st_dev, status.st_ino) in self._visited:
                    continue
                self._visited.add((status.st_dev, status.st_ino))
                with os.scandir(folder) as scan:
                    entries = sorted(self._steps(scan), key=lambda entry: entry.name)
            except OSError as error:
                self._unseen(str(relative), error)
                continue
            self._found.folders.append(SeenFolder(folder, status.st_dev, status.st_ino))
            if any(entry.name == CLUSTERS_MARK for entry in entries):
                continue
            within = "" if relative == PurePosixPath() else str(relative)
            for entry in entries:
                self._step(entry.path)
                subfolder = self._entry(within, entry)
                if subfolder is not None:
                    pending.append((relative / entry.name, subfolder))

    def _steps(self, scan: Iterable[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        for entry in scan:
            self._step(entry.path)
            yield entry

    def _entry(self, within: str, entry: os.DirEntry[str]) -> Path | None:
        """Record a file or a link of the folder `within`; returns a folder to walk."""
        relative = f"{within}/{entry.name}" if within else entry.name
        is_folder = False
        try:
            is_folder = entry.is_dir()
            if is_folder:
                return self._folder(relative, entry)
        except OSError as error:
            if is_folder and not is_passed_over(entry.name):
                self._unseen(relative, error)  # on a disk that does not answer
            if is_folder:
                return None
            # What it is called decides below: it may be a loop of links.
        if self._found.aside.add_placeholder(within, entry.name):
            return None
        if is_passed_over(entry.name):
            self._found.aside.add_trashed(entry.name, within)
            return None
        path, is_shown = Path(entry.path), extension_of(entry.name) in PHOTO_EXTENSIONS | _CLIP_EXTENSIONS
        try:
            status = entry.stat()
        except OSError as error:
            self._unreadable(relative, entry, error, is_shown=is_shown)
            return None
        if (status.st_dev, status.st_ino) in self._excluded:
            return None
        is_regular = stat.S_ISREG(status.st_mode)
        absent = absent_content(path, status) if is_regular and is_shown else None
        if absent is not None:
            self._found.aside.absent.append((escaped(relative), absent))
            return None
        self._found.add(escaped(relative), path, status.st_size, status.st_mtime_ns, is_regular=is_regular)
        return None

    def _folder(self, relative: str, entry: os.DirEntry[str]) -> Path | None:
        """Whether a folder is walked, and when."""
        path, status = Path(entry.path), entry.stat()
        if (status.st_dev, status.st_ino) in self._excluded:
            return None
        place = place_of(relative, self._root.name, self._tree)
        why = left_out(place)
        if why is not None:
            self._found.aside.leave_out(relative, why, self._tree.pictures(relative) if why.is_told else 0)
            self._found.aside.add_missing_originals(place, self._tree)
            return None
        if is_passed_over(entry.name):
            return None
        if not entry.is_symlink():
            return path
        self._links.append((PurePosixPath(relative), path))
        return None

    def _unseen(self, relative: str, error: OSError) -> None:
        """Tell of a folder that cannot be looked into, whatever lies in it."""
        self._found.failed.append((escaped(f"{relative}/"), f"the folder cannot be read: {error.strerror}"))

    def _unreadable(self, relative: str, entry: os.DirEntry[str], error: OSError, *, is_shown: bool) -> None:
        """Tell of a photo or clip, or of what may be a folder of photos, of which the disk does not say what it is."""
        is_link = entry.is_symlink()
        if isinstance(error, FileNotFoundError) and not is_link:
            return  # it was deleted a moment ago
        if not is_shown:
            if error.errno != errno.ELOOP and may_be_folder(entry.name):
                self._found.failed.append((escaped(f"{relative}/"), _LEADS_AWAY if is_link else _told(error)))
            return
        why = absent_link(Path(entry.path)) if isinstance(error, FileNotFoundError) else None
        if why is not None:
            self._found.aside.absent.append((escaped(relative), why))
            return
        broken = isinstance(error, FileNotFoundError)
        self._found.failed.append((escaped(relative), "a link that leads nowhere" if broken else _told(error)))


class _Disk:
    """The folders of a disk; implements `places.Tree`."""

    def __init__(self, root: Path, step: Callable[[str], None]) -> None:
        self._root = root
        self._step = step
        self._last: tuple[str, dict[str, int | None]] | None = None

    def names(self, folder: str) -> dict[str, int | None]:
        if self._last is None or self._last[0] != folder:
            self._last = folder, self._scanned(folder)
        return self._last[1]

    def _scanned(self, folder: str) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        try:
            with os.scandir(self._root / folder) as scan:
                for entry in scan:
                    self._step(entry.path)
                    found[entry.name] = None if entry.is_dir() else _size_bytes(entry)
        except OSError:
            pass  # a folder that cannot be read proves nothing
        return found

    def pictures(self, folder: str) -> int:
        """How many files of a folder and those below it have names of photos."""
        count = 0
        for place, _, names in os.walk(self._root / folder):
            self._step(place)
            count += sum(extension_of(name) in PHOTO_EXTENSIONS for name in names)
        return count


def _told(error: OSError) -> str:
    return f"cannot be read: {error.strerror}"


def _size_bytes(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:
        return 0


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
