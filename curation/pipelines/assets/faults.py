"""Which fault an error is that ended a try of a picture."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

from curation.domain.assets.states import FailCode
from curation.errors import (
    CurationError,
    DatabaseBusyError,
    FaceAnalysisError,
    PhotoError,
    RedisUnavailableError,
    StorageError,
    WeightsError,
)

__all__ = ["fail_code", "fail_message"]

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


def fail_message(error: BaseException, code: FailCode, *, key: str = "assets.workers") -> str:
    """What the user is told of an error.

    Args:
        error: That ended a try.
        code: Which fault it is.
        key: The setting that says how many pictures a machine works on at once.
    """
    if code is FailCode.MEMORY:
        return f"not enough memory for this picture; use fewer workers ({key})"
    if isinstance(error, CurationError):
        return str(error)
    return f"unexpected error ({type(error).__name__}: {error})"
