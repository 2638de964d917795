"""All faces of an event in arrays: about 150 bytes per face in memory, the embeddings in a file."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FaceRow, FiveLandmarks
from curation.pipelines.drawn_faces import drawn_key, is_there
from curation.storage.analysis_rows import CachedFace, CachedPhoto
from curation.storage.analysis_store import AnalysisStore
from curation.storage.atomic import explained
from curation.storage.embeddings_file import EmbeddingsFile, EmbeddingsWriter

__all__ = ["EventFaces", "collected_faces"]

NOTHING_DRAWN: Mapping[str, Sequence[Box]] = MappingProxyType({})

# Of a face: photo, index, box, confidence, quality (size, sharpness, yaw, score), five points, number in its analysis.
_BOX, _CONFIDENCE, _QUALITY, _POINTS, _STORED, _NUMBERS = 2, 6, 7, 11, 21, 22


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
        stored: (N,) number of each face within its analysis in the store; -1 for one that the user drew, which has an
            analysis of its own.
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
    stored: NDArray[np.int64]

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

    def box(self, face: int) -> Box:
        """The box of a face."""
        return Box(*self.boxes[face].tolist())

    def place_in_store(self, face: int, analysis_key: str) -> tuple[str, str, int]:
        """SHA-256, key and number under which the store has what else is known of a face.

        Args:
            face: Its number in the event.
            analysis_key: Of the faces that the engine finds by itself.
        """
        sha256, number = self.sha256[int(self.photo[face])], int(self.stored[face])
        return (sha256, analysis_key, number) if number >= 0 else (sha256, drawn_key(analysis_key, self.box(face)), 0)

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
                facial_area=self.box(face),
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
    store: AnalysisStore,
    hashes: Iterable[tuple[str, str]],
    key: str,
    place: Path,
    drawn: Mapping[str, Sequence[Box]] = NOTHING_DRAWN,
) -> Iterator[EventFaces]:
    """Collect the cached analyses of the photos of an event.

    Args:
        store: Has an analysis of each of them.
        hashes: Path and SHA-256 of each photo, in the order of face_data.csv.
        key: Of the analyses.
        place: File for the embeddings; removed at the end unless it was moved.
        drawn: Boxes of faces that the user drew, by SHA-256; those without an analysis are left out.

    Raises:
        StorageError: If an analysis is missing, or the file cannot be written.
    """
    try:
        photos, sha256s, table = _collected(store, hashes, key, place, drawn)
        with EmbeddingsFile(place) as embeddings:
            yield EventFaces(
                photos=tuple(photos),
                sha256=tuple(sha256s),
                photo=table[:, 0].astype(np.int64),
                index=table[:, 1].astype(np.int64),
                boxes=table[:, _BOX:_CONFIDENCE].astype(np.int64),
                confidence=table[:, _CONFIDENCE],
                quality=table[:, _QUALITY:_POINTS],
                landmarks=table[:, _POINTS:_STORED].reshape(-1, 5, 2),
                embeddings=embeddings,
                stored=table[:, _STORED].astype(np.int64),
            )
    finally:
        with suppress(OSError):  # the next run removes it
            place.unlink()


def _collected(
    store: AnalysisStore,
    hashes: Iterable[tuple[str, str]],
    key: str,
    place: Path,
    drawn: Mapping[str, Sequence[Box]],
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
                    raise store.lost("an analysis")
                faces, embeddings = _with_drawn(store, sha256, key, analysis, drawn.get(sha256, ()))
                if not faces:
                    continue
                for index, (stored, face) in enumerate(faces):
                    numbers.extend(_numbers(len(photos), index, face))
                    numbers.append(stored)
                writer.add(embeddings)
                photos.append(path)
                sha256s.append(sha256)
            writer.finish()
    except ValueError as error:
        raise store.lost(f"what belongs together ({error})") from error
    except OSError as error:
        raise explained(error, place, "written") from error
    return photos, sha256s, np.frombuffer(numbers, dtype=np.float64).reshape(-1, _NUMBERS)


def _with_drawn(
    store: AnalysisStore, sha256: str, key: str, analysis: CachedPhoto, boxes: Sequence[Box]
) -> tuple[list[tuple[int, CachedFace]], NDArray[np.float32]]:
    """The faces of a photo with their numbers in the analysis, from left to right, and their embeddings."""
    faces, vectors = list(enumerate(analysis.faces)), analysis.embeddings
    for box in boxes:
        own = None if is_there(box, [face.box for _, face in faces]) else store.analysis(sha256, drawn_key(key, box))
        if own is not None and own.faces:
            faces.append((-1, own.faces[0]))
            vectors = own.embeddings if len(faces) == 1 else np.concatenate([vectors, own.embeddings])
    if len(faces) > len(analysis.faces):
        order = sorted(range(len(faces)), key=lambda number: faces[number][1].box[:2])
        faces, vectors = [faces[number] for number in order], vectors[order]
    return faces, vectors


def _numbers(photo: int, index: int, face: CachedFace) -> Iterable[float]:
    quality = face.quality
    yield from (photo, index, *face.box, face.confidence)
    yield from (quality.size_px, quality.sharpness, quality.yaw_deg, quality.score)
    for point in face.landmarks:
        yield from point
