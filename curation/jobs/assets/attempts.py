"""One try of a picture inside a worker process, and which fault is which code."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.domain.assets.states import FailCode, RejectCode
from curation.errors import (
    AssetRejectedError,
    CurationError,
    DatabaseBusyError,
    FaceAnalysisError,
    PhotoError,
    RedisUnavailableError,
    StorageError,
    WeightsError,
)
from curation.jobs.assets.work import FoundInPicture

__all__ = ["AttemptEnd", "fail_code", "run_attempt"]

logger = logging.getLogger(__name__)

_NAMED_ERRORS: Mapping[tuple[str, str], FailCode] = {
    ("kombu", "OperationalError"): FailCode.BROKER,
    ("kombu", "KombuError"): FailCode.BROKER,
    ("amqp", "AMQPError"): FailCode.BROKER,
    ("celery", "CeleryError"): FailCode.BROKER,
    ("redis", "ConnectionError"): FailCode.BROKER,
    ("redis", "TimeoutError"): FailCode.BROKER,
    ("sqlalchemy", "OperationalError"): FailCode.DATABASE,
    ("sqlalchemy", "InterfaceError"): FailCode.DATABASE,
    ("psycopg", "OperationalError"): FailCode.DATABASE,
    ("psycopg", "InterfaceError"): FailCode.DATABASE,
}
"""Errors of packages that need not be installed, by package and name."""

_OUT_OF_MEMORY = ("bad_alloc", "bad allocation", "failed to allocate memory", "insufficient memory", "out of memory")
"""How ONNX Runtime and OpenCV say it, whose errors have no class of their own for it."""

_CV_NO_MEMORY = -4


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How a try ended; can be sent between processes.

    Attributes:
        document: What was found; None if it ended otherwise.
        rejected: Why the picture is rejected; else None.
        failed: What went wrong; else None.
        message: The same for the user.
    """

    document: Mapping[str, Any] | None = None
    rejected: RejectCode | None = None
    failed: FailCode | None = None
    message: str = ""


def run_attempt(process: Callable[[Any], FoundInPicture], task: Any, path: Path, sha256: str) -> AttemptEnd:
    """Work on a picture, whatever happens.

    Args:
        process: The task.
        task: Its argument.
        path: Of the picture, for a check.
        sha256: That it should have, hex.
    """
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise StorageError(f"{path} is damaged on the disk; delete the picture and hand it in again")
        return AttemptEnd(document=process(task).document)
    except AssetRejectedError as error:
        return AttemptEnd(rejected=RejectCode(error.reason), message=str(error))
    except Exception as error:  # any error must cost this try only
        code = fail_code(error)
        if code is FailCode.BUG:
            logger.exception("unexpected error with %s", path)
        return AttemptEnd(failed=code, message=_message(error, code))


def fail_code(error: BaseException) -> FailCode:
    """Which fault an error is; the first of its causes that is known decides if the error itself is not."""
    for one in _chain(error):
        code = _code_of(one)
        if code is not None:
            return code
    return FailCode.BUG


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        cause = cause.__cause__
    # Too little memory is the cause of many other errors, and worth another try.
    yield from (one for one in seen if _is_memory(one))
    yield from seen


def _is_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    package = type(error).__module__.partition(".")[0]
    if package == "cv2":
        return getattr(error, "code", None) == _CV_NO_MEMORY or _says_no_memory(error)
    return package == "onnxruntime" and _says_no_memory(error)


def _says_no_memory(error: BaseException) -> bool:
    text = str(error).lower()
    return any(words in text for words in _OUT_OF_MEMORY)


def _code_of(error: BaseException) -> FailCode | None:
    if _is_memory(error):
        return FailCode.MEMORY
    for kind in type(error).__mro__:
        named = _NAMED_ERRORS.get((kind.__module__.partition(".")[0], kind.__name__))
        if named is not None:
            return named
    if isinstance(error, CurationError):
        return _code_of_ours(error)
    if isinstance(error, sqlite3.OperationalError):
        return FailCode.DATABASE
    if isinstance(error, ConnectionError):
        return FailCode.BROKER
    if isinstance(error, OSError):
        return FailCode.IO
    if type(error).__module__.partition(".")[0] == "onnxruntime":
        return FailCode.MODEL
    return None


def _code_of_ours(error: CurationError) -> FailCode | None:
    if isinstance(error, DatabaseBusyError):
        return FailCode.DATABASE
    if isinstance(error, RedisUnavailableError):
        return FailCode.BROKER
    if isinstance(error, StorageError):
        return FailCode.IO
    if isinstance(error, WeightsError | FaceAnalysisError):
        return FailCode.MODEL
    if isinstance(error, PhotoError):
        return FailCode.DECODE
    return None


def _message(error: BaseException, code: FailCode) -> str:
    if code is FailCode.MEMORY:
        return "not enough memory for this picture; use fewer workers (assets.workers)"
    if isinstance(error, CurationError):
        return str(error)
    return f"unexpected error ({type(error).__name__}: {error})"
