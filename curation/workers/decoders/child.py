"""The side of a decoder process: it waits for calls, and carries out one after the other within its limits."""

from __future__ import annotations

import importlib
import logging
import math
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from curation.errors import CurationError, PhotoUnreadableError
from curation.workers.decoders.limits import Holding
from curation.workers.worker_process import start_worker

__all__ = [
    "HOLDS",
    "PLAIN",
    "READY",
    "Answer",
    "decode_for_parent",
    "die_with_parent",
    "limit_memory",
    "limit_time",
    "unpacked",
]

READY = b"r"
HOLDS = b"h"
PLAIN = b"p"
_PARENT_DIED = 1  # PR_SET_PDEATHSIG of Linux
_NO_MEMORY = "decoding the picture takes more than {} MB of memory, and was given up; save it anew, or smaller"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a call.

    Attributes:
        value: Its result.
        error: What it raised instead, if that is one of our own.
        bug: The description of any other exception.
        held_bytes: How much the process keeps now; None if the call says nothing about it.
        let_go: See `Holding`.
    """

    value: Any = None
    error: CurationError | None = None
    bug: str = ""
    held_bytes: int | None = None
    let_go: Callable[[int], Holding] | None = None


def unpacked(sent: bytes) -> Answer:
    """The answer that a decoder process sent."""
    answer: Answer = pickle.loads(memoryview(sent)[1:])
    return answer


def decode_for_parent(
    connection: Connection, parent_pid: int, memory_mb: int, imports: tuple[str, ...], log_level: int
) -> None:
    """The life of a decoder process.

    Args:
        connection: Calls come from there as pickled (function, arguments, seconds), and answers go there.
        parent_pid: The process that it must not outlive.
        memory_mb: The memory that it may ask for.
        imports: Modules that it will need.
        log_level: Level of the root logger in the parent.
    """
    start_worker()
    die_with_parent(parent_pid)
    logging.basicConfig(level=max(log_level, logging.WARNING), format="%(levelname)s %(message)s")
    limit_memory(memory_mb)
    for name in imports:
        importlib.import_module(name)
    cv2 = sys.modules.get("cv2")
    if cv2 is not None:
        # One picture per core is faster than one picture on all cores.
        cv2.setNumThreads(1)
    connection.send_bytes(READY)
    while True:
        try:
            function, args, seconds = pickle.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        limit_time(seconds)
        try:
            connection.send_bytes(_packed(_carried_out(function, args, memory_mb)))
        except OSError:
            return


def _packed(answer: Answer) -> bytes:
    # The first byte saves the parent from opening what is none of its business.
    start = PLAIN if answer.held_bytes is None else HOLDS
    try:
        return start + pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # whatever cannot be sent is a fault of the call
        return PLAIN + pickle.dumps(Answer(bug=f"{type(error).__name__}: {error}"))


def _carried_out(function: Callable[..., Any], args: tuple[Any, ...], memory_mb: int) -> Answer:
    try:
        value = function(*args)
    except CurationError as error:
        return Answer(error=error)
    except MemoryError:
        return Answer(error=PhotoUnreadableError(_NO_MEMORY.format(memory_mb)))
    except Exception as error:
        logger.exception("unexpected error while a picture was decoded")
        return Answer(bug=f"{type(error).__name__}: {error}")
    if isinstance(value, Holding):
        return Answer(value.value, held_bytes=value.held_bytes, let_go=value.let_go)
    return Answer(value)


def die_with_parent(parent_pid: int) -> None:
    """Ask the kernel to kill this process with its parent, even while a decoder keeps all threads from running."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PARENT_DIED, signal.SIGKILL)
    except (ImportError, OSError, AttributeError, TypeError):
        return  # other systems: the thread of `start_worker` sees it
    if os.getppid() != parent_pid:
        os._exit(1)


def limit_memory(memory_mb: int) -> None:
    """Let this process ask for so much memory only; no limit on systems that know none."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limit = memory_mb * 2**20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or hard > limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    # What is killed for its time is no crash that anybody would look into.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def limit_time(seconds: float) -> None:
    """Let the kernel kill this process when it has taken so much more processor time, whatever its threads do."""
    try:
        import resource
    except ImportError:  # Windows: the parent ends it by the clock
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    end = math.ceil(time.process_time() + seconds)
    if hard == resource.RLIM_INFINITY or end < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (end, hard))
