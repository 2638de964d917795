"""One decoder process, as its parent sees it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from curation.decoders import GivenUp
from curation.errors import CurationError, DecodersBusyError, RunInterruptedError
from curation.workers.decoders.child import READY, Answer, decode_for_parent
from curation.workers.decoders.limits import DecoderLimits, Holding
from curation.workers.worker_process import interrupts_blocked

__all__ = ["Call", "DecoderProcess"]

logger = logging.getLogger(__name__)

_MOST_HOMES = 64
_WAITS = 0.25
_OUT_OF_TIME = getattr(signal, "SIGXCPU", None)


class Call:
    """A call that a thread waits for.

    Attributes:
        packed: The pickled function, arguments and seconds.
        seconds: Processor time that it may take.
        about: See `curation.decoders.decoded`.
        home: Likewise.
        is_patient: Likewise.
        gone: Whether it is still wanted.
        began_s: When it was asked for, on the monotonic clock.
        patience: How many times as long as a slow one it may take while other slow ones wait; doubled each time that it
            is set back, so that it has an end.
        deaths: How many processes died of it, as far as is known.
        done: Set when it has ended.
        answer: What came back; None if nothing did.
        error: Why nothing came back.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        seconds: float,
        about: str = "",
        home: str = "",
        *,
        patient: bool = False,
    ) -> None:
        """Pack the call, in the thread that asks for it."""
        self.packed = pickle.dumps((function, args, seconds), pickle.HIGHEST_PROTOCOL)
        self.seconds = seconds
        self.about = about
        self.home = home
        self.is_patient = patient
        self.gone: GivenUp | None = None
        self.began_s = time.monotonic()
        self.patience = 1
        self.deaths = 0
        self.done = threading.Event()
        self.answer: bytes | None = None
        self.error: CurationError | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits for it."""
        return self.gone is None or not self.gone.is_set

    def ending(self) -> CurationError:
        """Why it is not carried out when the program ends."""
        if self.is_patient:
            return RunInterruptedError("the program is ending; what was done so far is kept")
        return DecodersBusyError("the program is ending")

    def end(self, *, answer: bytes | None = None, error: CurationError | None = None) -> None:
        """Wake whoever waits for it."""
        self.answer, self.error = answer, error
        self.done.set()


class DecoderProcess:
    """A process with at most one call. Only the thread that started it may use it.

    Attributes:
        connection: Its answers come from there.
        call: What it is at; None if it is idle.
        since_s: When it began with that, or when it became idle or was started.
        is_ready: Whether it is past its start.
        homes: What it may have kept, the latest last.
        held_bytes: How much it keeps for later calls.
        let_go: See `curation.workers.decoders.limits.Holding`.
    """

    def __init__(self, limits: DecoderLimits) -> None:
        """Start it.

        Raises:
            OSError: If it cannot be started.
        """
        context = multiprocessing.get_context("spawn")
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        level = logging.getLogger().getEffectiveLevel()
        self._process = context.Process(
            target=decode_for_parent,
            args=(theirs, os.getpid(), limits.memory_mb, limits.imports, level),
            name="curation-decoder",
            daemon=True,
        )
        try:
            with interrupts_blocked():
                self._process.start()
        except BaseException:
            self.connection.close()
            raise
        finally:
            theirs.close()  # so that its end is seen
        self.pid = self._process.pid
        self.call: Call | None = None
        self.since_s = time.monotonic()
        self.is_ready = False
        self._cpu_before_s = 0.0
        self.homes: dict[str, None] = {}
        self.held_bytes = 0
        self.let_go: Callable[[int], Holding] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it can take a call."""
        return self.is_ready and self.call is None

    def effort_s(self, now_s: float) -> float:
        """How much it has done of its call: processor time, or a part of the time by the clock, if that is more.

        On a busy machine a harmless picture takes long by the clock; what waits for a dead disk takes no processor.
        """
        cpu_s = self._cpu_s()
        return self.age_s(now_s) if cpu_s is None else max(cpu_s - self._cpu_before_s, self.age_s(now_s) * _WAITS)

    def _cpu_s(self) -> float | None:
        if sys.platform != "linux" or self.pid is None:
            return None
        try:
            return time.clock_gettime((~self.pid << 3) | 2)  # as Linux numbers the clocks of other processes
        except OSError:  # it has died
            return None

    def age_s(self, now_s: float) -> float:
        """How long it has been at what it does."""
        return now_s - self.since_s

    def take(self, call: Call) -> bool:
        """Give it a call; False if it has died."""
        try:
            self.connection.send_bytes(call.packed)
        except OSError:
            return False
        self.call, self.since_s, self._cpu_before_s = call, time.monotonic(), self._cpu_s() or 0.0
        if call.home:
            self.homes.pop(call.home, None)
            self.homes[call.home] = None
            while len(self.homes) > _MOST_HOMES:
                del self.homes[next(iter(self.homes))]
        return True

    def received(self) -> bytes | None:
        """What it has sent: `READY`, or a packed answer; None if it has died."""
        try:
            sent = self.connection.recv_bytes()
        except (EOFError, OSError):
            return None
        self.since_s = time.monotonic()
        if sent == READY:
            self.is_ready = True
        else:
            self.call = None
        return sent

    def note(self, answer: Answer) -> None:
        """Remember what it says that it keeps."""
        if answer.held_bytes is not None:
            self.held_bytes = answer.held_bytes
            self.let_go = answer.let_go or self.let_go

    def kill(self) -> None:
        """Kill it, without waiting for its end: a process that waits for a dead disk takes its time."""
        self._process.kill()

    def ran_out_of_time(self, wait_s: float = 1.0) -> bool:
        """Whether the kernel killed it for the processor time that it took; to be asked when it has died."""
        self._process.join(wait_s)
        return _OUT_OF_TIME is not None and self._process.exitcode == -_OUT_OF_TIME

    def is_gone(self) -> bool:
        """Whether it has ended and was taken note of."""
        return self._process.exitcode is not None

    def close(self) -> None:
        """Let go of its connection; an idle process then ends by itself."""
        self.connection.close()
