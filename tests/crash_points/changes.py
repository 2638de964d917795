"""Kills a process before its n-th change of the file system.

Python's audit events tell what a process is about to do: open a file for writing, rename, remove, make a folder.
What SQLite does comes from its statements, and `os.fsync` and the like, which have no event, are wrapped. Each change
appends a record to a file that all processes of a trial share: their number is the count, and the last one says where
the kill came.

Processes that Python starts anew get the hook from `site/sitecustomize.py`, as `WATCH_VARIABLE` and PYTHONPATH are in
their environment.
"""

from __future__ import annotations

import enum
import gc
import importlib
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["WATCH_VARIABLE", "Change", "Watch", "Whom", "changes_of", "watch", "watch_as_told"]

WATCH_VARIABLE = "CURATION_CRASH_POINTS"
_RECORD_BYTES = 200
_HERE = Path(__file__).parent
_EVENTS = frozenset(
    {
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.mkdir",
        "os.link",
        "os.symlink",
        "os.truncate",
        "os.chmod",
        "os.chown",
        "os.utime",
        "os.setxattr",
        "os.removexattr",
    }
)
_WRAPPED = ("fsync", "fdatasync", "ftruncate", "pwrite", "sendfile", "copy_file_range", "posix_fallocate")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_ONLY_LOOK = ("SELECT", "EXPLAIN", "BEGIN")


class Whom(enum.StrEnum):
    """Who is killed: the whole session, as when the power goes; the first process alone; or one that it started."""

    ALL = "all"
    FIRST = "first"
    CHILD = "child"


@dataclass(frozen=True, slots=True)
class Watch:
    """What a process is told.

    Attributes:
        record: The file of changes.
        point: Kill before this change, counted from 1; 0 kills at none.
        whom: Who is killed then.
        first: Process id of the first process.
        is_torn: Whether what is still in buffers is written before the kill, as for files larger than a buffer.
        folder: Only changes below it count, so that caches of Python and libraries make no difference.
    """

    record: str
    point: int
    whom: Whom
    first: int
    is_torn: bool
    folder: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change that a process was about to make: what, and to which path or with which statement."""

    what: str
    subject: str

    def __str__(self) -> str:
        return f"{self.what} {self.subject}".strip()


def changes_of(record: Path) -> list[Change]:
    """All changes so far, in their order."""
    content = record.read_bytes() if record.exists() else b""
    out = []
    for start in range(0, len(content), _RECORD_BYTES):
        what, _, subject = content[start : start + _RECORD_BYTES].decode("utf-8", "replace").rstrip().partition(" ")
        out.append(Change(what, subject))
    return out


def watch_as_told() -> None:
    """Watch this process if its environment says so."""
    told = os.environ.get(WATCH_VARIABLE)
    if told:
        values = json.loads(told)
        watch(Watch(**values | {"whom": Whom(values["whom"])}))


def watch(told: Watch) -> None:
    """Watch this process from now on, and those that it starts; it cannot be ended."""
    os.environ[WATCH_VARIABLE] = json.dumps(asdict(told))
    paths = [str(_HERE / "site"), str(_HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in dict.fromkeys(paths) if path)
    counter = _Counter(told)
    sys.addaudithook(counter.hear)
    for name in _WRAPPED:
        if hasattr(os, name):
            setattr(os, name, _wrapped(name, getattr(os, name), counter))
    for module in ("sqlite3", "sqlcipher3.dbapi2"):
        with suppress(ImportError):
            _hear_statements(importlib.import_module(module), counter)


def _wrapped(name: str, function: Callable[..., Any], counter: _Counter) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        counter.count(f"os.{name}", _path_of(arguments[0]))
        return function(*arguments, **options)

    return call


def _hear_statements(sqlite: Any, counter: _Counter) -> None:
    connect = sqlite.connect

    def connected(*arguments: Any, **options: Any) -> Any:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(counter.hear_statement)
        return connection

    sqlite.connect = connected


def _path_of(handle: object) -> str:
    if isinstance(handle, int):
        with suppress(OSError):
            return str(Path(f"/proc/self/fd/{handle}").readlink())
    return os.fsdecode(handle) if isinstance(handle, str | bytes | os.PathLike) else str(handle)


class _Counter:
    """Counts what this process is about to change."""

    def __init__(self, told: Watch) -> None:
        self._told = told
        self._handle = os.open(told.record, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._is_busy = False
        self._is_over = False

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit event; never raises."""
        if event == "open":
            path, mode, flags = arguments
            writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITES)
            if writes and not isinstance(path, int):
                self.count("open", _path_of(path))
        elif event in _EVENTS:
            self.count(event, _path_of(arguments[1] if event in ("os.link", "os.rename") else arguments[0]))

    def hear_statement(self, statement: str) -> None:
        """SQLite is about to run a statement."""
        plain = " ".join(statement.split())
        is_question = plain.upper().startswith("PRAGMA") and "=" not in plain
        if not is_question and not plain.upper().startswith(_ONLY_LOOK):
            self.count("sqlite", plain, is_path=False)

    def count(self, what: str, subject: str, *, is_path: bool = True) -> None:
        """One more change; the process may be killed here."""
        told = self._told
        if self._is_busy or (is_path and not self._matters(subject)):
            return
        self._is_busy = True
        try:
            line = f"{what} {subject}".encode("utf-8", "replace")[: _RECORD_BYTES - 1]
            os.write(self._handle, line.ljust(_RECORD_BYTES - 1) + b"\n")
            if told.point and not self._is_over:
                done = os.fstat(self._handle).st_size // _RECORD_BYTES
                # A child is killed once, or none would ever get anything done.
                if done >= told.point and (told.whom is not Whom.CHILD or os.getpid() == told.first):
                    self._is_over = True
                    self._kill()
        finally:
            self._is_busy = False

    def _matters(self, subject: str) -> bool:
        return not os.path.isabs(subject) or subject.startswith(self._told.folder)  # noqa: PTH117 - a plain string

    def _kill(self) -> None:
        if self._told.is_torn:
            for file in [
                thing for thing in gc.get_objects() if isinstance(thing, io.BufferedWriter | io.TextIOWrapper)
            ]:
                with suppress(Exception):
                    file.flush()
        if self._told.whom is Whom.ALL:
            os.killpg(self._told.first, signal.SIGKILL)
        elif self._told.whom is Whom.FIRST:
            os.kill(self._told.first, signal.SIGKILL)
        else:
            for child in _children_of(self._told.first)[-1:]:
                os.kill(child, signal.SIGKILL)
            return
        if self._told.whom is Whom.ALL or os.getpid() == self._told.first:
            signal.pause()  # the signal is on its way


def _children_of(pid: int) -> list[int]:
    out = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == pid and b"spawn_main" in (entry / "cmdline").read_bytes():
                    out.append(int(entry.name))
    return sorted(out)
