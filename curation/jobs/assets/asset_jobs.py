"""All that the ways in do with assets: hand pictures in, ask for them, and let workers work in the background."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic

from curation.domain.assets.asset import Asset, AssetQuery, NewAsset, asset_id
from curation.domain.assets.states import AssetState, RejectCode
from curation.domain.report import Progress
from curation.errors import (
    AssetNotFoundError,
    AssetRejectedError,
    DatabaseBusyError,
    RunInterruptedError,
    StorageError,
    WorkerError,
)
from curation.interrupts import interrupts_delayed
from curation.jobs.assets.hands import Bell, Hand, StopRequest
from curation.jobs.assets.work import AssetWork, WorkLimits
from curation.storage.assets.files import AssetFiles
from curation.storage.assets.store import AssetStore
from curation.storage.atomic import explained

__all__ = ["STOP_GRACE_S", "AssetJobs"]

logger = logging.getLogger(__name__)

STOP_GRACE_S = 8.0
"""How long a picture may take when the program stops; less than the 10 s that process managers allow."""

_ORPHANS_EVERY_S = 3600.0
_ORPHAN_AGE_S = 3600.0
_TELL_S = 0.2
_FAILED_STARTS = 3  # then a run for which somebody waits ends
_NO_PROCESS = (
    "worker processes of assets do not start; free some memory, lower assets.workers, and see the messages above"
)
_WAITING = (AssetState.PENDING, AssetState.PROCESSING)


class AssetJobs:
    """Pictures, their rows and files, and workers in the background; safe to use from several threads.

    Several programs, on several machines too, may work on one database and one folder at the same time.
    """

    def __init__(
        self, store: AssetStore, files: AssetFiles, make_work: Callable[[], AssetWork], limits: WorkLimits
    ) -> None:
        """Remember everything; nothing starts.

        Args:
            store: The rows; closed by `close`.
            files: Their files.
            make_work: What is done with a picture; called once, when it is first needed, as it looks at weights.
            limits: How.
        """
        self._store = store
        self._files = files
        self._make_work = make_work
        self._limits = limits
        self._guard = threading.Lock()
        self._made: AssetWork | None = None
        self._bell = Bell()
        self._stop = StopRequest()
        self._hands: list[Hand] = []
        self._threads: list[threading.Thread] = []

    @property
    def work(self) -> AssetWork:
        """What is done with a picture.

        Raises:
            CurationError: If it cannot be made, for example because weights are missing.
        """
        with self._guard:
            if self._made is None:
                self._made = self._make_work()
            return self._made

    def submit(self, content: bytes | Path, name: str, *, image_path: str | None = None) -> Asset:
        """Hand in a picture; a picture that the gate refuses comes back REJECTED at once.

        Args:
            content: Of the file, or where it is.
            name: The file's name as the user knows it; only shown.
            image_path: If it is a photo of the event: its path relative to the input folder.

        Returns:
            Its row: a new one, or the one that this picture has already with these settings.

        Raises:
            StorageError: If the file cannot be read, or the picture not be stored.
            WeightsError: If a model file is missing or broken.
        """
        if isinstance(content, Path):
            content = _read(content)
        work = self.work
        sha256 = hashlib.sha256(content).hexdigest()
        new = NewAsset(asset_id(sha256, work.settings_hash), sha256, work.settings_hash, name, image_path)
        known = self._store.get(new.id)
        if known is None:
            try:
                work.gate(content, name)
            except AssetRejectedError as error:
                return self._store.reject(new, RejectCode(error.reason), str(error))
        # The picture first, then its row: a row always has a picture.
        if known is None or known.state in (*_WAITING, AssetState.FAILED):
            self._files.keep_original(new.id, content)
        asset, is_new = self._store.add(new)
        if asset.state in _WAITING and not self._files.has_original(asset.id):
            # Somebody deleted an older row of the same picture, and its files, in between.
            self._files.keep_original(new.id, content)
        if is_new:
            self._bell.ring()
        return asset

    def get(self, asset_id: str) -> Asset:
        """One row.

        Raises:
            AssetNotFoundError: If there is none.
            StorageError: If the database cannot be used.
        """
        asset = self._store.get(asset_id)
        if asset is None:
            raise AssetNotFoundError(f"there is no asset {asset_id[:64]!r}; it may have been deleted")
        return asset

    def find(self, query: AssetQuery, *, limit: int, offset: int = 0) -> tuple[int, Sequence[Asset]]:
        """How many rows answer a query, and some of them, the newest first.

        Raises:
            StorageError: If the database cannot be used.
        """
        return self._store.find(query, limit=limit, offset=offset)

    def file(self, asset_id: str, name: str) -> Path:
        """Where a file of the result lies, such as `cutout.png`; `original` is the picture as it was handed in.

        Raises:
            AssetNotFoundError: If there is no such row or file.
            StorageError: If the database or the folder cannot be read.
        """
        asset = self.get(asset_id)
        path = None
        if asset.state is AssetState.COMPLETED or name == "original":
            path = self._files.file(asset.id, name)
        if path is None:
            raise AssetNotFoundError(f"the asset {asset.id} ({asset.state}) has no file {name[:64]!r}")
        return path

    def delete(self, asset_id: str) -> None:
        """Delete a row and its files; a worker that has the picture writes nothing then.

        Raises:
            AssetNotFoundError: If there is no such row.
            StorageError: If the database or the folder cannot be used.
        """
        asset = self.get(asset_id)
        try:
            entry = self._files.begin_delete(asset.id)
        except StorageError as error:  # a full disk, which a deletion is to make free
            logger.warning("assets: %s", error)
            self._store.delete(asset.id)
            self._files.remove_at_once(asset.id)
            return
        self._store.delete(asset.id)
        self._files.finish_delete(entry, self._is_known)

    def retry(self, asset_id: str) -> Asset:
        """Let a FAILED picture be worked on once more; any other row is left as it is.

        Raises:
            AssetNotFoundError: If there is no such row.
            StorageError: If the database cannot be used, or the picture's file is gone.
        """
        asset = self.get(asset_id)
        if asset.state is not AssetState.FAILED:
            return asset
        if not self._files.has_original(asset.id):
            raise StorageError(f"the picture of the asset {asset.id} is gone: delete it and hand the picture in again")
        asset, is_again = self._store.add(NewAsset(asset.id, asset.sha256, asset.settings_hash, asset.name))
        if is_again:
            self._bell.ring()
        return asset

    def changes(self, after_version: int, *, limit: int) -> Sequence[Asset]:
        """Rows that were changed after a version, the oldest change first; without their documents.

        Raises:
            StorageError: If the database cannot be used.
        """
        return self._store.changes(after_version, limit=limit)

    def counts(self) -> Mapping[AssetState, int]:
        """How many rows are in each state.

        Raises:
            StorageError: If the database cannot be used.
        """
        return self._store.counts()

    def start(self) -> None:
        """Start to work in the background, if `assets.workers` is above 0, and to look for what killed processes left.

        Worker processes start with the first picture.
        """
        self._start(self._limits.workers)

    def _start(self, hands: int) -> None:
        with interrupts_delayed(), self._guard:
            if self._threads:
                return
            self._stop = StopRequest()
            self._threads = [threading.Thread(target=self._sweep, name="assets-sweeper", daemon=True)]
            owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
            for number in range(hands):
                self._threads.append(
                    threading.Thread(
                        target=self._work_with_hand,
                        args=(f"{owner}:{number}",),
                        name=f"assets-{number}",
                        daemon=True,
                    )
                )
            for thread in self._threads:
                thread.start()

    def _work_with_hand(self, name: str) -> None:
        stop = self._stop
        pause_s = 1.0
        while not stop.is_set:
            try:
                work = self.work
                break
            except Exception as error:  # weights may be put there while the service runs
                logger.warning("assets: no work can be done: %s; next try in %g s", error, pause_s)
                stop.wait(pause_s)
                pause_s = min(60.0, 2 * pause_s)
        else:
            return
        hand = Hand(name, self._store, self._files, work, self._limits, bell=self._bell, stop=stop)
        self._hands.append(hand)
        hand.run()

    def _sweep(self) -> None:
        stop = self._stop
        orphans_at = monotonic()
        while not stop.is_set:
            try:
                if self._store.sweep(max_attempts=self._limits.max_attempts):
                    self._bell.ring()
                self._files.sweep_deleted(self._is_known)
                if monotonic() >= orphans_at:
                    orphans_at = monotonic() + _ORPHANS_EVERY_S
                    self._files.sweep_orphans(self._is_known, older_than_s=self._orphan_age_s)
            except StorageError as error:
                logger.warning("assets: %s", error)
            except Exception:  # the sweeper must not end while the service runs
                logger.exception("assets: unexpected error")
            stop.wait(self._limits.sweep_s)

    @property
    def _orphan_age_s(self) -> float:
        # By the clock a try may take many times its processor time.
        return max(_ORPHAN_AGE_S, 20 * self._limits.photo_timeout_s + self._limits.lease_s)

    def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Stop working: pictures that take longer than the grace are given back, and not counted as tried.

        Args:
            grace_s: How long the pictures of now may take, in seconds.
        """
        with interrupts_delayed(), self._guard:
            threads, self._threads = self._threads, []
            self._stop.set(grace_s)
        self._bell.ring()
        deadline = monotonic() + grace_s + STOP_GRACE_S
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))
            if thread.is_alive():
                logger.warning("assets: %s did not stop in time", thread.name)
        self._hands = []

    def close(self) -> None:
        """Stop working and close the database."""
        self.stop()
        self._store.close()

    def run_until_done(
        self, progress: Callable[[Progress], None] | None = None, cancel: threading.Event | None = None
    ) -> None:
        """Work until no picture waits any more, those of other programs included.

        Args:
            progress: Is told how many of the pictures have ended.
            cancel: When set, the run stops soon; pictures in work are given back.

        Raises:
            RunInterruptedError: If `cancel` was set.
            WorkerError: If no worker process starts, or no worker of other machines can be had.
            StorageError: If the database cannot be used.
        """
        _ = self.work  # missing weights are told at once
        before = self._ended()
        self._start(max(1, self._limits.workers))
        try:
            while True:
                if cancel is not None and cancel.is_set():
                    self.stop(grace_s=0.0)
                    raise RunInterruptedError("the run was stopped; the next one works on the pictures that are left")
                without = next((hand for hand in list(self._hands) if hand.failed_starts >= _FAILED_STARTS), None)
                if without is not None:
                    raise WorkerError(without.why_no_worker or _NO_PROCESS)
                try:
                    counts = self._store.counts()
                except DatabaseBusyError as error:
                    logger.info("assets: %s", error)
                    self._stop.wait(_TELL_S)
                    continue
                left = sum(counts[state] for state in _WAITING)
                done = max(0, sum(counts.values()) - left - before)
                if progress is not None:
                    progress(Progress("assets", done, done + left, counts[AssetState.FAILED]))
                if left == 0:
                    return
                self._stop.wait(_TELL_S)
        except KeyboardInterrupt:  # the user waits
            self.stop(grace_s=0.0)
            raise
        finally:
            self.stop()

    def _ended(self) -> int:
        counts = self._store.counts()
        return sum(counts.values()) - sum(counts[state] for state in _WAITING)

    def _is_known(self, asset_id: str) -> bool:
        return self._store.get(asset_id) is not None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise explained(error, path, "read") from error
