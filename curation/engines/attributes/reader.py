"""The contract between the pipelines and the readers of attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute, FaceAttributes
from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.base import PhotoPixels, WeightsFile

__all__ = ["AttributeReader", "FoundAt", "ReaderSpec"]


@dataclass(frozen=True, slots=True, eq=False)
class FoundAt:
    """Where a face is, as a reader needs it; all in pixels of the upright full-size photo.

    Attributes:
        box: Bounds.
        landmarks: Five points.
        points68: (68, 2) float64 points of the iBUG scheme; None if they do not fit, or the reader does not need them.
    """

    box: Box
    landmarks: FiveLandmarks
    points68: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class ReaderSpec:
    """A chosen reader whose weights are present; small enough to send to workers.

    Attributes:
        name: Of the reader, as in config.yaml.
        attributes: What it is asked for; a reader computes nothing else.
        weights: The model files that it uses.
        providers: ONNX Runtime's execution providers, in order of preference.
        needs_points68: Whether it aligns faces by their 68 points; without them it falls back to the five.
        warning: A sentence that is logged when it is chosen, and stands beside its values; empty if there is none.
    """

    name: str
    attributes: tuple[Attribute, ...]
    weights: tuple[WeightsFile, ...]
    providers: tuple[str, ...]
    needs_points68: bool = False
    warning: str = ""


class AttributeReader(Protocol):
    """Tells attributes of the faces of a photo."""

    @property
    def spec(self) -> ReaderSpec:
        """What this reader was built from."""

    def read(self, photo: PhotoPixels, faces: Sequence[FoundAt]) -> list[FaceAttributes]:
        """Read all faces of a photo.

        Args:
            photo: The photo that the faces were found on.
            faces: Any number of faces, in any order.

        Returns:
            For each face, in the given order, the attributes of `spec.attributes`; the others are None. A face on
            which a network cannot tell anything (its points are no face) has `is_known` False or `answer` None.

        Raises:
            PhotoUnreadableError: If the photo cannot be decoded.
            FaceAnalysisError: If a network fails.
        """
