"""Errors of this program as JSON: the name of the class and the message, of our own tree only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import curation.errors
from curation.domain.files.health import FaultKind
from curation.errors import CurationError, PhotoDamagedError, PhotoError, PhotoUnreadableError, WorkerError

__all__ = ["error_json", "photo_error_of", "stage_error_of"]

_MAX_MESSAGE = 10_000
_FAULTS = frozenset(kind.value for kind in FaultKind)

_CLASSES: Mapping[str, type[CurationError]] = MappingProxyType(
    {
        name: kind
        for name, kind in vars(curation.errors).items()
        if isinstance(kind, type) and issubclass(kind, CurationError)
    }
)


def error_json(error: CurationError) -> dict[str, str]:
    """An error of a whole stage, for `Answer.value`."""
    known = next((kind for kind in type(error).__mro__ if _CLASSES.get(kind.__name__) is kind), CurationError)
    return {"error": known.__name__, "message": str(error)}


def stage_error_of(value: Any) -> CurationError:
    """The error of `error_json`; whatever the value is, an error is returned."""
    if not isinstance(value, dict) or not isinstance(value.get("message"), str):
        return WorkerError("a worker of another machine failed and did not say why; see its log")
    message = value["message"][:_MAX_MESSAGE]
    kind = _CLASSES.get(value["error"]) if isinstance(value.get("error"), str) else None
    if kind is None or issubclass(kind, PhotoError):
        return WorkerError(f"a worker of another machine failed: {message}")
    return _made(kind, message)


def photo_error_of(name: str, message: str, fault: str = "", good: str = "") -> PhotoError:
    """The error of one photo.

    Args:
        name: Of its class.
        message: For the user.
        fault: What is wrong with the photo's file, see `curation.errors.fault_of`.
        good: What of it is still good.

    Raises:
        ValueError: If there is no such error of photos, or no such fault.
    """
    kind = _CLASSES.get(name)
    if kind is None or not issubclass(kind, PhotoError):
        raise ValueError(f"there is no error of photos {name[:80]!r}")
    if fault and fault not in _FAULTS:
        raise ValueError(f"there is no fault {fault[:80]!r} of files")
    # That the system did not let a file be read is known from the error's cause, which is not told.
    if fault and (kind is PhotoDamagedError or (kind is PhotoUnreadableError and fault == FaultKind.UNREADABLE)):
        return PhotoDamagedError(message[:_MAX_MESSAGE], fault, good[:_MAX_MESSAGE])
    made = _made(kind, message[:_MAX_MESSAGE])
    assert isinstance(made, PhotoError)
    return made


def _made(kind: type[CurationError], message: str) -> CurationError:
    try:
        return kind(message)
    except TypeError:  # one that takes more than a message
        plain = next(base for base in kind.__mro__[1:] if base in (PhotoError, CurationError))
        made: CurationError = plain(message)
        return made
