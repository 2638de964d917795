"""The event as the last clustering left it in the output folder, for words that were said since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import FaceRow
from curation.domain.identity.remembered import Remembered
from curation.domain.labelling.corrections import Correction
from curation.errors import FaceDataError
from curation.photos.files.listing import photo_path
from curation.pipelines.said.seen_table import SeenTable
from curation.pipelines.said.words import read_placed_corrections
from curation.storage.analysis_store import AnalysisStore
from curation.storage.embeddings_file import EmbeddingsFile
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_face_data
from curation.storage.run_records import CLUSTERING_RUN, read_run_record
from curation.storage.said.remembered_file import read_remembered

__all__ = ["embeddings_of", "last_contents", "last_event", "photos_without_faces"]


def photos_without_faces(record: Mapping[str, Any] | None) -> list[str]:
    """Paths of the photos of the last clustering that have no face or could not be read."""
    without, failures = (record or {}).get("photos_without_faces"), (record or {}).get("failures")
    failed = [entry.get("image_path") for entry in failures or () if isinstance(entry, dict)]
    return [path for path in [*(without if isinstance(without, list) else []), *failed] if isinstance(path, str)]


def last_contents(
    remembered: Remembered, record: Mapping[str, Any] | None, paths: Iterable[str], store: AnalysisStore
) -> Mapping[str, str]:
    """SHA-256 of the photos of the last clustering by path, as far as it is known.

    Args:
        remembered: Of all runs; if it has no photos, the last run was one of an older version.
        record: Of the last clustering.
        paths: Of the photos of that run.
        store: Knows what content a file had when it was last read.

    Raises:
        StorageError: If the store fails.
    """
    if remembered.photos:
        return remembered.photos
    folder = Path(str((record or {}).get("input_dir") or "."))
    files = {}
    for path in paths:
        try:
            files[photo_path(folder, path)] = path
        except FaceDataError:
            continue  # not a path that a run writes
    return {files[file]: sha256 for file, sha256 in store.last_hashes(files).items()}


def embeddings_of(path: Path, rows: list[int]) -> NDArray[np.float32] | None:
    """Some rows of embeddings.npy, (n, D); None if there are no such rows.

    Raises:
        StorageError: If the file cannot be read.
    """
    try:
        with EmbeddingsFile(path) as file:
            return file[rows] if not rows or 0 <= min(rows) <= max(rows) < len(file) else None
    except FaceDataError:
        return None


def last_event(output_dir: Path, state_dir: Path) -> SeenTable:
    """The event as the last clustering left it; each part is read when it is first needed.

    Args:
        output_dir: The output folder.
        state_dir: Of the analysis store.
    """
    rows: list[FaceRow] = []

    def read() -> tuple[list[FaceRow], tuple[Correction, ...]]:
        table = output_dir / FACE_DATA
        record = read_run_record(output_dir / CLUSTERING_RUN)
        if not rows and table.exists():
            rows.extend(read_face_data(table, written_sha256=(record or {}).get("face_data_sha256")))
        return rows, read_placed_corrections(output_dir, record)

    def others() -> list[str]:
        return photos_without_faces(read_run_record(output_dir / CLUSTERING_RUN))

    def contents() -> Mapping[str, str]:
        record = read_run_record(output_dir / CLUSTERING_RUN)
        paths = {*(row.image_path for row in read()[0]), *others()}
        with closing(AnalysisStore(state_dir)) as store:
            return last_contents(read_remembered(output_dir), record, paths, store)

    return SeenTable(read, contents, others, lambda wanted: embeddings_of(output_dir / EMBEDDINGS, wanted))
