"""A reader of attributes for tests: it knows the painted people by the colour in the middle of the face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from curation.domain.attributes.values import AgeEstimate, Attribute, ClassEstimate, DensePoint, FaceAttributes
from curation.engines.attributes.reader import FoundAt, ReaderSpec
from curation.engines.base import PhotoPixels, WeightsFile
from curation.errors import FaceAnalysisError
from tests.fakes import FAKE_PEOPLE

__all__ = ["CHILD_YEARS", "FakeReader", "age", "fake_readers", "told"]

CHILD_YEARS = 6.0
_ADULT_YEARS = 41.0
_YOUNG_YEARS = 17.0


def age(years: float, *, reach: float = 6.0, is_known: bool = True, reader: str = "dlib") -> AgeEstimate:
    return AgeEstimate(years, max(0.0, years - reach), years + reach, 0.8, is_known, (years,), (1.0,), reader)


def told(answer: str, probability: float = 0.97, *, among: Sequence[str] = ("female", "male")) -> ClassEstimate:
    rest = round((1.0 - probability) / (len(among) - 1), 4)
    shares = tuple(probability if name == answer else rest for name in among)
    return ClassEstimate(answer if probability >= 0.8 else None, probability, tuple(among), shares, "dlib")


def years_of(person: int) -> AgeEstimate:
    """Person 1 is a child, person 2 looks 17, person 3 cannot be told; all others are adults."""
    if person == 3:
        return age(_ADULT_YEARS, is_known=False)
    return age({1: CHILD_YEARS, 2: _YOUNG_YEARS}.get(person, _ADULT_YEARS + person))


class FakeReader:
    """Implements `curation.engines.attributes.reader.AttributeReader`; counts the photos that it was asked for."""

    def __init__(self, spec: ReaderSpec, broken: Sequence[int] = ()) -> None:
        self._spec = spec
        self.broken = broken
        self.asked = 0

    @property
    def spec(self) -> ReaderSpec:
        return self._spec

    def read(self, photo: PhotoPixels, faces: Sequence[FoundAt]) -> list[FaceAttributes]:
        self.asked += 1
        array, scale = photo.full()
        out = []
        for face in faces:
            x, y = (face.landmarks.as_array().mean(axis=0) * scale).astype(int)
            hue = int(cv2.cvtColor(np.ascontiguousarray(array[y : y + 1, x : x + 1]), cv2.COLOR_RGB2HSV)[0, 0, 0])
            person = round(hue * FAKE_PEOPLE / 180) % FAKE_PEOPLE
            if person in self.broken:
                raise FaceAnalysisError(f"the reader does not like person {person}")
            out.append(self._of(person, face))
        return out

    def _of(self, person: int, face: FoundAt) -> FaceAttributes:
        values: Mapping[Attribute, object] = {
            Attribute.AGE: years_of(person),
            Attribute.SEX: told("female" if person % 2 else "male"),
            Attribute.ETHNICITY: told("zeta", 0.9, among=("zeta", "theta", "iota")),
            Attribute.EMOTION: told("neutral", among=("neutral", "happy")),
            Attribute.LANDMARKS: tuple(DensePoint(float(face.box.x), n + 0.25, -1.0) for n in range(478)),
        }
        asked = {"dense" if n is Attribute.LANDMARKS else n.value: values[n] for n in self._spec.attributes}
        return FaceAttributes(**asked)  # type: ignore[arg-type]


def fake_readers(names: Mapping[Attribute, str], folder: Path = Path()) -> tuple[ReaderSpec, ...]:
    """One spec for each attribute, as `bootstrap` selects them."""
    return tuple(
        ReaderSpec(
            name,
            (attribute,),
            (WeightsFile(f"{name}_{attribute}.onnx", folder / f"{name}_{attribute}.onnx", f"{n}" * 64),),
            ("CPUExecutionProvider",),
        )
        for n, (attribute, name) in enumerate(names.items())
    )
