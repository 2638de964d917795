"""What jobs said while they worked: a text file for each."""

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
    """The folder of the logs. Every method may be called from any thread."""

    def __init__(self, state_dir: Path) -> None:
        """Note where the logs are; the folder is made with the first one."""
        self._folder = state_dir / FOLDER_NAME

    @contextmanager
    def recording(self, job_id: str) -> Iterator[None]:
        """Keep what the program says in this thread as the job's log. A disk that is full ends no job."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # What file names hold may be no text.
            handler = logging.FileHandler(self._path(job_id), encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            logger.warning("job %s: no log can be kept: %s", job_id, error)
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
            job_id: Of a job that there is.
            lines: At most so many.

        Raises:
            StorageError: If it cannot be read.
        """
        path = self._path(job_id)
        blocks: list[bytes] = []
        try:
            with path.open("rb") as file:
                place = file.seek(0, 2)
                found = 0
                # The line's end before the first wanted line is needed too.
                while place > 0 and found <= lines:
                    size = min(_BLOCK_BYTES, place)
                    place -= size
                    file.seek(place)
                    blocks.append(file.read(size))
                    found += blocks[-1].count(b"\n")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise explained(error, path, "read") from error
        kept = b"".join(reversed(blocks)).splitlines(keepends=True)[-lines:]
        return b"".join(kept).decode("utf-8", "replace")

    def delete_except(self, job_ids: Collection[str]) -> None:
        """Remove the logs of all jobs but these."""
        with suppress(OSError):
            for path in self._folder.glob("*.log"):
                if path.stem not in job_ids:
                    path.unlink(missing_ok=True)

    def _path(self, job_id: str) -> Path:
        if not _JOB_ID.fullmatch(job_id):
            raise ValueError(f"{job_id!r} is no job's id")
        return self._folder / f"{job_id}.log"
