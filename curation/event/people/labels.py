"""The labels of an event: cluster_labels.json, checked against the existing clusters."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from curation.domain.labelling.labels import Category, Labels, parse_labels
from curation.errors import CorrectionsError, LabelsError
from curation.event.clustered_faces import ClusteredFaces
from curation.storage.said.labels_file import labels_content, labels_etag, read_labels
from curation.storage.said.last_good import way_back
from curation.storage.together.finishing import finish_pending
from curation.storage.together.new_files import NewFiles

__all__ = ["EventLabels"]
_LONGEST_ID = 9  # digits; a longer one is no cluster's


def _ids_in(data: object) -> frozenset[int]:
    keys = data if isinstance(data, dict) else ()
    return frozenset(int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) <= _LONGEST_ID)


class EventLabels:
    """Reads, checks and writes the labels. Thread-safe."""

    def __init__(self, path: Path, faces: ClusteredFaces, unlabelled: Category, output_dir: Path) -> None:
        """Remember the path; nothing is read yet.

        Args:
            path: The labels file.
            faces: The clustered faces, for the ids of clusters.
            unlabelled: The category of clusters without a label.
            output_dir: With whose files labels are written together.
        """
        self._output_dir = output_dir
        self._path = path
        self._faces = faces
        self._unlabelled = unlabelled

    def read(self) -> Labels:
        """The labels in the file; empty if there is no file.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        finish_pending(self._output_dir)
        data = read_labels(self._path)
        try:
            return self.checked({} if data is None else data, is_read=True)
        except LabelsError as error:
            raise LabelsError(f"{error}{way_back(self._path)}") from error

    def checked(self, data: object, more_ids: Collection[int] = (), *, is_read: bool = False) -> Labels:
        """Parse and check labels from a JSON value. Raises what `read` raises.

        Args:
            data: In the form of the file.
            more_ids: Of clusters that are about to be there.
            is_read: Whether the file has them already: then they need not fit to corrections that cannot be read.
        """
        # Labels of ids that are no longer in use may stay in the file.
        try:
            known_ids = {*self._faces.index().photo_counts, *range(self._faces.next_cluster_id()), *more_ids}
        except CorrectionsError:
            if not is_read:
                raise
            # Which people there are is not known just now; the labels are as good as they were.
            known_ids = {*_ids_in(data)}
        return parse_labels(data, known_ids=known_ids, unlabelled_category=self._unlabelled)

    def etag(self) -> str:
        """The entity tag of the current labels file."""
        finish_pending(self._output_dir)
        return labels_etag(self._path)

    def write(self, new: NewFiles, labels: Labels, etag: str) -> bool:
        """Write labels among the new files of a change.

        Args:
            new: The files of the change.
            labels: Checked labels.
            etag: Of the file that they replace.

        Returns:
            False if the file is another one by now.

        Raises:
            StorageError: If it cannot be written.
        """
        if self.etag() != etag:
            return False
        new.add_word(self._path, labels_content(labels.to_json()))
        return True
