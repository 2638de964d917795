"""One long call in a process of its own, which tells how far it is, has limits, and can be killed at any moment."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from curation.errors import CurationError, RunInterruptedError, WorkerError
from curation.workers.decoders.child import die_with_parent, limit_memory, limit_time
from curation.workers.worker_process import interrupts_blocked, start_worker

__all__ = ["AloneLimits", "run_alone"]

logger = logging.getLogger(__name__)

_LOOK_S = 0.1
_JOIN_S = 2.0
_TRIES = 2  # the system may have killed the process for what others took
_OUT_OF_TIME = getattr(signal, "SIGXCPU", None)
_TELLS, _RETURNS, _FAILS, _HAS_A_BUG = range(4)


@dataclass(frozen=True, slots=True)
class AloneLimits:
    """What the process may take.

    Attributes:
        cpu_s: Processor time from one word of it to the next, in seconds; all its threads together.
        wall_s: Time by the clock, likewise: what waits for a disk takes no processor time.
        memory_mb: Memory that it may ask for.
    """

    cpu_s: float = 300.0
    wall_s: float = 600.0
    memory_mb: int = 4096


def run_alone(
    function: Callable[..., Any],
    *args: Any,
    tell: Callable[[Any], None],
    cancel: threading.Event,
    refusal: Callable[[str], CurationError],
    limits: AloneLimits | None = None,
) -> Any:
    """Call a function in a process of its own.

    Args:
        function: A module-level function, or a `partial` of one; called with `args` and a function that it calls with
            what it has to tell, often enough for the limits.
        args: Its arguments; picklable, as its result and what it tells are.
        tell: Is told what it tells, in this thread.
        cancel: Kills it.
        refusal: Makes the error of a call that goes beyond its limits, or whose process dies of it twice.
        limits: Of the process.

    Returns:
        What the function returns.

    Raises:
        RunInterruptedError: If `cancel` was set.
        WorkerError: If the process cannot be started, or the function fails by an error of the program.
        CurationError: What the function raises, and what `refusal` makes.
    """
    chosen = limits or AloneLimits()
    packed = pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL)
    for is_last in (*(False,) * (_TRIES - 1), True):
        with _Alone(packed, chosen) as alone:
            ended = alone.followed(tell, cancel, refusal)
            if ended is not None:
                return ended[0]
            if alone.ran_out_of_time():
                raise refusal(f"it takes more than {chosen.cpu_s:g} s of processor time without getting on")
        if is_last:
            break
        logger.warning("a process has died, and its work is begun anew")
    raise refusal("a process crashed at it, or it takes more memory than there is")


class _Alone:
    """A process with its one call; killed with the block."""

    def __init__(self, packed: bytes, limits: AloneLimits) -> None:
        context = multiprocessing.get_context("spawn")
        self._limits = limits
        self._connection, theirs = context.Pipe(duplex=False)
        level = logging.getLogger().getEffectiveLevel()
        self._process = context.Process(
            target=_called, args=(theirs, os.getpid(), packed, limits, level), name="curation-alone", daemon=True
        )
        try:
            with interrupts_blocked():
                self._process.start()
        except OSError as error:
            self._connection.close()
            raise WorkerError(f"no process can be started ({error}): free some memory") from error
        finally:
            theirs.close()  # so that its end is seen

    def __enter__(self) -> _Alone:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._connection.close()
        self._process.join(_JOIN_S)  # one that waits for a dead disk takes its time

    def followed(
        self, tell: Callable[[Any], None], cancel: threading.Event, refusal: Callable[[str], CurationError]
    ) -> tuple[Any] | None:
        """The result; None if the process has died."""
        heard_s = time.monotonic()
        while True:
            if cancel.is_set():
                raise RunInterruptedError("it was stopped; nothing of it is kept")
            if not self._connection.poll(_LOOK_S):
                if time.monotonic() - heard_s > self._limits.wall_s:
                    raise refusal(f"it does not get on for {self._limits.wall_s:g} s; is its disk or network hanging?")
                continue
            try:
                kind, value = pickle.loads(self._connection.recv_bytes())
            except (EOFError, OSError):
                return None
            heard_s = time.monotonic()
            if kind == _TELLS:
                tell(value)
            elif kind == _RETURNS:
                return (value,)
            elif kind == _FAILS:
                raise value
            else:
                raise WorkerError(f"it failed by an error of the program ({value}); the log has the details")

    def ran_out_of_time(self) -> bool:
        """Whether the kernel killed it for its processor time; to be asked when it has died."""
        self._process.join(_JOIN_S)
        return _OUT_OF_TIME is not None and self._process.exitcode == -_OUT_OF_TIME


def _called(connection: Connection, parent_pid: int, packed: bytes, limits: AloneLimits, log_level: int) -> None:
    """The life of the process."""
    start_worker()
    die_with_parent(parent_pid)
    logging.basicConfig(level=max(log_level, logging.WARNING), format="%(levelname)s %(message)s")
    limit_memory(limits.memory_mb)
    limit_time(limits.cpu_s)

    def send(kind: int, value: Any) -> None:
        limit_time(limits.cpu_s)
        connection.send_bytes(pickle.dumps((kind, value), pickle.HIGHEST_PROTOCOL))

    function, args = pickle.loads(packed)
    try:
        result = function(*args, lambda told: send(_TELLS, told))
    except CurationError as error:
        send(_FAILS, error)
    except Exception as error:
        logger.exception("unexpected error in a process of its own")
        send(_HAS_A_BUG, f"{type(error).__name__}: {error}")
    else:
        send(_RETURNS, result)
