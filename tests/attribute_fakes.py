"""Stand-ins for what reads attributes of faces: 68 points, and readers by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from curation.domain.attributes.values import Attribute, DensePoint, FaceAttributes
from curation.domain.faces.face import FiveLandmarks
from curation.engines.attributes.reader import AttributeReader, FoundAt, ReaderSpec
from curation.engines.base import PhotoPixels, Pixels, WeightsFile
from curation.engines.landmarks import LandmarkPredictor, Landmarks68
from curation.errors import SettingsError
from tests.attribute_values import a_sex, an_age

__all__ = ["FakePredictor", "FakeReader", "FakeShelf"]


class FakePredictor(LandmarkPredictor):
    """68 points on the face; faces of less than 40 pixels have none, and those at 150 do not fit."""

    def __init__(self) -> None:
        self.scales: list[float] = []

    def predict(self, pixels: Pixels, landmarks: FiveLandmarks) -> Landmarks68 | None:
        self.scales.append(pixels.scale)
        if landmarks.left_eye.x - landmarks.right_eye.x < 15:
            return None
        does_fit = not 150 < landmarks.right_eye.x < 200
        points = np.tile(np.array([[landmarks.nose.x + 1 / 3, landmarks.nose.y]]), (68, 1))
        return Landmarks68(points, 0.01 if does_fit else 5.0, 0.01)


@dataclass
class FakeReader:
    spec: ReaderSpec
    seen: list[list[FoundAt]] = field(default_factory=list)

    def read(self, photo: PhotoPixels, faces: Sequence[FoundAt]) -> list[FaceAttributes]:
        self.seen.append(list(faces))
        asked = self.spec.attributes
        return [
            FaceAttributes(
                age=an_age(float(face.box.x)) if Attribute.AGE in asked else None,
                sex=a_sex() if Attribute.SEX in asked else None,
                dense=(DensePoint(1.0, 2.0, 3.0),) if Attribute.LANDMARKS in asked else None,
            )
            for face in faces
        ]


class FakeShelf:
    """Has the readers `dlib` (which aligns by 68 points), `openvino` and `mediapipe`."""

    def __init__(self) -> None:
        self.built: dict[tuple[str, tuple[Attribute, ...]], FakeReader] = {}

    def readers(self, names: Mapping[Attribute, str]) -> tuple[AttributeReader, ...]:
        by_name: dict[str, list[Attribute]] = {}
        for attribute, name in names.items():
            if name not in ("dlib", "openvino", "mediapipe"):
                raise SettingsError(f"there is no reader {name!r}")
            by_name.setdefault(name, []).append(attribute)
        return tuple(self.reader(name, tuple(asked)) for name, asked in by_name.items())

    def reader(self, name: str, asked: tuple[Attribute, ...]) -> FakeReader:
        weights = (WeightsFile(f"{name}.onnx", Path(name), name[0] * 64),)
        spec = ReaderSpec(name, asked, weights, (), needs_points68=name == "dlib")
        return self.built.setdefault((name, asked), FakeReader(spec))
