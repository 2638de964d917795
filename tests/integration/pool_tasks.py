"""Functions that worker processes of the tests run."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

from curation.errors import PhotoUnreadableError, WeightsMissingError

state = {"set_up": 0}


def set_up(folder: str) -> None:
    state["set_up"] += 1
    (Path(folder) / f"worker_{os.getpid()}").touch()


def double(number: int) -> int:
    if state["set_up"] != 1:
        raise AssertionError("the initializer runs exactly once per worker")
    return 2 * number


def pid_of(number: int) -> int:
    return os.getpid()


def picky(number: int) -> int:
    if number == 1:
        raise PhotoUnreadableError("the file is cut off")
    if number == 2:
        raise ZeroDivisionError("oops")
    if number == 3 and "pytest" not in os.environ.get("CURATION_TEST_NO_KILL", ""):
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 4:
        time.sleep(60)
    return number


def slow(task: list[float]) -> float:
    """Sleep for so many seconds; the second number tells tasks apart."""
    time.sleep(task[0])
    return task[1]


def slow_once(path: str) -> str:
    """Take long the first time, whoever has it."""
    mine = Path(path)
    try:
        mine.touch(exist_ok=False)
    except FileExistsError:
        return mine.name
    time.sleep(30)
    return mine.name


def deadly_once(path: str) -> str:
    """Kill the first process that has it."""
    mine = Path(path)
    try:
        mine.touch(exist_ok=False)
    except FileExistsError:
        return mine.name
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def mark(path: str) -> None:
    Path(path).touch()


def stage_fault(number: int) -> int:
    raise WeightsMissingError("no weights: fetch them")


def sleepy(number: int) -> int:
    time.sleep(30)
    return number


def die_in_the_middle_of_the_result(number: int) -> bytes:
    """The worker is killed when half of its result is in the pipe."""
    if number == 1:

        def send_half(connection: Connection, content: bytes, *_: object) -> None:
            os.write(connection.fileno(), content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)

        Connection._send = send_half  # type: ignore[attr-defined]
    return bytes(10_000)


def timed(seconds: float) -> tuple[float, float]:
    """Work for so many seconds; when that began and ended, on the clock of all processes."""
    began = time.monotonic()
    time.sleep(seconds)
    return began, time.monotonic()


def crash(number: int) -> int:
    """End as native code does that crashes: by the signal of that number."""
    if number in (signal.SIGSEGV, signal.SIGABRT):
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        time.sleep(30)
    return number


def compute(seconds: float) -> float:
    """Use so much processor time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return seconds


def starved(seconds: float) -> float:
    """Want to run for so many seconds by the clock, and get little of the processor: as told to whoever looks."""
    os.nice(19)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.process_time()
        while time.process_time() < begun + 0.03:
            pass
        time.sleep(0.12)
    return seconds


def take_memory(mb: int) -> int:
    """Take memory bit by bit, and wait; all at once if it is negative."""
    if mb < 0:
        bytearray(-mb * 10**6)
        return mb
    taken = []
    for _ in range(mb // 10):
        taken.append(bytearray(os.urandom(4096) * 2442))
        time.sleep(0.01)
    return mb


def start_badly(folder: str, how: str, times: int) -> None:
    """Do not get ready, so many times."""
    tried = len(list(Path(folder).iterdir()))
    (Path(folder) / f"start_{os.getpid()}").touch()
    if tried >= times:
        return
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exits":
        os._exit(0)
    if how == "raises":
        raise ImportError("no module named onnxruntime")
    raise WeightsMissingError("no weights: fetch them")
