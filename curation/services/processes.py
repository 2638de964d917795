"""Processes of roles: each says that it runs, so that they can be listed, and ended exactly by who started them.

A process holds a lock of the operating system while it runs, beside a note with its id, its roles and its addresses.
Process ids are used again; a held lock says that the id in its note is still that of the process that wrote it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import READING_ERRORS
from curation.services.role import Role
from curation.storage.atomic import explained, write_bytes

__all__ = ["Registration", "ServiceProcess", "Start", "Stop", "running", "start", "stop"]

_FOLDER_NAME = "services"
_LOOK_S = 0.05
_KILLED_S = 5.0
_SHOWN_CHARACTERS = 4000

# Those that this process started, so that their ends are noticed by the system.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """A process that runs roles.

    Attributes:
        name: Of its note.
        pid: Of the process.
        roles: What it does.
        since: When it started, ISO 8601.
        is_ready: Whether it answers: its models are loaded and it listens.
        is_background: Whether `start` started it, so that `stop` may end it.
        addresses: Where each role listens, HOST:PORT.
        log_file: What a process in the background prints.
    """

    name: str
    pid: int
    roles: tuple[Role, ...]
    since: str
    is_ready: bool = False
    is_background: bool = False
    addresses: Mapping[str, str] = field(default_factory=dict)
    log_file: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """How the start of a process went.

    Attributes:
        roles: That it should do.
        process: None if it ended before it was ready.
        exit_code: Of a process that ended; 0 for one that runs.
        output: The last that a process which ended has printed.
    """

    roles: tuple[Role, ...]
    process: ServiceProcess | None
    exit_code: int
    output: str


@dataclass(frozen=True, slots=True)
class Stop:
    """How the end of a process went; `was_killed` if it did not end by itself in time."""

    process: ServiceProcess
    was_killed: bool


class Registration:
    """This process as one that runs roles: listed from its making until `release`, or until the process ends."""

    def __init__(self, state_dir: Path, roles: Sequence[Role], *, log_file: Path | None = None) -> None:
        """Say that this process runs roles.

        Args:
            state_dir: The folder that all processes of the services share.
            roles: What it does.
            log_file: What it prints, if it runs in the background.

        Raises:
            StorageError: If the note cannot be written.
        """
        self._folder = state_dir / _FOLDER_NAME
        self._process = ServiceProcess(
            name=f"{'-'.join(roles)}-{os.getpid()}",
            pid=os.getpid(),
            roles=tuple(roles),
            since=datetime.now().astimezone().isoformat(timespec="seconds"),
            is_background=log_file is not None,
            log_file=str(log_file or ""),
        )
        self._lock = _lock(self._folder, self._process.name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except (OSError, Timeout) as error:
            cause = error if isinstance(error, OSError) else OSError(str(error))
            raise explained(cause, self._folder, "written into") from error
        self._write(self._process)

    def tell_ready(self, addresses: Mapping[str, str]) -> None:
        """Say that the roles answer, and where.

        Raises:
            StorageError: If the note cannot be written.
        """
        self._write(replace(self._process, is_ready=True, addresses=dict(addresses)))

    def release(self) -> None:
        """Say that the roles have ended."""
        with suppress(OSError):
            _note(self._folder, self._process.name).unlink(missing_ok=True)
        self._lock.release()
        with suppress(OSError):
            _lock_path(self._folder, self._process.name).unlink(missing_ok=True)

    def _write(self, process: ServiceProcess) -> None:
        write_bytes(_note(self._folder, process.name), json.dumps(_fields(process)).encode(), durable=False)


def running(state_dir: Path) -> tuple[ServiceProcess, ...]:
    """The processes that run roles now, by their start; notes of dead ones are removed.

    Raises:
        StorageError: If the folder of the notes cannot be read.
    """
    folder = state_dir / _FOLDER_NAME
    try:
        names = sorted(path.stem for path in folder.glob("*.json"))
    except OSError as error:
        raise explained(error, folder, "read") from error
    found = [process for name in names if (process := _read(folder, name)) is not None]
    return tuple(sorted(found, key=lambda process: (process.since, process.name)))


def start(
    roles: Sequence[Role], command: Sequence[str], *, state_dir: Path, log_dir: Path, patience_s: float = 120
) -> Start:
    """Start a process in the background and wait until it answers.

    Args:
        roles: What it does; names its log file.
        command: What is run; `--background FILE` is appended, which has to make a `Registration` with this file.
        state_dir: The folder that all processes of the services share.
        log_dir: Where what it prints is written.
        patience_s: After which a process that does not answer is ended.

    Raises:
        StorageError: If the log file cannot be written.
    """
    log_file = log_dir / f"{'-'.join(roles)}.out"
    try:
        log_dir.mkdir(parents=True, exist_ok=True)
        output = log_file.open("wb")
    except OSError as error:
        raise explained(error, log_file, "written") from error
    with output:
        child = subprocess.Popen(
            [*command, "--background", str(log_file)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is not meant for it
        )
    _children[child.pid] = child
    end = time.monotonic() + patience_s
    while child.poll() is None:
        process = next((each for each in running(state_dir) if each.pid == child.pid and each.is_ready), None)
        if process is not None:
            return Start(tuple(roles), process, 0, "")
        if time.monotonic() > end:
            child.kill()
            child.wait()
            del _children[child.pid]
            return Start(tuple(roles), None, 70, f"it did not answer within {patience_s:g} s\n{_tail(log_file)}")
        time.sleep(_LOOK_S)
    del _children[child.pid]
    return Start(tuple(roles), None, child.returncode, _tail(log_file))


def stop(state_dir: Path, *, patience_s: float, roles: Sequence[Role] | None = None) -> Iterator[Stop]:
    """End the processes that `start` started: first they are told to, all at once; those that do not end are killed.

    Args:
        state_dir: The folder that all processes of the services share.
        patience_s: How long they have to end the requests that they work on.
        roles: Only processes with one of these roles; None for all.

    Yields:
        One for each process, when it has ended.

    Raises:
        StorageError: If the folder of the notes cannot be read, or a process belongs to another user.
    """
    chosen = [
        each
        for each in running(state_dir)
        if each.is_background and (roles is None or any(role in each.roles for role in roles))
    ]
    for process in chosen:
        _send(process, signal.SIGTERM)
    end = time.monotonic() + patience_s
    for process in chosen:
        was_killed = False
        if not _has_ended(state_dir, process, end):
            was_killed = True
            _send(process, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
            if not _has_ended(state_dir, process, time.monotonic() + _KILLED_S):
                raise StorageError(f"process {process.pid} ({', '.join(process.roles)}) cannot be ended")
        yield Stop(process, was_killed)


def _send(process: ServiceProcess, number: signal.Signals) -> None:
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return  # it has ended since
    except PermissionError as error:
        raise StorageError(f"process {process.pid} belongs to another user: let them stop it") from error


def _has_ended(state_dir: Path, process: ServiceProcess, end: float) -> bool:
    child = _children.get(process.pid)
    while _read(state_dir / _FOLDER_NAME, process.name) is not None or (child is not None and child.poll() is None):
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_S)
    _children.pop(process.pid, None)
    return True


def _read(folder: Path, name: str) -> ServiceProcess | None:
    """The process of a note; None if it has ended, and then its note is removed."""
    with _held_by_nobody(folder, name) as is_dead:
        note = _note(folder, name)
        if is_dead:
            with suppress(OSError):
                note.unlink(missing_ok=True)
                _lock_path(folder, name).unlink(missing_ok=True)
            return None
        try:
            data = read_json(note)
            return ServiceProcess(**{**data, "roles": tuple(Role(role) for role in data["roles"])})
        except READING_ERRORS:
            return None  # it has just ended, or is of another version


@contextmanager
def _held_by_nobody(folder: Path, name: str) -> Iterator[bool]:
    if not _lock_path(folder, name).exists():
        yield True
        return
    lock = _lock(folder, name)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    except OSError as error:
        raise explained(error, _lock_path(folder, name), "locked") from error
    try:
        yield True
    finally:
        lock.release()


def _fields(process: ServiceProcess) -> dict[str, object]:
    return {**asdict(process), "roles": [role.value for role in process.roles]}


def _note(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _lock_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.lock"


def _lock(folder: Path, name: str) -> FileLock:
    return FileLock(_lock_path(folder, name), thread_local=False, is_singleton=False)


def _tail(log_file: Path) -> str:
    try:
        return log_file.read_text(encoding="utf-8", errors="replace")[-_SHOWN_CHARACTERS:].strip()
    except OSError:
        return ""
