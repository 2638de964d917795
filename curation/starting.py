"""Ctrl-C while a program loads its libraries: it ends at once, without a word, as nothing was begun yet.

Python would raise KeyboardInterrupt in the middle of an import: a traceback at best, and where a native library imports
something it becomes an error of the library's own, or a panic with lines of its own. A program takes this away again,
or listens by itself (`curation.interrupts`), before it begins what must be ended in order.
"""

from __future__ import annotations

import os
import signal

__all__ = ["INTERRUPTED", "end_when_interrupted", "raise_when_interrupted"]

INTERRUPTED = 130
"""The exit code, which is that of `errors.RunInterruptedError`; nothing is imported here that takes time."""


def end_when_interrupted() -> None:
    """End the process at Ctrl-C, unless that is ignored, as in the background of a shell, or handled already."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_when_interrupted() -> None:
    """Raise KeyboardInterrupt at Ctrl-C again, as Python does."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: object) -> None:
    os._exit(INTERRUPTED)
