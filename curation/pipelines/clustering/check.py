"""The user's own check of the grouping: questions about pairs of faces, a page that shows them, saved answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from curation.domain.faces.face import FaceRow
from curation.domain.grouping.check import GroupingCheck, Pair, Verdict
from curation.domain.identity.said import ANSWERS
from curation.domain.labelling.corrections import NOBODY, corrected_clusters, next_free_id
from curation.domain.labelling.labels import parse_labels
from curation.errors import FaceDataError, PhotoError, PhotosMissingError
from curation.photos.files.decoding import open_photo
from curation.photos.files.listing import photo_path
from curation.photos.looks.thumbnails import face_chip_jpeg
from curation.pipelines.clustering.check_page import PagePair, grouping_page
from curation.pipelines.originals import originals_of
from curation.pipelines.said.words import read_placed_corrections
from curation.settings import Settings
from curation.storage.atomic import write_bytes
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_embeddings, read_face_data
from curation.storage.run_records import CLUSTERING_RUN, next_cluster_id, read_run_record
from curation.storage.said.grouping_answers import (
    GROUPING_ANSWERS,
    FacePlace,
    read_grouping_answers,
    write_grouping_answers,
)
from curation.storage.said.labels_file import read_labels
from curation.storage.said.said_file import read_said
from curation.storage.video.remembered_clips import read_clips

__all__ = ["GROUPING_PAGE", "EventGroupingCheck", "verdict_in_words"]

logger = logging.getLogger(__name__)

GROUPING_PAGE = "grouping_check.html"
_CHIP_PX = 320


class EventGroupingCheck:
    """The check of one output folder. Clusters with the same name are one group."""

    def __init__(self, settings: Settings, *, count: int, seed: int = 0) -> None:
        """Read the grouping and the earlier answers.

        Args:
            settings: `io.output_dir` has the grouping; the photos must be where the clustering found them.
            count: Number of questions, without follow-ups.
            seed: The same grouping and seed give the same questions.

        Raises:
            FaceDataError: If there is no grouping yet, it is not valid, or it has nothing to compare.
            LabelsError: If the labels are not valid.
            StorageError: If something cannot be read.
        """
        self._settings = settings
        output = settings.io.output_dir
        if not (output / FACE_DATA).exists():
            raise FaceDataError(f"there is no {output / FACE_DATA}: run run_clustering.py first")
        self._rows = read_face_data(output / FACE_DATA)
        embeddings = read_embeddings(output / EMBEDDINGS, self._rows)
        record = read_run_record(output / CLUSTERING_RUN)
        recorded = None if settings.input_address else (record or {}).get("input_dir")
        self._input = Path(str(recorded or settings.io.input_dir))
        self._originals = originals_of(settings)
        groups = self._groups(next_cluster_id(record))
        try:
            self._check = GroupingCheck(embeddings, groups, count=count, seed=seed)
        except ValueError as error:
            raise FaceDataError(f"{output / FACE_DATA}: {error}") from error
        self.answers_path = output / GROUPING_ANSWERS
        self.page_path = output / GROUPING_PAGE
        self._saved = read_grouping_answers(self.answers_path)
        self._said = read_said(output)
        self._chips: dict[int, bytes | None] = {}

    def _groups(self, next_id: int) -> list[int]:
        """The cluster of each face; for clusters with the same name, the first of them."""
        path = self._settings.io.output_dir / self._settings.scoring.labels_json
        data = read_labels(path)
        corrections = read_placed_corrections(self._settings.io.output_dir)
        clusters: list[int] = np.maximum(corrected_clusters(self._rows, corrections), NOBODY).tolist()
        if data is None:
            return clusters
        of_clips = read_clips(self._settings.io.output_dir).next_id
        known_ids = range(max(next_id, max(clusters, default=-1) + 1, next_free_id(corrections), of_clips))
        labels = parse_labels(data, known_ids=known_ids)
        first_of: dict[str, int] = {}
        out = []
        for cluster in clusters:
            person = labels.person(cluster)
            out.append(-1 if person is None else first_of.setdefault(person.key, cluster))
        return out

    def _place(self, row: int) -> FacePlace:
        return self._rows[row].image_path, self._rows[row].facial_area

    def _answers(self) -> dict[Pair, bool | None]:
        """The saved answers by rows of this grouping."""
        rows = {self._place(row): row for row in range(len(self._rows))}
        out: dict[Pair, bool | None] = {}
        anchors = self._said.corrections.get(ANSWERS, {})
        for pair, same in self._saved.items():
            # The faces where they are now, if their photos were renamed or edited since.
            first, second = (self._said.face_now(anchors[place]) if place in anchors else place for place in pair)
            if first in rows and second in rows:
                out[rows[first], rows[second]] = out[rows[second], rows[first]] = same
        return out

    def questions(self) -> list[Pair]:
        """Pairs of rows of face_data.csv that are still to be answered, including follow-ups."""
        return self._check.questions(self._answers())

    def answer(self, pair: Pair, same: bool | None) -> None:
        """Save an answer; it replaces an earlier one about the same faces.

        Raises:
            StorageError: If it cannot be written.
        """
        first, second = (self._place(row) for row in pair)
        self._saved.pop((second, first), None)
        self._saved[first, second] = same
        write_grouping_answers(self.answers_path, self._saved)

    def import_answers(self, path: Path) -> int:
        """Import the answers that were given on the page; returns how many.

        Raises:
            FaceDataError: If the file does not contain answers.
            StorageError: If a file cannot be read or written.
        """
        given = read_grouping_answers(path)
        for (first, second), same in given.items():
            self._saved.pop((second, first), None)
            self._saved[first, second] = same
        write_grouping_answers(self.answers_path, self._saved)
        return len(given)

    def verdict(self) -> Verdict:
        """Precision and recall, estimated from the answers so far."""
        return self._check.verdict(self._answers())

    def write_page(self, questions: Sequence[Pair]) -> None:
        """Write the page that shows numbered pairs; it is one self-contained file.

        Raises:
            PhotosMissingError: If the folder of the photos is missing.
            StorageError: If it cannot be written.
        """
        if not self._settings.input_address and not self._input.is_dir():
            raise PhotosMissingError(f"there is no folder {self._input}: the faces are cut out of the photos in it")
        pairs = [
            PagePair(number, self._rows[first], self._rows[second], self._chip(first), self._chip(second))
            for number, (first, second) in enumerate(questions, start=1)
        ]
        write_bytes(self.page_path, grouping_page(pairs, GROUPING_ANSWERS).encode("utf-8", "backslashreplace"))

    def _chip(self, row: int) -> bytes | None:
        """The face as a JPEG, or None if its photo cannot be opened."""
        if row not in self._chips:
            self._chips[row] = self._cut(self._rows[row])
        return self._chips[row]

    def _cut(self, face: FaceRow) -> bytes | None:
        try:
            with self._originals.at_hand(photo_path(self._input, face.image_path)) as path:
                photo = open_photo(path, max_megapixels=self._settings.io.max_photo_megapixels)
                return face_chip_jpeg(photo.full(), face.facial_area, long_side_px=_CHIP_PX)
        except PhotoError as error:
            logger.warning("%s cannot be shown: %s", face.image_path, error)
            return None


def verdict_in_words(verdict: Verdict) -> Mapping[str, str]:
    """Precision and recall in words, by name."""
    out = {}
    for name, estimate in (("precision", verdict.precision), ("recall", verdict.recall)):
        if estimate is None:
            out[name] = "no answer yet"
        elif estimate.answers == 0:
            out[name] = "nothing to ask: there is only one group" if name == "recall" else "no group has two faces"
        else:
            span = f"95 % interval {estimate.low:.2f} to {estimate.high:.2f}"
            out[name] = f"{estimate.value:.2f} ({span}, {estimate.answers} answers)"
    return out
