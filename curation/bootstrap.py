"""The one place that wires things: `build` makes an orchestrator and its pools, `build_worker` prepares a worker."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

from curation.domain.report import Progress
from curation.engines.base import EngineSpec, WeightsFile
from curation.errors import WeightsMissingError
from curation.pipelines.stage import ProgressListener
from curation.pools import ProcessPool, TaskPool, usable_cores
from curation.settings import Settings
from curation.worker_setup import WorkerSetup, build_worker
from curation.workflow import WorkflowOrchestrator, WorkflowParts

__all__ = ["build", "build_worker", "worker_count", "worker_setup"]


def build(settings: Settings, *, allow_download: bool = True) -> WorkflowOrchestrator:
    """Make the orchestrator; models are loaded by its workers, when there is something for them to do.

    Args:
        settings: Of this run.
        allow_download: Whether missing weights may be fetched; the service says no.
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
            initargs=(worker_setup(settings, spec, predictor),),
        )

    return WorkflowOrchestrator(settings, WorkflowParts(select, partial(_find_predictor, settings), make_pool))


def worker_count(settings: Settings) -> int:
    """Worker processes: as many as asked for, else one per core that this process may use."""
    return settings.performance.workers or usable_cores()


def worker_setup(settings: Settings, spec: EngineSpec | None, predictor: WeightsFile | None) -> WorkerSetup:
    """What the workers of a run are told.

    Args:
        settings: Of the run.
        spec: The engine, if the stage needs one.
        predictor: The landmark model, if the stage needs one.
    """
    return WorkerSetup(
        spec,
        predictor,
        state_dir=settings.io.state_dir,
        max_megapixels=settings.io.max_photo_megapixels,
        chip_px=settings.clustering.thumbnail_px,
        log_level=logging.getLogger().getEffectiveLevel(),
    )


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
