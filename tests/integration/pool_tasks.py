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
