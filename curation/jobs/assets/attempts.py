"""One try of a picture inside a worker process."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.domain.assets.states import FailCode, RejectCode
from curation.errors import AssetRejectedError, StorageError
from curation.jobs.assets.work import FoundInPicture
from curation.pipelines.assets.faults import fail_code, fail_message

__all__ = ["AttemptEnd", "run_attempt"]

logger = logging.getLogger(__name__)


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
        return AttemptEnd(failed=code, message=fail_message(error, code))
