"""Taking back a run that wrote sidecars: new ones go, merged ones are as they were; what others changed stays."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from curation.domain.choosing.sidecars import SidecarAction, SidecarEntry, SidecarReport
from curation.domain.report import Progress
from curation.errors import FaceDataError, InputError, RunInterruptedError, StorageError
from curation.photos.files.listing import photo_path
from curation.pipelines.export.beside.writing import BACKUPS_DIR, failures_of
from curation.pipelines.stage import ProgressListener
from curation.storage.atomic import explained, open_atomic, sweep_temporaries
from curation.storage.sidecars.journal import SidecarChange, WrittenRun, digest_of, journals_in, read_journal
from curation.storage.sidecars.lists import write_list

__all__ = ["last_run", "undo_sidecars"]

_CHANGED = "somebody changed it after it was written, so it stays as it is"
_LATER = "a later run wrote into it: take that one back first ({})"
_GONE = "it is gone, so there is nothing to take back"


def last_run(output_dir: Path) -> str:
    """The name of the newest run that was not taken back.

    Raises:
        InputError: If there is none.
        StorageError: If a journal cannot be read.
    """
    for folder in journals_in(output_dir / BACKUPS_DIR):
        run = read_journal(folder)
        if run is not None and run.undone_at is None:
            return folder.name
    raise InputError(f"there is nothing to take back: no run in {output_dir / BACKUPS_DIR} wrote sidecars")


def undo_sidecars(
    name: str,
    *,
    list_name: str,
    input_dir: Path,
    output_dir: Path,
    state_dir: Path,
    progress: ProgressListener,
    cancel: threading.Event,
) -> SidecarReport:
    """Take back what a run wrote. It may be killed and repeated. The caller must hold the lock for exports.

    Args:
        name: Of the run.
        list_name: Of the list of what was taken back.
        input_dir: The folder of photos.
        output_dir: Has the journal and the backup, which stay there.
        state_dir: Gets the list.
        progress: Called with the progress.
        cancel: When set, it stops within a second; what was taken back stays so.

    Returns:
        What was taken back; sidecars that somebody changed since are refused and named.

    Raises:
        InputError: If there is no such run, or it wrote beside photos of another folder.
        StorageError: If the disk is full, or the journal cannot be read.
        RunInterruptedError: If it was cancelled.
    """
    began_s = time.monotonic()
    run = None if "/" in name or name in ("", ".", "..") else read_journal(output_dir / BACKUPS_DIR / name)
    if run is None:
        raise InputError(f"there is no run {name!a} in {output_dir / BACKUPS_DIR} that could be taken back")
    wrote_in = run.header.get("input_dir")
    if wrote_in is not None and Path(str(wrote_in)) != input_dir:
        raise InputError(
            f"this run wrote beside the photos of {wrote_in}, not of {input_dir}: name that folder as --input"
        )
    entries: list[SidecarEntry] = []
    swept: set[Path] = set()
    later = _later_runs(run.folder)
    total = len(run.changes)
    progress(Progress("taking sidecars back", 0, total))
    try:
        for done, change in enumerate(reversed(run.changes), start=1):
            if cancel.is_set():
                raise RunInterruptedError("it was stopped; the rest can be taken back later")
            entries.append(_undone(run, change, input_dir, swept, later))
            progress(Progress("taking sidecars back", done, total))
    finally:
        write_list(state_dir, list_name, entries)
    counts = Counter(entry.action for entry in entries)
    if not counts[SidecarAction.REFUSED]:
        run.mark_undone(datetime.now().astimezone().isoformat(timespec="seconds"))
    return SidecarReport(
        total=total,
        unchanged=counts[SidecarAction.UNCHANGED],
        refused=counts[SidecarAction.REFUSED],
        removed=counts[SidecarAction.REMOVED],
        restored=counts[SidecarAction.RESTORED],
        failures=failures_of(entries),
        outputs=(str(run.folder),),
        seconds=round(time.monotonic() - began_s, 3),
    )


def _later_runs(folder: Path) -> dict[str, str]:
    """What later runs wrote, by its digest: the name of the run."""
    found: dict[str, str] = {}
    for path in journals_in(folder.parent):
        if path.name <= folder.name:
            break
        with suppress(StorageError):  # only for a better sentence
            run = read_journal(path)
            found |= {change.after: path.name for change in (run.changes if run is not None else ())}
    return found


def _undone(
    run: WrittenRun, change: SidecarChange, input_dir: Path, swept: set[Path], later: Mapping[str, str]
) -> SidecarEntry:
    """Take one change back, if the sidecar is as the run left it."""

    def entry(action: SidecarAction, reason: str = "") -> SidecarEntry:
        return SidecarEntry(change.file, change.image_path, action, reason)

    try:
        path = photo_path(input_dir, change.file)
    except FaceDataError as error:
        return entry(SidecarAction.REFUSED, str(error))
    if path.parent not in swept:
        swept.add(path.parent)
        with suppress(StorageError):
            sweep_temporaries(path.parent)
    try:
        now = None if path.is_symlink() else digest_of(path.read_bytes())
    except FileNotFoundError:
        if change.before is None:
            return entry(SidecarAction.UNCHANGED)  # never written, or taken back before
        return entry(SidecarAction.REFUSED, _GONE)
    except OSError as error:
        return entry(SidecarAction.REFUSED, f"it cannot be read: {error.strerror or error}")
    if now == change.before:
        return entry(SidecarAction.UNCHANGED)
    if now != change.after:
        name = later.get(now or "")
        return entry(SidecarAction.REFUSED, _CHANGED if name is None else _LATER.format(name))
    if change.before is None:
        try:
            path.unlink()
        except OSError as error:
            return entry(SidecarAction.REFUSED, f"it cannot be removed: {error.strerror or error}")
        return entry(SidecarAction.REMOVED)
    try:
        old = run.old_content(change)
    except StorageError as error:
        return entry(SidecarAction.REFUSED, str(error))
    with open_atomic(path, handed_out=True) as file:
        file.write(old)
    if change.mtime_ns is not None:
        try:
            os.utime(path, ns=(change.mtime_ns, change.mtime_ns))
        except OSError as error:
            raise explained(error, path, "written") from error
    return entry(SidecarAction.RESTORED)
