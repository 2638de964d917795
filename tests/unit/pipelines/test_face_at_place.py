"""A face at a place that a person pointed out."""

from __future__ import annotations

import pytest

from curation.domain.faces.face import Box
from curation.errors import PhotoUnreadableError
from curation.pipelines.face_at_place import face_at
from tests.fakes import ArrayPhoto, FakeEngine, painted_photo

PHOTO = painted_photo(400, 300, [(Box(60, 50, 40, 50), 3), (Box(350, 10, 50, 60), 7)])


def test_a_box_around_a_head_finds_the_face_in_it_and_stays_as_it_was_drawn() -> None:
    drawn = Box(50, 40, 58, 68)
    face = face_at(ArrayPhoto(PHOTO), drawn, FakeEngine())
    assert face.box == drawn
    assert face.confidence > 0
    assert face.landmarks.nose.x == pytest.approx(80, abs=2)
    assert face.embedding[3] == 1


def test_a_face_at_the_edge_of_the_photo_is_found() -> None:
    face = face_at(ArrayPhoto(PHOTO), Box(350, 10, 50, 60), FakeEngine())
    assert face.embedding[7] == 1
    assert face.landmarks.nose.y == pytest.approx(46, abs=2)


def test_of_two_faces_in_reach_it_is_the_one_that_was_meant() -> None:
    photo = painted_photo(400, 300, [(Box(60, 50, 40, 50), 3), (Box(110, 50, 40, 50), 5)])
    assert face_at(ArrayPhoto(photo), Box(108, 48, 44, 54), FakeEngine()).embedding[5] == 1


@pytest.mark.parametrize("box", [Box(390, 10, 20, 20), Box(10, 290, 20, 20), Box(10, 10, 7, 40)])
def test_a_box_that_shows_nobody_is_refused(box: Box) -> None:
    with pytest.raises(PhotoUnreadableError, match="draw it"):
        face_at(ArrayPhoto(PHOTO), box, FakeEngine())
