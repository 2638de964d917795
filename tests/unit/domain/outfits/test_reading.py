import numpy as np
import pytest

from curation.domain.outfits.outfit import ColourName, Garment
from curation.domain.outfits.reading import read_outfit
from curation.engines.base import Pixels
from tests.dressed_people import WALL, DressedPerson, dressed_person

RED, BLACK, BLUE = (200, 30, 40), (20, 20, 22), (30, 60, 180)


def _names(garment: Garment) -> list[ColourName]:
    return [colour.name for colour in garment.colours]


@pytest.mark.parametrize("with_pose", [True, False])
@pytest.mark.parametrize("with_face", [True, False])
def test_top_and_bottom_are_told_apart(with_pose: bool, with_face: bool) -> None:
    drawn = dressed_person(RED, BLACK, with_pose=with_pose, with_face=with_face)
    outfit = read_outfit(drawn.pixels, drawn.clothes, drawn.person, colours=5)
    assert _names(outfit.top)[0] is ColourName.RED
    assert _names(outfit.bottom)[0] is ColourName.BLACK
    assert outfit.top.confidence > 0.8
    assert outfit.bottom.pixels > 1000


@pytest.mark.parametrize("with_pose", [True, False])
def test_a_dress_is_both(with_pose: bool) -> None:
    drawn = dressed_person(BLUE, BLUE, with_pose=with_pose)
    outfit = read_outfit(drawn.pixels, drawn.clothes, drawn.person, colours=5)
    assert _names(outfit.top) == [ColourName.BLUE]
    assert _names(outfit.bottom)[0] is ColourName.BLUE


@pytest.mark.parametrize("with_pose", [True, False])
def test_a_portrait_has_no_bottom(with_pose: bool) -> None:
    drawn = dressed_person(RED, BLACK, with_pose=with_pose, height=150)
    outfit = read_outfit(drawn.pixels, drawn.clothes, drawn.person, colours=5)
    assert _names(outfit.top) == [ColourName.RED]
    assert outfit.bottom.colours == ()
    assert outfit.bottom.confidence == 0


def test_shoes_are_no_bottom() -> None:
    drawn = dressed_person(RED, BLACK)
    outfit = read_outfit(drawn.pixels, drawn.clothes, drawn.person, colours=5)
    assert ColourName.BROWN not in _names(outfit.bottom)


def test_a_wall_at_the_edge_of_a_mask_is_no_colour() -> None:
    drawn = dressed_person(RED, BLACK)
    grown = drawn.clothes.values.copy()
    grown[:, 1:] = np.maximum(grown[:, 1:], drawn.clothes.values[:, :-1])
    grown[:, :-1] = np.maximum(grown[:, :-1], drawn.clothes.values[:, 1:])
    assert (drawn.pixels.array[grown > 0.5] == WALL).all(axis=1).any()
    outfit = read_outfit(drawn.pixels, drawn.clothes._replace(values=grown), drawn.person, colours=5)
    assert ColourName.GREEN not in _names(outfit.top)
    assert ColourName.GREEN not in _names(outfit.bottom)


def test_doubtful_places_weigh_less() -> None:
    drawn = dressed_person(RED, BLACK)
    doubtful = drawn.clothes.values * 0.55
    outfit = read_outfit(drawn.pixels, drawn.clothes._replace(values=doubtful), drawn.person, colours=5)
    sure = read_outfit(drawn.pixels, drawn.clothes, drawn.person, colours=5)
    assert outfit.top.confidence < sure.top.confidence


@pytest.mark.parametrize("shape", [(360, 200), (0, 0)])
def test_without_clothes_nothing_is_told(shape: tuple[int, int]) -> None:
    drawn = dressed_person()
    nothing = drawn.clothes._replace(values=np.zeros(shape, dtype=np.float32))
    outfit = read_outfit(drawn.pixels, nothing, drawn.person, colours=5)
    assert outfit.top.colours == outfit.bottom.colours == ()


def test_a_reduced_photo_and_a_small_mask_of_a_part() -> None:
    drawn = dressed_person(RED, BLACK)
    small = DressedPerson(
        Pixels(drawn.pixels.array[::2, ::2], 0.5),
        drawn.person,
        drawn.clothes._replace(values=drawn.clothes.values[::3, ::3], scale=1 / 3),
        drawn.whole,
    )
    outfit = read_outfit(small.pixels, small.clothes, small.person, colours=5)
    assert _names(outfit.top)[0] is ColourName.RED
    assert _names(outfit.bottom)[0] is ColourName.BLACK


def test_a_purple_face_shows_coloured_light() -> None:
    drawn = dressed_person((60, 30, 170), BLACK, skin=(110, 50, 200))
    lit = read_outfit(drawn.pixels, drawn.clothes, drawn.person, colours=5)
    plain = dressed_person((60, 30, 170), BLACK)
    white = read_outfit(plain.pixels, plain.clothes, plain.person, colours=5)
    assert lit.coloured_light
    assert not white.coloured_light
    assert lit.top.confidence < white.top.confidence


def test_a_photo_of_one_hue_shows_coloured_light_from_behind() -> None:
    drawn = dressed_person(with_face=False)
    red = drawn.pixels.array.copy()
    red[..., 1:] = red[..., 1:] // 8
    red[..., 0] = np.maximum(red[..., 0], 90)
    assert read_outfit(Pixels(red, 1.0), drawn.clothes, drawn.person, colours=5).coloured_light
    assert not read_outfit(drawn.pixels, drawn.clothes, drawn.person, colours=5).coloured_light
