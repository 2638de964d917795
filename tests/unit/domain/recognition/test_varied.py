"""Which faces of a person are kept."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from curation.domain.recognition.varied import varied
from tests.gallery_faces import exemplar


def test_the_best_face_comes_first_and_bad_ones_only_if_there_are_few() -> None:
    faces = [exemplar(1, face, quality=0.9 - face / 100) for face in range(8)]
    bad = [exemplar(1, face, quality=0.1) for face in range(10, 14)]
    chosen = varied(faces + bad, 5)
    assert chosen[0] is faces[0] and len(chosen) == 5
    assert all(face.quality > 0.5 for face in chosen)
    assert len(varied(faces[:2] + bad, 5)) == 5


def test_near_copies_are_not_kept_together() -> None:
    faces = [exemplar(1, face) for face in range(4)]
    copies = [replace(faces[0], photo_sha256=f"{number:064x}", quality=0.79) for number in range(6)]
    chosen = varied(copies + faces, 4)
    assert {face.photo_sha256 for face in chosen} == {face.photo_sha256 for face in faces}


def test_both_sides_of_the_head_are_kept() -> None:
    front = [exemplar(1, face, quality=0.9, yaw_deg=0.0) for face in range(10)]
    sides = [exemplar(1, 20, quality=0.5, yaw_deg=-40.0), exemplar(1, 21, quality=0.6, yaw_deg=35.0)]
    assert {face.photo_sha256 for face in sides} < {face.photo_sha256 for face in varied(front + sides, 3)}


def test_the_order_of_the_faces_makes_no_difference() -> None:
    faces = [exemplar(1, face, quality=(face % 3) / 4 + 0.4) for face in range(30)]
    wanted = [face.photo_sha256 for face in varied(faces, 9)]
    for seed in range(5):
        random.Random(seed).shuffle(faces)
        assert [face.photo_sha256 for face in varied(faces, 9)] == wanted


def test_no_face_and_no_room() -> None:
    assert varied([], 3) == ()
    with pytest.raises(ValueError, match="at least one"):
        varied([exemplar(1, 1)], 0)
    assert np.array_equal(varied([exemplar(1, 1)], 3)[0].vector, exemplar(1, 1).vector)
