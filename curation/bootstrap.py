"""The composition root: `build` creates an orchestrator and the pools that it uses."""

from __future__ import annotations

import logging
import os
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from curation.decoders import decoded
from curation.errors import WeightsMissingError
from curation.workers.pool import TaskPool, usable_cores
from curation.workers.processes import ProcessPool
from curation.workers.use import most_memory_mb
from curation.workers.worker_process import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from curation.domain.attributes.values import Attribute
    from curation.domain.film.clip import ClipFacts
    from curation.domain.report import RecognitionReport
    from curation.engines.attributes.reader import ReaderSpec
    from curation.engines.base import EngineSpec, WeightsFile
    from curation.event.film.clip_stage import FilmParts
    from curation.photos.originals import Originals
    from curation.pipelines.assets.limits import GateLimits
    from curation.pipelines.assets.setup import AssetSetup
    from curation.pipelines.attributes.analyser import AttributeAnalyser
    from curation.pipelines.picture_faces import PictureFaceReader
    from curation.pipelines.stage import ProgressListener
    from curation.pipelines.video.analysis import FilmAnalyser
    from curation.pipelines.video.inference import VideoInference
    from curation.pipelines.video.setup import VideoSetup
    from curation.settings import Settings
    from curation.storage.attribute_files import AttributeFiles
    from curation.worker_setup import WorkerSetup
    from curation.workflow import WorkflowOrchestrator

__all__ = [
    "asset_limits",
    "asset_setup",
    "build",
    "build_analyser",
    "build_attribute_files",
    "build_picture_faces",
    "build_video",
    "originals_of",
    "video_analyser",
    "video_setup",
    "worker_count",
    "worker_setup",
]

_FACTS_S = 120.0  # processor time: all packets of a long film are read
# Imported by every worker, independently of engine and stage.
_WORKER_MODULES = ("curation.worker_setup", "curation.workers.pool", "curation.pipelines.per_photo")


def build(
    settings: Settings, *, allow_download: bool = True, caller: str | None = None, eager_without: str | None = None
) -> WorkflowOrchestrator:
    """Create the orchestrator; its workers load the models when there is work for them.

    Args:
        settings: Of the run.
        allow_download: Whether missing weights may be downloaded; the service does not allow it.
        caller: Who runs the stages, see `WorkflowParts`.
        eager_without: An output file of the stage that will be run. If it is missing from the output folder, there is
            work to do, and the worker processes of the first run start now: they import their libraries while this
            process imports its own.
    """
    started = _started_early(settings, eager_without) if eager_without is not None else []
    from curation.domain.report import Progress
    from curation.worker_setup import build_worker
    from curation.workflow import WorkflowOrchestrator, WorkflowParts

    def select(pinned: str | None, progress: ProgressListener) -> EngineSpec:
        # Imported here, because its libraries take long to import.
        from curation.engines.selection import select_engine

        def tell(name: str, done: int, total: int | None) -> None:
            progress(Progress(f"downloading {name}", done, total or 0))

        return select_engine(settings, pinned=pinned, allow_download=allow_download, progress=tell)

    def select_readers(progress: ProgressListener) -> Sequence[ReaderSpec]:
        return _selected_readers(settings, progress, allow_download=allow_download)

    def make_pool(spec: EngineSpec | None, predictor: WeightsFile | None, readers: Sequence[ReaderSpec]) -> TaskPool:
        mine = [started.pop() for _ in range(len(started))]

        def here() -> TaskPool:
            return ProcessPool(
                worker_count(settings),
                initializer=build_worker,
                initargs=(worker_setup(settings, spec, predictor, readers),),
                started=mine,
                memory_mb=most_memory_mb(settings.performance.photo_memory_mb),
            )

        if settings.performance.pool == "local":
            return here()
        from curation.remote.work import PhotoRemoteWork, shared_out

        return shared_out(settings, PhotoRemoteWork(settings, spec, predictor, readers), here)

    def select_films(pinned: str | None, progress: ProgressListener) -> FilmParts:
        from curation.event.film.clip_stage import FilmParts
        from curation.video.opening import clip_facts

        # Never read of guests, whatever is asked of films for statistics.
        video = settings.video.model_copy(update={"ethnicity": "off", "infer_ethnicity": False})
        of_event = settings.model_copy(update={"video": video})
        setup = video_setup(of_event, allow_download=allow_download, progress=progress, pinned=pinned)
        originals = originals_of(settings)

        def facts_of(path: Path) -> ClipFacts:
            with originals.at_hand(path) as opened:
                return decoded(clip_facts, opened, seconds=_FACTS_S, patient=True)

        return FilmParts(setup, video_analyser(of_event, setup, of_event=True), facts_of)

    parts = WorkflowParts(
        select,
        partial(_find_predictor, settings),
        make_pool,
        caller,
        select_readers,
        select_films,
        _recognise,
        partial(_picture_pool, settings),
    )
    return WorkflowOrchestrator(settings, parts)


