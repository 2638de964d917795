"""The labels of an event: cluster_labels.json, checked against the existing clusters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from curation.domain.labelling.labels import Category, Labels, parse_labels
from curation.event.clustered_faces import ClusteredFaces
from curation.storage.said.labels_file import labels_etag, read_labels, write_labels

__all__ = ["EventLabels"]


class EventLabels:
    """Reads, checks and writes the labels. Thread-safe."""

    def __init__(self, path: Path, faces: ClusteredFaces, unlabelled: Category) -> None:
        """Remember the path; nothing is read yet.

        Args:
            path: The labels file.
            faces: The clustered faces, for the ids of clusters.
            unlabelled: The category of clusters without a label.
        """
        self._path = path
        self._faces = faces
        self._unlabelled = unlabelled
        self._writer = threading.Lock()

    def read(self) -> Labels:
        """The labels in the file; empty if there is no file.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        data = read_labels(self._path)
        return self.checked({} if data is None else data)

    def checked(self, data: object) -> Labels:
        """Parse and check labels from a JSON value. Raises what `read` raises."""
        # Labels of ids that are no longer in use may stay in the file.
        known_ids = self._faces.index().photo_counts.keys() | set(range(self._faces.next_cluster_id()))
        return parse_labels(data, known_ids=known_ids, unlabelled_category=self._unlabelled)

    def etag(self) -> str:
        """The entity tag of the current labels file."""
        return labels_etag(self._path)

    def replace(self, labels: Labels, *, only_if: Callable[[str], bool]) -> str | None:
        """Write the labels file if the current version is the expected one.

        Args:
            labels: Checked labels.
            only_if: Gets the entity tag of the current file; returns whether to write.

        Returns:
            The new entity tag; None if nothing was written.

        Raises:
            StorageError: If the file cannot be written; the old one is then unchanged.
        """
        with self._writer:
            if not only_if(self.etag()):
                return None
            write_labels(self._path, labels.to_json())
            return self.etag()
