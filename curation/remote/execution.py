"""Doing a task of another machine's run: `execute` in a worker's process, `lacking` before the first task.

No fault of this machine is told as the fault of a photo: where storage or the network fails, the parent sends the task
again (`transport`); where this machine lacks something, it says so (`refused`) and others do the work. A folder or disk
of this machine that fails in mid-run may come back: its tasks are given back too (`transport` with `IN_PLACE`).
"""

from __future__ import annotations

import errno
import logging
import socket
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from curation.errors import (
    CurationError,
    DatabaseBusyError,
    ObjectChangedError,
    ObjectStorageError,
    ObjectStorageUnavailableError,
    PhotoError,
    SettingsError,
    StorageError,
    WeightsError,
    WeightsMissingError,
    fault_of,
)
from curation.remote.errors import error_json
from curation.remote.functions import FUNCTIONS, PICTURES, function_named
from curation.remote.machine import Machine, NotTheRunsFileError, this_machine
from curation.remote.own_process import fetch_elsewhere
from curation.remote.preparing import Preparations, Prepared, setup_of
from curation.remote.setups import AnyWork
from curation.workers.distributed.messages import IN_PLACE, Answer, Request

__all__ = ["execute", "lacking"]

logger = logging.getLogger(__name__)

_Kind = Literal["ok", "photo", "stage", "bug", "refused", "transport"]

_AWAY = (ObjectStorageUnavailableError, ObjectChangedError, DatabaseBusyError)
_OF_MACHINE = (WeightsError, StorageError, SettingsError)

_PATIENCE_S, _PAUSE_S = 60.0, 2.0