def _recognise(settings: Settings) -> RecognitionReport:
    # Only here: whoever has no gallery pays nothing for it.
    from curation.event.known_people.after_clustering import recognise_event

    return recognise_event(settings)


def _started_early(settings: Settings, unless_there: str) -> list[WorkerProcess]:
    """One process for each worker that will probably get a photo; unused ones end with this process."""
    started: list[WorkerProcess] = []
    if settings.performance.pool != "local":
        return started
    try:
        if (settings.io.output_dir / unless_there).exists():
            return []
        count = worker_count(settings)
        if not settings.input_address:
            with os.scandir(settings.io.input_dir) as entries:
                count = sum(1 for _ in islice(entries, count))
        for _ in range(count):
            process = WorkerProcess()
            process.start_early(_WORKER_MODULES)
            started.append(process)
    except OSError as error:  # the run itself reports the cause
        logging.getLogger(__name__).debug("no worker was started early: %s", error)
    return started


def build_analyser(
    settings: Settings, names: Mapping[Attribute, str], *, allow_download: bool = False
) -> AttributeAnalyser:
    """Create what reads the attributes of single pictures, with all its networks loaded.

    Args:
        settings: The engine, the folder of the weights, and the limits of pictures.
        names: The reader of each attribute; a call may name others.
        allow_download: Whether missing weights may be downloaded, also those of readers that a call names.

    Raises:
        SettingsError: If there is no such reader, or it cannot read the attribute.
        WeightsError: If a model file is missing or broken.
    """
    import cv2

    from curation.engines.attributes.shelf import ReaderShelf
    from curation.engines.building import build_engine
    from curation.engines.landmarks import LandmarkPredictor
    from curation.engines.selection import select_engine
    from curation.pipelines.attributes.analyser import AttributeAnalyser

    # One picture per core is faster than one picture on all cores.
    cv2.setNumThreads(1)
    may_download = allow_download and settings.engine.download
    shelf = ReaderShelf(settings.io.models_dir, settings.engine.providers, allow_download=may_download)
    shelf.readers(names)  # so that a missing file is told now, not at the first picture
    predictor = _find_predictor(settings)
    return AttributeAnalyser(
        build_engine(select_engine(settings, pinned=None, allow_download=may_download)),
        LandmarkPredictor(predictor.path),
        shelf,
        predictor_weights=predictor,
        names=names,
        max_bytes=int(settings.services.max_image_mb * 1e6),
        max_megapixels=settings.io.max_photo_megapixels,
    )


_PICTURE_MEMORY_MB = 4096


def build_picture_faces(settings: Settings, pinned: Callable[[], str | None]) -> PictureFaceReader:
    """Create what finds and embeds the faces of single pictures in a child process; nothing is loaded yet.

    Args:
        settings: The engine, the folders and the limits.
        pinned: Returns the engine of an event's face_data.csv, whose faces are compared; None if there is none.
    """
    from curation.pipelines.picture_faces import PictureFaceReader

    def choose() -> EngineSpec:
        from curation.engines.selection import select_engine

        return select_engine(settings, pinned=pinned(), allow_download=False)

    return PictureFaceReader(partial(_picture_pool, settings), choose)


