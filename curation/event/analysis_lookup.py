"""Look-ups in the analysis store: a photo's size, capture time and measures, and the chip of a face."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.decoders import decoded
from curation.domain.faces.index import FaceEntry
from curation.domain.measuring.measures import FaceMeasures
from curation.errors import DecodersBusyError, PhotoError
from curation.event.catalog import Catalog, PhotoEntry
from curation.event.file_cache import FileCache
from curation.photos.files.decoding import open_photo
from curation.photos.files.listing import photo_path
from curation.pipelines.drawn_faces import stored_face
from curation.pipelines.originals import originals_of
from curation.pipelines.said.last_event import embeddings_of
from curation.pipelines.scoring.event import measures_key
from curation.settings import Settings
from curation.storage.analysis_store import STORE_NAME, AnalysisStore
from curation.storage.face_data_file import EMBEDDINGS
from curation.storage.file_stamps import FileStamp, content_name, stamp_of
from curation.storage.run_records import SCORING_RUN, landmark_model_sha256, read_run_record

__all__ = ["AnalysisLookup", "PhotoFacts"]


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """Size, capture time and measures of a photo.

    Attributes:
        width: Width of the upright full-size photo in pixels; None if the photo is gone or cannot be read.
        height: Height, as `width`.
        capture_time: Time by the camera's clock; None if unknown.
        measures: The measures of each of the photo's faces, in the order of the faces; None before scoring, or if the
            photo changed since. None for a face that was drawn since.
    """

    width: int | None
    height: int | None
    capture_time: datetime | None
    measures: tuple[FaceMeasures | None, ...] | None


class AnalysisLookup:
    """Reads single entries of the analysis store, while a run may be writing to it. Thread-safe."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        """Remember the paths; nothing is opened yet."""
        self._catalog = catalog
        self._originals = originals_of(settings)
        self._state_dir = settings.io.state_dir
        # The same form of path that the listing uses, which is the key in the store.
        self._input_dir = Path(os.path.abspath(settings.io.input_dir))  # noqa: PTH100 - resolve follows links
        self._max_megapixels = settings.io.max_photo_megapixels
        self._scoring_record = FileCache(settings.io.output_dir / SCORING_RUN, lambda path: read_run_record(path) or {})

    def stamp(self, image_path: str) -> FileStamp | None:
        """The path of a photo with the file's size and modification time; None if it is gone.

        Raises:
            FaceDataError: If the path leads out of the folder of photos (the table was edited).
        """
        return stamp_of(photo_path(self._input_dir, image_path))

    def chip(self, face: FaceEntry, stamp: FileStamp) -> bytes | None:
        """The chip of a face that the clustering made, a JPEG; None if it is not in the store.

        Raises:
            StorageError: If the store fails.
        """
        key = self._catalog.clustering_record().get("analysis_key")
        with self._store() as store:
            sha256 = None if store is None else store.known_hashes([stamp]).get(stamp.path)
            if store is None or sha256 is None or not isinstance(key, str):
                return None
            found = stored_face(store, sha256, key, face.row.facial_area)
            return None if found is None else store.chip(sha256, found[0], found[1])

    def vector(self, face: FaceEntry) -> NDArray[np.float32] | None:
        """The embedding of a face, (D,) of unit length; None if it is not known any more.

        Raises:
            FaceDataError: If the photo's path leads out of the folder of photos.
            StorageError: If something cannot be read.
        """
        if face.row.embedding_row >= 0:
            found = embeddings_of(self._catalog.face_data_path.parent / EMBEDDINGS, [face.row.embedding_row])
            return None if found is None else found[0]
        stamp, key = self.stamp(face.row.image_path), self._catalog.clustering_record().get("analysis_key")
        with self._store() as store:
            if store is None or stamp is None or not isinstance(key, str):
                return None
            sha256 = store.known_hashes([stamp]).get(stamp.path)
            stored = None if sha256 is None else stored_face(store, sha256, key, face.row.facial_area)
        return None if stored is None else stored[2].embeddings[stored[1]]

    def facts(self, photo: PhotoEntry) -> PhotoFacts:
        """Size, capture time and measures of a photo, from the store if it has them, else from the file.

        Raises:
            FaceDataError: If its path leads out of the folder of photos.
            StorageError: If the store fails.
        """
        stamp = self.stamp(photo.image_path)
        if stamp is None:
            return PhotoFacts(None, None, None, None)
        stored = self._stored_facts(photo, stamp)
        if stored is not None:
            return stored
        try:
            with self._originals.at_hand(stamp.path) as path:
                header = partial(_header, max_megapixels=self._max_megapixels)
                return PhotoFacts(*decoded(header, path, about=content_name(stamp)), None)
        except (PhotoError, DecodersBusyError):
            return PhotoFacts(None, None, None, None)

    def _stored_facts(self, photo: PhotoEntry, stamp: FileStamp) -> PhotoFacts | None:
        predictor = landmark_model_sha256(self._scoring_record.get() or {})
        with self._store() as store:
            sha256 = None if store is None else store.known_hashes([stamp]).get(stamp.path)
            if store is None or sha256 is None or predictor is None:
                return None
            rows = [face.row for face in photo.faces if face.row.embedding_row >= 0]
            stored = store.measures({photo.photo_id: (sha256, measures_key(predictor, rows))}).get(photo.photo_id)
        if stored is None or len(stored.faces) != len(rows):
            return None
        # Faces that were drawn since the last run stand behind the others, and nothing is known of them.
        left = (None,) * (len(photo.faces) - len(rows))
        return PhotoFacts(stored.width, stored.height, stored.capture_time, (*stored.faces, *left))

    @contextmanager
    def _store(self) -> Iterator[AnalysisStore | None]:
        # Opened for each look-up, which takes less than a millisecond: a run may replace a damaged store by a new one.
        if not (self._state_dir / STORE_NAME).exists():
            yield None
            return
        with closing(AnalysisStore(self._state_dir, read_only=True)) as store:
            yield store


def _header(path: Path, *, max_megapixels: float) -> tuple[int, int, datetime | None]:
    opened = open_photo(path, max_megapixels=max_megapixels)
    return opened.width, opened.height, opened.capture_time
