"""The unit of work on assets for another machine: a picture's content goes there, record and files come back.

A worker of another machine needs no folder of the parent for it. What is the fault of the picture, or may be, is told
as the end of this try; faults of the machine (no weights, a full disk) are raised: another machine does the work then.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

from curation.domain.assets.document import asset_document
from curation.domain.assets.states import FailCode, RejectCode
from curation.domain.bodies.person import FaceOfBody
from curation.errors import AssetRejectedError, SettingsError, StorageError, WeightsError
from curation.pipelines.assets.faults import fail_code, fail_message
from curation.pipelines.assets.task import process_content

__all__ = ["MAX_CONTENT_BYTES", "MAX_FILES_BYTES", "PictureDone", "PictureTask", "process_picture_worker"]

MAX_CONTENT_BYTES = 48_000_000
"""Larger pictures are not sent: they would fill a broker."""

MAX_FILES_BYTES = 96_000_000
"""Files that are larger together are not sent: as JSON they would reach the 128 MiB that RabbitMQ takes."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PictureTask:
    """A picture to be taken apart elsewhere.

    Attributes:
        content: Of its file.
        name: Of the picture as the user knows it; its extension tells some RAW files.
        faces: Of the picture, if an event has found them before; None finds them now.
    """

    content: bytes
    name: str
    faces: tuple[FaceOfBody, ...] | None


@dataclass(frozen=True, slots=True)
class PictureDone:
    """How a try ended: with a document, rejected, failed, or, if nothing of it is there, with too much to be sent.

    Attributes:
        document: See `curation.domain.assets.document`, as JSON text.
        files: Name and content of the files beside it, ordered by name.
        rejected: Why the picture is rejected.
        failed: What went wrong.
        message: The same for the user.
    """

    document: str | None = None
    files: tuple[tuple[str, bytes], ...] = ()
    rejected: RejectCode | None = None
    failed: FailCode | None = None
    message: str = ""


def process_picture_worker(task: PictureTask) -> PictureDone:
    """Take a picture apart, in a process of another machine.

    Raises:
        WeightsError: If a model file is missing or broken on this machine.
        StorageError: If this machine's disk or network fails.
        SettingsError: If this machine's settings do not allow the work.
    """
    try:
        result = process_content(task.content, task.name, task.faces)
    except AssetRejectedError as error:
        return PictureDone(rejected=RejectCode(error.reason), message=str(error))
    except (WeightsError, StorageError, SettingsError):
        raise
    except Exception as error:  # any error must cost this try only
        code = fail_code(error)
        if code is FailCode.BUG:
            logger.exception("unexpected error with %s", task.name)
        return PictureDone(failed=code, message=fail_message(error, code, key="workers.concurrency"))
    if sum(map(len, result.files.values())) > MAX_FILES_BYTES:
        return PictureDone()
    return PictureDone(json.dumps(asset_document(result.record)), tuple(result.files.items()))
