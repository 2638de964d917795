"""Faces that the user drew since the last run: they are shown at once, although they are in no table yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from curation.domain.faces.face import Box, FaceRow
from curation.domain.identity.said import FacePlace
from curation.domain.labelling.corrections import NOBODY
from curation.pipelines.drawn_faces import is_there, stored_face
from curation.storage.analysis_store import STORE_NAME, AnalysisStore

__all__ = ["NO_ROW", "drawn_rows"]

NO_ROW = -1
"""`embedding_row` of a face that is in no table yet."""


def drawn_rows(
    rows: Sequence[FaceRow],
    drawn: Iterable[FacePlace],
    record: Mapping[str, Any],
    contents: Mapping[str, str],
    state_dir: Path,
) -> tuple[FaceRow, ...]:
    """Rows as the next run will write them for drawn faces, but numbered after the faces that their photos have.

    So the number of no other face changes while pages that name it are open. A face that was not embedded yet, as its
    word was written by hand, waits for the next run.

    Args:
        rows: Of face_data.csv.
        drawn: Path and box of the drawn faces.
        record: Of the last clustering.
        contents: SHA-256 of the photos of that run by path.
        state_dir: Of the analysis store.

    Raises:
        StorageError: If the store fails.
    """
    key = record.get("analysis_key")
    of_photo: dict[str, list[FaceRow]] = defaultdict(list)
    paths = {path for path, _ in drawn}
    for row in rows:
        if row.image_path in paths:
            of_photo[row.image_path].append(row)
    out: list[FaceRow] = []
    if not isinstance(key, str) or not (state_dir / STORE_NAME).exists():
        return ()
    with closing(AnalysisStore(state_dir, read_only=True)) as store:
        for path, box in drawn:
            if path in contents and not is_there(box, [row.facial_area for row in of_photo[path]]):
                engine = str(record.get("engine") or "")
                new = _row(store, path, contents[path], key, box, of_photo[path], engine)
                out += [] if new is None else [new]
                of_photo[path] += [] if new is None else [new]
    return tuple(out)


def _row(
    store: AnalysisStore, path: str, sha256: str, key: str, box: Box, others: Sequence[FaceRow], engine: str
) -> FaceRow | None:
    found = stored_face(store, sha256, key, box)
    if found is None:
        return None
    _, number, analysis = found
    face = analysis.faces[number]
    return FaceRow(
        image_path=path,
        face_index=max((row.face_index for row in others), default=-1) + 1,
        facial_area=box,
        detection_confidence=face.confidence,
        cluster_id=NOBODY,
        cluster_confidence=0.0,
        face_quality=face.quality.score,
        landmarks=face.landmarks,
        embedding_row=NO_ROW,
        engine=engine,
    )