def _picture_pool(settings: Settings, spec: EngineSpec) -> TaskPool:
    from curation.worker_setup import build_picture_worker

    setup = worker_setup(settings, spec, None)
    memory_mb = min(_PICTURE_MEMORY_MB, most_memory_mb(settings.performance.photo_memory_mb) or _PICTURE_MEMORY_MB)
    return ProcessPool(1, initializer=build_picture_worker, initargs=(setup, memory_mb), memory_mb=memory_mb)


def build_attribute_files(settings: Settings) -> AttributeFiles:
    """Create what writes the files of the attribute services: pictures and JSON documents.

    Args:
        settings: The section `services.store`, and the largest photo that is decoded.
    """
    from curation.photos.looks.annotated import annotated_jpeg, plain_jpeg
    from curation.storage.attribute_files import AttributeFiles

    limit = settings.io.max_photo_megapixels
    return AttributeFiles(
        settings.services.store,
        {
            "faces": partial(annotated_jpeg, max_megapixels=limit),
            "results": partial(plain_jpeg, max_megapixels=limit),
        },
    )


def asset_limits(settings: Settings) -> GateLimits:
    """Which pictures are taken as assets; known without any network."""
    from curation.pipelines.assets.limits import GateLimits

    return GateLimits(
        min_side_px=settings.assets.min_side_px,
        max_megapixels=settings.io.max_photo_megapixels,
        max_bytes=int(settings.service.upload_photo_mb * 1e6),
    )


def asset_setup(
    settings: Settings, *, allow_download: bool = False, progress: ProgressListener | None = None
) -> AssetSetup:
    """Find the networks of the workers for assets; nothing is loaded.

    Args:
        settings: The section `assets`, the engine, the readers, the folders and the limits.
        allow_download: Whether missing weights may be downloaded, if `engine.download` allows it too.
        progress: Told of downloads.

    Raises:
        SettingsError: If there is no network with a name, or a reader cannot read what is asked.
        WeightsError: If a model file is missing or broken.
    """
    from curation.domain.attributes.values import Attribute
    from curation.domain.report import Progress
    from curation.engines.attributes.selection import select_readers
    from curation.engines.bodies.selection import select_bodies
    from curation.engines.selection import select_engine
    from curation.pipelines.assets.setup import AssetSetup
    from curation.worker_setup import build_asset_networks

    may_download = allow_download and settings.engine.download
    models_dir, providers = settings.io.models_dir, settings.engine.providers

    def tell(name: str, done: int, total: int | None) -> None:
        if progress is not None:
            progress(Progress(f"downloading {name}", done, total or 0))

    readers = select_readers(
        {Attribute.AGE: settings.assets.age, Attribute.SEX: settings.assets.sex},
        models_dir,
        providers,
        allow_download=may_download,
        progress=tell,
        connect_timeout_s=settings.engine.connect_timeout_s,
    )
    bodies = select_bodies(
        pose=settings.assets.pose,
        cutouts=settings.assets.cutouts,
        fine_segmenter=settings.assets.fine_segmenter,
        models_dir=models_dir,
        cache_dirs=(models_dir, settings.io.state_dir),
        providers=providers,
        allow_download=may_download,
        progress=tell,
        connect_timeout_s=settings.engine.connect_timeout_s,
    )
    return AssetSetup(
        engine=select_engine(settings, pinned=None, allow_download=may_download, progress=tell),
        people=bodies.people,
        mask=bodies.mask,
        cutout=bodies.cutout,
        clothes=bodies.clothes,
        readers=readers,
        predictor=_find_predictor(settings) if any(reader.needs_points68 for reader in readers) else None,
        limits=asset_limits(settings),
        min_person_px=settings.assets.min_person_px,
        colours=settings.assets.colours,
        build=build_asset_networks,
    )


