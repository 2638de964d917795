"""Files and folders that a process makes for itself, under a random name, until they get their own.

Whoever makes one holds an operating-system lock on it, which the kernel frees when the process ends, however that
happens; so a start can tell what a dead process left from what a living one still writes, also one of another container
on the same volume. The number of a process tells neither: in a container each start has the same one. Where the file
system has no such locks, or they may not be seen by other machines, what nothing was written to for long is removed.

A process that Ctrl-C ends leaves nothing. Python raises KeyboardInterrupt between any two steps: also when a file was
created, and nobody who would remove it knows of it yet. So whatever is dropped without being closed is removed as well.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from curation.disk.file_modes import new_file_mode, new_folder_mode
from curation.interrupts import interrupts_delayed

__all__ = ["TEMPORARY_SUFFIX", "OwnFile", "OwnFolder", "is_process", "own_name", "remove_left", "sweep_left"]

TEMPORARY_SUFFIX = ".curation-tmp"

_UNSUPPORTED = frozenset(
    {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EBADF, errno.EPERM}
)
"""What file systems without locks say; NFS also refuses to lock a folder, and a file that is open for reading."""
_OF_A_PROCESS = re.compile(r"\.(\d{1,10})\.curation-tmp")
_OLD_S = 24 * 3600.0  # nobody writes that long without a change
_QUIET_S = 3600.0
_LOCAL_LOCKS = re.compile(r"9p|virtiofs|vboxsf|prl_fs|cifs|smb3|fuse\..*|fuse")
_LOCAL_NFS = re.compile(r"(^|,)(nolock|local_lock=(all|flock))(,|$)")
_LONGEST_STEM = 200  # bytes: the mark of a temporary name has about 40


def own_name(name: str) -> str:
    """A hidden name that nobody else has, for what becomes `name`; `sweep_left` finds it.

    A long name is cut, so that the temporary one fits wherever the name itself fits.
    """
    stem = os.fsdecode(os.fsencode(name)[:_LONGEST_STEM])
    return f".{stem}.{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"


class OwnFile:
    """A new file of this process, held until it is closed or dropped; what is there under its name then is removed.

    Rename `path` while it is open, so that it is never without its lock. Not thread-safe.
    """

    def __init__(self, place: Callable[[], Path], *, mode: int | None = None) -> None:
        """Create the file; its folder must be there.

        Args:
            place: Gives a path with a new name at each call.
            mode: Of the file, from which the process's umask takes away; None is that of the program's own files.

        Raises:
            OSError: If it cannot be created.
        """
        while True:
            self.path = place()
            self._unless_closed = _removed_if_dropped(self, self.path)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            try:
                self._handle = os.open(self.path, flags, new_file_mode() if mode is None else mode)
            except FileExistsError:
                self._unless_closed.detach()
                raise
            try:
                if _is_held(self._handle, self.path):
                    break
            except BaseException:
                self._end()
                raise
            os.close(self._handle)
        # By its path, so that it has a name for libraries that open it themselves.
        self.file: BinaryIO = open(self.path, "w+b", opener=lambda path, flags: self._handle)  # noqa: SIM115

    def __enter__(self) -> Self:
        """The file itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See `close`."""
        self.close()

    def close(self) -> None:
        """Remove the file unless it was renamed, and give up the lock; what cannot be removed, a sweep removes."""
        try:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
        finally:
            with suppress(OSError):
                self.file.close()
        self._unless_closed.detach()

    def _end(self) -> None:
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        os.close(self._handle)


class OwnFolder:
    """A new folder of this process, held until it is closed or dropped; what is there of it then is removed."""

    def __init__(self, place: Callable[[], Path], *, mode: int | None = None) -> None:
        """Create the folder; the one that it lies in must be there.

        Args:
            place: Gives a path with a new name at each call.
            mode: Of the folder, from which the process's umask takes away; None is that of the program's own folders.

        Raises:
            OSError: If it cannot be created.
        """
        while True:
            self.path = place()
            self._unless_closed = _removed_if_dropped(self, self.path)
            try:
                self.path.mkdir(mode=new_folder_mode() if mode is None else mode)
            except FileExistsError:
                self._unless_closed.detach()
                raise
            try:
                self._handle: int | None = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue  # swept before it was held
            except OSError:
                self._handle = None  # a folder that may not be read; then its age tells
                break
            if _is_held(self._handle, self.path):
                break
            os.close(self._handle)

    def close(self) -> None:
        """Remove the folder with all that is in it unless it was renamed, and give up the lock."""
        with interrupts_delayed():  # interrupted, it may close a file twice, which may be another one by then
            shutil.rmtree(self.path, ignore_errors=True)
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)
        self._unless_closed.detach()

    def __enter__(self) -> Self:
        """The folder itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See `close`."""
        self.close()


def _removed_if_dropped(own: OwnFile | OwnFolder, path: Path) -> weakref.finalize[[Path, int], OwnFile | OwnFolder]:
    return weakref.finalize(own, _remove_dropped, path, os.getpid())


def _remove_dropped(path: Path, pid: int) -> None:
    if os.getpid() != pid:
        return  # a process that was forked from the one that made it
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def sweep_left(folder: Path, pattern: str = f".*{TEMPORARY_SUFFIX}", *, holds: bool = True) -> Iterator[Path]:
    """Remove what processes left in `folder` that have ended.

    Args:
        folder: It may be missing; sub-folders are skipped.
        pattern: Of the names, as `Path.glob` takes it.
        holds: Whether they are held by who writes them; if not, only their age tells.

    Yields:
        What was removed.

    Raises:
        OSError: If something cannot be removed; its `filename` says what.
    """
    for path in sorted(folder.glob(pattern)):
        if remove_left(path, holds=holds):
            yield path


def remove_left(path: Path, *, holds: bool = True) -> bool:
    """Remove a file or folder if the process that made it has ended.

    Args:
        path: As `OwnFile` and `OwnFolder` made it.
        holds: See `sweep_left`.

    Returns:
        Whether it was removed.

    Raises:
        OSError: If it was left, and cannot be removed.
    """
    try:
        status = path.lstat()
    except OSError:
        return False  # its owner was faster
    if stat.S_ISLNK(status.st_mode):
        path.unlink(missing_ok=True)
        return True
    is_folder = stat.S_ISDIR(status.st_mode)
    if not is_folder and not stat.S_ISREG(status.st_mode):
        return False  # nothing that this program makes
    # Earlier versions named their files by the number of their process, and held no lock.
    owner = _OF_A_PROCESS.search(path.name)
    if not holds or owner:
        is_left = (owner is not None and not is_process(int(owner[1]))) or _is_older(path, _OLD_S)
        return is_left and _removed(path, is_folder)
    try:
        handle = os.open(path, _how_to_look(is_folder))
    except FileNotFoundError:
        return False
    except OSError:
        return False  # of another user
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                return False  # its owner lives
            return _is_older(path, _OLD_S) and _removed(path, is_folder)
        if not _is_same(handle, path):
            return False
        if _has_local_locks(path.parent) and not _is_older(path, _QUIET_S):
            return False
        return _removed(path, is_folder)
    finally:
        os.close(handle)


def _how_to_look(is_folder: bool) -> int:
    # NFS locks a file only if it is open for writing.
    return (os.O_RDONLY | os.O_DIRECTORY if is_folder else os.O_RDWR) | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def _removed(path: Path, is_folder: bool) -> bool:
    if is_folder:
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return True


def _is_held(handle: int, path: Path) -> bool:
    """Hold what was just created; False if a sweep took it in this moment."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    return _is_same(handle, path)


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except OSError:
        return False


def _is_older(path: Path, age_s: float) -> bool:
    """Whether nothing was written to it, or to anything in it, for so long."""
    newest = 0.0
    places = [path, *(Path(folder, name) for folder, folders, names in os.walk(path) for name in (*folders, *names))]
    for place in places:
        with suppress(OSError):
            newest = max(newest, place.lstat().st_mtime)
    return time.time() - newest > age_s


def _has_local_locks(folder: Path) -> bool:
    """Whether other machines may write into a folder without seeing the locks of this one."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        place = folder.resolve()
    except (OSError, RuntimeError):
        return False
    best, kind, options = -1, "", ""
    for line in mounts:
        before, _, after = line.partition(" - ")
        parts, facts = before.split(), after.split()
        if len(parts) < 5 or not facts:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), parts[4]))
        if place.is_relative_to(point) and len(point.parts) >= best:
            best, kind, options = len(point.parts), facts[0], facts[-1]
    return bool(_LOCAL_LOCKS.fullmatch(kind) or (kind.startswith("nfs") and _LOCAL_NFS.search(options)))


def is_process(pid: int) -> bool:
    """Whether there is a process with this id."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
