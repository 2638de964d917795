"""Taking photos home: copies, links or a ZIP file, with what is known of the photos beside or inside them.

The originals are only read. A photo that cannot be taken is a row of the report; the rest goes on.
"""

from __future__ import annotations

import csv
import io
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from curation.domain.choosing.export import REJECTED, ExportMode, ExportReport, ExportRequest, PhotoDescription
from curation.domain.faces.regions import StoredPicture
from curation.domain.judging.picks import UNJUDGED, Pick
from curation.domain.report import Failure, Progress
from curation.errors import FaceDataError, InputError, PhotoError, PhotoUnreadableError, RunInterruptedError
from curation.photos.files.formats import PhotoFormat
from curation.photos.files.listing import photo_path
from curation.photos.files.stored_picture import format_of, stored_picture
from curation.photos.looks.pictures import PictureSize, photo_picture
from curation.photos.xmp.description import JpegHead, described_jpeg
from curation.pipelines.export.contact_sheet import SheetPhoto, contact_sheet
from curation.pipelines.export.event import ExportEvent, chosen_photos
from curation.pipelines.export.names import Companions, ExportNames, is_raw, is_too_long
from curation.pipelines.export.sidecars import SidecarWriter, WantedSidecars, unreadable
from curation.pipelines.stage import ProgressListener
from curation.storage.export_target import ExportTarget, FolderTarget, ZipTarget, check_room, sweep_exports

__all__ = ["CONTACT_SHEET", "PHOTOS_TABLE", "export"]

logger = logging.getLogger(__name__)

CONTACT_SHEET = "contact_sheet.html"
PHOTOS_TABLE = "photos.csv"
_COLUMNS = (
    "file",
    "image_path",
    "rank",
    "final_score",
    "pick",
    "rating",
    "people",
    "results_string",
    "vetoes",
    "problems",
)
_CHUNK_BYTES = 8 * 2**20  # between two looks at whether to stop
_SHOWN_NOTES = 20


@dataclass(frozen=True, slots=True)
class _Taken:
    """A photo that is in the export."""

    image_path: str
    file: str
    source: Path


@dataclass(slots=True)
class _Tally:
    """What was done so far."""

    taken: list[_Taken] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
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
    """Take photos home. The caller holds the lock for exports.

    Args:
        request: Which ones, and how.
        event: What is known of them.
        export_dir: Gets a new sub-folder, or a new ZIP file.
        max_megapixels: Larger photos are taken too, but have no picture on the contact sheet.
        progress: Told how far it is.
        cancel: When set, it stops within a second, and nothing is left of it.

    Returns:
        What was taken; `exported + failed == total`.

    Raises:
        InputError: If no photo is asked for, or none could be taken.
        StorageError: If the export cannot be written.
        RunInterruptedError: If it was stopped.
    """
    began_s = time.monotonic()
    asked = chosen_photos(request, event)
    if not asked:
        raise InputError("there is no photo to export: pick some, or ask for the best ones")
    sweep_exports(export_dir)
    if request.mode is not ExportMode.HARDLINK:
        check_room(export_dir, sum(_size_bytes(event, path) for path in asked))
    name = request.name or f"{datetime.now():%Y-%m-%d %H.%M.%S}"
    target: ExportTarget = (ZipTarget if request.mode is ExportMode.ZIP else FolderTarget)(export_dir, name)
    try:
        run = _Export(request, event, target, max_megapixels, progress, cancel)
        run.take(asked)
        if not run.tally.taken:
            raise InputError(f"no photo could be exported; the first one: {run.tally.failures[0].reason}")
        run.add_lists(name)
        path = target.finish()
    finally:
        target.discard()
    tally = run.tally
    logger.info("exported %d photos to %s", len(tally.taken), path)
    return ExportReport(
        total=len(asked),
        exported=len(tally.taken),
        failed=len(tally.failures),
        failures=tuple(tally.failures),
        raw_files=tally.raw_files,
        embedded=tally.embedded,
        sidecars=run.sidecars,
        warnings=_warnings(tally.notes),
        name=path.name,
        path=str(path),
        size_bytes=target.written_bytes,
        seconds=round(time.monotonic() - began_s, 3),
    )


