"""The contract between the pipelines and the engines, which find and embed faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, DetectedFace, FiveLandmarks
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.unreadable_faces import UnreadableRule
from curation.errors import PhotoError

__all__ = [
    "DLIB",
    "RETINAFACE_ARCFACE",
    "EngineSpec",
    "FaceEngine",
    "FoundFace",
    "PhotoPixels",
    "Pixels",
    "WeightsFile",
]

RETINAFACE_ARCFACE = "retinaface-arcface"
DLIB = "dlib"


class Pixels(NamedTuple):
    """A decoded photo at a certain scale.

    Attributes:
        array: (H, W, 3) uint8 RGB, upright (EXIF orientation applied); may be a view that is not
            contiguous.
        scale: Pixels of `array` per pixel of the upright full-size photo, in (0, 1].
    """

    array: NDArray[np.uint8]
    scale: float


class PhotoPixels(Protocol):
    """A photo that is decoded on demand, at most once at a reduced size and once in more detail.

    So ask only once for the scale that shows the details of all faces.
    """

    @property
    def width(self) -> int:
        """Width of the upright full-size photo in pixels."""

    @property
    def height(self) -> int:
        """Height of the upright full-size photo in pixels."""

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """The photo with its longer side at most `long_side_px`, and at most 12 % below that; never enlarged.

        Args:
            long_side_px: Maximum of the longer side, in pixels.
            averaged: Whether each pixel has to be the mean of the pixels that it represents. An approximation is
                several times faster and sufficient for detectors, but not for measures of sharpness.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """

    def detailed(self, scale: float) -> Pixels:
        """The photo at a scale of at least `scale` (in (0, 1]), or at the scale of `full` if that is smaller.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """

    def full(self) -> Pixels:
        """The photo at full size; the scale is below 1 only for huge JPEGs, see `photos.files.lazy_photo`.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A verified model file: its name, its path and the SHA-256 of its content (hex)."""

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """A chosen engine whose weights are present; small enough to send to workers.

    Attributes:
        name: `retinaface-arcface` or `dlib`.
        weights: The model files that it uses.
        options: The options on which its results depend (working sizes, confidences), sorted by name.
        distance_threshold: Cosine distance below which two faces are the same person, for these weights.
        threshold_source: Where the threshold comes from, in words for the log and the run record.
        providers: ONNX Runtime's execution providers, in order of preference.
        reason: Why this engine was chosen, in words for the user.
        converted: Models made from some of the weights, which the engine loads instead of these; they follow from
            the weights, so they are not part of the identity of results.
        grouping: How faces are grouped, if that was measured for these weights; if None, `distance_threshold` alone
            decides.
        unreadable: Which faces cannot be read, if that was measured for these weights; if None, it is learned from the
            event's own faces.
    """

    name: str
    weights: tuple[WeightsFile, ...]
    options: tuple[tuple[str, str | int | float], ...]
    distance_threshold: float
    threshold_source: str
    providers: tuple[str, ...]
    reason: str
    converted: tuple[WeightsFile, ...] = ()
    grouping: GroupingRule | None = None
    unreadable: UnreadableRule | None = None


class FoundFace(NamedTuple):
    """A face that was found and not embedded.

    Attributes:
        box: Bounds, clipped to the photo.
        landmarks: Five points in pixels of the upright full-size photo.
        confidence: The detector's, in [0, 1].
    """

    box: Box
    landmarks: FiveLandmarks
    confidence: float


class FaceEngine(Protocol):
    """Finds the faces of a photo and embeds them."""

    @property
    def spec(self) -> EngineSpec:
        """What this engine was built from."""

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        """Find and embed all faces.

        Args:
            photo: The photo; any size from 1 x 1 pixel.

        Returns:
            The faces from left to right (left edge of the box, then its upper edge), in pixels of
            the upright full-size photo; empty if there are none.

        Raises:
            PhotoUnreadableError: If the photo cannot be decoded.
            FaceAnalysisError: If the networks fail.
        """

    def find(self, photo: PhotoPixels) -> Sequence[FoundFace]:
        """Find all faces without embedding them; several threads may do so at the same time.

        Args:
            photo: The photo; any size from 1 x 1 pixel.

        Returns:
            The same faces as `analyse`, in the same order.

        Raises:
            PhotoUnreadableError: If the photo cannot be decoded.
            FaceAnalysisError: If the networks fail.
        """

    def analyse_many(self, photos: Sequence[PhotoPixels]) -> list[Sequence[DetectedFace] | PhotoError]:
        """Find and embed all faces of several photos; the faces are embedded in batches if that is faster.

        Args:
            photos: The photos; all of them stay in memory until the last one is done.

        Returns:
            For each photo, what `analyse` would return, or the error that it would raise.
        """

    def embed_changed(
        self,
        photo: PhotoPixels,
        landmarks: FiveLandmarks,
        change: Callable[[NDArray[np.uint8]], Sequence[NDArray[np.uint8]]],
    ) -> NDArray[np.float32]:
        """Embed a known face after its chip was changed, for instance turned upside down.

        Args:
            photo: The photo that the face was found on.
            landmarks: Of the face, in pixels of the upright full-size photo.
            change: Makes N >= 1 chips of the face's chip; all are (S, S, 3) uint8 RGB.

        Returns:
            (N, D) float32 of unit length.

        Raises:
            PhotoUnreadableError: If the photo cannot be decoded.
            FaceAnalysisError: If the networks fail, or the landmarks are no face.
        """
