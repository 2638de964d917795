"""A hand: one thread that takes pictures, and the worker, here or elsewhere, that it lets work on them."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from curation.domain.assets.asset import Claim
from curation.domain.assets.retrying import retry_in_s
from curation.domain.assets.states import FailCode
from curation.errors import CurationError, DatabaseBusyError, StorageError
from curation.interrupts import interrupts_delayed
from curation.jobs.assets.attempts import AttemptEnd, run_attempt
from curation.jobs.assets.elsewhere import AwayError, Errand, end_of
from curation.jobs.assets.work import AssetWork, WorkLimits
from curation.pipelines.assets.faults import fail_code
from curation.storage.assets.files import AssetFiles
from curation.storage.assets.store import AssetStore
from curation.workers.slots import STARTUP_TIMEOUT_S
from curation.workers.use import Meter, Overrun, fence_memory
from curation.workers.worker_process import StartFailure, WorkerProcess

__all__ = ["Bell", "Hand", "StopRequest"]

logger = logging.getLogger(__name__)

_LOOK_S = 0.25  # how soon a hand that waits for its worker notices that it is to stop
_IDLE_S = 120.0  # then the worker process ends, and its memory is free
_MAX_PAUSE_S = 30.0  # between tries to reach a database that is away, or to start a worker
_FINISH_S = 120.0  # so long a result is offered to a database that is away; then the picture is worked on again


def _overran(passed: Overrun) -> AttemptEnd:
    """The end of a try that went beyond a limit of its process."""
    if passed.kind == "memory":
        return AttemptEnd(
            failed=FailCode.WORKER_LOST,
            message=f"it took {passed.amount:,.0f} MB of memory, more than the {passed.limit:,.0f} MB that a worker "
            "may take (performance.photo_memory_mb); make the picture smaller, or raise the setting",
        )
    waited = "in which it only waited" if passed.kind == "waited" else "of processor time"
    return AttemptEnd(
        failed=FailCode.TIMEOUT,
        message=f"given up after {passed.limit:g} s {waited} (assets.photo_timeout_s); raise it if the picture is very "
        "large, else re-save the picture",
    )


class Bell:
    """Tells hands that there may be a new picture."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rings = 0

    @property
    def rings(self) -> int:
        """How often it rang."""
        return self._rings

    def ring(self) -> None:
        """Wake all who wait."""
        with interrupts_delayed(), self._condition:
            self._rings += 1
            self._condition.notify_all()

    def wait(self, heard: int, timeout_s: float) -> None:
        """Wait for a ring after those that were heard, but not longer than that."""
        with self._condition:
            self._condition.wait_for(lambda: self._rings != heard, timeout=timeout_s)


class StopRequest:
    """Asks hands to stop: after the picture that they have, or, when its time is over, at once."""

    def __init__(self) -> None:
        self._is_set = threading.Event()
        self._deadline = float("inf")

    def set(self, grace_s: float) -> None:
        """Ask; pictures may take so many seconds more."""
        self._deadline = monotonic() + grace_s
        self._is_set.set()

    @property
    def is_set(self) -> bool:
        """Whether no more pictures are to be taken."""
        return self._is_set.is_set()

    @property
    def is_over(self) -> bool:
        """Whether the picture of now is to be given back."""
        return self.is_set and monotonic() >= self._deadline

    def wait(self, timeout_s: float) -> None:
        """Pause, but not when asked to stop."""
        self._is_set.wait(timeout_s)


class _StoppedError(Exception):
    """The time of the picture was over when the program was told to stop. Handled within this module."""


class _NoWorkerError(Exception):
    """A worker process does not start, or no other machine's worker can be had. Handled within this module."""


