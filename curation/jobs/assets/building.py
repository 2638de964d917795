"""The composition root of assets: the database, the files and the work that the settings ask for."""

from __future__ import annotations

import hashlib
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from curation.decoders import decoded
from curation.domain.assets.asset import Asset
from curation.jobs.assets.asset_jobs import AssetJobs
from curation.jobs.assets.work import AssetWork, WorkLimits
from curation.workers.use import most_memory_mb

if TYPE_CHECKING:
    from curation.event.known_faces import KnownFaces
    from curation.jobs.assets.elsewhere import Elsewhere
    from curation.pipelines.assets.limits import GateLimits
    from curation.pipelines.assets.sent_task import PictureTask
    from curation.pipelines.assets.setup import AssetSetup
    from curation.pipelines.assets.task import AssetTask
    from curation.settings import Settings

__all__ = ["build_asset_jobs"]


def build_asset_jobs(settings: Settings, *, allow_download: bool = False) -> AssetJobs:
    """Open the database of assets; networks are looked for when the first picture is handed in or worked on.

    Args:
        settings: Of the program.
        allow_download: Whether missing weights may be downloaded, if `engine.download` allows it too.

    Raises:
        StorageError: If the database cannot be used.
        DatabaseBusyError: If it is busy or away for a moment.
        SettingsError: If its address is not valid.
        ExtraMissingError: If the packages for PostgreSQL are not installed.
    """
    from curation.storage.assets.files import AssetFiles
    from curation.storage.assets.opening import open_asset_store

    store = open_asset_store(settings)
    # A folder for each database: what has no record in one may have one in another.
    files = AssetFiles(settings.assets.dir / store.identity)
    limits = WorkLimits(
        workers=settings.assets.workers,
        max_attempts=settings.assets.max_attempts,
        lease_s=settings.assets.lease_s,
        photo_timeout_s=settings.assets.photo_timeout_s,
        sweep_s=settings.assets.sweep_s,
        photo_memory_mb=most_memory_mb(settings.performance.photo_memory_mb),
    )
    return AssetJobs(store, files, partial(_work, settings, allow_download=allow_download), limits)


def _work(settings: Settings, *, allow_download: bool) -> AssetWork:
    from curation.bootstrap import asset_limits, asset_setup
    from curation.event.known_faces import KnownFaces
    from curation.pipelines.assets.task import process_image_pipeline

    setup = asset_setup(settings, allow_download=allow_download)
    limits = asset_limits(settings)
    return AssetWork(
        settings_hash=setup.settings_hash,
        gate=partial(_gate, limits),
        process=process_image_pipeline,
        make_task=partial(_task, KnownFaces(settings)),
        initializer=_prepare,
        initargs=(setup, logging.getLogger().getEffectiveLevel()),
        elsewhere=None if settings.performance.pool == "local" else _elsewhere(settings, setup),
    )


def _gate(limits: GateLimits, content: bytes, name: str) -> None:
    decoded(partial(_passed, limits), content, name, about=hashlib.sha256(content).hexdigest())


def _passed(limits: GateLimits, content: bytes, name: str) -> None:
    from curation.pipelines.assets.gate import check

    check(content, limits, name=name)


def _elsewhere(settings: Settings, setup: AssetSetup) -> Elsewhere:
    from curation.jobs.assets.elsewhere import Elsewhere
    from curation.pipelines.assets.sent_task import MAX_CONTENT_BYTES, process_picture_worker
    from curation.remote.work import PictureRemoteWork, picture_pool

    work = PictureRemoteWork(settings, setup)
    return Elsewhere(partial(picture_pool, settings, work), process_picture_worker, _sent, MAX_CONTENT_BYTES)


def _sent(task: AssetTask, content: bytes) -> PictureTask:
    from curation.pipelines.assets.sent_task import PictureTask

    return PictureTask(content, task.name or task.path.name, task.faces)


def _task(known: KnownFaces, asset: Asset, attempt: int, path: Path, folder: Path) -> AssetTask:
    from curation.pipelines.assets.task import AssetTask

    return AssetTask(
        asset_id=asset.id,
        attempt=attempt,
        path=path,
        folder=folder,
        name=asset.name,
        faces=known.of(asset.image_paths, asset.sha256),
    )


def _prepare(setup: AssetSetup, log_level: int) -> None:
    """The initializer of worker processes."""
    from curation.pipelines.assets.task import prepare_asset_worker

    logging.basicConfig(level=max(log_level, logging.WARNING), format="%(levelname)s %(message)s")
    prepare_asset_worker(setup)
