"""Exporting photos: copies, hard links or a ZIP file, with metadata in the copies or in sidecars.

The originals are only read. A photo that cannot be exported is a failure in the report; the others are exported.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath

from curation.disk.answers import Steps, in_time
from curation.domain.choosing.export import ExportMode, ExportReport, ExportRequest, PhotoDescription
from curation.domain.choosing.programs import PROGRAMS, SidecarName
from curation.domain.report import Failure, Progress
from curation.errors import (
    FaceDataError,
    InputError,
    PhotoError,
    PhotosMissingError,
    PhotoUnreadableError,
    RunInterruptedError,
    StorageError,
)
from curation.photos.embedding.copies import can_hold_description, described_copy
from curation.photos.embedding.edits import DescribedCopy, contents
from curation.photos.files.formats import PhotoFormat
from curation.photos.files.listing import photo_path
from curation.photos.files.stored_picture import format_of
from curation.photos.finding.folder_watch import NO_FOLDERS, FolderWatch, answer_of, watch_of
from curation.photos.originals import LocalOriginals
from curation.pipelines.export.companion_files import CompanionWriter
from curation.pipelines.export.contact_sheet import SheetPhoto, contact_sheet
from curation.pipelines.export.descriptions import Descriptions
from curation.pipelines.export.event import ExportEvent, away_words, chosen_photos, passed_over, passed_words
from curation.pipelines.export.lists import ExportedPhoto, displayed, photos_table, sheet_photo
from curation.pipelines.export.names import Companions, ExportNames, is_raw, is_too_long
from curation.pipelines.export.notes import warnings_of
from curation.pipelines.export.sidecars import SidecarWriter, WantedSidecars, unreadable
from curation.pipelines.stage import ProgressListener
from curation.regular_files import open_regular
from curation.storage.export_target import ExportTarget, FolderTarget, ZipTarget, check_room, sweep_exports
from curation.storage.file_stamps import stamp_of

__all__ = ["CONTACT_SHEET", "PHOTOS_TABLE", "export"]

logger = logging.getLogger(__name__)

CONTACT_SHEET = "contact_sheet.html"
PHOTOS_TABLE = "photos.csv"
_UNSEEN = "{} reads this only inside the file, and into a file of this kind nothing is written: it sees nothing of it"
_CHUNK_BYTES = 8 * 2**20  # between two checks for cancellation
_ANSWER_LIMIT_S = 120.0  # for one of these, or for one photo's metadata; a disk that takes longer is taken for dead
_FINISH_LIMIT_S = 1800.0  # what a slow stick still has to write then
_QUICK_LIMIT_S = 10.0


@dataclass(slots=True)
class _Tally:
    """What was done so far."""

    exported: list[ExportedPhoto] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    raw_files: int = 0
    embedded: int = 0


def export(
    request: ExportRequest,
    event: ExportEvent,
    export_dir: Path,
    *,
    max_megapixels: float,
    progress: ProgressListener,
    cancel: threading.Event,
) -> ExportReport:
    """Export photos. The caller must hold the lock for exports.

    Args:
        request: Which photos, and how.
        event: The faces, people, scores and picks of the event.
        export_dir: Gets a new sub-folder, or a new ZIP file.
        max_megapixels: Larger photos are exported, too, but have no picture on the contact sheet.
        progress: Called with the progress.
        cancel: When set, the export stops within a second and is removed.

    Returns:
        What was exported; `exported + failed == total`.

    Raises:
        InputError: If the request selects no photo, or none could be exported.
        PhotosMissingError: If the folder of the photos vanished during the export; nothing of it is left.
        StorageError: If the export cannot be written.
        RunInterruptedError: If it was cancelled.
    """
    began_s = time.monotonic()
    chosen = chosen_photos(request, event)
    passed = () if request.best is None or request.image_paths is not None else passed_over(event, request.best)
    if not chosen:
        found = "; ".join(["pick some, or ask for the best ones", *passed_words(passed), *away_words(request, event)])
        raise InputError(f"there is no photo to export: {found}")
    sweep_exports(export_dir)
    if request.mode is not ExportMode.HARDLINK:
        check_room(export_dir, _all_bytes(event, chosen))
    name = request.name or f"{datetime.now():%Y-%m-%d %H.%M.%S}"
    target: ExportTarget = (ZipTarget if request.mode is ExportMode.ZIP else FolderTarget)(export_dir, name)
    try:
        run = _Export(request, event, target, max_megapixels, progress, cancel)
        path = run.written(chosen, name)
    finally:
        with suppress(TimeoutError):  # what lies on a disk that does not answer is swept by the next export
            in_time(export_dir, target.discard, limit_s=_ANSWER_LIMIT_S)
    tally = run.tally
    logger.info("exported %d photos to %s", len(tally.exported), path)
    return ExportReport(
        total=len(chosen),
        exported=len(tally.exported),
        failed=len(tally.failures),
        failures=tuple(tally.failures),
        raw_files=tally.raw_files,
        embedded=tally.embedded,
        sidecars=run.sidecars,
        warnings=(*passed_words(passed), *away_words(request, event), *warnings_of(tally.notes)),
        name=path.name,
        path=str(path),
        size_bytes=target.written_bytes,
        seconds=round(time.monotonic() - began_s, 3),
        companions=run.companions,
    )


def _all_bytes(event: ExportEvent, image_paths: Sequence[str]) -> int:
    steps = Steps()

    def total() -> int:
        count = 0
        for path in image_paths:
            steps.step(path)
            count += _size_bytes(event, path)
        return count

    try:
        return steps.of(total, limit_s=_ANSWER_LIMIT_S)
    except TimeoutError as error:
        raise _away(event.input_dir, str(error.strerror), steps.at) from error


def _away(folder: Path, why: str, image_path: str) -> PhotosMissingError:
    return PhotosMissingError(
        f"the folder of photos {folder} vanished during the export ({why}, at {displayed(image_path)}); connect its "
        "disk, then export again: nothing of this export is left"
    )


def _fault_of(path: Path) -> str:
    """Why a photo cannot be opened; empty if it can, or is only not there."""
    try:
        with open_regular(path) as file:
            file.read(1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _size_bytes(event: ExportEvent, image_path: str) -> int:
    """Of a photo; 0 for one that cannot be read."""
    try:
        stamp = stamp_of(photo_path(event.input_dir, image_path))
    except FaceDataError:
        return 0
    return 0 if stamp is None else stamp.size_bytes


class _Export:
    """One run of an export."""

    def __init__(
        self,
        request: ExportRequest,
        event: ExportEvent,
        target: ExportTarget,
        max_megapixels: float,
        progress: ProgressListener,
        cancel: threading.Event,
    ) -> None:
        chosen = frozenset(chosen_photos(request, event))
        self.tally = _Tally()
        self._steps = Steps()
        self._request = request
        self._event = event
        self._target = target
        self._max_megapixels = max_megapixels
        self._progress = progress
        self._cancel = cancel
        self._names = ExportNames(
            takes=target.takes, longest_name=target.longest_name, reserved=(CONTACT_SHEET, PHOTOS_TABLE)
        )
        self._companions = Companions(event, chosen)
        self._descriptions = Descriptions(
            event, max_megapixels, self._note, picked_label=request.picked_label, program=request.program
        )
        self._sidecars = SidecarWriter(self._names, self._companions, target, self._note, event.originals)
        self._companion_files = CompanionWriter(
            event,
            self._names,
            target,
            self._note,
            self._stop_if_cancelled,
            mode=request.mode,
            is_wanted=request.companions,
            chosen=chosen,
        )

    @property
    def companions(self) -> int:
        """How many companions were exported."""
        return self._companion_files.written

    @property
    def sidecars(self) -> int:
        """How many were written."""
        return self._sidecars.written

    def written(self, image_paths: Sequence[str], name: str) -> Path:
        """Write the whole export, and give it its name.

        Raises:
            PhotosMissingError: If the photos' disk does not answer.
            StorageError: If the export's disk does not. Also whatever `export` raises.
        """

        def write() -> None:
            self.add_photos(image_paths)
            if not self.tally.exported:
                raise InputError(f"no photo could be exported; the first one: {self.tally.failures[0].reason}")
            self.add_lists(name)

        try:
            self._steps.of(write, limit_s=_ANSWER_LIMIT_S)
            return Steps().of(self._target.finish, limit_s=_FINISH_LIMIT_S)
        except TimeoutError as error:
            if self._steps.at and isinstance(self._event.originals, LocalOriginals):
                folder = self._event.input_dir
                why = answer_of(partial(_fault_of, photo_path(folder, self._steps.at)), _QUICK_LIMIT_S)
                if why:
                    raise _away(folder, why, self._steps.at) from error
            raise StorageError(
                f"the export stopped: {error.strerror}. See whether the disk of the exports is connected, then export "
                "again"
            ) from error

    def add_photos(self, image_paths: Sequence[str]) -> None:
        """Export the photos, one by one."""
        self._progress(Progress("exporting photos", 0, len(image_paths)))
        watch = self._watch(image_paths)
        for done, image_path in enumerate(image_paths, start=1):
            self._stop_if_cancelled()
            self._steps.step(image_path)
            try:
                with self._event.originals.at_hand(photo_path(self._event.input_dir, image_path)) as source:
                    self._add_photo(image_path, source)
            except (PhotoError, FaceDataError) as error:
                with suppress(FaceDataError):
                    watch.demand(photo_path(self._event.input_dir, image_path))
                self.tally.failures.append(Failure(image_path, str(error)))
            self._progress(Progress("exporting photos", done, len(image_paths), len(self.tally.failures)))

    def _watch(self, image_paths: Sequence[str]) -> FolderWatch:
        """Knows the folders of the photos, unless they lie in object storage."""
        if not isinstance(self._event.originals, LocalOriginals):
            return NO_FOLDERS
        paths = []
        for image_path in image_paths:
            with suppress(FaceDataError):
                paths.append(photo_path(self._event.input_dir, image_path))
        return watch_of(self._event.input_dir, paths)

    def add_lists(self, name: str) -> None:
        """Add the contact sheet and the table."""
        now_ns = time.time_ns()
        if self._request.contact_sheet:
            page = contact_sheet(name, len(self.tally.exported), self._sheet_photos())
            self._target.add(CONTACT_SHEET, page, mtime_ns=now_ns, size_bytes=0)
        if self._request.csv:
            self._target.add(
                PHOTOS_TABLE, [photos_table(self.tally.exported, self._event)], mtime_ns=now_ns, size_bytes=0
            )

    def _add_photo(self, image_path: str, source: Path) -> None:
        kind = format_of(source)
        description = self._descriptions.of_photo(image_path, source)
        file = self._names.of_photo(image_path)
        if is_too_long(file):
            raise PhotoUnreadableError("its name is too long, because another photo has the same name: rename one")
        can_embed = self._request.embed and can_hold_description(source.name, kind)
        embedded = self._copy(source, file, description if can_embed else None, kind)
        self.tally.exported.append(ExportedPhoto(image_path, file, source))
        if self._request.mode is not ExportMode.ZIP and self._names.refused(image_path):
            self._note(file, f"is the name of {displayed(image_path)} here: the disk of the export does not take that")
        if image_path in self._event.broken:
            self._note(file, f"{self._event.broken[image_path]}: copy it again, and export it again")
        raw = is_raw(source.name)
        twins = [] if raw else self._companions.raw_files(source)
        # Others than JPEGs get a sidecar, whether or not it was asked for: many programs read nothing inside them.
        is_inside = can_embed and embedded is not False
        undescribed = self._request.embed and not raw and not (is_inside and kind is PhotoFormat.JPEG)
        if self._request.embed and not is_inside and not description.is_empty:
            self._note_unseen(source.name, file)
        wanted = self._wanted(
            raw=raw, undescribed=undescribed, alone=raw or not self._companions.named_raw_files(source)
        )
        self._sidecars.add(source, file, description, wanted)
        if self._request.raw_files:
            for twin in self._companions.once(twins):
                self._add_raw(twin, image_path, source, file, description)
        self._companion_files.add(photo_path(self._event.input_dir, image_path), source, file)

    def _add_raw(self, raw: Path, image_path: str, photo: Path, file: str, description: PhotoDescription) -> None:
        """Export the RAW file beside a photo, under the name of the photo."""
        name = self._names.beside(file, PurePosixPath(file).stem + raw.suffix)
        try:
            with self._event.originals.at_hand(raw) as opened:
                described = self._descriptions.of_raw(description, image_path, photo, opened, name)
                kind = format_of(opened)
                can_embed = self._request.embed and can_hold_description(raw.name, kind)
                embedded = self._copy(opened, name, described if can_embed else None, kind)
                if self._request.embed and not (can_embed and embedded is not False) and not described.is_empty:
                    self._note_unseen(raw.name, name)
        except PhotoError as error:
            self._note(name, f"could not be exported: {error}")
            return
        self.tally.raw_files += 1
        self._sidecars.add(raw, name, described, self._wanted(raw=True, undescribed=False, alone=True))
        self._companion_files.add(raw, raw, name)

    def _wanted(self, *, raw: bool, undescribed: bool, alone: bool) -> WantedSidecars:
        """Which sidecars a photo should have: those that its program reads, and those that were asked for."""
        program = self._request.program
        if program is None:
            return WantedSidecars(short=raw, long=self._request.sidecars or undescribed, alone=alone)
        reads = PROGRAMS[program]
        name = reads.raw if raw else reads.photo
        long = self._request.sidecars or undescribed or (name is SidecarName.LONG and (raw or reads.beside_jpegs))
        return WantedSidecars(short=raw and name is SidecarName.SHORT, long=long, alone=alone)

    def _note_unseen(self, name: str, file: str) -> None:
        """Say so, if the program that the export is for reads nothing beside a file that has nothing inside."""
        program = self._request.program
        if program is not None and PROGRAMS[program].sidecar_of(name, is_raw=is_raw(name)) is None:
            self._note(file, _UNSEEN.format(PROGRAMS[program].title))

    def _copy(
        self, source: Path, file: str, description: PhotoDescription | None, kind: PhotoFormat | None
    ) -> bool | None:
        """Copy or link a photo.

        Returns:
            Whether the description was embedded; None if there was nothing to embed.
        """
        if self._request.mode is ExportMode.HARDLINK:
            self._target.link(file, source)
            return None
        copy: DescribedCopy | None = None
        embedded: bool | None = None
        try:
            status = source.stat()
            if description is not None and kind is not None:
                with open_regular(source) as opened:
                    copy = described_copy(opened, kind, description)
        except PhotoError as error:
            self._note(file, f"it was copied unchanged, with its description in a sidecar: {error}")
            embedded = False
        except OSError as error:
            raise unreadable(error) from error
        self._target.add(file, self._content(source, copy), mtime_ns=status.st_mtime_ns, size_bytes=status.st_size)
        if copy is not None:
            embedded = True
            self.tally.embedded += 1
            for note in copy.notes:
                self._note(file, note)
        return embedded

    def _content(self, source: Path, copy: DescribedCopy | None) -> Iterator[bytes]:
        try:
            with open_regular(source) as file:
                for chunk in contents(file, () if copy is None else copy.edits, _CHUNK_BYTES):
                    self._stop_if_cancelled()
                    yield chunk
        except OSError as error:
            raise unreadable(error) from error

    def _sheet_photos(self) -> Iterator[SheetPhoto]:
        total = len(self.tally.exported)
        self._progress(Progress("contact sheet", 0, total))
        for done, photo in enumerate(self.tally.exported, start=1):
            self._stop_if_cancelled()
            yield sheet_photo(photo, self._event, max_megapixels=self._max_megapixels)
            self._progress(Progress("contact sheet", done, total))

    def _note(self, file: str, note: str) -> None:
        self.tally.notes.append((displayed(file), note))

    def _stop_if_cancelled(self) -> None:
        self._steps.step(self._steps.at)
        if self._cancel.is_set():
            raise RunInterruptedError("the export was stopped; nothing of it is left")
