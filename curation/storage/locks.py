"""One run at a time on an output folder: locks of the operating system, which a dead owner does not hold.

Beside its lock a run leaves a note that says who it is. The note is only for people: whether a run is at work
says the lock alone, so that the note of a dead run means nothing.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from curation.errors import BusyError
from curation.storage.atomic import explained

__all__ = ["EXPORT_LOCK_NAME", "LOCK_NAME", "hold_export", "hold_output"]

LOCK_NAME = ".curation.lock"
EXPORT_LOCK_NAME = ".curation-export.lock"
_NOTE_SUFFIX = ".by"
_LONGEST_NOTE = 1000


@contextmanager
def hold_output(output_dir: Path, *, run: str = "", caller: str | None = None) -> Iterator[None]:
    """Hold the output folder's lock; the folder is made if it is missing.

    Args:
        output_dir: The folder.
        run: What is done meanwhile, told to those who are refused: "clustering". Without it nothing is told.
        caller: Who does it: "the service"; None takes the name of the program.

    Raises:
        BusyError: If another run holds it, in this process or another; the message says who, as far as that is known.
        StorageError: If the folder cannot be made or written into.
    """
    with _hold(output_dir, LOCK_NAME, run, caller):
        yield


@contextmanager
def hold_export(output_dir: Path, *, caller: str | None = None) -> Iterator[None]:
    """Hold the output folder's lock for exports, which run beside the stages but one at a time.

    Raises what `hold_output` raises.
    """
    with _hold(output_dir, EXPORT_LOCK_NAME, "an export", caller):
        yield


@contextmanager
def _hold(output_dir: Path, name: str, run: str, caller: str | None) -> Iterator[None]:
    note = output_dir / f"{name}{_NOTE_SUFFIX}"
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        # An old lock file may still be open to us where no new file is: tell now, not after hours of work.
        if not os.access(output_dir, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        lock = FileLock(output_dir / name, is_singleton=False)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BusyError(
            f"another run is at work on {output_dir}{_told(note)}; wait until it has ended, or give another --output"
        ) from error
    except OSError as error:
        raise explained(error, output_dir, "written into") from error
    try:
        # A note that is still there is of a run that was killed.
        _forget(note)
        if run:
            _tell(note, run, caller)
        yield
    finally:
        _forget(note)
        lock.release()


def _forget(note: Path) -> None:
    with suppress(OSError):
        note.unlink(missing_ok=True)


def _tell(note: Path, run: str, caller: str | None) -> None:
    content = {
        "run": run,
        "caller": caller or Path(sys.argv[0]).name or "python",
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
        "pid": os.getpid(),
    }
    # A run does not fail because nobody can be told of it.
    with suppress(OSError):
        note.write_text(json.dumps(content), encoding="ascii")


def _told(note: Path) -> str:
    """Who holds the lock, as a part of a sentence; empty if it cannot be told."""
    try:
        with note.open(encoding="utf-8") as file:
            content = json.loads(file.read(_LONGEST_NOTE))
        since = datetime.fromisoformat(content["since"])
        return f": {content['run']} by {content['caller']} since {since:%Y-%m-%d %H:%M:%S} (process {content['pid']})"
    except (OSError, ValueError, TypeError, KeyError):
        return ""
