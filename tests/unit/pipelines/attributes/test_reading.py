from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from curation.domain.attributes.values import Attribute, FaceAttributes
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.engines.attributes.reader import FoundAt
from curation.engines.base import PhotoPixels, Pixels
from curation.engines.landmarks import LandmarkPredictor, Landmarks68
from curation.pipelines.attributes.reading import read_attributes
from ground_truth.array_photo import ArrayPhoto
from tests.fake_readers import FakeReader, fake_readers
from tests.fakes import painted_photo

BOX = Box(20, 20, 60, 60)
FIVE = FiveLandmarks(*(Point(x + 0.123456, y) for x, y in ((38, 44), (62, 44), (50, 56), (41, 68), (59, 68))))
AGE, SEX = fake_readers({Attribute.AGE: "dlib", Attribute.SEX: "gear"})


def photo() -> ArrayPhoto:
    return ArrayPhoto(painted_photo(120, 100, [(BOX, 1)]))


def no_predictor() -> LandmarkPredictor:
    raise AssertionError("no reader needs 68 points")


class Watching(FakeReader):
    """Keeps what it was given."""

    def read(self, photo: PhotoPixels, faces: Sequence[FoundAt]) -> list[FaceAttributes]:
        self.seen = list(faces)
        self.sizes = [photo.full().scale, photo.detailed(0.1).scale]
        return super().read(photo, faces)


def test_readers_complete_each_other() -> None:
    (face,) = read_attributes(photo(), [(BOX, FIVE)], [FakeReader(AGE), FakeReader(SEX)], no_predictor)
    assert face.age is not None and face.age.years == 6
    assert face.sex is not None and face.sex.answer == "female"
    assert face.ethnicity is None


def test_without_faces_nothing_is_decoded() -> None:
    assert read_attributes(cast(PhotoPixels, None), [], [FakeReader(AGE)], no_predictor) == []


def test_readers_see_the_whole_photo_and_rounded_points() -> None:
    """What they say must not depend on what was decoded before, or on whether the face comes from the store."""
    reader = Watching(AGE)
    read_attributes(photo(), [(BOX, FIVE)], [reader], no_predictor)
    assert reader.sizes == [1.0, 1.0]
    assert reader.seen[0].landmarks.right_eye == Point(38.12, 44)
    assert reader.seen[0].points68 is None


@pytest.mark.parametrize(("disagreement", "fits"), [(0.0, True), (9.0, False)])
def test_68_points_are_handed_over_if_they_fit(disagreement: float, fits: bool) -> None:
    points = np.zeros((68, 2))

    class Predictor:
        def predict(self, pixels: Pixels, landmarks: FiveLandmarks) -> Landmarks68:
            return Landmarks68(points, disagreement, 0.0)

    reader = Watching(replace(AGE, needs_points68=True))
    read_attributes(photo(), [(BOX, FIVE)], [reader], lambda: cast(LandmarkPredictor, Predictor()))
    assert (reader.seen[0].points68 is points) is fits
