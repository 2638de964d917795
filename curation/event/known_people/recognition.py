"""Who the clusters of an event may be: as the last clustering wrote it, or compared anew if anything changed since."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection

from curation.domain.faces.index import EventIndex
from curation.domain.recognition.known import Recognition
from curation.errors import NotClusteredError
from curation.event.catalog import Catalog
from curation.event.file_cache import FileCache
from curation.event.known_people.open_gallery import OpenGallery
from curation.pipelines.recognition.clusters import cluster_faces, embedder_of_record, grouping_digest
from curation.pipelines.recognition.document import RECOGNISED, Recognised, read_recognised, write_recognised
from curation.settings import Settings
from curation.storage.face_data_file import EMBEDDINGS

__all__ = ["EventRecognition"]

logger = logging.getLogger(__name__)


class EventRecognition:
    """Compares the clusters without a label with the gallery. Thread-safe."""

    def __init__(self, settings: Settings, catalog: Catalog, gallery: OpenGallery) -> None:
        """Remember the parts; nothing is read yet.

        Args:
            settings: Name the folders.
            catalog: Of the event.
            gallery: Of known people.
        """
        self._catalog = catalog
        self._gallery = gallery
        self._output = settings.io.output_dir
        self._embeddings = settings.io.output_dir / EMBEDDINGS
        self._file = FileCache(self._output / RECOGNISED, lambda _: read_recognised(self._output))
        self._guard = threading.Lock()
        self._now: Recognised | None = None

    def embedder(self) -> tuple[str, str]:
        """Name of the engine and SHA-256 of the embedder of the last clustering.

        Raises:
            NotClusteredError: If there was none, or its record does not say.
            StorageError: If the record cannot be read.
        """
        engine, embedder = embedder_of_record(self._catalog.clustering_record())
        if not embedder:
            raise NotClusteredError
        return engine, embedder

    def now(self) -> Recognised:
        """Who the clusters without a label may be, whatever the user answered to that.

        What the last clustering wrote is taken as long as it is about the same faces and the same gallery; else the
        clusters are compared anew, and the answer is kept in memory.

        Raises:
            GalleryOffError: If the settings do not switch the gallery on.
            GalleryError: If it cannot be read.
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv or embeddings.npy is not valid.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If the labels are not valid.
            StorageError: If a file cannot be read.
        """
        store = self._gallery.store()
        engine, embedder = self.embedder()
        event, labels = self._catalog.event(), self._catalog.labels()
        version = store.version()
        asked = [cluster for cluster in sorted(event.photo_counts) if cluster not in labels.by_cluster]
        with self._guard:
            for known in (self._now, self._file.get()):
                if known is not None and self._fits(known, event, asked, embedder, version):
                    self._now = known
                    return known
            self._now = self._compared(event, asked, engine, embedder)
            return self._now

    def write(self) -> Recognised:
        """Compare the clusters, and write recognised.json; raises what `now` raises."""
        found = self.now()
        write_recognised(self._output, found)
        return found

    def forget(self, person_ids: Collection[str]) -> bool:
        """Take people out of recognised.json; returns whether they were in it.

        Raises:
            StorageError: If it cannot be read or written.
        """
        with self._guard:
            self._now = None
            written = read_recognised(self._output)
            kept = None if written is None else written.without_people(person_ids)
            if written is None or kept is None or kept is written:
                return False
            write_recognised(self._output, kept)
            return True

    def _fits(self, known: Recognised, event: EventIndex, asked: list[int], embedder: str, version: str) -> bool:
        clusters = {one.cluster_id for one in known.clusters}
        if (known.embedder, known.gallery) != (embedder, version) or not clusters.issuperset(asked):
            return False
        # Whoever was labelled since is no question any more, but the answers about the others stay what they were.
        return known.grouping == grouping_digest(event, clusters, self._embeddings_sha256())

    def _compared(self, event: EventIndex, asked: list[int], engine: str, embedder: str) -> Recognised:
        store = self._gallery.store()
        version = store.version()  # before the faces: whatever changes in between is compared again next time
        known = store.known_faces(embedder)
        faces = cluster_faces(event, asked, self._embeddings) if len(known.person_ids) else []
        found = {one.cluster_id: one for one in self._gallery.recognise(faces, known)} if faces else {}
        return Recognised(
            engine,
            embedder,
            version,
            len(known.person_ids),
            grouping_digest(event, asked, self._embeddings_sha256()),
            tuple(found.get(cluster, Recognition(cluster, "unknown")) for cluster in asked),
        )

    def _embeddings_sha256(self) -> str:
        return str(self._catalog.clustering_record().get("embeddings_sha256"))