class Hand:
    """Takes one picture after the other and sees each to its end."""

    def __init__(
        self,
        name: str,
        store: AssetStore,
        files: AssetFiles,
        work: AssetWork,
        limits: WorkLimits,
        *,
        bell: Bell,
        stop: StopRequest,
    ) -> None:
        """Remember everything; nothing starts.

        Args:
            name: Who claims, for show.
            store: The rows.
            files: Their files.
            work: What is done.
            limits: How.
            bell: Rings when there may be a new picture.
            stop: Asks to stop.
        """
        self._name = name
        self._store = store
        self._files = files
        self._work = work
        self._limits = limits
        self._bell = bell
        self._stop = stop
        self._process: WorkerProcess | None = None
        self._errand = None if work.elsewhere is None else Errand(work.elsewhere)
        self.failed_starts = 0
        """How many times in a row there was no worker."""
        self.why_no_worker = ""
        """The last reason, if workers are those of other machines."""

    def run(self) -> None:
        """Work until asked to stop; the body of a thread."""
        pause_s = 0.0
        idle_since = monotonic()
        try:
            while not self._stop.is_set:
                heard = self._bell.rings
                try:
                    did_work = self._work_once()
                    pause_s = 0.0
                except (StorageError, _NoWorkerError) as error:
                    pause_s = min(_MAX_PAUSE_S, 2 * pause_s or 0.5)
                    logger.warning("assets: %s; next try in %g s", error, pause_s)
                    self._stop.wait(pause_s * (1 + random.random() / 4))
                    continue
                except Exception:  # a bug must not end the work on all other pictures
                    logger.exception("assets: unexpected error")
                    self._stop.wait(_MAX_PAUSE_S)
                    continue
                if did_work:
                    idle_since = monotonic()
                    continue
                if monotonic() - idle_since > _IDLE_S:
                    self._end_workers()
                self._bell.wait(heard, self._limits.poll_s)
        finally:
            self._end_workers()

    def _work_once(self) -> bool:
        """Take a picture and see it to its end; False if there is none."""
        claim = self._store.claim(self._name, lease_s=self._limits.lease_s, max_attempts=self._limits.max_attempts)
        if claim is None:
            return False
        folder: Path | None = None
        try:
            folder = self._files.begin_attempt(claim.asset.id, claim.attempt)
            end = self._result_of(claim, folder)
        except (_StoppedError, _NoWorkerError):
            if self._errand is not None:
                self._errand.cancel()
            self._end_process(kill=True)
            self._write(lambda: self._store.release(claim))
            self._discard(claim, folder)
            if self._errand is not None:
                self._errand.end()  # a new connection may fare better
            if not self._stop.is_set:
                raise
            return True
        except StorageError as error:  # no folder for its files
            end = AttemptEnd(failed=fail_code(error), message=str(error))
        self._finish(claim, folder, end)
        return True

    def _result_of(self, claim: Claim, folder: Path) -> AttemptEnd:
        keeper = _Lease(self._store, claim, self._limits.lease_s)
        path = self._files.original(claim.asset.id)
        task = self._work.make_task(claim.asset, claim.attempt, path, folder)
        if self._errand is not None:
            end = self._result_from_elsewhere(self._errand, claim, task, folder, keeper)
            if end is not None:
                return end
        return self._result_from_here(claim, task, path, keeper)

    def _result_from_elsewhere(
        self, errand: Errand, claim: Claim, task: object, folder: Path, keeper: _Lease
    ) -> AttemptEnd | None:
        """The end of a try by a worker of another machine; None if the picture has to be worked on here."""
        path, sha256, timeout_s = self._files.original(claim.asset.id), claim.asset.sha256, self._limits.photo_timeout_s
        try:
            future = errand.begin(task, path, sha256, timeout_s)
        except CurationError as error:
            return AttemptEnd(failed=fail_code(error), message=str(error))
        if future is None:
            return None
        while not self._is_done(future, keeper):
            pass
        try:
            end = end_of(future, folder, sha256, timeout_s)
        except AwayError as error:
            self.failed_starts += 1
            self.why_no_worker = str(error)
            raise _NoWorkerError(str(error)) from error
        self.failed_starts = 0
        return end

    def _result_from_here(self, claim: Claim, task: object, path: Path, keeper: _Lease) -> AttemptEnd:
        for is_second in (False, True):
            process = self._started(keeper)
            try:
                future = process.submit(run_attempt, self._work.process, task, path, claim.asset.sha256)
                break
            except BrokenProcessPool:
                # It died while it was idle, which is not this picture's doing.
                self._end_process(kill=True)
                if is_second:
                    raise _NoWorkerError("worker processes of assets die at once; free some memory") from None
        meter = Meter(process.running_pid)
        try:
            while not self._is_done(future, keeper):
                passed = meter.look(self._limits.photo_timeout_s, self._limits.photo_memory_mb)
                if passed is not None:
                    self._end_process(kill=True)
                    return _overran(passed)
            end: AttemptEnd = future.result()
        except BrokenProcessPool:
            self._end_process(kill=True)
            return AttemptEnd(
                failed=FailCode.WORKER_LOST,
                message="the worker process died while it had this picture (killed, out of memory, or a crash in a "
                "decoder)",
            )
        return end

    def _started(self, keeper: _Lease) -> WorkerProcess:
        if self._process is not None:
            return self._process
        process = WorkerProcess()
        self._process = process
        self.failed_starts += 1
        try:
            future = process.start(self._work.initializer, self._work.initargs)
            meter = Meter(process.running_pid)
            while not self._is_done(future, keeper):
                if meter.look(STARTUP_TIMEOUT_S) is not None:
                    raise _NoWorkerError(f"a worker process was not ready after {STARTUP_TIMEOUT_S:g} s")
            began = future.result()
            if isinstance(began, StartFailure):
                raise _NoWorkerError(f"a worker process of assets does not start: {began.text}") from began.error
            process.pid = began
            if self._limits.photo_memory_mb is not None:
                fence_memory(began, self._limits.photo_memory_mb)
        except (OSError, BrokenProcessPool) as error:
            raise _NoWorkerError(
                f"a worker process of assets does not start ({error}); free some memory, or lower assets.workers"
            ) from error
        self.failed_starts = 0
        return process

    def _is_done(self, future: Future[Any], keeper: _Lease) -> bool:
        """Wait a moment for a worker, and keep the lease meanwhile."""
        done = wait([future], timeout=_LOOK_S).done
        if done:
            return True
        if self._stop.is_over:
            raise _StoppedError
        keeper.renew()
        return False

    def _finish(self, claim: Claim, folder: Path | None, end: AttemptEnd) -> None:
        asset_id = claim.asset.id
        if end.document is not None and folder is not None:
            document = end.document
            try:
                self._files.make_result(asset_id, folder)
                if self._write(lambda: self._store.complete(claim, document)):
                    self._files.keep_only_result(asset_id)
                else:
                    self._clean_up(claim, folder)
                return
            except DatabaseBusyError:
                raise  # the lease will end, and the picture is worked on again
            except Exception as error:  # the disk, or a document that is none
                logger.warning("asset %s: its result cannot be stored: %s", asset_id, error)
                end = AttemptEnd(failed=fail_code(error), message=str(error))
        self._discard(claim, folder)
        rejected, failed = end.rejected, end.failed or FailCode.BUG
        if rejected is not None:
            has_ended = self._write(lambda: self._store.finish_rejected(claim, rejected, end.message))
        else:
            delay_s = retry_in_s(
                failed,
                attempt=claim.attempt,
                max_attempts=self._limits.max_attempts,
                before=claim.asset.code,
                chance=random.random(),
            )
            has_ended = self._write(lambda: self._store.finish_failed(claim, failed, end.message, retry_in_s=delay_s))
        if not has_ended:
            self._clean_up(claim, folder)

    def _write(self, write: Callable[[], bool]) -> bool:
        """Offer the end of a try to the database until it takes it.

        A database that went away may have taken it already; it says False to the second offer then.
        """
        pause_s = 0.1
        end = monotonic() + _FINISH_S
        while True:
            try:
                return write()
            except DatabaseBusyError as error:
                if monotonic() > end or self._stop.is_over:
                    raise
                logger.info("assets: %s", error)
                sleep(pause_s)
                pause_s = min(2.0, 2 * pause_s)

    def _clean_up(self, claim: Claim, folder: Path | None) -> None:
        """After a try whose claim is not valid any more: others have the picture, or it was deleted."""
        asset_id = claim.asset.id
        if self._store.get(asset_id) is None:
            entry = self._files.begin_delete(asset_id)
            self._files.finish_delete(entry, lambda known: self._store.get(known) is not None)
        else:
            self._discard(claim, folder)

    def _discard(self, claim: Claim, folder: Path | None) -> None:
        if folder is None:
            return
        try:
            self._files.discard_attempt(claim.asset.id, folder)
        except StorageError as error:  # a sweeper removes it later
            logger.warning("assets: %s", error)

    def _end_workers(self) -> None:
        self._end_process(kill=False)
        if self._errand is not None and self._errand.is_open:
            self._errand.end()

    def _end_process(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is not None:
            if not kill:
                process.dismiss()
            process.end(kill=kill)


class _Lease:
    """Keeps the lease of a picture while its worker works."""

    def __init__(self, store: AssetStore, claim: Claim, lease_s: float) -> None:
        self._store = store
        self._claim = claim
        self._lease_s = lease_s
        self._next = monotonic() + lease_s / 3

    def renew(self) -> None:
        """Renew it if it is time; a database that is away is asked again soon."""
        if monotonic() < self._next:
            return
        try:
            self._store.renew(self._claim, lease_s=self._lease_s)
            self._next = monotonic() + self._lease_s / 3
        except StorageError as error:
            logger.warning("asset %s: its lease cannot be renewed: %s", self._claim.asset.id, error)
            self._next = monotonic() + min(1.0, self._lease_s / 10)
