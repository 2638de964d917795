from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curation.domain.identity.face_matching import matched_faces
from curation.domain.identity.photo_looks import PhotoLook
from tests.unit.domain.identity.made_looks import HEIGHT, WIDTH, face, look, person, picture, seen_again

EYES = [face(180, 200), face(400, 260, 40.0), face(650, 240, 60.0)]
PEOPLE = [person(seed) for seed in range(3)]
OLD = look(picture(0), landmarks=EYES, vectors=PEOPLE)


def without_vectors(photo: PhotoLook) -> PhotoLook:
    return replace(photo, vectors=np.zeros((len(photo.boxes), 0), dtype=np.float32))


def cropped() -> PhotoLook:
    """The right part, smaller, with faces in another order; the first face is cut away."""
    seen = [1.5, 0.5]
    return look(
        picture(0)[80:560, 300:900],
        size=(300, 240),
        landmarks=[(EYES[2] - [300, 80]) / 2 + seen, (EYES[1] - [300, 80]) / 2 + seen],
        vectors=[seen_again(PEOPLE[2], 1), seen_again(PEOPLE[1], 2)],
    )


def test_faces_of_a_crop_are_matched_and_the_one_cut_away_is_not() -> None:
    assert matched_faces(OLD, cropped()) == {1: 1, 2: 0}


def test_a_crop_without_vectors_is_matched_by_place() -> None:
    assert matched_faces(without_vectors(OLD), without_vectors(cropped())) == {1: 1, 2: 0}
    assert matched_faces(OLD, without_vectors(cropped())) == {1: 1, 2: 0}


def test_a_face_whose_vector_is_not_known_is_matched_by_place() -> None:
    vectors = OLD.vectors.copy()
    vectors[1] = 0.0
    assert matched_faces(replace(OLD, vectors=vectors), cropped()) == {1: 1, 2: 0}


@pytest.mark.parametrize("turn", [1, 2, 3])
@pytest.mark.parametrize("known", [True, False])
def test_faces_of_a_turned_photo_are_matched(turn: int, known: bool) -> None:
    points = np.stack(EYES)
    width = [WIDTH, HEIGHT]
    for step in range(turn):
        points = np.stack([points[..., 1], width[step % 2] - 1 - points[..., 0]], axis=-1)
    new = look(np.rot90(picture(0), turn), landmarks=list(points), vectors=PEOPLE)
    old = OLD
    if not known:
        old, new = without_vectors(old), without_vectors(new)
    assert matched_faces(old, new) == {0: 0, 1: 1, 2: 2}


def test_another_engine_draws_other_boxes_and_misses_a_face() -> None:
    new = look(picture(0), landmarks=[EYES[2] + [6.0, 9.0], EYES[0] * 1.0 + [-5.0, 8.0]])
    new = replace(new, boxes=new.boxes + np.array([-20.0, -30.0, 40.0, 10.0]))
    assert matched_faces(without_vectors(OLD), new) == {0: 1, 2: 0}


def test_another_person_at_the_same_place_is_not_matched() -> None:
    new = look(picture(0), landmarks=EYES, vectors=[PEOPLE[0], person(9), PEOPLE[2]])
    assert matched_faces(OLD, new) == {0: 0, 2: 2}


def test_photos_without_faces_or_miniatures() -> None:
    assert matched_faces(OLD, look(picture(0))) == {}
    assert matched_faces(look(None), look(None)) == {}
    bare = replace(without_vectors(OLD), miniature=None)
    assert matched_faces(bare, bare) == {0: 0, 1: 1, 2: 2}


def test_broken_landmarks_are_no_crash() -> None:
    landmarks = OLD.landmarks.copy()
    landmarks[0] = np.nan
    landmarks[1] = 5.0
    assert matched_faces(replace(OLD, landmarks=landmarks), OLD).keys() <= {2}
    assert matched_faces(OLD, replace(OLD, landmarks=landmarks)).keys() <= {2}
    assert matched_faces(replace(OLD, width=0, height=0), OLD) == {}