def video_setup(
    settings: Settings,
    *,
    allow_download: bool = False,
    progress: ProgressListener | None = None,
    pinned: str | None = None,
) -> VideoSetup:
    """Find the networks of the workers for films; nothing is loaded.

    Args:
        settings: The section `video`, the engine, the folders and the limits.
        allow_download: Whether missing weights may be downloaded, if `engine.download` allows it too.
        progress: Told of downloads.
        pinned: Engine of an event's face_data.csv, whose people the films show too; None if there is none.

    Raises:
        SettingsError: If there is no network with a name, a reader cannot read what is asked, or there is no GPU.
        WeightsError: If a model file is missing or broken.
        ExtraMissingError: If what films need is not installed.
    """
    from curation.domain.attributes.values import Attribute
    from curation.domain.report import Progress
    from curation.engines.attributes.combining import single_specs
    from curation.engines.attributes.selection import select_readers
    from curation.engines.selection import select_engine
    from curation.pipelines.video.characters import warn_of_ethnicity
    from curation.pipelines.video.setup import (
        VideoSetup,
        film_engine,
        for_films,
        look_options,
        on_video_device,
        people_options,
        poster_options,
    )
    from curation.worker_setup import build_video_parts

    video = settings.video
    on_device = on_video_device(settings)
    providers = on_device.engine.providers
    may_download = allow_download and settings.engine.download

    def tell(name: str, done: int, total: int | None) -> None:
        if progress is not None:
            progress(Progress(f"downloading {name}", done, total or 0))

    def engine(for_settings: Settings) -> EngineSpec:
        return select_engine(for_settings, pinned=pinned, allow_download=may_download, progress=tell)

    ethnicity = video.ethnicity if video.infer_ethnicity else "off"
    readers = single_specs(
        select_readers(
            {Attribute.AGE: video.age, Attribute.SEX: video.sex, Attribute.ETHNICITY: ethnicity},
            settings.io.models_dir,
            providers,
            allow_download=may_download,
            progress=tell,
            connect_timeout_s=settings.engine.connect_timeout_s,
        )
    )
    warn_of_ethnicity(readers)
    predictor = _find_predictor(settings) if any(reader.needs_points68 for reader in readers) else None
    return VideoSetup(
        engine=film_engine(engine(for_films(on_device))),
        poster_engine=engine(on_device),
        looks=look_options(video, readers, predictor, providers),
        people=people_options(video),
        posters=poster_options(video),
        readers=readers,
        predictor=predictor,
        state_dir=settings.io.state_dir,
        originals=originals_of(settings),
        max_minutes=video.max_video_minutes,
        max_mb=video.max_video_mb,
        build=build_video_parts,
    )


def video_analyser(settings: Settings, setup: VideoSetup, *, of_event: bool = False) -> FilmAnalyser:
    """Create what finds the tracks of films, in worker processes.

    Args:
        settings: Of the program.
        setup: Of the films.
        of_event: Whether the films lie among an event's photos. Others lie in folders: if photos lie in object storage,
            workers of other machines see no folder of this one, and these films are looked at here.
    """
    from curation.pipelines.video.analysis import FilmAnalyser
    from curation.pipelines.video.segment_task import prepare_video_worker

    def here() -> TaskPool:
        workers = settings.video.num_cpu or worker_count(settings)
        return ProcessPool(
            workers,
            initializer=prepare_video_worker,
            initargs=(setup,),
            memory_mb=most_memory_mb(settings.performance.photo_memory_mb),
        )

    def make_pool() -> TaskPool:
        if settings.performance.pool == "local" or (settings.input_address and not of_event):
            return here()
        from curation.remote.work import FilmRemoteWork, shared_out

        return shared_out(settings, FilmRemoteWork(settings, setup), here)

    return FilmAnalyser(setup, make_pool, photo_timeout_s=settings.performance.photo_timeout_s)


