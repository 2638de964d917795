"""The contract between the pipelines and whatever finds and embeds faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import DetectedFace
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.errors import PhotoError

__all__ = ["EngineSpec", "FaceEngine", "PhotoPixels", "Pixels", "WeightsFile"]


class Pixels(NamedTuple):
    """A decoded photo at some size.

    Attributes:
        array: (H, W, 3) uint8 RGB, upright (EXIF orientation applied); may be a view, so not
            necessarily contiguous.
        scale: Pixels of `array` per pixel of the upright full-size photo, in (0, 1].
    """

    array: NDArray[np.uint8]
    scale: float


class PhotoPixels(Protocol):
    """A photo that is decoded when it is asked for, at most once reduced and once in more detail.

    So whoever needs details of faces asks for all of them at once.
    """

    @property
    def width(self) -> int:
        """Width of the upright full-size photo in pixels."""

    @property
    def height(self) -> int:
        """Height of the upright full-size photo in pixels."""

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """The photo with its longer side at most `long_side_px`, and at most 12 % less; never enlarged.

        Args:
            long_side_px: In pixels.
            averaged: Whether each pixel shall be the mean of what it stands for. A detector does as well with
                some weights uneven, which is several times faster; measures of sharpness do not.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """

    def detailed(self, scale: float) -> Pixels:
        """The photo at a scale of at least `scale` (in (0, 1]), or at that of `full` where it is less.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """

    def full(self) -> Pixels:
        """The photo at full size; the scale is below 1 only for huge JPEGs, see `photos.decoding`.

        Raises:
            PhotoUnreadableError: If the file cannot be decoded completely.
        """


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A model file that was checked: its place and the SHA-256 of its content (hex)."""

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """An engine that was chosen and whose weights are in place; small enough to send to workers.

    Attributes:
        name: `retinaface-arcface` or `dlib`.
        weights: The files that it runs on.
        options: What matters for its results (working sizes, confidences), sorted by name.
        distance_threshold: Cosine distance below which two faces are one person, for these weights.
        threshold_source: Where the threshold comes from, in words for the log and the run record.
        providers: ONNX Runtime's execution providers, in order of preference.
        reason: Why this engine was taken, in words for the user.
        converted: Files made of some of the weights, which the engine loads in their place; what they hold
            follows from the weights, so only those count for the identity of results.
        grouping: How faces are grouped, if that was measured for these weights; None goes by
            `distance_threshold` alone.
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
            the upright full-size photo; empty if there is none.

        Raises:
            PhotoUnreadableError: If the photo cannot be decoded.
            FaceAnalysisError: If the networks fail on it.
        """

    def analyse_many(self, photos: Sequence[PhotoPixels]) -> list[Sequence[DetectedFace] | PhotoError]:
        """Find and embed all faces of several photos, the faces in common runs of the network where that pays.

        Args:
            photos: The photos; all of them stay decoded until the last one is done.

        Returns:
            For each photo what `analyse` returns or would raise.
        """
