"""The one place that wires things: `build` makes an orchestrator, `build_worker` prepares a worker process."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from curation.domain.report import Progress
from curation.engines.base import EngineSpec, FaceEngine, WeightsFile
from curation.errors import WeightsMissingError
from curation.pipelines.stage import ProgressListener
from curation.pools import ProcessPool, TaskPool, usable_cores
from curation.settings import Settings
from curation.workflow import WorkflowOrchestrator, WorkflowParts

if TYPE_CHECKING:
    from curation.engines.landmarks import LandmarkPredictor

__all__ = ["build", "build_worker", "worker_count"]


def build(settings: Settings, *, allow_download: bool = True, caller: str | None = None) -> WorkflowOrchestrator:
    """Make the orchestrator; models are loaded by its workers, when there is something for them to do.

    Args:
        settings: Of this run.
        allow_download: Whether missing weights may be fetched; the service says no.
        caller: Who will run the stages, see `WorkflowParts`.
    """

    def select(pinned: str | None, progress: ProgressListener) -> EngineSpec:
        # Here, because the libraries behind it take most of a second to import.
        from curation.engines.selection import select_engine

        def tell(name: str, done: int, total: int | None) -> None:
            progress(Progress(f"downloading {name}", done, total or 0))

        return select_engine(settings, pinned=pinned, allow_download=allow_download, progress=tell)

    def make_pool(spec: EngineSpec | None, predictor: WeightsFile | None) -> TaskPool:
        return ProcessPool(
            worker_count(settings),
            initializer=build_worker,
            initargs=(settings, spec, predictor, logging.getLogger().getEffectiveLevel()),
        )

    return WorkflowOrchestrator(settings, WorkflowParts(select, partial(_find_predictor, settings), make_pool, caller))


def worker_count(settings: Settings) -> int:
    """Worker processes: as many as asked for, else one per core that this process may use."""
    return settings.performance.workers or usable_cores()


def build_worker(settings: Settings, spec: EngineSpec | None, predictor: WeightsFile | None, log_level: int) -> None:
    """Prepare this process as a worker; models are loaded at the first photo that needs them.

    Args:
        settings: Of the run.
        spec: The engine, if the stage needs one.
        predictor: The landmark model, if the stage needs one.
        log_level: Of the parent's root logger.
    """
    import cv2

    from curation.pipelines.per_photo import WorkerParts, prepare_worker

    logging.basicConfig(level=max(log_level, logging.WARNING), format="%(levelname)s %(message)s")
    # One photo per core is faster than one photo on all cores.
    cv2.setNumThreads(1)
    prepare_worker(
        WorkerParts(
            make_engine=partial(_make_engine, spec),
            make_predictor=partial(_make_predictor, predictor),
            state_dir=settings.io.state_dir,
            max_megapixels=settings.io.max_photo_megapixels,
            chip_px=settings.clustering.thumbnail_px,
        )
    )


def _make_engine(spec: EngineSpec | None) -> FaceEngine:
    from curation.engines.selection import build_engine

    if spec is None:
        raise ValueError("this pool was made for a stage without an engine")
    return build_engine(spec)


def _make_predictor(weights: WeightsFile | None) -> LandmarkPredictor:
    from curation.engines.landmarks import LandmarkPredictor

    if weights is None:
        raise ValueError("this pool was made for a stage without landmarks")
    return LandmarkPredictor(weights.path)


def _find_predictor(settings: Settings) -> WeightsFile:
    """The file of dlib's 68-point predictor with its hash: that of the settings, or the package's."""
    from curation.engines.weights import DLIB_PREDICTOR_FILE, locate

    path: Path | None = settings.scoring.dlib_model_path
    if path is None:
        return locate(DLIB_PREDICTOR_FILE, settings.io.models_dir)
    if not path.is_file():
        raise WeightsMissingError(
            f"there is no file {path} (scoring.dlib_model_path); name dlib's shape_predictor_68_face_landmarks.dat, or "
            "leave the key out to use the one of the package face_recognition_models"
        )
    from curation.engines.download import file_sha256

    return WeightsFile(path.name, path, file_sha256(path))
