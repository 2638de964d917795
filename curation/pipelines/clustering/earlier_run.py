"""The outputs of earlier clustering runs: words that must not be lost, and faces whose clusters keep their ids."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FaceRow
from curation.domain.identity.remembered import Remembered
from curation.domain.identity.remembered_ids import face_keys
from curation.domain.identity.said import Said
from curation.domain.identity.settling import settled
from curation.domain.labelling.corrections import Correction, FacePlaces, corrected_clusters
from curation.errors import FaceDataError
from curation.pipelines.drawn_faces import drawn_boxes
from curation.pipelines.said.last_event import last_contents, photos_without_faces
from curation.pipelines.said.seen_table import SeenTable
from curation.pipelines.said.words import placed, read_words
from curation.settings import Settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.embeddings_file import EmbeddingsFile
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, iter_face_data
from curation.storage.run_records import CLUSTERING_RUN, read_run_record
from curation.storage.said.corrections_file import read_corrections
from curation.storage.said.remembered_file import read_remembered
from curation.storage.said.said_file import read_said
from curation.storage.video.remembered_clips import read_clips

__all__ = ["EarlierRow", "EarlierRun"]

logger = logging.getLogger(__name__)


class EarlierRow(NamedTuple):
    """The part of a row that stays in memory while the photos are analysed."""

    image_path: str
    facial_area: Box
    cluster_id: int
    embedding_row: int
    face_quality: float


class EarlierRun:
    """What earlier runs left, read before the work begins, so that a broken file is reported at once.

    Attributes:
        record: Of the last run; None without one.
        remembered: Of all runs.
        said: All words, with anchors.
        clips: The people of the clips, whose ids no cluster of photos gets.
        is_comparable: Whether the table is of this run's engine, so that vectors can be compared.
    """

    def __init__(self, settings: Settings, engine: str, store: AnalysisStore) -> None:
        """Read the outputs of the last run.

        Args:
            settings: Of this run.
            engine: Of this run; embeddings of another engine are not compared.
            store: Knows what content the photos of an older version's run had.

        Raises:
            LabelsError: If cluster_labels.json is not valid.
            CorrectionsError: If corrections.json is not valid.
            PicksError: If picks.json is not valid.
            FaceDataError: If there are labels, nothing is remembered of them, and the face_data.csv that they belong to
                is not valid.
            StorageError: If something cannot be read.
        """
        self._settings = settings
        self._output = settings.io.output_dir
        self._engine = engine
        self._store = store
        self._embeddings: EmbeddingsFile | None = None
        self.record = read_run_record(self._output / CLUSTERING_RUN)
        self.remembered = read_remembered(self._output)
        self.clips = read_clips(self._output)
        words = read_words(settings)
        is_needed = bool(words.labels or words.corrections) and len(self.remembered.ids.keys) == 0
        self._rows = self._read(is_needed=is_needed)
        if len(self.remembered.ids.keys) == 0 and self._rows:
            self.remembered = self._of_table()
        self.said = self.settle(read_said(self._output))

    def close(self) -> None:
        """Close the embeddings."""
        if self._embeddings is not None:
            self._embeddings.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def settle(self, said: Said) -> Said:
        """All words as they are now, with anchors for those that have none: the user saw the table of the last run.

        Args:
            said: Of the words as they were read last.

        Raises:
            LabelsError: If cluster_labels.json is no longer valid.
            CorrectionsError: If corrections.json is no longer valid.
            PicksError: If picks.json is no longer valid.
            StorageError: If a file cannot be read.
        """
        return settled(said, read_words(self._settings), self._seen())

    def drawn(self, contents: Mapping[str, str]) -> dict[str, tuple[Box, ...]]:
        """Boxes of the faces that the user drew, by the SHA-256 of their photo.

        Args:
            contents: SHA-256 by path of the photos of this run.

        Raises:
            CorrectionsError: If corrections.json is no longer valid.
            StorageError: If a file cannot be read.
        """
        return drawn_boxes(read_corrections(self._output, self.record), self.said, contents)

    @property
    def input_dir(self) -> str:
        """The folder of the last run, for messages."""
        return str((self.record or {}).get("input_dir") or "another folder")

    @property
    def has_table(self) -> bool:
        """Whether the last run found any face."""
        return bool(self._rows)

    def highest_id(self) -> int:
        """The highest cluster id in the table; -1 without one."""
        return max((row.cluster_id for row in self._rows), default=-1)

    def faces(self) -> tuple[list[EarlierRow], EmbeddingsFile | None]:
        """The faces of the last run in the clusters that the user saw, and their vectors if they can be compared."""
        clusters = np.maximum(self._clusters(), -1).tolist()
        rows = [row._replace(cluster_id=cluster) for row, cluster in zip(self._rows, clusters, strict=True)]
        return rows, self._embeddings if self.is_comparable else None

    def contents(self) -> Mapping[str, str]:
        """SHA-256 of the photos of the last run by path, as far as it is known.

        Raises:
            StorageError: If the store fails.
        """
        paths = {*(row.image_path for row in self._rows), *photos_without_faces(self.record)}
        return last_contents(self.remembered, self.record, paths, self._store)

    def _of_table(self) -> Remembered:
        """What an older version would have remembered of its last run: photos may be away in this one."""
        contents = self.contents()
        rows = [row for row in self.faces()[0] if row.image_path in contents]
        keys = face_keys([(contents[row.image_path], row.facial_area) for row in rows])
        ids = np.array([row.cluster_id for row in rows], dtype=np.int64)
        before = self.remembered
        return replace(before, ids=before.ids.with_run(keys, ids, None), seen=before.with_seen(contents.values()))

    def _clusters(self) -> NDArray[np.int64]:
        """(N,) the clusters of the table with the corrections laid over."""
        corrections = self._corrections()
        places = FacePlaces((row.image_path, row.facial_area) for row in self._rows)
        return corrected_clusters(self._rows, corrections, places=places)

    def _corrections(self) -> tuple[Correction, ...]:
        return placed(read_corrections(self._output, self.record), read_said(self._output))

    def _seen(self) -> SeenTable:
        return SeenTable(
            lambda: (self._rows, self._corrections()),
            self.contents,
            lambda: photos_without_faces(self.record),
            self._vectors,
        )

    def _vectors(self, rows: list[int]) -> NDArray[np.float32] | None:
        return self._embeddings[rows] if self._embeddings is not None else None

    def _read(self, *, is_needed: bool) -> list[EarlierRow]:
        path = self._output / FACE_DATA
        rows: list[EarlierRow] = []
        engines = set()
        self.is_comparable = False
        if not path.exists():
            return rows
        written = (self.record or {}).get("face_data_sha256")
        try:
            for row in iter_face_data(path, written_sha256=written):
                rows.append(_kept(row))
                engines.add(row.engine)
        except FaceDataError as error:
            if is_needed:
                raise FaceDataError(
                    f"{error}. The labels belong to the clusters in that file: restore it, or move the labels away"
                ) from error
            logger.warning("%s; it is made anew", error)
            return []
        self._embeddings = self._opened(rows)
        self.is_comparable = not engines - {self._engine}
        return rows

    def _opened(self, rows: Sequence[EarlierRow]) -> EmbeddingsFile | None:
        """The embeddings of the table; None if they cannot be used."""
        try:
            embeddings = EmbeddingsFile(self._output / EMBEDDINGS)
        except FaceDataError as error:
            logger.warning("%s; faces are matched by their places only", error)
            return None
        # A run that was killed between writing the two files leaves embeddings that belong to other rows.
        is_recorded = (self.record or {}).get("embeddings_sha256") in (None, "", embeddings.sha256())
        if is_recorded and max((row.embedding_row for row in rows), default=-1) < len(embeddings):
            return embeddings
        embeddings.close()
        logger.warning(
            "%s does not match the record of the last run; faces are matched by their places only", EMBEDDINGS
        )
        return None


def _kept(row: FaceRow) -> EarlierRow:
    return EarlierRow(row.image_path, row.facial_area, row.cluster_id, row.embedding_row, row.face_quality)
