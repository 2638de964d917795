"""From the bytes of a picture to the attributes of its faces: one decoding, one detection, then all readers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute, AttributedFace, FaceAttributes, ImageAttributes
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.faces.geometry import HeadPose, head_pose
from curation.domain.measuring.calibration import landmark_fit
from curation.engines.alignment import detail_scale
from curation.engines.attributes.reader import AttributeReader, FoundAt
from curation.engines.base import FaceEngine, PhotoPixels, Pixels, WeightsFile
from curation.engines.landmarks import LandmarkPredictor
from curation.errors import PhotoTooLargeError, PhotoTooSmallError
from curation.photos.elsewhere import open_elsewhere
from curation.pipelines.expression_measures import MIN_LANDMARK_FIT, MIN_MEASURED_FACE_PX
from curation.pipelines.measuring import largest_faces

__all__ = ["MIN_SIDE_PX", "AttributeAnalyser", "ReadersByName", "Wanted"]

MIN_SIDE_PX = MIN_MEASURED_FACE_PX
"""A picture with a shorter side has no place for the smallest face that is measured."""

_DETAIL_EYES_PX = 128.0
"""Distance of the eyes at which each face is decoded before anything is read of it, if the picture has so many pixels:
more than any reader uses. What was asked for then makes no difference to the pixels that a reader gets."""
_POINT_DIGITS = 2  # of a pixel, and of a degree; what is finer is noise
_CONFIDENCE_DIGITS = 4

_OFF = "off"


class ReadersByName(Protocol):
    """Where readers stand that were built before, see `curation.engines.attributes.shelf.ReaderShelf`."""

    def readers(self, names: Mapping[Attribute, str]) -> tuple[AttributeReader, ...]:
        """The readers with these names, one for each name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a picture.

    Attributes:
        points68: Whether the 68 points are in the answer.
        attributes: What is read, as far as a reader is named for it.
    """

    points68: bool = True
    attributes: frozenset[Attribute] = frozenset(Attribute)


class AttributeAnalyser:
    """Analyses pictures; may be used by several threads at the same time, which share all networks.

    The same bytes with the same readers always give the same values, whatever else is asked for or going on.
    """

    def __init__(
        self,
        engine: FaceEngine,
        predictor: LandmarkPredictor,
        shelf: ReadersByName,
        *,
        predictor_weights: WeightsFile,
        names: Mapping[Attribute, str],
        max_bytes: int,
        max_megapixels: float,
    ) -> None:
        """Set the parts.

        Args:
            engine: Finds the faces.
            predictor: Of the 68 points.
            shelf: Has the readers.
            predictor_weights: The file of `predictor`.
            names: The reader of each attribute if a call names no other one; `off` and what is missing is not read.
            max_bytes: Larger files are refused.
            max_megapixels: Larger pictures are refused, JPEGs are decoded at a smaller size instead.
        """
        self._engine = engine
        self._predictor = predictor
        self._shelf = shelf
        self._predictor_weights = predictor_weights
        self._names = dict(names)
        self._max_bytes = max_bytes
        self._max_megapixels = max_megapixels

    def analyse(
        self, content: bytes, *, wanted: Wanted, readers: Mapping[Attribute, str] | None = None
    ) -> ImageAttributes:
        """Find the faces of a picture and read them.

        Args:
            content: Of a picture file in any format that photos may have.
            wanted: What to read.
            readers: Names of readers to take instead of the usual ones, for some attributes or all.

        Returns:
            The faces from left to right. Of more than `MAX_MEASURED_FACES` faces, the smallest are only found.

        Raises:
            PhotoTooLargeError: If it has more bytes or more pixels than allowed.
            PhotoTooSmallError: If it is smaller than any face.
            PhotoUnreadableError: If it is empty, no picture, damaged, or beyond the limits of the decoder processes.
            DecodersBusyError: If it cannot be decoded now.
            FaceAnalysisError: If a network fails.
            SettingsError: If there is no reader with a name, or it cannot read the attribute.
            WeightsError: If the model file of a reader is missing or broken.
        """
        if len(content) > self._max_bytes:
            raise PhotoTooLargeError(
                f"the picture has {len(content) / 1e6:.1f} MB, at most {self._max_bytes / 1e6:g} MB are taken: send a "
                "smaller one, or raise services.max_image_mb"
            )
        chosen = self._shelf.readers(self._chosen(wanted, readers))
        photo = open_elsewhere(content, max_megapixels=self._max_megapixels)
        if min(photo.width, photo.height) < MIN_SIDE_PX:
            raise PhotoTooSmallError(
                f"the picture has {photo.width} x {photo.height} pixels, too few for a face: send one with at least "
                f"{MIN_SIDE_PX} on each side"
            )
        found = self._engine.find(photo)
        needs_points = wanted.points68 or any(reader.spec.needs_points68 for reader in chosen)
        read = largest_faces([(box, five) for box, five, _ in found])
        points, attributes = self._read(photo, [found[number][:2] for number in read], chosen, needs_points)
        of_face = {number: (points[place], attributes[place]) for place, number in enumerate(read)}
        faces = []
        for number, (box, five, confidence) in enumerate(found):
            points68, values = of_face.get(number, (None, FaceAttributes()))
            faces.append(
                AttributedFace(
                    face_index=number,
                    box=box,
                    landmarks=FiveLandmarks(*_points(five.as_array())),
                    confidence=round(float(confidence), _CONFIDENCE_DIGITS),
                    points68=() if points68 is None or not wanted.points68 else tuple(_points(points68)),
                    pose=HeadPose(*map(_rounded, head_pose(five.as_array()))),
                    attributes=values,
                )
            )
        return ImageAttributes(
            sha256=hashlib.sha256(content).hexdigest(),
            width=photo.width,
            height=photo.height,
            faces=tuple(faces),
            engine=self._engine.spec.name,
            weights=self._weights(chosen, needs_points),
        )

    def _chosen(self, wanted: Wanted, readers: Mapping[Attribute, str] | None) -> dict[Attribute, str]:
        named = {**self._names, **(readers or {})}
        # In the order of the attributes, not of the request: the order of readers must not matter, nor does it then.
        return {
            attribute: name
            for attribute in Attribute
            if attribute in wanted.attributes and (name := named.get(attribute, _OFF)) != _OFF
        }

    def _read(
        self,
        photo: PhotoPixels,
        faces: Sequence[tuple[Box, FiveLandmarks]],
        readers: Sequence[AttributeReader],
        needs_points: bool,
    ) -> tuple[list[NDArray[np.float64] | None], list[FaceAttributes]]:
        """The 68 points of each face, None where they do not fit or are not needed, and what the readers say."""
        points: list[NDArray[np.float64] | None] = [None] * len(faces)
        attributes = [FaceAttributes()] * len(faces)
        if not faces:
            return points, attributes
        pixels = photo.detailed(detail_scale((five for _, five in faces), eye_distance_px=_DETAIL_EYES_PX))
        if needs_points:
            points = [self._fitting_points(pixels, *face) for face in faces]
        for reader in readers:
            takes_points = reader.spec.needs_points68
            places = [
                FoundAt(box, five, points[number] if takes_points else None) for number, (box, five) in enumerate(faces)
            ]
            attributes = [_joined(*each) for each in zip(attributes, reader.read(photo, places), strict=True)]
        return points, attributes

    def _fitting_points(self, pixels: Pixels, box: Box, five: FiveLandmarks) -> NDArray[np.float64] | None:
        if min(box.w, box.h) < MIN_MEASURED_FACE_PX:
            return None
        found = self._predictor.predict(pixels, five)
        if found is None or landmark_fit(found.disagreement, found.instability) < MIN_LANDMARK_FIT:
            return None
        return np.round(found.points, _POINT_DIGITS)

    def _weights(self, readers: Sequence[AttributeReader], needs_points: bool) -> tuple[tuple[str, str], ...]:
        files = list(self._engine.spec.weights)
        if needs_points:
            files.append(self._predictor_weights)
        for reader in readers:
            files += reader.spec.weights
        return tuple(sorted({(file.name, file.sha256) for file in files}))


def _points(array: NDArray[np.float64]) -> list[Point]:
    return [Point(_rounded(x), _rounded(y)) for x, y in array]


def _rounded(value: float) -> float:
    """In hundredths; never -0.0, which is written otherwise than 0.0."""
    return round(float(value), _POINT_DIGITS) + 0.0


def _joined(first: FaceAttributes, second: FaceAttributes) -> FaceAttributes:
    """What two readers say of a face; no two of them are asked for the same."""
    values = {field.name: getattr(first, field.name) for field in fields(FaceAttributes)}
    values.update(
        (field.name, value) for field in fields(FaceAttributes) if (value := getattr(second, field.name)) is not None
    )
    return FaceAttributes(**values)