def _size_bytes(event: ExportEvent, image_path: str) -> int:
    """Of a photo; 0 for one that cannot be taken."""
    try:
        return photo_path(event.input_dir, image_path).stat().st_size
    except (OSError, FaceDataError):
        return 0


def _warnings(notes: Sequence[str]) -> tuple[str, ...]:
    more = len(notes) - _SHOWN_NOTES
    return (*notes[:_SHOWN_NOTES], *([f"and {more} more photos with such notes"] if more > 0 else []))


class _Export:
    """One run."""

    def __init__(
        self,
        request: ExportRequest,
        event: ExportEvent,
        target: ExportTarget,
        max_megapixels: float,
        progress: ProgressListener,
        cancel: threading.Event,
    ) -> None:
        self.tally = _Tally()
        self._request = request
        self._event = event
        self._target = target
        self._max_megapixels = max_megapixels
        self._progress = progress
        self._cancel = cancel
        self._names = ExportNames(portable=request.mode is ExportMode.ZIP, reserved=(CONTACT_SHEET, PHOTOS_TABLE))
        self._companions = Companions()
        self._sidecars = SidecarWriter(self._names, self._companions, target, self._note)

    @property
    def sidecars(self) -> int:
        """How many were written."""
        return self._sidecars.written

    def take(self, image_paths: Sequence[str]) -> None:
        """Take the photos, one by one."""
        self._progress(Progress("taking photos", 0, len(image_paths)))
        for done, image_path in enumerate(image_paths, start=1):
            self._stop_if_cancelled()
            try:
                self._take(image_path)
            except (PhotoError, FaceDataError) as error:
                self.tally.failures.append(Failure(image_path, str(error)))
            self._progress(Progress("taking photos", done, len(image_paths), len(self.tally.failures)))

    def add_lists(self, name: str) -> None:
        """Add the contact sheet and the table."""
        now_ns = time.time_ns()
        if self._request.contact_sheet:
            page = contact_sheet(name, len(self.tally.taken), self._sheet_photos())
            self._target.add(CONTACT_SHEET, page, mtime_ns=now_ns, size_bytes=0)
        if self._request.csv:
            self._target.add(PHOTOS_TABLE, [self._table()], mtime_ns=now_ns, size_bytes=0)

    def _take(self, image_path: str) -> None:
        source = photo_path(self._event.input_dir, image_path)
        kind = format_of(source)
        description = self._described(image_path, source)
        file = self._names.of_photo(image_path)
        if is_too_long(file):
            raise PhotoUnreadableError("its name is too long, because another photo has the same: rename one")
        can_embed = self._request.embed and kind is PhotoFormat.JPEG
        embedded = self._copy(source, file, description if can_embed else None)
        self.tally.taken.append(_Taken(image_path, file, source))
        raw = is_raw(source.name)
        twins = [] if raw else self._companions.raw_files(source)
        # What cannot carry its description inside has it beside, whether or not that was asked for.
        untold = self._request.embed and not raw and not (can_embed and embedded is not False)
        wanted = WantedSidecars(short=raw, long=self._request.sidecars or untold, alone=not twins)
        self._sidecars.add(source, file, description, wanted)
        if self._request.raw_files:
            for twin in twins:
                self._take_raw(twin, image_path, source, file, description)

    def _take_raw(self, raw: Path, image_path: str, photo: Path, file: str, description: PhotoDescription) -> None:
        """Take the RAW file beside a photo, under the photo's name."""
        name = self._names.beside(file, PurePosixPath(file).stem + raw.suffix)
        try:
            self._copy(raw, name, None)
        except PhotoError as error:
            self._note(name, f"could not be taken: {error}")
            return
        self.tally.raw_files += 1
        if description.regions:
            # The camera may have turned one of the two pictures and not the other.
            described = replace(description, picture=None, regions=())
            try:
                picture = stored_picture(raw, max_megapixels=self._max_megapixels)
                upright_size = stored_picture(photo, max_megapixels=self._max_megapixels).upright_size
                regions = self._event.regions(image_path, picture, upright_size)
                description = replace(described, picture=picture, regions=regions)
            except PhotoError as error:
                self._note(name, f"its face regions are left out: {error}")
                description = described
        wanted = WantedSidecars(short=True, long=self._request.sidecars, alone=True)
        self._sidecars.add(raw, name, description, wanted)

    def _described(self, image_path: str, source: Path) -> PhotoDescription:
        """What other programs are told of a photo."""
        said = self._event.picks.of(image_path)
        description = PhotoDescription(
            rating=REJECTED if said.pick is Pick.REJECTED else said.rating,
            label=self._request.picked_label if said.pick is Pick.PICKED and self._request.picked_label else None,
            names=self._event.names(image_path),
        )
        if not description.names:
            return description
        try:
            picture: StoredPicture = stored_picture(source, max_megapixels=self._max_megapixels)
        except PhotoError as error:
            self._note(image_path, f"its face regions are left out: {error}")
            return description
        regions = self._event.regions(image_path, picture, picture.upright_size)
        if not regions:
            self._note(
                image_path, "its face regions are left out: it is another picture than the one that was clustered"
            )
        return replace(description, picture=picture, regions=regions)

    def _copy(self, source: Path, file: str, description: PhotoDescription | None) -> bool | None:
        """Copy or link a photo.

        Returns:
            Whether its description is inside; None if it has been already, or there is none.
        """
        if self._request.mode is ExportMode.HARDLINK:
            self._target.link(file, source)
            return None
        head: JpegHead | None = None
        embedded: bool | None = None
        try:
            status = source.stat()
            if description is not None:
                with source.open("rb") as opened:
                    head = described_jpeg(opened, description)
        except PhotoError as error:
            self._note(file, f"it was copied as it is, and described in a sidecar: {error}")
            embedded = False
        except OSError as error:
            raise unreadable(error) from error
        self._target.add(file, self._content(source, head), mtime_ns=status.st_mtime_ns, size_bytes=status.st_size)
        if head is not None:
            embedded = True
            self.tally.embedded += 1
            for note in head.notes:
                self._note(file, note)
        return embedded

    def _content(self, source: Path, head: JpegHead | None) -> Iterator[bytes]:
        try:
            with source.open("rb") as file:
                if head is not None:
                    yield head.content
                    file.seek(head.data_offset)
                while chunk := file.read(_CHUNK_BYTES):
                    self._stop_if_cancelled()
                    yield chunk
        except OSError as error:
            raise unreadable(error) from error

    def _sheet_photos(self) -> Iterator[SheetPhoto]:
        total = len(self.tally.taken)
        self._progress(Progress("contact sheet", 0, total))
        for done, taken in enumerate(self.tally.taken, start=1):
            self._stop_if_cancelled()
            try:
                thumbnail = photo_picture(taken.source, PictureSize.THUMBNAIL, max_megapixels=self._max_megapixels)
            except PhotoError:
                thumbnail = None
            score = self._event.scores.get(taken.image_path)
            said = self._event.picks.of(taken.image_path)
            yield SheetPhoto(
                file=taken.file,
                shown=_shown(taken.file),
                thumbnail=thumbnail,
                names=self._event.names(taken.image_path),
                rank=None if score is None else score.rank,
                score=None if score is None else score.final_score,
                rating=said.rating,
                picked=said.pick is Pick.PICKED,
                words="" if score is None else score.results_string,
            )
            self._progress(Progress("contact sheet", done, total))

    def _table(self) -> bytes:
        text = io.StringIO()
        # All texts in quotes: a carriage return in a name would end the line for readers.
        table = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        table.writerow(_COLUMNS)
        for taken in self.tally.taken:
            score = self._event.scores.get(taken.image_path)
            said = self._event.picks.by_path.get(taken.image_path, UNJUDGED)
            table.writerow(
                (
                    _shown(taken.file),
                    taken.image_path,
                    "" if score is None else score.rank,
                    "" if score is None or score.final_score is None else round(score.final_score, 4),
                    said.pick or "",
                    said.rating or "",
                    "; ".join(self._event.names(taken.image_path)) or ("" if score is None else score.people),
                    "" if score is None else score.results_string,
                    "" if score is None else score.vetoes,
                    "" if score is None else score.problems,
                )
            )
        return text.getvalue().encode("utf-8", "backslashreplace")

    def _note(self, file: str, note: str) -> None:
        self.tally.notes.append(f"{_shown(file)}: {note}")

    def _stop_if_cancelled(self) -> None:
        if self._cancel.is_set():
            raise RunInterruptedError("the export was stopped; nothing of it is left")


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
