"""One run at a time on an output folder, by file locks of the operating system, which end with their process.

Beside its lock a run writes a note that says who holds it. The note is used for messages, and to see whether a run is
in progress without taking the lock from one that is about to begin: its writer holds a lock on the note, too. So a note
that a killed run left does no harm, and the number of the process in it, which in containers may be that of every
process, decides nothing.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from curation.disk.file_modes import new_file_mode
from curation.disk.held import is_held
from curation.errors import BusyError, StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS, READING_ERRORS
from curation.storage.atomic import explained

__all__ = [
    "EXPORT_LOCK_NAME",
    "LOCK_NAME",
    "HeldFolder",
    "hold_catalogue",
    "hold_export",
    "hold_file_lock",
    "hold_output",
    "is_held_elsewhere",
]

LOCK_NAME = ".curation.lock"
EXPORT_LOCK_NAME = ".curation-export.lock"
_CATALOGUE_LOCK_NAME = ".curation-catalogue.lock"
_NOTE_SUFFIX = ".by"
_LONGEST_NOTE = 1000
_FILE_WAIT_S = 30.0  # others hold such a lock while they write a file or two
_BRIEF_WAIT_S = 60.0  # ranking again in the background takes seconds

_held_here: set[str] = set()
"""Notes of the runs of this process."""


class HeldFolder:
    """An output folder whose lock is held; its disk may be unplugged, or somebody may rename it all the same."""

    def __init__(self, path: Path) -> None:
        """Remember which folder it is.

        Raises:
            OSError: If it cannot be looked at.
        """
        self._path = path
        self._identity = _identity(path)

    def demand(self) -> None:
        """Check that it is still there: else tables would be written into another folder, without the user's words.

        Raises:
            StorageError: If it is not.
        """
        try:
            is_same = _identity(self._path) == self._identity
            why = "" if is_same else "another disk or folder has its place now"
        except OSError as error:
            why = error.strerror or str(error)
        if why:
            raise StorageError(
                f"the output folder {self._path} vanished during the run ({why}): put it back (connect the disk, mount "
                "it), then run again; what was analysed so far is kept"
            )


@contextmanager
def hold_output(
    output_dir: Path, *, run: str = "", caller: str | None = None, is_brief: bool = False
) -> Iterator[HeldFolder]:
    """Hold the lock of the output folder; the folder is created if it is missing.

    Whoever finds it held by a brief run waits for that instead of being refused: nobody started it, so nobody should be
    hindered by it.

    Args:
        output_dir: The folder.
        run: What is being done, such as "clustering", for the error messages of others; empty writes no note.
        caller: Who does it, such as "the service"; None is the name of the program.
        is_brief: Whether it takes seconds, and nobody asked for it.

    Yields:
        The folder.

    Raises:
        BusyError: If another run holds it, in this process or another; the message says who, if that is known.
        StorageError: If the folder cannot be created or written into.
    """
    with _hold(output_dir, LOCK_NAME, run, caller, is_brief=is_brief):
        try:
            held = HeldFolder(output_dir)
        except OSError as error:
            raise explained(error, output_dir, "written into") from error
        yield held


def is_held_elsewhere(output_dir: Path) -> bool:
    """Whether a run of another process works on the folder; brief ones do not count.

    No run that begins at this moment is hindered.
    """
    note = output_dir / f"{LOCK_NAME}{_NOTE_SUFFIX}"
    if str(note) in _held_here or _content(note).get("brief"):
        return False
    return is_held(note)


@contextmanager
def hold_export(output_dir: Path, *, caller: str | None = None) -> Iterator[None]:
    """Hold the output folder's lock for exports: one at a time, but at the same time as a stage.

    Raises the same errors as `hold_output`.
    """
    with _hold(output_dir, EXPORT_LOCK_NAME, "an export", caller):
        yield


@contextmanager
def hold_catalogue(output_dir: Path, *, caller: str | None = None) -> Iterator[None]:
    """Hold the output folder's lock for catalogues of films: one at a time, but at the same time as a stage.

    Raises the same errors as `hold_output`.
    """
    with _hold(output_dir, _CATALOGUE_LOCK_NAME, "a catalogue of films", caller):
        yield


@contextmanager
def hold_file_lock(path: Path) -> Iterator[None]:
    """Wait for the lock under which several processes change a file.

    Args:
        path: Of the lock; its folder is created if it is missing.

    Raises:
        BusyError: If another process holds it for half a minute.
        StorageError: If the folder cannot be created or written into.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, is_singleton=False)
        lock.acquire(timeout=_FILE_WAIT_S)
    except Timeout as error:
        raise BusyError(f"{path} is held by another process; try again when it has ended") from error
    except OSError as error:
        raise explained(error, path.parent, "written into") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _hold(output_dir: Path, name: str, run: str, caller: str | None, *, is_brief: bool = False) -> Iterator[None]:
    note = output_dir / f"{name}{_NOTE_SUFFIX}"
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        # An old lock file may be writable where new files are not: fail now, not after hours of work.
        if not os.access(output_dir, os.W_OK | os.X_OK):
            is_read_only = hasattr(os, "statvfs") and os.statvfs(output_dir).f_flag & os.ST_RDONLY
            number = errno.EROFS if is_read_only else errno.EACCES
            raise OSError(number, os.strerror(number))
        lock = FileLock(output_dir / name, is_singleton=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if is_brief or not _content(note).get("brief"):
                raise
            lock.acquire(timeout=_BRIEF_WAIT_S)
    except Timeout as error:
        raise BusyError(
            f"another run is using {output_dir}{_holder(note)}; wait until it has ended, or give another --output"
        ) from error
    except OSError as error:
        raise explained(error, output_dir, "written into") from error
    try:
        # A note that is still there was left by a killed run.
        _remove_note(note)
        with ExitStack() as held:
            if run:
                _write_note(note, run, caller, held, is_brief=is_brief)
            yield
    finally:
        _remove_note(note)
        lock.release()


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _remove_note(note: Path) -> None:
    with suppress(OSError):
        note.unlink(missing_ok=True)


def _write_note(note: Path, run: str, caller: str | None, held: ExitStack, *, is_brief: bool) -> None:
    """Write a note, and hold its lock until `held` ends."""
    content = {
        "run": run,
        "caller": caller or Path(sys.argv[0]).name or "python",
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
        "pid": os.getpid(),
    } | ({"brief": True} if is_brief else {})
    # A missing note is no reason for a run to fail.
    with suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(note, flags, new_file_mode())
        held.callback(_closed, handle)
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)  # who looks at it holds it for a moment only
        _held_here.add(str(note))
        held.callback(_held_here.discard, str(note))
        os.write(handle, json.dumps(content).encode("ascii"))


def _closed(handle: int) -> None:
    with suppress(OSError):
        os.close(handle)


def _holder(note: Path) -> str:
    """Who holds the lock, as a part of a sentence; empty if that is not known."""
    content = _content(note)
    try:
        since = datetime.fromisoformat(content["since"])
        return f": {content['run']} by {content['caller']} since {since:%Y-%m-%d %H:%M:%S} (process {content['pid']})"
    except PARSER_ERRORS:
        return ""


def _content(note: Path) -> Mapping[str, Any]:
    """What a note says; empty if it cannot be read."""
    try:
        content = read_json(note, limit_bytes=_LONGEST_NOTE)
    except READING_ERRORS:
        return {}
    return content if isinstance(content, dict) else {}
