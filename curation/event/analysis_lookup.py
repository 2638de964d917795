"""What the runs kept of single photos: measures, sizes and small pictures of faces, fetched when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curation.domain.faces.index import FaceEntry
from curation.domain.judging.measures import FaceMeasures
from curation.errors import PhotoError
from curation.event.catalog import Catalog, PhotoEntry
from curation.event.file_cache import FileCache
from curation.photos.files.decoding import open_photo
from curation.photos.files.listing import photo_path
from curation.pipelines.scoring.event import measures_key
from curation.settings import Settings
from curation.storage.analysis_store import STORE_NAME, AnalysisStore
from curation.storage.file_stamps import FileStamp, stamp_of
from curation.storage.run_records import SCORING_RUN, landmark_model_sha256, read_run_record

__all__ = ["AnalysisLookup", "PhotoFacts"]


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What is known of a photo's file and of what was measured on it.

    Attributes:
        width: Of the upright full-size photo in pixels; None if the photo is gone or cannot be read.
        height: As `width`.
        capture_time: By the camera's own clock; None if it is not known.
        measures: Of each of the photo's faces, in their order; None before scoring, or if the photo changed since.
    """

    width: int | None
    height: int | None
    capture_time: datetime | None
    measures: tuple[FaceMeasures, ...] | None


class AnalysisLookup:
    """Looks things up in the analysis store, which runs may be writing to meanwhile. For any thread."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        """Note where things are; nothing is opened yet."""
        self._catalog = catalog
        self._state_dir = settings.io.state_dir
        # As the listing names the files, which is how the store knows them.
        self._input_dir = Path(os.path.abspath(settings.io.input_dir))  # noqa: PTH100 - resolve follows links
        self._max_megapixels = settings.io.max_photo_megapixels
        self._scoring_record = FileCache(settings.io.output_dir / SCORING_RUN, lambda path: read_run_record(path) or {})

    def stamp(self, image_path: str) -> FileStamp | None:
        """Where a photo is, with size and time; None if it is gone.

        Raises:
            FaceDataError: If the path, from a table that somebody changed, leads out of the folder of photos.
        """
        return stamp_of(photo_path(self._input_dir, image_path))

    def chip(self, face: FaceEntry, stamp: FileStamp) -> bytes | None:
        """The small picture of a face that the clustering made, a JPEG; None if it is not kept.

        Raises:
            StorageError: If the store fails.
        """
        key = self._catalog.clustering_record().get("analysis_key")
        with self._store() as store:
            sha256 = None if store is None else store.known_hashes([stamp]).get(stamp.path)
            if store is None or sha256 is None or not isinstance(key, str):
                return None
            return store.chip(sha256, key, face.row.face_index)

    def facts(self, photo: PhotoEntry) -> PhotoFacts:
        """What is known of a photo.

        Raises:
            FaceDataError: If its path leads out of the folder of photos.
            StorageError: If the store fails.
        """
        stamp = self.stamp(photo.image_path)
        if stamp is None:
            return PhotoFacts(None, None, None, None)
        kept = self._kept_facts(photo, stamp)
        if kept is not None:
            return kept
        try:
            opened = open_photo(stamp.path, max_megapixels=self._max_megapixels)
        except PhotoError:
            return PhotoFacts(None, None, None, None)
        return PhotoFacts(opened.width, opened.height, opened.capture_time, None)

    def _kept_facts(self, photo: PhotoEntry, stamp: FileStamp) -> PhotoFacts | None:
        predictor = landmark_model_sha256(self._scoring_record.get() or {})
        with self._store() as store:
            sha256 = None if store is None else store.known_hashes([stamp]).get(stamp.path)
            if store is None or sha256 is None or predictor is None:
                return None
            key = measures_key(predictor, [face.row for face in photo.faces])
            kept = store.measures({photo.photo_id: (sha256, key)}).get(photo.photo_id)
        if kept is None or len(kept.faces) != len(photo.faces):
            return None
        return PhotoFacts(kept.width, kept.height, kept.capture_time, kept.faces)

    @contextmanager
    def _store(self) -> Iterator[AnalysisStore | None]:
        # Opened each time, in less than a millisecond: a run may set a damaged store aside and begin a new one.
        if not (self._state_dir / STORE_NAME).exists():
            yield None
            return
        with closing(AnalysisStore(self._state_dir, read_only=True)) as store:
            yield store
