"""Interrupting the main thread where nothing is left half-done, and ending a process that does not end."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from curation.interrupts import Interrupts, interrupts_delayed
from tests.conftest import PROJECT_ROOT

TAKES_S = 60  # for a process on a busy machine; far more than the limit that the scripts below set


def ended(script: str) -> tuple[int, str, str]:
    """Exit code and output of a program that has two seconds for its end."""
    # Whoever runs the tests in the background of a shell hands down an ignored SIGINT.
    begin = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    begin += "from curation import interrupts\ninterrupts.END_S = 2.0\nfrom curation.interrupts import *\n"
    done = subprocess.run(
        [sys.executable, "-c", begin + script],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=TAKES_S,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(autouse=True)
def _python_handles_sigint() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def handlers() -> list[object]:
    return [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_interrupts_and_those_that_follow_at_once_do_not(number: signal.Signals) -> None:
    before = handlers()
    interrupts = Interrupts("a test")
    try:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        for again in (signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(again)
    finally:
        interrupts.restore()
    assert handlers() == before


def test_a_block_is_interrupted_at_its_end() -> None:
    interrupts = Interrupts("a test")
    done = []
    try:
        with pytest.raises(KeyboardInterrupt), interrupts_delayed():
            with interrupts_delayed():
                signal.raise_signal(signal.SIGINT)
                done.append("inner")
            done.append("outer")
        with interrupts_delayed():
            done.append("no second time")
    finally:
        interrupts.restore()
    assert done == ["inner", "outer", "no second time"]


def test_other_threads_delay_nothing() -> None:
    interrupts = Interrupts("a test")
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with interrupts_delayed():
            entered.set()
            leave.wait(TAKES_S)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert entered.wait(TAKES_S)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        leave.set()
        thread.join()
        interrupts.restore()


def test_what_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        interrupts = Interrupts("a test")
        signal.raise_signal(signal.SIGINT)
        interrupts.restore()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_nothing_is_left_after_restore() -> None:
    interrupts = Interrupts("a test")
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "end-in-time"]
    interrupts.restore()
    thread.join(TAKES_S)
    assert not thread.is_alive()
    assert signal.set_wakeup_fd(-1) == -1


STUCK_IN_CLEAN_UP = """
import signal, threading
lock = threading.Lock()
lock.acquire()
Interrupts("kept")
try:
    signal.raise_signal(signal.SIGINT)
finally:
    lock.acquire()
"""
# The signal is handled by a native thread, so nothing wakes the main thread, and Python's handler never runs.
STUCK_BEFORE_THE_HANDLER = """
import os, signal, threading
Interrupts("kept")
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
lock = threading.Lock()
lock.acquire()
lock.acquire()
"""
STUCK_IN_A_DELAYED_BLOCK = """
import signal, threading
lock = threading.Lock()
lock.acquire()
Interrupts("kept")
with interrupts_delayed():
    signal.raise_signal(signal.SIGINT)
    lock.acquire()
"""


@pytest.mark.parametrize("script", [STUCK_IN_CLEAN_UP, STUCK_BEFORE_THE_HANDLER, STUCK_IN_A_DELAYED_BLOCK])
def test_a_process_that_waits_forever_ends_after_a_signal(script: str) -> None:
    assert ended(script) == (130, "", "kept\n")


def test_an_interruption_that_python_throws_away_comes_again() -> None:
    script = """
import signal, time
class Finalized:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
Interrupts("kept")
try:
    Finalized()
    time.sleep(30)
except KeyboardInterrupt:
    print("interrupted")
"""
    assert ended(script) == (0, "interrupted\n", "")


# A tracer with a lock, as coverage and debuggers have; it is interrupted while it has the lock.
TRACER = """
import signal, sys, threading, time, types
tool = types.ModuleType("tool.tracer")
exec('''
import signal, threading
lock = threading.Lock()
def trace(frame, event, argument):
    lock.acquire()
    if frame.f_code.co_name == "work" and event == "call":
        {inside}
    lock.release()
    return trace
''', tool.__dict__)
def work():
    time.sleep(30)
Interrupts("kept")
threading.settrace(tool.trace)
sys.settrace(tool.trace)
try:
    work()
except KeyboardInterrupt:
    sys.settrace(None)
    print("free" if tool.lock.acquire(timeout=5) else "taken")
"""
INTERRUPTS_LATER = 'threading.settrace(tool.trace)\nInterrupts("kept")'  # so that its thread is traced


def test_a_tracer_is_not_interrupted() -> None:
    assert ended(TRACER.format(inside="signal.raise_signal(signal.SIGINT)")) == (0, "free\n", "")


def test_a_process_whose_tracer_waits_forever_ends_after_a_signal() -> None:
    stuck = TRACER.replace('Interrupts("kept")\nthreading.settrace(tool.trace)', INTERRUPTS_LATER)
    assert ended(stuck.format(inside="signal.raise_signal(signal.SIGINT); lock.acquire()")) == (130, "", "kept\n")


def test_other_signals_end_nothing() -> None:
    script = "import signal, time\nInterrupts('kept')\nsignal.signal(signal.SIGALRM, lambda *_: None)\n"
    assert ended(f"{script}signal.raise_signal(signal.SIGALRM)\ntime.sleep(3)\nprint('done')") == (0, "done\n", "")


AT_EXIT = """
import signal, sys, threading, time
interrupts = Interrupts("kept")
{wait}
interrupts.end_process(1)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.raise_signal(number)
sys.exit(1)
"""


@pytest.mark.parametrize(
    "wait",
    [
        "import atexit; atexit.register(threading.Event().wait)",
        "threading.Thread(target=threading.Event().wait).start()",
    ],
)
def test_a_process_that_waits_forever_at_its_end_keeps_its_exit_code(wait: str) -> None:
    assert ended(AT_EXIT.format(wait=wait)) == (1, "", "")


def test_an_end_that_is_quick_enough_is_left_alone() -> None:
    slow = "import atexit; atexit.register(lambda: (time.sleep(0.5), print('written')))"
    assert ended(AT_EXIT.format(wait=slow)) == (1, "written\n", "")


def test_ctrl_c_again_ends_a_process_that_cleans_up_for_long() -> None:
    script = (
        "import signal, time\ninterrupts._CLEAN_UP_S = 0.2\ninterrupts.END_S = 50\nInterrupts('kept')\n"
        "try:\n    signal.raise_signal(signal.SIGINT)\nfinally:\n    time.sleep(0.5)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
    )
    began = time.monotonic()
    assert ended(script)[0] == 130
    assert time.monotonic() - began < 40
