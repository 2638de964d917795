"""A face as it is known at each step: detected by an engine, analysed, and as a row of face_data.csv."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.row_attributes import RowAttributes
from curation.domain.files.health import FileFault

__all__ = [
    "AnalysedFace",
    "Box",
    "DetectedFace",
    "FaceQuality",
    "FaceRow",
    "FiveLandmarks",
    "PhotoAnalysis",
    "Point",
]


class Point(NamedTuple):
    """A point in pixels of the upright full-size photo; x to the right, y downwards."""

    x: float
    y: float


class Box(NamedTuple):
    """An upright rectangle in whole pixels of the upright full-size photo.

    `x`, `y` is the upper left corner, `w`, `h` the size; never empty, always inside the photo.
    """

    x: int
    y: int
    w: int
    h: int


class FiveLandmarks(NamedTuple):
    """The five points that detectors give, named from the point of view of the person in the photo.

    In an upright frontal face `right_eye` is on the left of the picture. The order is that of
    the ArcFace alignment template.
    """

    right_eye: Point
    left_eye: Point
    nose: Point
    mouth_right: Point
    mouth_left: Point

    def as_array(self) -> NDArray[np.float64]:
        """The points as a (5, 2) array of x, y in pixels."""
        return np.asarray(self, dtype=np.float64)

    @classmethod
    def from_array(cls, points: NDArray[np.floating]) -> FiveLandmarks:
        """Build from a (5, 2) array of x, y in pixels, in the order of the fields."""
        if points.shape != (5, 2):
            raise ValueError(f"five landmarks have the shape (5, 2), not {points.shape}")
        return cls(*(Point(float(x), float(y)) for x, y in points))


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFace:
    """A face as an engine reports it.

    Attributes:
        box: Bounds, clipped to the photo.
        landmarks: Five points; they may lie outside the photo when the face is cut off.
        confidence: The detector's confidence in [0, 1].
        embedding: (D,) float32 of unit length.
    """

    box: Box
    landmarks: FiveLandmarks
    confidence: float
    embedding: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """How well a face can be recognised; raw values, so that thresholds can be changed later.

    Attributes:
        size_px: The shorter side of the face's box, in pixels of the full-size photo.
        sharpness: In [0, 1], see `curation.domain.measuring.measures`.
        yaw_deg: Turn to the side, in degrees; 0 is frontal; the sign is that of the photo's x axis.
        score: In [0, 1], all of the above and the detector's confidence in one number; selects
            the best face of a cluster.
    """

    size_px: int
    sharpness: float
    yaw_deg: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedFace:
    """A detected face with its quality and its chip (JPEG, sRGB), which is shown when people are labelled."""

    detected: DetectedFace
    quality: FaceQuality
    chip_jpeg: bytes


@dataclass(frozen=True, slots=True, eq=False)
class PhotoAnalysis:
    """All faces of one photo, from left to right.

    Attributes:
        width: Width of the upright full-size photo, in pixels.
        height: Height of the upright full-size photo, in pixels.
        faces: Ordered by the left edge of the box, then by its upper edge.
        miniature: 16 x 16 pixels of the photo, see `curation.photos.looks.miniature`; None if it was not made.
        capture_time: From EXIF, ISO 8601 in the camera's local time; None if unknown.
        time_source: Where the time stands in the file, see `TakenTime.source`; empty if it is unknown.
        faults: What is wrong with the file without affecting the picture.
        clock: Whose clock the time is by, see `curation.photos.taken.camera_facts.read_clock`; empty if unknown.
    """

    width: int
    height: int
    faces: tuple[AnalysedFace, ...]
    miniature: bytes | None = None
    capture_time: str | None = None
    time_source: str = ""
    faults: tuple[FileFault, ...] = ()
    clock: str = ""


@dataclass(frozen=True, slots=True)
class FaceRow:
    """One row of face_data.csv; the fields but the last are its columns, `facial_area` being the box.

    Attributes:
        image_path: Path of the photo, relative to the input folder.
        face_index: Number of the face in its photo, from left to right, 0-based.
        facial_area: Bounds in pixels of the upright full-size photo.
        detection_confidence: Confidence of the detector, in [0, 1].
        cluster_id: Cluster of the face; -1 for a face too poor to identify.
        cluster_confidence: In [0, 1], see `curation.domain.grouping.clusters.confidences`.
        face_quality: In [0, 1], `FaceQuality.score`.
        landmarks: Five points.
        embedding_row: Row of embeddings.npy; -1 for a face that the user drew after the last run, which is in no table.
        engine: Name of the engine.
        attributes: Age, sex and more, as far as settings asked for them, in columns of their own; None if for nothing.
    """

    image_path: str
    face_index: int
    facial_area: Box
    detection_confidence: float
    cluster_id: int
    cluster_confidence: float
    face_quality: float
    landmarks: FiveLandmarks
    embedding_row: int
    engine: str
    attributes: RowAttributes | None = None
