"""Pictures that workers of other machines take apart: one picture at a time for each hand.

Rows, claims, leases, tries and files stay with the hand: a picture's content goes out, and what comes back is written
here. What the pool of workers says is told in the words of a try.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from curation.domain.assets.states import FailCode, RejectCode
from curation.errors import (
    BrokerUnavailableError,
    ExtraMissingError,
    ObjectStorageUnavailableError,
    StorageError,
    WorkersMissingError,
)
from curation.jobs.assets.attempts import AttemptEnd
from curation.parsing.json_text import parse_json
from curation.pipelines.assets.faults import fail_code, fail_message
from curation.storage.atomic import explained, write_bytes
from curation.workers.pool import Outcome, TaskFailure, TaskPool

__all__ = ["AwayError", "Elsewhere", "Errand", "SentResult", "end_of"]

_JOIN_S = 1.0

_AWAY = (BrokerUnavailableError, ExtraMissingError, ObjectStorageUnavailableError, WorkersMissingError)
"""No fault of any picture: it is given back, and tried again later."""


class AwayError(Exception):
    """No worker can be had now. Handled within this room."""


class SentResult(Protocol):
    """What workers of other machines return, see `curation.pipelines.assets.sent_task.PictureDone`."""

    @property
    def document(self) -> str | None:
        """JSON text."""

    @property
    def files(self) -> tuple[tuple[str, bytes], ...]:
        """Name and content of each."""

    @property
    def rejected(self) -> RejectCode | None:
        """Why it is rejected."""

    @property
    def failed(self) -> FailCode | None:
        """What went wrong."""

    @property
    def message(self) -> str:
        """The same for the user."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The way to workers of other machines.

    Attributes:
        make_pool: Makes a pool that gives up a task at its first loss: tries are counted by the row.
        process: The task, as workers know it; returns a `SentResult`.
        make_task: Makes a task of the task for this machine and the content of the picture.
        max_content_bytes: Larger pictures are worked on here.
    """

    make_pool: Callable[[], TaskPool]
    process: Callable[[Any], SentResult]
    make_task: Callable[[Any, bytes], Any]
    max_content_bytes: int


class Errand:
    """What one hand has at the workers."""

    def __init__(self, elsewhere: Elsewhere) -> None:
        """Nothing is connected yet."""
        self._elsewhere = elsewhere
        self._pool: TaskPool | None = None
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        """Whether workers know of this hand."""
        return self._pool is not None

    def begin(self, task: Any, path: Path, sha256: str, timeout_s: float) -> Future[Outcome[Any, SentResult]] | None:
        """Send a picture.

        Args:
            task: For this machine.
            path: Of the picture.
            sha256: That it should have, hex.
            timeout_s: That it may take.

        Returns:
            Its outcome, later; None if the picture has to be worked on here.

        Raises:
            StorageError: If the file cannot be read, or is damaged.
            CurationError: If there is no way to the workers.
        """
        try:
            if path.stat().st_size > self._elsewhere.max_content_bytes:
                return None
            content = path.read_bytes()
        except OSError as error:
            raise explained(error, path, "read") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StorageError(f"{path} is damaged on the disk; delete the picture and hand it in again")
        if self._pool is None:
            self._pool = self._elsewhere.make_pool()
        self._cancel = threading.Event()
        future: Future[Outcome[Any, SentResult]] = Future()
        sent = self._elsewhere.make_task(task, content)
        self._thread = threading.Thread(
            target=self._run, args=(self._pool, sent, timeout_s, self._cancel, future), name="assets-sent", daemon=True
        )
        self._thread.start()
        return future

    def _run(
        self,
        pool: TaskPool,
        task: Any,
        timeout_s: float,
        cancel: threading.Event,
        future: Future[Outcome[Any, SentResult]],
    ) -> None:
        """The body of the thread; the hand keeps the lease meanwhile."""
        try:
            (outcome,) = pool.run(self._elsewhere.process, [task], timeout_s=timeout_s, cancel=cancel)
        except BaseException as error:  # the hand decides what it means
            future.set_exception(error)
        else:
            future.set_result(outcome)

    def cancel(self) -> None:
        """Let the picture go; what a worker makes of it is not waited for."""
        self._cancel.set()

    def end(self) -> None:
        """Leave the workers; in some seconds at most."""
        self._cancel.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(_JOIN_S)
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()


def end_of(future: Future[Outcome[Any, SentResult]], folder: Path, sha256: str, timeout_s: float) -> AttemptEnd | None:
    """How a try ended whose outcome is there; the files are written.

    Args:
        future: Of `Errand.begin`.
        folder: Of this try.
        sha256: Of the picture, hex.
        timeout_s: That it might take, for a message.

    Returns:
        The end; None if the picture has to be worked on here.

    Raises:
        AwayError: If no worker can be had now.
    """
    try:
        outcome = future.result()
        if outcome.failure is not None:
            return _failed(outcome.failure, timeout_s)
        assert outcome.result is not None
        return _ended(outcome.result, folder, sha256)
    except _AWAY as error:
        raise AwayError(str(error)) from error
    except Exception as error:  # any error must cost this try only
        code = fail_code(error)
        return AttemptEnd(failed=code, message=fail_message(error, code))


def _failed(failure: TaskFailure, timeout_s: float) -> AttemptEnd:
    if failure.kind == "killed":
        return AttemptEnd(
            failed=FailCode.WORKER_LOST,
            message="a worker of another machine died while it had this picture (killed, out of memory, a crash in a "
            "decoder, or the machine is away)",
        )
    if failure.kind == "timeout":
        return AttemptEnd(
            failed=FailCode.TIMEOUT,
            message=f"given up after {timeout_s:g} s (assets.photo_timeout_s); raise it if the picture is very large, "
            "else re-save the picture",
        )
    # Of errors of photos only a lack of memory comes this way: all others are results.
    code = FailCode.MEMORY if failure.kind == "failed" else FailCode.BUG
    return AttemptEnd(failed=code, message=failure.reason)


def _ended(result: SentResult, folder: Path, sha256: str) -> AttemptEnd | None:
    if result.rejected is not None or result.failed is not None:
        return AttemptEnd(rejected=result.rejected, failed=result.failed, message=result.message)
    if result.document is None:
        return None  # its files are too large to be sent
    document = _document(result.document)
    if document is None or document.get("sha256") != sha256 or not _are_files(result.files, document):
        return AttemptEnd(failed=FailCode.BUG, message="a worker of another machine answered with no such result")
    for name, data in result.files:
        write_bytes(folder / name, data, durable=False)
    return AttemptEnd(document=document)


def _document(text: str) -> Mapping[str, Any] | None:
    try:
        document = parse_json(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _are_files(files: tuple[tuple[str, bytes], ...], document: Mapping[str, Any]) -> bool:
    """Whether these are the files that the document names, and lie in one folder."""
    names = [name for name, _ in files]
    named = document.get("files")
    return sorted(names) == named and all(Path(name).name == name and name[:1] != "." for name in names)
