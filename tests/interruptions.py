"""Ctrl-C between any two steps of a piece of code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType

from curation.interrupts import Interrupts

__all__ = ["interrupted_at_every_step"]


def interrupted_at_every_step(action: Callable[[], object]) -> Iterator[str]:
    """Run `action` again and again, each time with Ctrl-C one step later, until it is through before.

    A step is a call or a return, of Python's functions and of native ones: Python handles signals there.

    Yields:
        Where Ctrl-C came, after each run.
    """
    wanted = 0
    where = ""
    while wanted == 0 or where:
        wanted += 1
        step, where = 0, ""

        def count(frame: FrameType, event: str, arg: object, wanted: int = wanted) -> None:
            nonlocal step, where
            step += 1
            if step == wanted:
                sys.setprofile(None)
                where = f"{event} in line {frame.f_lineno} of {frame.f_code.co_filename}"
                signal.raise_signal(signal.SIGINT)

        interrupts = Interrupts("a test")
        try:
            with suppress(KeyboardInterrupt):
                sys.setprofile(count)
                action()
                sys.setprofile(None)
        finally:
            sys.setprofile(None)
            interrupts.restore()
        if where:
            yield where
