"""Embedding the faces that the user drew, in a run: those that the service has embedded already cost nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from curation.domain.faces.face import Box
from curation.photos.files.listing import Listing
from curation.pipelines.clustering.attributes import AttributesOfFaces
from curation.pipelines.drawn_faces import drawn_key
from curation.pipelines.per_photo import AnalyseTask, analyse_photo_worker
from curation.pipelines.stage import RunContext
from curation.storage.file_stamps import FileStamp

__all__ = ["analyse_drawn"]

logger = logging.getLogger(__name__)


def analyse_drawn(
    context: RunContext,
    attributes: AttributesOfFaces,
    analysis_key: str,
    listing: Listing,
    hashes: Mapping[str, str],
    drawn: Mapping[str, Sequence[Box]],
) -> None:
    """Embed drawn faces, as far as the store does not have them; one that cannot be embedded is left out and told.

    Args:
        context: Of the run.
        attributes: That are read of faces.
        analysis_key: Of the faces that the engine finds by itself.
        listing: The photos.
        hashes: SHA-256 by path of those that could be read.
        drawn: Boxes by SHA-256.

    Raises:
        StorageError: If the store fails.
        RunInterruptedError: If the run was cancelled.
        WeightsError: If the workers cannot load the engine.
    """
    store = context.store
    photos = {hashes[photo.image_path]: photo for photo in listing.photos if hashes.get(photo.image_path) in drawn}
    stamps, tasks = {}, []
    for sha256, photo in photos.items():
        stamps[photo.image_path] = FileStamp(photo.path, photo.size_bytes, photo.mtime_ns)
        for box in drawn[sha256]:
            key = drawn_key(analysis_key, box)
            asked = attributes.keys_of(key)
            if not store.has_analysis(sha256, key) or not attributes.complete([sha256], asked):
                tasks.append(AnalyseTask(photo.image_path, photo.path, key, asked, photo.size_bytes, box))
    if not tasks:
        return
    for outcome in context.work_through("embedding drawn faces", analyse_photo_worker, tasks):
        task, found = outcome.task, outcome.result
        if found is None or found.sha256 != hashes[task.image_path]:
            reason = outcome.failure.reason if outcome.failure is not None else "the photo was changed"
            logger.warning("the face drawn at %s of %s is left out: %s", task.box, task.image_path, reason)
            continue
        if found.analysis is not None:
            store.save_analysis(stamps[task.image_path], found.sha256, task.key, found.analysis)
        attributes.save(task.image_path, found.sha256, found.attributes, found.unread)
