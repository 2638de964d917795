"""The root of all exceptions, and those of the run itself."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["CurationError", "RunInterruptedError", "WorkerError", "is_caused_by_interrupt"]


class CurationError(Exception):
    """Base class of all errors that are reported to the user."""

    exit_code: ClassVar[int] = 70
    code: ClassVar[str] = "internal"


class WorkerError(CurationError):
    """Worker processes cannot be started, or exit before they do any work: this machine lacks something."""

    exit_code = 5
    code = "workers"


class RunInterruptedError(CurationError):
    """The run was stopped before it was complete; what was analysed so far is kept."""

    exit_code = 130
    code = "interrupted"


def is_caused_by_interrupt(error: BaseException) -> bool:
    """Whether a KeyboardInterrupt is the error or its cause.

    A native library that is interrupted while it loads raises an error of its own from the KeyboardInterrupt.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__cause__
    return cause is not None