def build_video(
    settings: Settings,
    *,
    allow_download: bool = False,
    pinned: str | None = None,
    progress: ProgressListener | None = None,
) -> VideoInference:
    """Create what looks at films, posters and catalogues; networks are loaded when there is work for them.

    Args:
        settings: The section `video`, the engine, the folders and the limits.
        allow_download: Whether missing weights may be downloaded, if `engine.download` allows it too.
        pinned: Engine of an event whose people the films show too; None if there is none.
        progress: Told of downloads of weights.

    Raises:
        SettingsError: If there is no network with a name, or there is no GPU where one is asked for.
        WeightsError: If a model file is missing or broken.
        ExtraMissingError: If what films need is not installed.
    """
    from curation.engines.building import build_engine
    from curation.pipelines.video.inference import VideoInference
    from curation.pipelines.video.media import MediaLimits, MediaShelf
    from curation.pipelines.video.trailer import infer_on_trailer

    setup = video_setup(settings, allow_download=allow_download, progress=progress, pinned=pinned)
    analyser = video_analyser(settings, setup)

    def check_film(path: Path) -> None:
        from curation.video.opening import open_clip

        with open_clip(path, max_minutes=setup.max_minutes, max_mb=setup.max_mb):
            pass

    limits = MediaLimits(
        urls=settings.video.urls,
        max_film_mb=settings.video.max_video_mb,
        max_picture_mb=settings.service.upload_photo_mb,
        max_megapixels=settings.io.max_photo_megapixels,
        timeout_s=settings.video.url_timeout_s,
    )
    return VideoInference(
        setup,
        partial(infer_on_trailer, analyser=analyser, setup=setup),
        MediaShelf(settings.io.state_dir / "fetched_media", limits, check_film=check_film),
        make_engine=build_engine,
        max_megapixels=settings.io.max_photo_megapixels,
    )


def worker_count(settings: Settings) -> int:
    """The number of worker processes: that of the settings, else one per core that this process may use."""
    return settings.performance.workers or usable_cores()


def originals_of(settings: Settings) -> Originals:
    """What gets the photos of these settings to hand, from a folder or from object storage; nothing is opened yet."""
    from curation.pipelines.originals import originals_of as of_settings

    return of_settings(settings)


def worker_setup(
    settings: Settings, spec: EngineSpec | None, predictor: WeightsFile | None, readers: Sequence[ReaderSpec] = ()
) -> WorkerSetup:
    """The setup of the workers of a run.

    Args:
        settings: Of the run.
        spec: The engine, if the stage needs one.
        predictor: The landmark model, if the stage needs one.
        readers: One for each attribute of faces that is asked for.
    """
    from curation.worker_setup import WorkerSetup

    return WorkerSetup(
        spec,
        predictor,
        state_dir=settings.io.state_dir,
        max_megapixels=settings.io.max_photo_megapixels,
        chip_px=settings.clustering.thumbnail_px,
        log_level=logging.getLogger().getEffectiveLevel(),
        readers=tuple(readers),
        originals=originals_of(settings),
    )


def _selected_readers(settings: Settings, progress: ProgressListener, *, allow_download: bool) -> Sequence[ReaderSpec]:
    """One reader for each attribute that is on: what each depends on is known by itself."""
    asked = settings.attributes.readers
    if not asked:
        return ()
    from curation.domain.report import Progress
    from curation.engines.attributes.combining import single_specs
    from curation.engines.attributes.selection import select_readers

    def tell(name: str, done: int, total: int | None) -> None:
        progress(Progress(f"downloading {name}", done, total or 0))

    return single_specs(
        select_readers(
            asked,
            settings.io.models_dir,
            settings.engine.providers,
            allow_download=allow_download and settings.engine.download,
            progress=tell,
            connect_timeout_s=settings.engine.connect_timeout_s,
        )
    )


def _find_predictor(settings: Settings) -> WeightsFile:
    """The file of dlib's 68-point predictor with its hash: from the settings, or from the package."""
    from curation.engines.base import WeightsFile
    from curation.engines.weights.inventory import locate
    from curation.engines.weights.registry import DLIB_PREDICTOR_FILE

    path: Path | None = settings.scoring.dlib_model_path
    if path is None:
        return locate(DLIB_PREDICTOR_FILE, settings.io.models_dir)
    if not path.is_file():
        raise WeightsMissingError(
            f"there is no file {path} (scoring.dlib_model_path); name dlib's shape_predictor_68_face_landmarks.dat, or "
            "leave the key out to use the one of the package face_recognition_models"
        )
    from curation.engines.weights.files import file_sha256

    return WeightsFile(path.name, path, file_sha256(path))
