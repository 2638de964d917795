"""The entry point: scripts, service and tests run the stages through `WorkflowOrchestrator` only."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path

from curation.disk.answers import in_time
from curation.disk.temporaries import sweep_left
from curation.domain.choosing.export import ExportReport, ExportRequest
from curation.domain.choosing.sidecars import SidecarReport, SidecarRequest
from curation.domain.report import ClusteringReport, FilmsReport, Progress, RecognitionReport, ScoringReport
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec, WeightsFile
from curation.errors import FaceDataError, InputError, PhotosMissingError
from curation.event.film.clip_ranking import ClipRanking, with_clips
from curation.event.film.clip_stage import ClipStage, FilmParts
from curation.event.film.looking import left_out
from curation.event.folder.object_files import ObjectFiles
from curation.event.folder.pair_memory import remembered_pairs
from curation.photos.files.listing import Listing, list_photos
from curation.photos.finding.folder_watch import ANSWER_LIMIT_S
from curation.photos.finding.raw_pairs import raw_files_of
from curation.photos.object_listing import ListedFile, list_object_photos
from curation.pipelines.clustering import FaceClusteringPipeline
from curation.pipelines.export.beside.undoing import last_run, undo_sidecars
from curation.pipelines.export.beside.writing import new_name, write_sidecars
from curation.pipelines.export.event import read_export_event
from curation.pipelines.export.pipeline import export
from curation.pipelines.originals import originals_of
from curation.pipelines.picture_faces import PictureFaceReader
from curation.pipelines.scoring.pipeline import ScoringPipeline
from curation.pipelines.stage import ProgressListener, RunContext
from curation.settings import Settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.atomic import explained, sweep_temporaries
from curation.storage.cluster_pictures import CLUSTERS_DIR, sweep_pictures
from curation.storage.disk_faults import disks_explained
from curation.storage.face_data_file import FACE_DATA, first_engine
from curation.storage.locks import HeldFolder, hold_export, hold_output
from curation.storage.objects.file_names import file_name_of
from curation.storage.objects.listed import write_listed
from curation.storage.run_records import CLUSTERING_RUN, VIDEO_RUN, read_run_record
from curation.storage.said.last_good import LAST_GOOD
from curation.storage.together.finishing import settle_new_files
from curation.storage.working_copy.opening import edited_outputs, held_outputs, refresh_words
from curation.workers.idle import IdlePool, NothingToDoItError
from curation.workers.pool import TaskPool

__all__ = ["UNDO_LAST", "WorkflowOrchestrator", "WorkflowParts", "demand_folder", "event_listing"]

logger = logging.getLogger(__name__)

UNDO_LAST = "last"
"""In `SidecarRequest.undo`: the newest run."""

SelectEngine = Callable[[str | None, ProgressListener], EngineSpec]
SelectReaders = Callable[[ProgressListener], Sequence[ReaderSpec]]
SelectFilms = Callable[[str | None, ProgressListener], FilmParts]
Recognise = Callable[[Settings], RecognitionReport]
MakePool = Callable[[EngineSpec | None, WeightsFile | None, Sequence[ReaderSpec]], TaskPool]


def _no_readers(progress: ProgressListener) -> Sequence[ReaderSpec]:
    return ()


@dataclass(frozen=True, slots=True)
class WorkflowParts:
    """The dependencies of the orchestrator; `bootstrap.build` creates them, tests use fakes.

    Attributes:
        select_engine: Returns the engine to use, given that of an existing face_data.csv or None.
        find_predictor: Returns the landmark model of the scoring stage.
        make_pool: Creates a pool whose workers have the given engine, landmark model and readers of attributes; the
            first two may be None.
        caller: Who runs the stages, for the error messages of others while the output folder is in use; None is the
            name of the program.
        select_readers: Returns the readers of the attributes that the settings ask for, one for each attribute.
        select_films: Returns what looks at clips, given the engine of the photos; None if clips are not looked at.
        recognise: Compares an event that was clustered with the gallery of known people; None without a gallery.
        make_picture_pool: Creates a pool of one worker with limits for single pictures; None takes `make_pool`.
    """

    select_engine: SelectEngine
    find_predictor: Callable[[], WeightsFile]
    make_pool: MakePool
    caller: str | None = None
    select_readers: SelectReaders = _no_readers
    select_films: SelectFilms | None = None
    recognise: Recognise | None = None
    make_picture_pool: Callable[[EngineSpec], TaskPool] | None = None


def _no_listener(progress: Progress) -> None:
    """A listener for callers who do not need the progress."""


class WorkflowOrchestrator:
    """Runs the stages on the folders of its settings, one run at a time per output folder, and exports beside them."""

    def __init__(self, settings: Settings, parts: WorkflowParts) -> None:
        """Take settings and parts; nothing is loaded, created or read yet."""
        self.settings = settings
        self._parts = parts

    @cached_property
    def picture_faces(self) -> PictureFaceReader:
        """Finds and embeds the faces of single pictures with the engine of the event, in a process of its own."""
        parts = self._parts
        make_pool = parts.make_picture_pool or (lambda spec: parts.make_pool(spec, None, ()))
        return PictureFaceReader(make_pool, lambda: parts.select_engine(self._pinned_engine(), _no_listener))

    def face_data_exists(self) -> bool:
        """Whether there is a face_data.csv, so that scoring can begin.

        Raises:
            StorageError: If its disk does not tell.
        """
        path = self.settings.io.output_dir / FACE_DATA
        try:
            return path.is_file()
        except OSError as error:
            raise explained(error, path, "read") from error

    def run_clustering(
        self, *, progress: ProgressListener | None = None, cancel: threading.Event | None = None
    ) -> ClusteringReport:
        """Find and group all faces; see `FaceClusteringPipeline`.

        Args:
            progress: Called with the progress, from the calling thread.
            cancel: When set, the stage stops within a second.

        Returns:
            What was found; `analysed + failed == total`.

        Raises:
            CurationError: One subclass per kind of failure, see `curation.errors`.
        """
        settings = self.settings
        listener = progress or _no_listener
        with self._held("clustering") as held:
            _sweep(settings)
            sweep_pictures(settings.io.output_dir / CLUSTERS_DIR)
            # Pictures that an earlier run could not read are tried again.
            listing = event_listing(settings, retries_lost=True)
            left_out(settings.video.event_clips, listing.clips)  # told now, not after hours of work
            spec = self._parts.select_engine(self._pinned_engine(), listener)
            logger.info("engine %s: %s", spec.name, spec.reason)
            readers = self._parts.select_readers(listener)
            predictor = self._parts.find_predictor() if any(reader.needs_points68 for reader in readers) else None
            with (
                closing(AnalysisStore(settings.io.state_dir)) as store,
                closing(self._parts.make_pool(spec, predictor, readers)) as pool,
            ):
                context = self._context(pool, store, listener, cancel, listing, held)
                report = store.steadily(lambda: FaceClusteringPipeline(context, spec, readers, predictor).run(listing))
            if settings.gallery.enabled and self._parts.recognise is not None:
                found = self._parts.recognise(settings)
                report = replace(
                    report,
                    outputs=(*report.outputs, *found.outputs),
                    warnings=(*report.warnings, *found.warnings),
                )
        logger.info("Clustering completed successfully")
        return report

    def run_videos(
        self, *, progress: ProgressListener | None = None, cancel: threading.Event | None = None
    ) -> FilmsReport:
        """Look at the clips beside the photos, and find their people among those of the photos; see `ClipStage`.

        Args:
            progress: Called with the progress, from the calling thread.
            cancel: When set, the stage stops within a second.

        Returns:
            What was found; `analysed + failed == total`. Empty if there are no clips, or they are not looked at.

        Raises:
            CurationError: One subclass per kind of failure, see `curation.errors`.
        """
        settings = self.settings
        listener = progress or _no_listener
        with self._held("looking at clips") as held:
            _sweep(settings)
            listing = event_listing(settings, needs_photos=False)
            clips = listing.clips
            report = left_out(settings.video.event_clips, clips)
            if report is None and (clips or (settings.io.output_dir / VIDEO_RUN).exists()):
                if self._parts.select_films is None:
                    return FilmsReport()
                films = self._parts.select_films(self._pinned_engine(), listener)
                stage = ClipStage(settings, films, listener, cancel or threading.Event())
                report = stage.run(clips, listing.watch(), held.demand)
        return report or FilmsReport()

    def run_scoring(
        self,
        *,
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
        only_known: bool = False,
    ) -> ScoringReport:
        """Measure, judge and rank all photos that were clustered; see `ScoringPipeline`.

        Args:
            progress: Called with the progress, from the calling thread.
            cancel: When set, the stage stops within a second.
            only_known: Rank the photos again by what is known of them, and look at none: a matter of seconds. Others
                who want to use the output folder wait for it.

        Returns:
            What was found; `scored + failed == total`.

        Raises:
            CurationError: One subclass per kind of failure, see `curation.errors`.
        """
        settings = self.settings
        if not settings.output_address:
            self._demand_face_data()
        with self._held("ranking again" if only_known else "scoring", is_brief=only_known) as held:
            self._demand_face_data()
            _sweep(settings)
            listing = self._listing()
            predictor = self._parts.find_predictor()
            with (
                closing(AnalysisStore(settings.io.state_dir)) as store,
                closing(IdlePool() if only_known else self._parts.make_pool(None, predictor, ())) as pool,
            ):
                context = self._context(pool, store, progress or _no_listener, cancel, listing, held)
                report = store.steadily(lambda: ScoringPipeline(context, predictor).run(listing, only_known=only_known))
                if settings.video.event_clips != "off":
                    # Clips that were not looked at yet keep the ranking that they had, if any.
                    with suppress(NothingToDoItError):
                        report = with_clips(report, ClipRanking(context, predictor).run())
        logger.info("Workflow complete")
        return report

    def write_ranking(self, write: Callable[[], None]) -> None:
        """Write the tables of a ranking that was made in memory, while nobody else uses the output folder.

        Others who want to use it wait: this takes seconds, and nobody asked for it.

        Args:
            write: Writes photo_scores.csv and scoring_run.json.

        Raises:
            BusyError: If a run is using the output folder.
            CurationError: What `write` raises.
        """
        with self._held("ranking again", is_brief=True):
            write()

    def run_export(
        self,
        request: ExportRequest,
        *,
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
    ) -> ExportReport:
        """Export photos; see `curation.pipelines.export.pipeline`. One export at a time, also while a stage runs.

        Args:
            request: Which photos, and how.
            progress: Called with the progress, from the calling thread.
            cancel: When set, the export stops within a second and is removed.

        Returns:
            What was exported; `exported + failed == total`.

        Raises:
            CurationError: One subclass per kind of failure, see `curation.errors`.
        """
        io = self.settings.io
        with hold_export(io.output_dir, caller=self._parts.caller), edited_outputs(self.settings):
            return export(
                request,
                read_export_event(self.settings, self._raw_files()),
                io.exports,
                max_megapixels=io.max_photo_megapixels,
                progress=progress or _no_listener,
                cancel=cancel or threading.Event(),
            )

    def run_sidecars(
        self,
        request: SidecarRequest,
        *,
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
    ) -> SidecarReport:
        """Write sidecars beside the originals, list what would be written, or take an earlier run back.

        Not at the same time as an export. See `curation.pipelines.export.beside`.

        Args:
            request: Which sidecars; without a name it gets one. `undo="last"` takes the newest run back.
            progress: Called with the progress, from the calling thread.
            cancel: When set, the run stops within a second; what was written stays, and can be taken back.

        Returns:
            What was written, would be written, or was taken back.

        Raises:
            CurationError: One subclass per kind of failure, see `curation.errors`.
        """
        settings, io = self.settings, self.settings.io
        demand_folder(settings)
        name = request.name or new_name(datetime.now())
        listener, stop = progress or _no_listener, cancel or threading.Event()
        with hold_export(io.output_dir, caller=self._parts.caller), edited_outputs(settings):
            if request.undo:
                return undo_sidecars(
                    last_run(io.output_dir) if request.undo == UNDO_LAST else request.undo,
                    list_name=name,
                    input_dir=io.input_dir,
                    output_dir=io.output_dir,
                    state_dir=settings.event_dir,
                    progress=listener,
                    cancel=stop,
                )
            return write_sidecars(
                replace(request, name=name),
                read_export_event(settings, self._raw_files()),
                output_dir=io.output_dir,
                state_dir=settings.event_dir,
                max_megapixels=io.max_photo_megapixels,
                progress=listener,
                cancel=stop,
            )

    def _raw_files(self) -> Mapping[str, tuple[str, ...]]:
        """The RAW files of the event's photos; the listing also tells what lies beside photos in object storage."""
        try:
            return raw_files_of(event_listing(self.settings, needs_photos=False).pairs)
        except PhotosMissingError:
            return {}  # that of each photo says so

    @contextmanager
    def _held(self, run: str, *, is_brief: bool = False) -> Iterator[HeldFolder]:
        """Hold the output folder for a stage, and the output address if outputs lie in object storage."""
        settings, caller = self.settings, self._parts.caller
        with (
            disks_explained(settings.io.input_dir, settings.io.output_dir),
            hold_output(settings.io.output_dir, run=run, caller=caller, is_brief=is_brief) as held,
            self._settled(),
            held_outputs(settings, run, caller=caller),
        ):
            yield held

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Put what a killed run wrote in place, or remove it if it was not complete, before anything is read."""
        settle_new_files(self.settings.io.output_dir)
        yield

    def _context(
        self,
        pool: TaskPool,
        store: AnalysisStore,
        listener: ProgressListener,
        cancel: threading.Event | None,
        listing: Listing,
        held: HeldFolder,
    ) -> RunContext:
        settings = self.settings
        ahead = originals_of(settings) if settings.input_address and settings.performance.pool == "local" else None
        return RunContext(
            settings,
            pool,
            store,
            listener,
            cancel or threading.Event(),
            fetch_ahead=getattr(ahead, "fetch_ahead", None),
            refresh_words=partial(refresh_words, settings),
            demand_output=held.demand,
            watch=listing.watch(),
        )

    def _demand_face_data(self) -> None:
        if not self.face_data_exists():
            place = self.settings.output_address or self.settings.io.output_dir
            raise FaceDataError(
                f"there is no {FACE_DATA} in {place}: run the clustering first "
                "(python run_clustering.py, with the same --input and --output)"
            )

    def _listing(self) -> Listing:
        return event_listing(self.settings)

    def _pinned_engine(self) -> str | None:
        """The engine of an existing face_data.csv; None if there is none, or it cannot be determined."""
        record = read_run_record(self.settings.io.output_dir / CLUSTERING_RUN)
        if not self.face_data_exists():
            return None
        engine = first_engine(self.settings.io.output_dir / FACE_DATA) or (record or {}).get("engine")
        return engine if isinstance(engine, str) else None


def demand_folder(settings: Settings) -> None:
    """Check that the originals lie in a folder, so that something can be written beside them.

    Raises:
        InputError: If they lie in object storage.
    """
    if settings.input_address:
        raise InputError(
            f"the photos lie in object storage ({settings.input_address}), where nothing is written beside them: "
            "export copies instead, which have everything inside or in sidecars"
        )


def event_listing(settings: Settings, *, needs_photos: bool = True, retries_lost: bool = False) -> Listing:
    """The photos and clips of the event, without pictures and films that this program wrote.

    Args:
        settings: Name the folders; without `video.event_clips` clips are files like others that are no photos.
        needs_photos: Whether a folder without a photo is an error.
        retries_lost: Whether pictures that the last clustering could not read are tried again; else their RAW files
            are photos in their place.

    Raises:
        PhotosMissingError: If the folder does not exist or cannot be read, or has no photo.
        StorageError: If the folder cannot be searched.
    """
    io = settings.io
    if settings.input_address:
        listing = _object_listing(settings, needs_photos=needs_photos, retries_lost=retries_lost)
        return _with_clips_asked_for(listing, settings)
    # Pictures that this program wrote are not photos of the event, wherever the output folder is.
    exclude = [io.output_dir / CLUSTERS_DIR, io.exports, io.state_dir, io.models_dir, settings.video.dir]
    output, photos = io.output_dir.resolve(), _resolved(io.input_dir)
    if output != photos and output.is_relative_to(photos):
        exclude.append(io.output_dir)
    try:
        with remembered_pairs(settings, retries_lost=retries_lost) as finder:
            listing = list_photos(
                io.input_dir,
                exclude=exclude,
                skip_raw_with_jpeg=io.skip_raw_with_jpeg,
                needs_photos=needs_photos,
                finder=finder,
            )
    except OSError as error:
        raise PhotosMissingError(f"the folder {io.input_dir} cannot be read: {error.strerror or error}") from error
    return _with_clips_asked_for(listing, settings)


def _resolved(folder: Path) -> Path:
    """A folder without links.

    Raises:
        PhotosMissingError: If its disk does not answer.
    """
    try:
        return in_time(folder, folder.resolve, limit_s=ANSWER_LIMIT_S)
    except OSError as error:
        raise PhotosMissingError(
            f"the folder {folder} cannot be read: {error.strerror or error}. Connect its disk (mount it), or give "
            "--input another folder"
        ) from error


def _with_clips_asked_for(listing: Listing, settings: Settings) -> Listing:
    return replace(listing, clips=()) if settings.video.event_clips == "off" else listing.clips_apart()


def _object_listing(settings: Settings, *, needs_photos: bool, retries_lost: bool) -> Listing:
    """The photos and clips in object storage."""
    from curation.storage.objects.opening import open_store

    io, address = settings.io, settings.input_address
    root = Path(os.path.abspath(io.input_dir))  # noqa: PTH100 - as for folders
    store = open_store(address, timeout_s=io.object_timeout_s)
    found = list(store.list())
    write_listed(root, found, getattr(originals_of(settings), "forget", lambda keys: None))
    outputs = settings.output_address
    exclude = [CLUSTERS_DIR]
    if outputs.startswith(f"{address}/"):
        exclude.append(outputs.removeprefix(f"{address}/"))
    files = [ListedFile(file_name_of(info.key), info.size_bytes, info.mtime_ns) for info in found]
    with remembered_pairs(settings, retries_lost=retries_lost, files=ObjectFiles(store, root)) as finder:
        return list_object_photos(
            address,
            root,
            files,
            exclude=exclude,
            skip_raw_with_jpeg=io.skip_raw_with_jpeg,
            needs_photos=needs_photos,
            finder=finder,
        )


def _sweep(settings: Settings) -> None:
    """Remove what killed processes left in the folders that all stages write into."""
    output_dir = settings.io.output_dir
    for folder in (output_dir, output_dir / LAST_GOOD, settings.io.state_dir, settings.event_dir):
        sweep_temporaries(folder)
    # Another user may own the weights; and the beginning of a download is of use for a day.
    with suppress(OSError):
        deque(sweep_left(settings.io.models_dir), maxlen=0)
        for pattern in ("*.part", "*.part.json"):  # as downloads name them: the folder may have files of the user
            deque(sweep_left(settings.io.models_dir, pattern, holds=False), maxlen=0)
