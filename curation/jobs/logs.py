"""The logs of jobs: a text file for each job."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from curation.storage.atomic import explained

__all__ = ["JobLogs"]

logger = logging.getLogger(__name__)

FOLDER_NAME = "job_logs"
_PACKAGE = "curation"
_BLOCK_BYTES = 64 * 1024
_JOB_ID = re.compile(r"[0-9a-f]{32}")


class JobLogs:
    """The folder of the logs. Thread-safe."""

    def __init__(self, state_dir: Path) -> None:
        """Remember the folder; it is created with the first log."""
        self._folder = state_dir / FOLDER_NAME

    @contextmanager
    def recording(self, job_id: str) -> Iterator[None]:
        """Write the log messages of the current thread to the job's log. A full disk does not end the job."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # File names may hold bytes that are not valid UTF-8.
            handler = logging.FileHandler(self._path(job_id), encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            logger.warning("job %s: its log cannot be written: %s", job_id, error)
            yield
            return
        thread = threading.get_ident()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        handler.addFilter(lambda record: record.thread == thread)
        handler.handleError = lambda record: None  # type: ignore[method-assign]
        package = logging.getLogger(_PACKAGE)
        package.addHandler(handler)
        try:
            yield
        finally:
            package.removeHandler(handler)
            with suppress(OSError):
                handler.close()

    def tail(self, job_id: str, lines: int) -> str:
        """The last lines of a job's log; empty if it has none.

        Args:
            job_id: Id of the job.
            lines: Maximum number of lines.

        Raises:
            StorageError: If it cannot be read.
        """
        path = self._path(job_id)
        blocks: list[bytes] = []
        try:
            with path.open("rb") as file:
                position = file.seek(0, 2)
                found = 0
                # One more: the line break before the first wanted line.
                while position > 0 and found <= lines:
                    size = min(_BLOCK_BYTES, position)
                    position -= size
                    file.seek(position)
                    blocks.append(file.read(size))
                    found += blocks[-1].count(b"\n")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise explained(error, path, "read") from error
        last = b"".join(reversed(blocks)).splitlines(keepends=True)[-lines:]
        return b"".join(last).decode("utf-8", "replace")

    def delete_except(self, job_ids: Collection[str]) -> None:
        """Delete the logs of all jobs except these."""
        with suppress(OSError):
            for path in self._folder.glob("*.log"):
                if path.stem not in job_ids:
                    path.unlink(missing_ok=True)

    def _path(self, job_id: str) -> Path:
        if not _JOB_ID.fullmatch(job_id):
            raise ValueError(f"{job_id!r} is not the id of a job")
        return self._folder / f"{job_id}.log"
