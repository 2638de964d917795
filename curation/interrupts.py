"""Ctrl-C and `kill`: where they may stop a program, and that it ends then, whatever happens.

Python raises KeyboardInterrupt between any two steps of the main thread, also just after a lock was taken and before
the `with` that would release it is entered. Whoever waits for that lock then waits forever: the clean-up of the same
run, or a thread that the interpreter joins at its end. So code that takes locks which others wait for, ours or those
inside the standard library's queues and futures, does it under `interrupts_delayed`; `Interrupts` waits for the end of
such a block. And since no program can be free of such places, `Interrupts` also ends a process that was told to end
and has not done so for `END_S`: by then results are on the disk, as files are replaced as a whole or not at all.
"""

from __future__ import annotations

import _thread
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from curation.errors import RunInterruptedError

__all__ = ["END_S", "Interrupts", "interrupts_delayed", "watch_paused"]

END_S = 10.0
"""The longest time between a signal and the end of the process, in seconds."""

_CLEAN_UP_S = 2.0  # before that, a second Ctrl-C has no effect
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN_S = 0.02
_ENDING = 0  # no signal's number
_OWN_PACKAGE = __name__.partition(".")[0]
_MAIN_THREAD = threading.main_thread().ident


class _Delay:
    """See `interrupts_delayed`. Only the main thread is ever interrupted, so only its blocks count."""

    def __init__(self) -> None:
        self.depth = 0
        self.is_waiting = False

    # No generator with `contextmanager`: between its `yield` and the block, the caller can be interrupted.
    def __enter__(self) -> None:
        if threading.get_ident() == _MAIN_THREAD:
            self.depth += 1

    def __exit__(self, *_: object) -> None:
        if threading.get_ident() == _MAIN_THREAD:
            self.depth -= 1
            if self.is_waiting and self.depth == 0:
                self.is_waiting = False
                raise KeyboardInterrupt


_delay = _Delay()


def interrupts_delayed() -> _Delay:
    """A block in which `Interrupts` does not interrupt the main thread, but at its end; blocks may be nested.

    Keep it short: waits in it must have a limit.

    Raises:
        KeyboardInterrupt: At the end of the outermost block, if a signal came meanwhile.
    """
    return _delay


@contextmanager
def watch_paused() -> Iterator[None]:
    """A block that ends in its own time after a signal: `Interrupts` does not end the process meanwhile.

    For work that is finished first, which may take longer than `END_S`.
    """
    watch = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        signal.set_wakeup_fd(watch)


class Interrupts:
    """Lets Ctrl-C and `kill` interrupt this process, from its making to `restore` or to the end of the process.

    The first signal raises KeyboardInterrupt in the main thread; further ones have no effect for 2 s, so that they
    cannot interrupt the clean-up, and then end the process at once. `END_S` after the first one the process is ended
    from a thread of its own, which needs no lock, and whatever the main thread waits for.
    """

    def __init__(self, message: str) -> None:
        """Listen; to be called in the main thread.

        Args:
            message: For the user, if the process has to be ended before `tell` was called.
        """
        self._message = message
        self._is_told = False
        self._exit_code = RunInterruptedError.exit_code
        self._repeats_count_from: float | None = None
        self._previous: dict[signal.Signals, Any] = {}
        self._previous_hook: Callable[[sys.UnraisableHookArgs], object] = sys.unraisablehook
        sys.unraisablehook = self._thrown_away
        self._reader, self._writer = socket.socketpair()  # a pipe would do, but not on Windows
        self._writer.setblocking(False)
        # Signals are written there as they come, even if the main thread is in native code and cannot handle them.
        self._previous_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._end_in_time, name="end-in-time", daemon=True).start()
        for number in _SIGNALS:
            # A shell that starts the program in the background makes it ignore Ctrl-C.
            if signal.getsignal(number) != signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._interrupt)

    @property
    def has_come(self) -> bool:
        """Whether a signal has come. Native libraries may report a KeyboardInterrupt as an error of their own."""
        return self._repeats_count_from is not None

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        # A signal also arrives twice if it is sent both to this process and to its group.
        if self._repeats_count_from is not None:
            if time.monotonic() >= self._repeats_count_from:
                os._exit(self._exit_code)  # the workers exit with this process
            return
        self._repeats_count_from = time.monotonic() + _CLEAN_UP_S
        if _is_in_tracer(frame):
            self._again_soon()
        elif _delay.depth:
            _delay.is_waiting = True
        else:
            raise KeyboardInterrupt

    def _thrown_away(self, unraisable: sys.UnraisableHookArgs) -> None:
        # Python throws away what is raised in a finalizer or a weak reference's callback, and the run would go on.
        if not isinstance(unraisable.exc_value, KeyboardInterrupt) or not self.has_come:
            self._previous_hook(unraisable)
            return
        self._again_soon()

    def _again_soon(self) -> None:
        self._repeats_count_from = None
        _thread.start_new_thread(self._interrupt_again, ())

    def _interrupt_again(self) -> None:
        sys.settrace(None)
        time.sleep(_AGAIN_S)  # until that callback is over
        number = next(iter(self._previous))
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, number)  # wakes it, too, if it waits
        else:
            _thread.interrupt_main(number)

    def _end_in_time(self) -> None:
        sys.settrace(None)  # tracers take locks, and the main thread may have stopped with one of them
        end: float | None = None
        while select.select([self._reader], [], [], None if end is None else max(0.0, end - time.monotonic()))[0]:
            received = self._reader.recv(64)
            if not received:  # closed by `restore`
                self._reader.close()
                return
            if _ENDING in received or any(number in received for number in _SIGNALS):
                end = end or time.monotonic() + END_S
        if not self._is_told:
            try:
                os.write(2, f"{self._message}\n".encode())
            except OSError as error:
                logging.getLogger(__name__).debug("a line could not be printed: %s", error)
        os._exit(self._exit_code)

    def ignore(self) -> None:
        """Ignore further signals.

        At the end of a process Python restores the default handlers, which kill it, unless a signal is ignored.
        """
        for number in self._previous:
            signal.signal(number, signal.SIG_IGN)

    def tell(self) -> None:
        """Say that the user was told about the interruption, or that there was none."""
        self._is_told = True

    def end_process(self, exit_code: int) -> None:
        """Ignore further signals, as this process is about to end by itself; if it has not in `END_S`, it is ended.

        Args:
            exit_code: That the process will have.
        """
        self.ignore()
        self.tell()
        self._exit_code = exit_code
        self._writer.send(bytes([_ENDING]))

    def restore(self) -> None:
        """Stop listening and restore the previous handlers; the process is no longer ended."""
        signal.set_wakeup_fd(self._previous_fd)
        sys.unraisablehook = self._previous_hook
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        _delay.is_waiting = False
        self._writer.close()


def _is_in_tracer(frame: FrameType | None) -> bool:
    """Whether the main thread is inside a tracer (coverage, a debugger), whose own locks must not stay taken."""
    tracer = sys.gettrace()
    if tracer is None:
        return False
    package = (getattr(tracer, "__module__", None) or type(tracer).__module__).partition(".")[0]
    # Up to our code only: below it is what has started the program, and that may be the same package.
    while frame is not None:
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if name == package:
            return True
        if name == _OWN_PACKAGE:
            return False
        frame = frame.f_back
    return False
