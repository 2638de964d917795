"""A few decoder processes for a whole program: something slow or hostile costs whoever asked for it, nobody else."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from multiprocessing.connection import wait as wait_for_any
from types import TracebackType
from typing import Any, Self

from curation.decoders import GivenUp
from curation.errors import CurationError, DecodersBusyError, PhotoUnreadableError, WorkerError
from curation.workers.decoders.child import HOLDS, READY, unpacked
from curation.workers.decoders.limits import DecoderLimits
from curation.workers.decoders.process import Call, DecoderProcess

__all__ = ["DecoderPool"]

logger = logging.getLogger(__name__)

_TICK_S = 0.25
_START_S = 120.0  # importing the libraries from a cold disk on a busy machine takes long
_STARTS_TRIED = 3
_REMEMBERED = 1000
_REMEMBERED_S = 600.0
_UNWANTED = "nobody waits for the picture any more"
_BUSY = "too many pictures are being made just now: try again in a moment"
_TOO_LONG = "decoding the picture takes more than {:g} s of processor time, and was given up; save it anew"
_NO_ANSWER = "the picture was not read within {:g} s, and was given up; is its disk or network hanging?"
_DIED = "a decoder crashed at the picture, or it takes more memory than there is; save it anew"


class DecoderPool:
    """Carries out calls in processes that are started when they are needed, and end when they are not.

    A call that takes long is slow. If slow calls have all processes and somebody else waits for one, the slow call that
    began last is set back, and begins anew when nobody new waits; all others go on. Thread-safe.
    """

    def __init__(self, limits: DecoderLimits | None = None) -> None:
        """Set the limits; nothing starts yet."""
        self.limits = limits or DecoderLimits()
        self._guard = threading.Lock()
        self._new: deque[Call] = deque()
        self._slow: deque[Call] = deque()
        self._processes: list[DecoderProcess] = []
        self._dying: list[DecoderProcess] = []
        self._failed: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._failed_starts = 0
        self._keeper: threading.Thread | None = None
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._ending = False
        self._kill_at_s = float("inf")

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes of now."""
        return tuple(process.pid for process in tuple(self._processes) if process.pid is not None)

    @property
    def held_bytes(self) -> int:
        """How much the processes keep for later calls."""
        return sum(process.held_bytes for process in tuple(self._processes))

    def run(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...] = (),
        *,
        about: str = "",
        home: str = "",
        gone: GivenUp | None = None,
        seconds: float | None = None,
        patient: bool = False,
    ) -> Any:
        """Call a function in a decoder process, see `curation.decoders.decoded`."""
        limit_s = self.limits.cpu_s if seconds is None else seconds
        call = Call(function, args, limit_s, about, home, patient=patient)
        self._ask(call, gone)
        call.done.wait()
        if call.error is not None:
            raise call.error
        assert call.answer is not None  # as it has ended
        answer = unpacked(call.answer)
        if answer.error is not None:
            raise answer.error
        if answer.bug:
            raise PhotoUnreadableError(f"the picture cannot be decoded ({answer.bug}); save it anew")
        return answer.value

    def start_one(self) -> None:
        """Return when a process is there that can take calls, so that the first call waits for no start.

        Raises:
            DecodersBusyError: If it takes too long, or the pool is ending.
            WorkerError: If no process can be started.
        """
        self.run(os.getpid)

    def request_stop(self, grace_s: float = 1.0) -> None:
        """Take no more calls, and kill those that last longer than that; does not wait."""
        with self._guard:
            self._ending = True
            self._kill_at_s = min(self._kill_at_s, time.monotonic() + grace_s)
        self._wake()

    def close(self, wait_s: float = 2.0) -> None:
        """End all processes; calls that wait are refused."""
        self.request_stop(0.0)
        keeper = self._keeper
        if keeper is not None:
            keeper.join(wait_s)
        if keeper is None or not keeper.is_alive():
            self._woken.close()
            self._waker.close()

    def kill_all(self) -> None:
        """Kill the processes at once, for a program that is about to end; from any thread."""
        for process in (*self._processes, *self._dying):
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, call: Call, gone: GivenUp | None) -> None:
        call.gone = gone
        with self._guard:
            if self._ending:
                raise call.ending()
            self._refuse_known(call)
            if not call.is_patient and len(self._new) + len(self._slow) >= self.limits.waiting:
                raise DecodersBusyError(_BUSY)
            self._new.append(call)
            if self._keeper is None:
                # Lives as long as the processes: on Linux they are killed when the thread ends that started them.
                self._keeper = threading.Thread(target=self._keep, name="curation-decoders", daemon=True)
                self._keeper.start()
        self._wake()
        if gone is not None:
            gone.tell(self._wake)

    def _refuse_known(self, call: Call) -> None:
        known = self._failed.get(call.about) if call.about else None
        if known is not None:
            if time.monotonic() < known[0]:
                raise PhotoUnreadableError(known[1])
            del self._failed[call.about]

    def _wake(self) -> None:
        try:
            self._waker.send(b"w")
        except OSError:
            return  # it is being woken, or has ended

    # All that follows is done by the keeper alone.

    def _keep(self) -> None:
        try:
            self._keep_on()
        except Exception:
            logger.exception("the decoder processes are not looked after any more")
            with self._guard:
                for process in tuple(self._processes):
                    call = process.call
                    self._drop(process, kill=True)
                    if call is not None:
                        self._new.append(call)
                for call in (*self._new, *self._slow):
                    call.end(error=WorkerError("decoding pictures failed; the log has the details"))
                self._new.clear()
                self._slow.clear()
                self._keeper = None  # the next call begins anew

    def _keep_on(self) -> None:
        while True:
            with self._guard:
                self._share_out()
                is_over = self._ending and not self._processes and not self._dying
                timeout_s = _TICK_S if self._new or self._slow or self._ending or self._is_busy() else 5.0
            if is_over:
                return
            connections = {process.connection: process for process in self._processes}
            ready = wait_for_any([self._woken, *connections], timeout=timeout_s)
            if self._woken in ready:
                self._drain()
            for connection in ready:
                process = connections.get(connection)  # type: ignore[call-overload]
                if process is not None:
                    self._hear(process)

    def _drain(self) -> None:
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            return

    def _is_busy(self) -> bool:
        return any(not process.is_idle for process in self._processes)

    def _hear(self, process: DecoderProcess) -> None:
        call = process.call
        sent = process.received()
        if sent is None:
            self._bury(process)
        elif sent == READY:
            self._failed_starts = 0
        elif call is not None:
            call.end(answer=sent)
            if sent.startswith(HOLDS):
                process.note(unpacked(sent))
                self._free_memory(process)

    def _bury(self, process: DecoderProcess) -> None:
        """A process has died by itself, by the kernel or by somebody else."""
        call, out_of_time = process.call, process.ran_out_of_time()
        self._drop(process)
        if call is None:
            if not process.is_ready:
                self._failed_starts += 1
            return
        if out_of_time:
            self._fail(call, _TOO_LONG.format(call.seconds))
            return
        call.deaths += 1
        if call.deaths > 1:
            self._fail(call, _DIED)
            return
        with self._guard:  # the system may have killed it for what others took
            self._new.appendleft(call)

    def _fail(self, call: Call, reason: str) -> None:
        if call.about:
            with self._guard:
                self._failed[call.about] = time.monotonic() + _REMEMBERED_S, reason
                while len(self._failed) > _REMEMBERED:
                    self._failed.popitem(last=False)
        call.end(error=PhotoUnreadableError(reason))

    def _drop(self, process: DecoderProcess, *, kill: bool = False) -> None:
        self._processes.remove(process)
        if kill:
            process.kill()
        process.close()
        process.call = None
        self._dying.append(process)

    def _share_out(self) -> None:
        """Give calls to processes, and end what is over; with the guard."""
        now_s = time.monotonic()
        self._dying = [process for process in self._dying if not process.is_gone()]
        self._end_some(now_s)
        if self._ending:
            for call in (*self._new, *self._slow):
                call.end(error=call.ending())
            self._new.clear()
            self._slow.clear()
            return
        self._refuse_waiting(now_s)
        for queue in (self._new, self._slow):
            for call in tuple(queue):
                # Without new calls the slow ones have all processes; one of them makes room again when it is needed.
                if queue is self._slow and self._new and self._slow_count(now_s) >= self.limits.processes - 1:
                    break
                process = self._process_for(call, now_s)
                if process is not None:
                    queue.remove(call)
                    if not process.take(call):
                        queue.appendleft(call)
                        self._drop(process, kill=True)
        self._make_room(now_s)

    def _end_some(self, now_s: float) -> None:
        for process in tuple(self._processes):
            call, age_s = process.call, process.age_s(now_s)
            if call is None:
                is_spare = age_s > self.limits.idle_s and len(self._processes) > self.limits.kept
                if self._ending or (process.is_ready and is_spare):
                    self._drop(process, kill=self._ending)
                elif not process.is_ready and age_s > _START_S:
                    self._failed_starts += 1
                    self._drop(process, kill=True)
            elif not call.is_wanted or now_s > self._kill_at_s:
                self._drop(process, kill=True)
                call.end(error=call.ending() if self._ending else DecodersBusyError(_UNWANTED))
            elif age_s > self.limits.wall_s + 4 * max(0.0, call.seconds - self.limits.cpu_s):
                self._drop(process, kill=True)
                call.end(error=PhotoUnreadableError(_NO_ANSWER.format(self.limits.wall_s)))

    def _refuse_waiting(self, now_s: float) -> None:
        for queue in (self._new, self._slow):
            for call in tuple(queue):
                error: CurationError | None = None
                known = self._failed.get(call.about) if call.about else None
                if known is not None:
                    error = PhotoUnreadableError(known[1])
                elif not call.is_wanted:
                    error = DecodersBusyError(_UNWANTED)
                elif not call.is_patient and now_s - call.began_s > self.limits.wait_s:
                    error = DecodersBusyError(_BUSY)
                elif self._failed_starts >= _STARTS_TRIED:
                    error = WorkerError(
                        "no process for decoding pictures can be started; free some memory, and look at the log"
                    )
                if error is not None:
                    queue.remove(call)
                    call.end(error=error)
        if not self._new and not self._slow:
            self._failed_starts = 0

    def _slow_count(self, now_s: float) -> int:
        return sum(self._is_slow(process, now_s) for process in self._processes)

    def _is_slow(self, process: DecoderProcess, now_s: float) -> bool:
        return process.call is not None and process.effort_s(now_s) > self.limits.slow_s

    def _process_for(self, call: Call, now_s: float) -> DecoderProcess | None:
        """An idle process for a call; None if it has to wait."""
        homes = [process for process in self._processes if call.home and call.home in process.homes]
        for process in homes:
            if process.is_idle:
                return process
            is_mine = process.call is not None and process.call.home == call.home
            if is_mine or not self._is_slow(process, now_s):
                return None  # what it keeps is worth the wait
        idle = [process for process in self._processes if process.is_idle]
        if idle:
            # What is kept elsewhere stays there.
            return min(idle, key=lambda process: (bool(call.home) and process.held_bytes > 0, -process.since_s))
        starting = sum(not process.is_ready for process in self._processes)
        if starting < len(self._new) + len(self._slow) and len(self._processes) < self.limits.processes:
            self._start()
        return None

    def _start(self) -> None:
        try:
            self._processes.append(DecoderProcess(self.limits))
        except OSError as error:
            self._failed_starts += 1
            logger.warning("a decoder process cannot be started: %s", error)

    def _make_room(self, now_s: float) -> None:
        """Set a slow call back, if all processes are at something slow and others wait.

        For a new call that which began last; for one that was set back itself, one that has had its time.
        """
        slow = [process for process in self._processes if self._is_slow(process, now_s)]
        if len(slow) < self.limits.processes or not (self._new or self._slow):
            return
        last = max(slow, key=lambda process: process.since_s)
        if not self._new:
            over = [process for process in slow if self._has_had_its_time(process, now_s)]
            if not over:
                return
            last = min(over, key=lambda process: process.since_s)
        call = last.call
        self._drop(last, kill=True)
        if call is not None:
            call.patience *= 2
            call.began_s = now_s
            self._slow.append(call)
        self._start()

    def _has_had_its_time(self, process: DecoderProcess, now_s: float) -> bool:
        return process.call is not None and process.effort_s(now_s) > 2 * process.call.patience * self.limits.slow_s

    def _free_memory(self, latest: DecoderProcess) -> None:
        """Let the processes give back what is kept longest, until all of it is within the limit."""
        excess = self.held_bytes - self.limits.held_mb * 10**6
        others = [process for process in self._processes if process is not latest and process.held_bytes]
        for process in sorted(others, key=lambda process: process.since_s):
            if excess <= 0:
                return
            if process.is_idle and process.let_go is not None:
                excess -= process.held_bytes
                process.homes.clear()
                process.take(Call(process.let_go, (process.held_bytes,), self.limits.cpu_s))
