"""All faces of an event in arrays: about 150 bytes per face in memory, the embeddings in a file."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FaceRow, FiveLandmarks
from curation.errors import StorageError
from curation.storage.analysis_rows import CachedFace
from curation.storage.analysis_store import AnalysisStore
from curation.storage.atomic import explained
from curation.storage.embeddings_file import EmbeddingsFile, EmbeddingsWriter

__all__ = ["EventFaces", "collected_faces"]

# Of a face: photo, index, box, confidence, quality (size, sharpness, yaw, score), then five points.
_BOX, _CONFIDENCE, _QUALITY, _POINTS, _NUMBERS = 2, 6, 7, 11, 21


@dataclass(frozen=True, slots=True, eq=False)
class EventFaces:
    """All faces of the event in the order of face_data.csv.

    Attributes:
        photos: Paths of the photos that have faces.
        sha256: SHA-256 of the content of each of `photos`.
        photo: (N,) index into `photos` of the photo of each face.
        index: (N,) number of each face within its photo.
        boxes: (N, 4) x, y, w, h in pixels of the upright full-size photo.
        confidence: (N,) of the detector, in [0, 1].
        quality: (N, 4) size in pixels, sharpness, yaw in degrees, score, see `FaceQuality`.
        landmarks: (N, 5, 2) in pixels of the upright full-size photo.
        embeddings: (N, D); row i belongs to face i.
    """

    photos: tuple[str, ...]
    sha256: tuple[str, ...]
    photo: NDArray[np.int64]
    index: NDArray[np.int64]
    boxes: NDArray[np.int64]
    confidence: NDArray[np.float64]
    quality: NDArray[np.float64]
    landmarks: NDArray[np.float64]
    embeddings: EmbeddingsFile

    def __len__(self) -> int:
        return len(self.photo)

    def image_path(self, face: int) -> str:
        """Path of the photo of a face."""
        return self.photos[int(self.photo[face])]

    def image_paths(self) -> list[str]:
        """Path of the photo of each face."""
        return [self.photos[photo] for photo in self.photo.tolist()]

    def places(self) -> list[tuple[str, Box]]:
        """Path and box of each face."""
        return [(path, Box(*box)) for path, box in zip(self.image_paths(), self.boxes.tolist(), strict=True)]

    def rows(
        self, cluster_ids: NDArray[np.integer], confidences: NDArray[np.floating], engine: str
    ) -> Iterator[FaceRow]:
        """The rows of face_data.csv, created one by one.

        Args:
            cluster_ids: (N,), -1 for none.
            confidences: (N,) in [0, 1], of belonging to the cluster.
            engine: Name of the engine.
        """
        for face, path in enumerate(self.image_paths()):
            yield FaceRow(
                image_path=path,
                face_index=int(self.index[face]),
                facial_area=Box(*self.boxes[face].tolist()),
                detection_confidence=float(self.confidence[face]),
                cluster_id=int(cluster_ids[face]),
                cluster_confidence=float(confidences[face]),
                face_quality=float(self.quality[face, 3]),
                landmarks=FiveLandmarks.from_array(self.landmarks[face]),
                embedding_row=face,
                engine=engine,
            )


@contextmanager
def collected_faces(
    store: AnalysisStore, hashes: Iterable[tuple[str, str]], key: str, place: Path
) -> Iterator[EventFaces]:
    """Collect the cached analyses of the photos of an event.

    Args:
        store: Has an analysis of each of them.
        hashes: Path and SHA-256 of each photo, in the order of face_data.csv.
        key: Of the analyses.
        place: File for the embeddings; removed at the end unless it was moved.

    Raises:
        StorageError: If an analysis is missing, or the file cannot be written.
    """
    try:
        photos, sha256s, table = _collected(store, hashes, key, place)
        with EmbeddingsFile(place) as embeddings:
            yield EventFaces(
                photos=tuple(photos),
                sha256=tuple(sha256s),
                photo=table[:, 0].astype(np.int64),
                index=table[:, 1].astype(np.int64),
                boxes=table[:, _BOX:_CONFIDENCE].astype(np.int64),
                confidence=table[:, _CONFIDENCE],
                quality=table[:, _QUALITY:_POINTS],
                landmarks=table[:, _POINTS:].reshape(-1, 5, 2),
                embeddings=embeddings,
            )
    finally:
        place.unlink(missing_ok=True)


def _collected(
    store: AnalysisStore, hashes: Iterable[tuple[str, str]], key: str, place: Path
) -> tuple[list[str], list[str], NDArray[np.float64]]:
    photos: list[str] = []
    sha256s: list[str] = []
    numbers = array("d")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            writer = EmbeddingsWriter(file)
            for path, sha256 in hashes:
                analysis = store.analysis(sha256, key)
                if analysis is None:
                    raise StorageError(f"an analysis disappeared from {store.path} during the run; run again")
                if not analysis.faces:
                    continue
                for index, face in enumerate(analysis.faces):
                    numbers.extend(_numbers(len(photos), index, face))
                writer.add(analysis.embeddings)
                photos.append(path)
                sha256s.append(sha256)
            writer.finish()
    except ValueError as error:
        raise StorageError(f"{store.path} is damaged ({error}); delete it and run again") from error
    except OSError as error:
        raise explained(error, place, "written") from error
    return photos, sha256s, np.frombuffer(numbers, dtype=np.float64).reshape(-1, _NUMBERS)


def _numbers(photo: int, index: int, face: CachedFace) -> Iterable[float]:
    quality = face.quality
    yield from (photo, index, *face.box, face.confidence)
    yield from (quality.size_px, quality.sharpness, quality.yaw_deg, quality.score)
    for point in face.landmarks:
        yield from point
