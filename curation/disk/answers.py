"""Asking a disk that may not answer at all: a network share that is gone holds whoever looks at it, for ever.

Each question is asked in a thread of its own, which such a disk keeps. So a place that owes an answer is not asked
again before it has given it.
"""

from __future__ import annotations

import errno
import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

__all__ = ["Steps", "each_in_time", "in_time", "no_answer"]

T = TypeVar("T")
R = TypeVar("R")

_LOOK_S = 0.5  # the longest time until an end of the work, or Ctrl-C, is noticed

_guard = threading.Lock()
_owing: dict[str, int] = {}
"""How many questions a place has not answered in time."""


def no_answer(limit_s: float) -> OSError:
    """The error of a disk that did not answer."""
    return OSError(errno.ETIMEDOUT, f"the disk has not answered for {limit_s:g} s")


def in_time(place: Path | str, ask: Callable[[], T], *, limit_s: float) -> T:
    """What a disk answers, if it does so in time.

    Args:
        place: What is asked about; while it owes an answer, it is not asked again.
        ask: Asks; whatever it raises is raised here.
        limit_s: How long it is waited for.

    Raises:
        OSError: ETIMEDOUT, if there is no answer in time, or one is still owed.
    """
    with _guard:
        if _owing.get(str(place)):
            raise no_answer(limit_s)
    return _Question(str(place), ask).answer(limit_s)


def each_in_time(places: Iterable[Path], ask: Callable[[Path], T], *, limit_s: float) -> list[T | None]:
    """What a disk answers about several places; None for each that does not answer in time, or that owes an answer.

    One thread asks about all of them, and another one goes on behind a place that does not answer.
    """
    waiting = list(places)
    out: list[T | None] = []
    while len(out) < len(waiting):
        rest = waiting[len(out) :]
        with _guard:
            count = next((n for n, place in enumerate(rest) if _owing.get(str(place))), len(rest))
        out += _asked(rest[:count], ask, limit_s)
        if len(out) < len(waiting):
            out.append(None)
    return out


def _asked(places: list[Path], ask: Callable[[Path], T], limit_s: float) -> list[T | None]:
    """The answers about the first places, up to the first one that gives none."""
    answers: queue.SimpleQueue[T] = queue.SimpleQueue()
    questions = [_Question(str(place), lambda place=place: answers.put(ask(place))) for place in places]  # type: ignore[misc]

    def ask_all() -> None:
        for one in questions:
            one.run()

    if questions:
        threading.Thread(target=ask_all, name="asks-a-disk", daemon=True).start()
    out: list[T | None] = []
    for question in questions:
        try:
            question.wait(limit_s)
        except OSError as error:
            if error.errno == errno.ETIMEDOUT:
                return out
            raise
        out.append(answers.get())
    return out


class _Question:
    """A question to a disk, and its answer."""

    def __init__(self, place: str, ask: Callable[[], object]) -> None:
        self._place = place
        self._ask = ask
        self._context = copy_context()
        self._outcome: queue.SimpleQueue[tuple[object, BaseException | None]] = queue.SimpleQueue()
        self._is_late = False

    def answer(self, limit_s: float) -> T:  # type: ignore[type-var]
        threading.Thread(target=self.run, name="asks-a-disk", daemon=True).start()
        return self.wait(limit_s)  # type: ignore[return-value]

    def run(self) -> None:
        try:
            outcome: tuple[object, BaseException | None] = self._context.run(self._ask), None
        except BaseException as error:  # raised where the answer is waited for
            outcome = None, error
        with _guard:
            self._outcome.put(outcome)
            if self._is_late:
                _owing[self._place] -= 1
                if not _owing[self._place]:
                    del _owing[self._place]

    def wait(self, limit_s: float) -> object:
        try:
            value, error = self._outcome.get(timeout=limit_s)
        except queue.Empty:
            with _guard:
                if self._outcome.empty():
                    self._is_late = True
                    _owing[self._place] = _owing.get(self._place, 0) + 1
                    raise no_answer(limit_s) from None
            value, error = self._outcome.get()
        if error is not None:
            raise error
        return value


class Steps:
    """Work on a disk in many steps, each of which may be the last one that is answered."""

    def __init__(self) -> None:
        """It has just begun."""
        self.at = ""
        self._moved_s = time.monotonic()

    def step(self, at: str) -> None:
        """Say what is looked at next."""
        self.at = at
        self._moved_s = time.monotonic()

    def of(self, work: Callable[[], R], *, limit_s: float) -> R:
        """The result of the work, which is done in a thread and calls `step` again and again.

        Raises:
            OSError: ETIMEDOUT, if there was no step for so long; `at` says where. Also whatever the work raises.
        """
        question = _Question("", work)
        thread = threading.Thread(target=question.run, name="looks-through-a-disk", daemon=True)
        self._moved_s = time.monotonic()
        thread.start()
        while thread.is_alive():
            thread.join(_LOOK_S)
            if thread.is_alive() and time.monotonic() - self._moved_s > limit_s:
                raise no_answer(limit_s)
        return question.wait(limit_s)  # type: ignore[return-value]
