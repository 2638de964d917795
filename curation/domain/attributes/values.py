"""Attributes of a face as values: a distribution, what follows from it, and "cannot tell" as an answer of its own.

Sex is what a network takes a face for (`female`, `male`), which is not what a person is; ages are apparent ages. Both
are wrong often enough that no value is given without its range or certainty, see docs/attributes.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.faces.geometry import HeadPose

__all__ = [
    "AgeEstimate",
    "Attribute",
    "AttributedFace",
    "ClassEstimate",
    "DensePoint",
    "FaceAttributes",
    "ImageAttributes",
]


class Attribute(StrEnum):
    """What a reader can tell of a face."""

    AGE = "age"
    SEX = "sex"
    ETHNICITY = "ethnicity"
    EMOTION = "emotion"
    LANDMARKS = "landmarks"
    """MediaPipe's 478 dense landmarks; five and 68 points do not need a reader."""


@dataclass(frozen=True, slots=True)
class AgeEstimate:
    """An apparent age.

    Attributes:
        years: The best single number, in years; the expectation of the distribution unless the reader says otherwise.
        low: Lower end of the range that holds four of five true ages, in years, from a measured table.
        high: Its upper end.
        certainty: In [0, 1]; how likely the true age lies within ten years of `years`, from a measured table; 0 if
            nothing was measured for these weights.
        is_known: Whether the value may be used; otherwise "cannot tell".
        ages: The ages in years to which `distribution` belongs, ascending.
        distribution: Probability of each, sum 1.
        reader: Name of the reader.
    """

    years: float
    low: float
    high: float
    certainty: float
    is_known: bool
    ages: tuple[float, ...]
    distribution: tuple[float, ...]
    reader: str


@dataclass(frozen=True, slots=True)
class ClassEstimate:
    """A sex, an ethnicity or an emotion.

    Attributes:
        answer: The most likely class; None for "cannot tell".
        certainty: How likely the most likely class is the right one, in [0, 1], as measured on labelled faces; the
            network's own probability, which is too high, if nothing was measured for these weights.
        classes: Names of the classes, in the reader's order; for sex `female` and `male`.
        distribution: Probability of each as the network gives it, sum 1.
        reader: Name of the reader.
    """

    answer: str | None
    certainty: float
    classes: tuple[str, ...]
    distribution: tuple[float, ...]
    reader: str

    @property
    def most_likely(self) -> str:
        """The class with the highest probability, also where it is too uncertain to be an answer."""
        return self.classes[max(range(len(self.classes)), key=self.distribution.__getitem__)]


@dataclass(frozen=True, slots=True)
class DensePoint:
    """A point of a face in space: x and y in pixels of the upright full-size photo, z in the same unit.

    z grows away from the camera, and is 0 at about the depth of the head's middle.
    """

    x: float
    y: float
    z: float


@dataclass(frozen=True, slots=True)
class FaceAttributes:
    """All attributes of a face; None for what was not asked.

    Attributes:
        age: The apparent age.
        sex: `female` or `male`.
        ethnicity: Classes of the reader, which differ from reader to reader.
        emotion: The expression, in classes of the reader.
        dense: The 478 landmarks of MediaPipe's face mesh, in its order; empty if its network sees no face there.
    """

    age: AgeEstimate | None = None
    sex: ClassEstimate | None = None
    ethnicity: ClassEstimate | None = None
    emotion: ClassEstimate | None = None
    dense: tuple[DensePoint, ...] | None = None


@dataclass(frozen=True, slots=True)
class AttributedFace:
    """A face of a picture with its landmarks and attributes.

    Attributes:
        face_index: Number of the face in its picture, from left to right, 0-based.
        box: Bounds in pixels of the upright full-size photo.
        landmarks: Five points.
        confidence: Of the detector, in [0, 1].
        points68: The 68 points of the iBUG scheme, in pixels of the upright full-size photo; empty if they do not fit.
        pose: Of the head, in degrees.
        attributes: What the readers say.
    """

    face_index: int
    box: Box
    landmarks: FiveLandmarks
    confidence: float
    points68: tuple[Point, ...]
    pose: HeadPose
    attributes: FaceAttributes


@dataclass(frozen=True, slots=True)
class ImageAttributes:
    """Everything that was read from one picture.

    Attributes:
        sha256: Of the picture's bytes, in hex.
        width: Of the upright full-size picture, in pixels.
        height: Likewise.
        faces: From left to right.
        engine: Name of the engine that found the faces.
        weights: Name and SHA-256 of each model file that took part, sorted by name.
    """

    sha256: str
    width: int
    height: int
    faces: tuple[AttributedFace, ...]
    engine: str
    weights: tuple[tuple[str, str], ...]
