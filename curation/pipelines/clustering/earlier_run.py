"""The outputs of the last clustering run: labels that must not be lost, and faces whose clusters keep their ids."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.grouping.clusters import carried_over_ids, first_ids
from curation.domain.labelling.corrections import (
    NOBODY,
    Correction,
    FacePlaces,
    active_corrections,
    constraints,
    next_free_id,
    table_clusters,
)
from curation.errors import FaceDataError, LabelsError, OtherEventError
from curation.pipelines.clustering.event_faces import EventFaces
from curation.pipelines.clustering.identity import EarlierFace, EarlierFaces, matched_ids, renamed_faces
from curation.settings import Settings
from curation.storage.embeddings_file import EmbeddingsFile
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, iter_face_data
from curation.storage.run_records import CLUSTERING_RUN, next_cluster_id, read_run_record
from curation.storage.said.corrections_file import CORRECTIONS, read_corrections
from curation.storage.said.labels_file import read_labels

__all__ = ["EarlierRun"]

logger = logging.getLogger(__name__)


class _Face(NamedTuple):
    """The part of a row that stays in memory while the photos are analysed."""

    image_path: str
    facial_area: Box
    cluster_id: int
    embedding_row: int


class EarlierRun:
    """The faces of the last run, read before the work begins, so that a broken file is reported at once."""

    def __init__(self, settings: Settings, engine: str) -> None:
        """Read the outputs of the last run.

        Args:
            settings: Of this run.
            engine: Of this run; embeddings of another engine are not compared.

        Raises:
            LabelsError: If cluster_labels.json is not valid.
            CorrectionsError: If corrections.json is not valid.
            FaceDataError: If there are labels but the face_data.csv that they belong to is not valid.
            StorageError: If something cannot be read.
        """
        self._output = settings.io.output_dir
        self._input = settings.io.input_dir
        self._labels = self._output / settings.scoring.labels_json
        self._engine = engine
        self._embeddings: EmbeddingsFile | None = None
        self.record = read_run_record(self._output / CLUSTERING_RUN)
        corrections = read_corrections(self._output, self.record)
        self._faces = self._read(is_labelled=bool(self._labelled_ids() or active_corrections(corrections)))

    def close(self) -> None:
        """Close the embeddings."""
        if self._embeddings is not None:
            self._embeddings.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def renamed(
        self, corrections: Sequence[Correction], faces: EventFaces, places: FacePlaces
    ) -> tuple[Correction, ...]:
        """The corrections, with the new paths and boxes of faces whose photos were renamed since the last run.

        Args:
            corrections: Of the user.
            faces: Of this run.
            places: Of `faces`.
        """
        earlier = self._faces
        named = [face for correction in corrections for face in correction.faces + correction.others]
        lost = {face for face, row in zip(named, places.find(named).tolist(), strict=True) if row < 0}
        if earlier is None or not lost:
            return tuple(corrections)
        before = sorted(lost, key=lambda face: (face.image_path, face.facial_area, face.was))
        old_rows = FacePlaces((row.image_path, row.facial_area) for row in earlier.rows).find(before).tolist()
        present = faces.places()
        now_at = renamed_faces([old for old in old_rows if old >= 0], earlier, present, faces.embeddings)
        moved = {
            face: replace(face, image_path=present[now_at[old]][0], facial_area=present[now_at[old]][1])
            for face, old in zip(before, old_rows, strict=True)
            if old in now_at
        }
        return tuple(
            replace(
                correction,
                faces=tuple(moved.get(face, face) for face in correction.faces),
                others=tuple(moved.get(face, face) for face in correction.others),
            )
            for correction in corrections
        )

    def cluster_ids(
        self,
        groups: NDArray[np.int64],
        faces: EventFaces,
        places: FacePlaces,
        corrections: Sequence[Correction],
    ) -> tuple[NDArray[np.int64], int]:
        """The cluster id of each face, with all corrections applied, and the next free id.

        Args:
            groups: (N,) of the faces, -1 for none.
            faces: Of this run.
            places: Of `faces`.
            corrections: Of the user, as they are now.

        Returns:
            (N,) cluster ids, -1 for none, and the next id.

        Raises:
            OtherEventError: If there are labels or corrections, and they belong to other photos.
            LabelsError: If cluster_labels.json is no longer valid.
        """
        ids, next_id = self._ids(groups, faces, places, corrections)
        cluster_ids = np.array([ids[group] if group >= 0 else NOBODY for group in groups.tolist()], dtype=np.int64)
        corrected = table_clusters(cluster_ids, active_corrections(corrections), places)
        return np.maximum(corrected, NOBODY), max(next_id, next_free_id(corrections))

    def _ids(
        self, groups: NDArray[np.int64], faces: EventFaces, places: FacePlaces, corrections: Sequence[Correction]
    ) -> tuple[dict[int, int], int]:
        # Read again: the user may label in the service during a run.
        labelled_ids = self._labelled_ids()
        earlier = self._faces
        if earlier is not None:
            earlier = EarlierFaces(_corrected(earlier.rows, corrections), earlier.embeddings)
        matched = matched_ids(earlier, faces.places(), faces.embeddings) if earlier is not None else {}
        photos = faces.image_paths()
        said = constraints(corrections, places).cluster
        if not matched:
            if labelled_ids or (active_corrections(corrections) and not (said != NOBODY).any()):
                self._refuse_other_event(self._labels if labelled_ids else self._output / CORRECTIONS)
            if not corrections:
                ids = first_ids(groups, photos)
                return ids, len(ids)
        next_id = max(
            next_cluster_id(self.record),
            max((row.cluster_id for row in self._faces.rows), default=-1) + 1 if self._faces is not None else 0,
            max(labelled_ids, default=-1) + 1,
            next_free_id(corrections),
        )
        old_ids = {face: old for face, old in matched.items() if old >= 0}
        # The user's corrections override the clusters of the last run.
        old_ids |= {face: int(said[face]) for face in np.flatnonzero(said != NOBODY).tolist()}
        old_ids = {face: old for face, old in old_ids.items() if old >= 0}
        ids = carried_over_ids(groups, photos, old_ids, next_id=next_id)
        return ids, max(next_id, max(ids.values(), default=-1) + 1)

    def _refuse_other_event(self, path: Path) -> None:
        if path == self._labels and (self._faces is None or not self._faces.rows):
            raise OtherEventError(
                f"{path} has labels, but the {FACE_DATA} that they belong to is missing: put it back, or "
                "move the labels away, or name another folder with --output"
            )
        was = self._recorded("input_dir") or "another folder"
        raise OtherEventError(
            f"{path} belongs to other photos ({was}): none of their faces is in {self._input}. "
            f"Name another folder with --output, or move {'the labels' if path == self._labels else 'it'} away"
        )

    def _recorded(self, key: str) -> Any:
        return (self.record or {}).get(key)

    def _labelled_ids(self) -> set[int]:
        try:
            data = read_labels(self._labels)
        except LabelsError as error:
            raise LabelsError(f"{error}\nCorrect it first, so that no label is lost") from error
        keys = data if isinstance(data, dict) else {}
        return {int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) <= 9}

    def _read(self, *, is_labelled: bool) -> EarlierFaces | None:
        path = self._output / FACE_DATA
        if not path.exists():
            return None
        try:
            rows = []
            engines = set()
            for row in iter_face_data(path, written_sha256=self._recorded("face_data_sha256")):
                rows.append(_Face(row.image_path, row.facial_area, row.cluster_id, row.embedding_row))
                engines.add(row.engine)
        except FaceDataError as error:
            if is_labelled:
                raise FaceDataError(
                    f"{error}. The labels belong to the clusters in that file: restore it, or move the labels away"
                ) from error
            logger.warning("%s; nothing is labelled yet, so clusters get new numbers", error)
            return None
        if engines - {self._engine}:
            return EarlierFaces(rows, None)
        try:
            embeddings = self._embeddings = EmbeddingsFile(self._output / EMBEDDINGS)
        except FaceDataError as error:
            logger.warning("%s; faces are matched by their places only", error)
            return EarlierFaces(rows, None)
        # A run that was killed between writing the two files leaves embeddings that belong to other rows.
        is_recorded = self._recorded("embeddings_sha256") in (None, "", embeddings.sha256())
        if not is_recorded or max((row.embedding_row for row in rows), default=-1) >= len(embeddings):
            logger.warning(
                "%s does not match the record of the last run; faces are matched by their places only", EMBEDDINGS
            )
            return EarlierFaces(rows, None)
        return EarlierFaces(rows, embeddings)


def _corrected(rows: Sequence[EarlierFace], corrections: Sequence[Correction]) -> Sequence[EarlierFace]:
    """The rows with the cluster ids after corrections, which are those that the user saw."""
    if not corrections:
        return rows
    places = FacePlaces((row.image_path, row.facial_area) for row in rows)
    ids = table_clusters([row.cluster_id for row in rows], corrections, places).tolist()
    return [
        _Face(row.image_path, row.facial_area, max(cluster, NOBODY), row.embedding_row)
        for row, cluster in zip(rows, ids, strict=True)
    ]
