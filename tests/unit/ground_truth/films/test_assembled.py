"""Films made of pictures: who is where is known exactly."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from curation.domain.faces.face import Box
from ground_truth.films.assembled import film_pictures, made_film
from ground_truth.films.kinds import KINDS, FilmKind, Material, nearest_pair
from ground_truth.films.scenes import Layer, Pose, Scene, dissolved, drawn
from ground_truth.films.stills import Still
from ground_truth.films.truth import picture_times

FACE = Box(20, 15, 20, 30)
WIDTH, HEIGHT = 96, 64


def still(person: str, colour: int) -> Still:
    picture = np.full((60, 60, 3), colour, dtype=np.uint8)
    picture[FACE.y : FACE.y + FACE.h, FACE.x : FACE.x + FACE.w] = (255, colour, 0)
    vector = np.eye(4, dtype=np.float32)[colour % 4]
    return Still(f"{person}/{colour}", picture, ((person, FACE),), vector)


def material(people: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Material:
    stills = {f"person {number}": [still(f"person {number}", 40 + number)] * 3 for number in range(people)}
    place = np.zeros((72, 128, 3), dtype=np.uint8)
    return Material(stills, [still("person 0", 40)], [place], np.random.default_rng(1), *size)


def layer(person: str, x: float, **more: object) -> Layer:
    picture = still(person, 100).picture
    return replace(Layer(picture, ((person, FACE),), lambda _: Pose(x, 0.5, 1.0)), **more)  # type: ignore[arg-type]


def test_boxes_go_where_the_picture_goes() -> None:
    picture, (face,) = drawn(Scene(1.0, [layer("Anna", 0.5)]), 0.0, WIDTH, HEIGHT)
    assert face.person == "Anna"
    assert face.counts
    # The layer's middle (30, 30) is at the middle of the picture (48, 32).
    assert face.box == Box(FACE.x + 18, FACE.y + 2, FACE.w, FACE.h)
    assert picture[face.box.y + 2, face.box.x + 2].tolist() == [255, 100, 0]


def test_a_face_that_is_hidden_or_outside_does_not_count() -> None:
    front = layer("Ben", 0.55)
    _, faces = drawn(Scene(1.0, [layer("Anna", 0.5), front]), 0.0, WIDTH, HEIGHT)
    assert [face.person for face in faces] == ["Ben"]
    _, (cut,) = drawn(Scene(1.0, [layer("Anna", 0.0)]), 0.0, WIDTH, HEIGHT)
    assert not cut.counts
    assert drawn(Scene(1.0, [layer("Anna", -2.0)]), 0.0, WIDTH, HEIGHT)[1] == []


def test_a_layer_is_there_during_its_span_only() -> None:
    scene = Scene(2.0, [layer("Anna", 0.5, span_s=(0.5, 1.0))])
    there = [bool(drawn(scene, time, WIDTH, HEIGHT)[1]) for time in (0.0, 0.5, 0.9, 1.0)]
    assert there == [False, True, True, False]


@pytest.mark.parametrize(("weight", "counting"), [(0.1, ["Anna"]), (0.5, []), (0.9, ["Ben"])])
def test_in_a_dissolve_only_what_is_clearly_seen_counts(weight: float, counting: list[str]) -> None:
    first, second = (drawn(Scene(1.0, [layer(name, 0.5)]), 0.0, WIDTH, HEIGHT) for name in ("Anna", "Ben"))
    _, faces = dissolved(first, second, weight)
    assert [face.person for face in faces if face.counts] == counting


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_film_shows_its_people(name: str) -> None:
    kind = replace(KINDS[name], rate=Fraction(2), size=(192, 128))
    people = {
        face.person for _, _, faces in film_pictures(kind, material(kind.people or 1, (192, 128))) for face in faces
    }
    assert len(people) == (kind.people or 1)


def test_a_film_is_written_with_its_truth_once(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="the extra video is not installed")
    scenes = [Scene(0.5, [layer("Anna", 0.5)]), Scene(0.5, [layer("Ben", 0.5)])]
    phone = KINDS["phone"]
    kind = FilmKind(
        "made",
        lambda _: scenes,
        2,
        (WIDTH, HEIGHT),
        Fraction(10),
        form=phone.form,
        varies=True,
        delay_s=Fraction(1, 2),
    )
    film = made_film("small", kind, material(2), tmp_path)
    assert film.people == ("Anna", "Ben")
    times = picture_times(film.path)
    assert times[0][0] == Fraction(1, 2)
    assert [float(time) for time, _ in times] == [picture.time_s for picture in film.pictures]
    assert len({round(b - a, 3) for (a, _), (b, _) in itertools.pairwise(times)}) > 1
    begun = film.path.stat().st_mtime_ns
    assert made_film("small", kind, material(2), tmp_path) == film
    assert film.path.stat().st_mtime_ns == begun


def test_the_nearest_pair_is_the_one_of_one_look() -> None:
    people = {"a": [still("a", 0)], "b": [still("b", 1)], "c": [still("c", 5)], "d": [still("d", 2)]}
    assert nearest_pair(people) == ("b", "c")
