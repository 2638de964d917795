"""The unit of work on assets: one picture, from its file to its record and the files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.domain.assets.document import asset_document
from curation.domain.assets.states import RejectCode
from curation.domain.bodies.person import FaceOfBody
from curation.errors import AssetRejectedError, PhotoTooLargeError, PhotoUnreadableError
from curation.pipelines.assets.pipeline import AssetPipeline, AssetResult
from curation.pipelines.assets.setup import AssetSetup
from curation.storage.atomic import explained, write_bytes

__all__ = [
    "AssetDone",
    "AssetTask",
    "prepare_asset_worker",
    "process_content",
    "process_image_pipeline",
    "swap_asset_worker",
    "write_files",
]


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


def swap_asset_worker(worker: object | None) -> object | None:
    """Take out what `prepare_asset_worker` made, with the networks that it has loaded, and put another one in.

    Args:
        worker: What an earlier call returned; None leaves this process unprepared.

    Returns:
        What was in; None if nothing was.
    """
    global _worker
    if worker is not None and not isinstance(worker, AssetPipeline):
        raise TypeError(f"a {type(worker).__name__} is no worker for pictures")
    before, _worker = _worker, worker
    return before


def process_image_pipeline(task: AssetTask) -> AssetDone:
    """Take a picture apart and write its files.

    Raises:
        StorageError: If the picture's file cannot be read, or a file cannot be written.
        CurationError: As `process_content`.
        MemoryError: If there is not enough memory now.
    """
    try:
        content = task.path.read_bytes()
    except OSError as error:
        raise explained(error, task.path, "read") from error
    result = process_content(content, task.name or task.path.name, task.faces)
    write_files(task.folder, result.files)
    return AssetDone(asset_document(result.record), tuple(result.files))


def process_content(content: bytes, name: str, faces: tuple[FaceOfBody, ...] | None) -> AssetResult:
    """Take a picture apart.

    Args:
        content: Of its file.
        name: Of the picture; its extension tells some RAW files.
        faces: Of the picture, if they are known; None finds them.

    Raises:
        AssetRejectedError: If the picture cannot be used; its reason is a `RejectCode`.
        FaceAnalysisError: If the networks for faces or people fail.
        WeightsError: If a model file is missing or broken.
        MemoryError: If there is not enough memory now.
    """
    if _worker is None:
        raise RuntimeError("prepare_asset_worker was not called in this process")
    try:
        return _worker.process(content, faces=faces, name=name)
    except PhotoUnreadableError as error:
        if isinstance(error.__cause__, MemoryError):
            raise error.__cause__ from error  # not the picture's fault
        raise AssetRejectedError(str(error), RejectCode.UNREADABLE.value) from error
    except PhotoTooLargeError as error:
        raise AssetRejectedError(str(error), RejectCode.TOO_LARGE.value) from error


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a try; they are made durable later, all together.

    Args:
        folder: Of the try.
        files: Contents by name.

    Raises:
        StorageError: If a file cannot be written.
    """
    for name, data in files.items():
        write_bytes(folder / name, data, durable=False)
