"""Stand-ins for the networks for whole people: they find people under painted faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.faces.face import Box
from curation.engines.base import PhotoPixels
from curation.engines.bodies.base import BodyMask, BodySpec
from tests.asset_values import standing

__all__ = ["FakeClothes", "FakePeople", "FakeSegmenter", "body_spec"]


def body_spec(name: str) -> BodySpec:
    """A spec without files."""
    return BodySpec(name, (), ("CPUExecutionProvider",))


class FakePeople:
    """Under each face stands a person of eight times its height; implements `PeopleFinder`."""

    specs = (body_spec("people"),)

    def find(self, photo: PhotoPixels, faces: Sequence[FaceOfBody]) -> tuple[Person, ...]:
        photo.reduced(400)
        people = []
        for index, face in enumerate(sorted(faces, key=lambda each: each.box)):
            x, y, w, h = face.box
            left, top = max(0, x - w), max(0, y - h // 2)
            right, bottom = min(photo.width, x + 2 * w), min(photo.height, y + 8 * h)
            pose = standing(x + w / 2, y - h / 2, 8.5 * h)
            people.append(Person(index, Box(left, top, right - left, bottom - top), 0.9, pose, face))
        return tuple(people)


class FakeSegmenter:
    """The middle half of each body; implements `Segmenter`."""

    def __init__(self, name: str = "mask", error: Exception | None = None) -> None:
        self.spec = body_spec(name)
        self.calls = 0
        self._error = error

    def segment(self, photo: PhotoPixels, people: Sequence[Person]) -> list[BodyMask]:
        self.calls += 1
        if self._error is not None:
            raise self._error
        photo.reduced(400)
        values = np.zeros((40, 40), np.float32)
        values[:, 10:30] = 0.9
        return [BodyMask(values, person.box, min(1.0, 40 / max(person.box.w, person.box.h))) for person in people]


class FakeClothes:
    """The lower three quarters of each mask; implements `ClothesSegmenter`."""

    specs = (body_spec("clothes"),)

    def segment(self, photo: PhotoPixels, people: Sequence[Person], masks: Sequence[BodyMask]) -> list[BodyMask]:
        clothes = []
        for mask in masks:
            values = mask.values.copy()
            values[: len(values) // 4] = 0.0
            clothes.append(mask._replace(values=values))
        return clothes
