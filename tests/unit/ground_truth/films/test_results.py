"""What a result says of each picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from curation.domain.faces.face import Box
from ground_truth.films.results import box_at, right_boundaries, seen_in
from ground_truth.films.scoring import scored
from ground_truth.films.truth import LabelledFilm, NamedFace, TruePicture
from tests.film_values import FACE_BOX, made_film, made_result, made_track

FPS = 25


def film_of(first: int, end: int, length: int = 100) -> LabelledFilm:
    pictures = tuple(
        TruePicture(
            number, number / FPS, 1 / FPS, (NamedFace("Anna", True, FACE_BOX),) if first <= number < end else ()
        )
        for number in range(length)
    )
    return LabelledFilm("made", Path("made.mp4"), Path("made.csv"), pictures)


def test_a_character_is_seen_in_every_picture_of_its_tracks() -> None:
    result = made_result(made_film([made_track(0.4, 2.0)]), [([0], "Anna")])
    film = film_of(10, 50)
    rows = list(seen_in(result, film.pictures))
    assert [row.time_s for row in rows] == [number / FPS for number in range(10, 50)]
    assert scored(film.pictures, rows).f == pytest.approx(1)
    assert film.appearances("Anna") == [(10, 49)]
    assert film.people == ("Anna",)


def test_boxes_between_two_looks_are_interpolated() -> None:
    track = made_track(0.0, 1.0, step_s=0.96)
    first, last = track.sightings
    moved = replace(track, sightings=(first, replace(last, box=Box(first.box.x + 100, first.box.y, 160, 200))))
    assert box_at(moved, 0.0) == first.box
    assert box_at(moved, 0.48).x == first.box.x + 50
    assert box_at(moved, 5.0) == moved.sightings[-1].box


@pytest.mark.parametrize(("late_by", "within"), [(0, 2), (1, 2), (2, 1)])
def test_ends_are_right_to_one_picture(late_by: int, within: int) -> None:
    result = made_result(made_film([made_track((10 + late_by) / FPS, 2.0)]), [([0], "Anna")])
    film = film_of(10, 50)
    score = scored(film.pictures, seen_in(result, film.pictures))
    count = right_boundaries(film, result, score)
    assert (count.all, count.within_one) == (2, within)
