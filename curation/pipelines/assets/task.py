"""The unit of work on assets: one picture, from its file to its record and the files beside it."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.domain.assets.document import asset_document
from curation.domain.assets.states import FailCode, RejectCode
from curation.domain.bodies.person import FaceOfBody
from curation.errors import (
    AssetFailedError,
    AssetRejectedError,
    CurationError,
    DatabaseBusyError,
    FaceAnalysisError,
    PhotoTooLargeError,
    PhotoUnreadableError,
    StorageError,
    WeightsError,
)
from curation.pipelines.assets.pipeline import AssetPipeline
from curation.pipelines.assets.setup import AssetSetup
from curation.storage.atomic import write_bytes

__all__ = ["AssetDone", "AssetTask", "explained_fault", "prepare_asset_worker", "process_image_pipeline"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AssetTask:
    """A picture to be taken apart.

    Attributes:
        asset_id: For messages.
        attempt: Which try this is, from 1.
        path: Of the picture's file.
        folder: Where the files of this try are written; made if it is missing.
        name: Of the picture as the user knows it; its extension tells some RAW files.
        faces: Of the picture, if an event has found them before; None finds them now.
    """

    asset_id: str
    attempt: int
    path: Path
    folder: Path
    name: str = ""
    faces: tuple[FaceOfBody, ...] | None = None


@dataclass(frozen=True, slots=True)
class AssetDone:
    """What was found.

    Attributes:
        document: See `curation.domain.assets.document`.
        files: Names of the files in the folder of the try, ordered.
    """

    document: Mapping[str, Any]
    files: tuple[str, ...]


_worker: AssetPipeline | None = None


def prepare_asset_worker(setup: AssetSetup) -> None:
    """Prepare this process as a worker; the networks are loaded at its first picture, once."""
    global _worker
    _worker = AssetPipeline(setup)


def process_image_pipeline(task: AssetTask) -> AssetDone:
    """Take a picture apart and write its files.

    Raises:
        AssetRejectedError: The picture cannot be used; its reason is a `RejectCode`.
        AssetFailedError: It could be used, but something went wrong; its reason is a `FailCode`.
    """
    if _worker is None:
        raise RuntimeError("prepare_asset_worker was not called in this process")
    try:
        try:
            content = task.path.read_bytes()
        except OSError as error:
            raise AssetFailedError(
                f"the picture's file cannot be read: {error.strerror or error}", FailCode.IO.value
            ) from error
        result = _worker.process(content, faces=task.faces, name=task.name or task.path.name)
        for name, data in result.files.items():
            write_bytes(task.folder / name, data, durable=False)
        return AssetDone(asset_document(result.record), tuple(result.files))
    except Exception as error:
        fault = explained_fault(error)
        if isinstance(fault, AssetFailedError) and fault.reason == FailCode.BUG.value:
            logger.exception("asset %s, attempt %d", task.asset_id, task.attempt)
        if fault is error:
            raise
        raise fault from error


def explained_fault(error: BaseException) -> AssetRejectedError | AssetFailedError:
    """Any error of a worker as one of the two that the states know, with its code and a message for the user."""
    if isinstance(error, AssetRejectedError | AssetFailedError):
        return error
    if isinstance(error, PhotoTooLargeError):
        return AssetRejectedError(str(error), RejectCode.TOO_LARGE.value)
    if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
        return AssetFailedError(
            "there was not enough memory: end other programs, lower assets.workers, or make the picture smaller",
            FailCode.MEMORY.value,
        )
    if isinstance(error, PhotoUnreadableError):
        return AssetRejectedError(str(error), RejectCode.UNREADABLE.value)
    return AssetFailedError(str(error) if isinstance(error, CurationError) else _in_words(error), _code(error).value)


def _code(error: BaseException) -> FailCode:
    if isinstance(error, DatabaseBusyError):
        return FailCode.DATABASE
    if isinstance(error, WeightsError | FaceAnalysisError):
        return FailCode.MODEL
    if isinstance(error, StorageError | OSError):
        return FailCode.IO
    return FailCode.BUG


def _in_words(error: BaseException) -> str:
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return "the disk is full: free some space; the picture is tried again"
        return f"a file cannot be read or written: {error.strerror or error}"
    return f"an error of the program ({type(error).__name__}: {error}); the log has the details"