_NETWORK_ERRORS = frozenset(
    {
        errno.ECONNABORTED,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ENOTCONN,
        errno.ESHUTDOWN,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)
"""Of file systems that are served by another machine."""

_DISK_ERRORS = _NETWORK_ERRORS | {
    errno.EACCES,
    errno.EDQUOT,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENODEV,
    errno.ENOSPC,
    errno.ENXIO,
    errno.EPERM,
    errno.EROFS,
}
"""Of a disk of this machine, or of what the machine allows: the same file may be read elsewhere."""

# A process has one set of networks in memory; tasks reach it only in this way.
_preparations = Preparations()


def execute(request: Request) -> Answer:
    """Do a task; whatever happens, there is an answer.

    Args:
        request: From the parent, perhaps of another version, or from somebody who only claims to be one.

    Returns:
        The answer, without who gives it and how long it took.
    """
    try:
        machine = this_machine()
        known = FUNCTIONS.get(request.function)
        if known is None:
            return _answer(request, "refused", text=f"{socket.gethostname()} does not know such work")
        prepared = _preparations.ready(request.setup, request.setup_hash, machine)
        if prepared.kind != known.kind:
            raise ValueError(f"{request.function} is no work on {prepared.kind}")
        task = _task(request.task, prepared, machine)
        result = _done(request, task, prepared, machine)
        return _answer(request, "ok", value=machine.codec.encoded(result))
    except ValueError as error:
        return _answer(request, "bug", text=f"{type(error).__name__}: {error}", value=traceback.format_exc())
    except NotTheRunsFileError as error:
        return _answer(request, "transport", value=IN_PLACE, text=str(error))
    except CurationError as error:
        return _answer_of(request, error)
    except MemoryError:
        return _answer(
            request, "photo", text="not enough memory for this photo; use fewer workers (workers.concurrency)"
        )
    except Exception as error:  # any exception must cost this one photo only
        if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
            return _answer(request, "transport", value=IN_PLACE, text=_of_this_machine(str(error)))
        return _answer(request, "bug", text=f"{type(error).__name__}: {error}", value=traceback.format_exc())


def lacking(setup: Any) -> str:
    """What this machine lacks for a run; model files that are missing are fetched. No network is loaded.

    Object storage is used in a process of its own: its client does not survive that this process forks later. A place
    of model files that does not answer is asked again for a minute: it is no fault of this machine.

    Returns:
        A sentence that names the machine; empty if it lacks nothing.
    """
    try:
        machine = this_machine()
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                read = _read_setup(setup, machine)
                break
            except ObjectStorageUnavailableError as error:
                if time.monotonic() > deadline:
                    raise
                logger.warning("%s; trying again", error)
                time.sleep(_PAUSE_S)
        missing = machine.lacking(read)
        return f"{socket.gethostname()}: {missing}" if missing else ""
    except CurationError as error:
        return _of_this_machine(str(error))
    except Exception as error:  # a setup of another version
        logger.debug("a setup cannot be read", exc_info=True)
        return f"{socket.gethostname()} does not understand this run: {type(error).__name__}: {error}"


def _read_setup(setup: Any, machine: Machine) -> AnyWork:
    here = machine.without_object_storage()
    try:
        return setup_of(setup, here)
    except WeightsMissingError:
        if not machine.fetches_from_storage:
            raise
        fetch_elsewhere(setup)
        return setup_of(setup, here)


def _task(data: Any, prepared: Prepared, machine: Machine) -> Any:
    """The task of a request, whose files are those of the parent."""
    if not isinstance(data, dict) or set(data) != {"task", "known", "sizes"} or not isinstance(data["known"], list):
        raise ValueError("a task has a task, what is known, and sizes")
    known = [machine.codec.decoded(one) for one in data["known"]]
    task, sizes = machine.codec.decoded(data["task"]), data["sizes"]
    parts = _with_files(task, prepared)
    if not isinstance(sizes, list) or len(sizes) != len(parts):
        raise ValueError("there is one size for each file")
    if any(type(one).__name__ != "KnownContent" for one in known):
        raise ValueError("what is known are contents")
    prepared.known.use(known)
    for part, size in zip(parts, sizes, strict=True):
        path = getattr(part, "path", None)
        if not isinstance(path, Path):
            raise ValueError(f"a {type(part).__name__} is no task")
        if type(size) is int and size >= 0:
            machine.check(path, size, prepared.input_address)
            if hasattr(task, "stamp"):
                task = replace(task, stamp=_stamp(machine, path))
    return task


def _done(request: Request, task: Any, prepared: Prepared, machine: Machine) -> Any:
    """The result of a task.

    Raises:
        NotTheRunsFileError: If a file could not be used, and this machine is to blame.
    """
    function = function_named(request.function)
    parts, sizes = _with_files(task, prepared), request.task["sizes"]
    watch = machine.watch(part.path for part in parts)

    def demand(number: int, error: PhotoError) -> None:
        machine.demand(watch, parts[number].path, sizes[number], prepared.input_address)
        why = _disk_error(error)
        if why:  # the parent looks whether it can read the photo
            raise NotTheRunsFileError(_of_this_machine(f"{parts[number].path}: {why}")) from error

    try:
        result = function(task)
    except PhotoError as error:
        for number in range(len(parts)):
            demand(number, error)
        raise
    if hasattr(task, "tasks"):
        for number, one in enumerate(result):
            if isinstance(one, PhotoError):
                demand(number, one)
    return result


def _with_files(task: Any, prepared: Prepared) -> Any:
    """The parts of a task that name a file; a picture's content is sent with its task."""
    if prepared.kind == PICTURES:
        return ()
    return task.tasks if hasattr(task, "tasks") else (task,)


def _stamp(machine: Machine, path: Path) -> Any:
    """The stamp of a film on this machine, after it was found to be the parent's film."""
    from curation.storage.file_stamps import stamp_of

    with machine.originals.at_hand(path) as here:
        return stamp_of(here)


def _answer_of(request: Request, error: CurationError) -> Answer:
    if isinstance(error, _AWAY) or _is_network(error):
        return _answer(request, "transport", text=str(error))
    if isinstance(error, PhotoError):
        return _answer(request, "photo", text=str(error), value=list(fault_of(error)))
    if isinstance(error, StorageError) and not isinstance(error, ObjectStorageError):
        # A disk of this machine that is full or unreadable, which may be mended: the worker looks again and again.
        return _answer(request, "transport", value=IN_PLACE, text=_of_this_machine(str(error)))
    if isinstance(error, _OF_MACHINE):
        return _answer(request, "refused", text=_of_this_machine(str(error)))
    return _answer(request, "stage", text=str(error), value=error_json(error))


def _of_this_machine(text: str) -> str:
    host = socket.gethostname()
    return text if host in text else f"{host}: {text}"


def _is_network(error: BaseException) -> bool:
    """Whether a file system of another machine is the cause."""
    return any(cause.errno in _NETWORK_ERRORS for cause in _system_causes(error))


def _disk_error(error: BaseException) -> str:
    """What a disk said that was the cause; empty if none was."""
    return next((cause.strerror or str(cause) for cause in _system_causes(error) if cause.errno in _DISK_ERRORS), "")


def _system_causes(error: BaseException) -> Iterator[OSError]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            yield cause
        cause = cause.__cause__


def _answer(request: Request, kind: _Kind, *, value: Any = None, text: str = "") -> Answer:
    return Answer(request.run, request.task_id, request.send, kind, value, text, {}, 0.0)
