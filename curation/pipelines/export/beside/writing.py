"""Writing sidecars beside the originals: journal first, then the file; and the dry run, which writes nothing."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from curation.domain.choosing.sidecars import SidecarAction, SidecarEntry, SidecarReport, SidecarRequest
from curation.domain.report import Failure, Progress
from curation.errors import InputError, RunInterruptedError, StorageError
from curation.pipelines.export.beside.planning import PlannedSidecar, SidecarPlanner, photos_of
from curation.pipelines.export.event import ExportEvent
from curation.pipelines.stage import ProgressListener
from curation.storage.atomic import open_atomic, sweep_temporaries
from curation.storage.sidecars.journal import SidecarJournal
from curation.storage.sidecars.lists import write_list

__all__ = ["BACKUPS_DIR", "new_name", "write_sidecars"]

logger = logging.getLogger(__name__)

BACKUPS_DIR = "sidecar_backups"
"""The folder of journals and backups, in the output folder."""
_SHOWN = 100
# Faults of one file or folder; of all others, such as a full disk, each further file would have the same.
_OF_ONE_FILE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EISDIR})


class _NotAllowedError(Exception):
    """A single sidecar cannot be written. Handled within this module."""


def new_name(now: datetime) -> str:
    """The name of a run: its time, so that names sort."""
    return f"{now:%Y-%m-%d %H.%M.%S.%f}"[:-3]


def write_sidecars(
    request: SidecarRequest,
    event: ExportEvent,
    *,
    output_dir: Path,
    state_dir: Path,
    max_megapixels: float,
    progress: ProgressListener,
    cancel: threading.Event,
) -> SidecarReport:
    """Write the sidecars of a request, or list what would be written. The caller must hold the lock for exports.

    Args:
        request: Which sidecars; with a name.
        event: The faces, people, scores and picks of the event.
        output_dir: Gets the folder with the journal and the backup.
        state_dir: Gets the list.
        max_megapixels: Larger photos get no face regions.
        progress: Called with the progress.
        cancel: When set, the run stops within a second; what was written stays, and can be taken back.

    Returns:
        What was written; a sidecar that cannot be written is refused, and the others are written.

    Raises:
        InputError: If the request selects no photo.
        StorageError: If the disk is full, or the journal cannot be written.
        RunInterruptedError: If it was cancelled.
    """
    began_s = time.monotonic()
    chosen = photos_of(request, event)
    if not chosen:
        raise InputError("there is no photo to write about: pick some, or ask for all of them")
    header = {
        "program": request.program.value,
        "input_dir": str(event.input_dir),
        "created_at": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    journal = SidecarJournal(output_dir / BACKUPS_DIR / request.name, header)
    run = _Run(SidecarPlanner(request, event, max_megapixels), None if request.dry_run else journal)
    try:
        run.work(chosen, progress, cancel)
    finally:
        journal.close()
        write_list(state_dir, request.name, run.entries)
    counts = Counter(entry.action for entry in run.entries)
    if not request.dry_run:
        logger.info("wrote %d sidecars beside %s", journal.changes, event.input_dir)
    return SidecarReport(
        total=len(chosen),
        new=counts[SidecarAction.NEW],
        merged=counts[SidecarAction.MERGED],
        unchanged=counts[SidecarAction.UNCHANGED],
        refused=counts[SidecarAction.REFUSED],
        silent=run.silent,
        failures=failures_of(run.entries),
        outputs=(str(journal.folder),) if journal.changes else (),
        seconds=round(time.monotonic() - began_s, 3),
    )


def failures_of(entries: Sequence[SidecarEntry]) -> tuple[Failure, ...]:
    """The first entries that were refused."""
    refused = [Failure(each.file, each.reason) for each in entries if each.action is SidecarAction.REFUSED]
    return tuple(refused[:_SHOWN])


class _Run:
    """One run; without a journal nothing is written."""

    def __init__(self, planner: SidecarPlanner, journal: SidecarJournal | None) -> None:
        self.entries: list[SidecarEntry] = []
        self.silent = 0
        self._planner = planner
        self._journal = journal
        self._swept: set[Path] = set()

    def work(self, image_paths: Sequence[str], progress: ProgressListener, cancel: threading.Event) -> None:
        phase = "looking through sidecars" if self._journal is None else "writing sidecars"
        progress(Progress(phase, 0, len(image_paths)))
        refused = 0
        for done, image_path in enumerate(image_paths, start=1):
            if cancel.is_set():
                raise RunInterruptedError(self._stopped())
            planned = list(self._planner.of_photo(image_path))
            self.silent += not planned
            for each in planned:
                entry = each.entry if self._journal is None or each.new is None else self._write(self._journal, each)
                refused += entry.action is SidecarAction.REFUSED
                self.entries.append(entry)
            progress(Progress(phase, done, len(image_paths), refused))

    def _write(self, journal: SidecarJournal, planned: PlannedSidecar) -> SidecarEntry:
        assert planned.new is not None  # others are not written
        path = planned.path
        if path.parent not in self._swept:
            self._swept.add(path.parent)
            sweep_temporaries(path.parent)
        entry = planned.entry
        try:
            changed = _changed_since(planned)
            if changed:
                return SidecarEntry(entry.file, entry.image_path, SidecarAction.REFUSED, changed)
            journal.add(entry.file, entry.image_path, planned.new, planned.old, planned.mtime_ns)
            self._replace(path, planned.new)
        except _NotAllowedError as error:
            return SidecarEntry(entry.file, entry.image_path, SidecarAction.REFUSED, str(error))
        except StorageError as error:
            before = f"{journal.changes} sidecars were written before; they can be taken back"
            raise StorageError(f"{error} ({before})") from error
        return entry

    def _replace(self, path: Path, content: bytes) -> None:
        try:
            with open_atomic(path, handed_out=True) as file:
                file.write(content)
        except StorageError as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and cause.errno in _OF_ONE_FILE:
                raise _NotAllowedError(f"it cannot be written: {cause.strerror}") from error
            raise

    def _stopped(self) -> str:
        if self._journal is None:
            return "the run was stopped; nothing was written"
        return f"the run was stopped; {self._journal.changes} sidecars were written, and can be taken back"


def _changed_since(planned: PlannedSidecar) -> str:
    """Whether another program changed the sidecar since it was read, in a sentence; empty if not."""
    try:
        mtime_ns = planned.path.stat().st_mtime_ns
    except OSError:
        mtime_ns = None
    return "" if mtime_ns == planned.mtime_ns else "another program changed it at this moment: write it again"
