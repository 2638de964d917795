from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.photos.lettering.named_boxes import BoxDrawer, NamedBox, colour_of
from curation.photos.lettering.words import plate, writable

YELLOW = colour_of(0)


def a_box(*box: float, text: str = "Anna", key: int = 0) -> NamedBox:
    x, y, w, h = box
    return NamedBox(key, (x, y, w, h), text, YELLOW)


def drawn(faces: Sequence[NamedBox], *, width: int = 320, height: int = 180) -> NDArray[np.uint8]:
    canvas = np.full((height, width, 3), 90, dtype=np.uint8)
    BoxDrawer(width, height).draw(canvas, faces)
    return canvas


class TestBoxes:
    @pytest.mark.parametrize(
        "box",
        [
            (100, 80, 50, 60),
            (0, 0, 320, 180),
            (-20, -20, 60, 60),
            (300, 160, 90, 90),
            (10.4, 20.6, 0.2, 0.2),
            (-9, 500, 3, 3),
        ],
    )
    def test_any_box_can_be_drawn(self, box: Any) -> None:
        canvas = drawn([a_box(*box)])
        assert canvas.shape == (180, 320, 3)
        assert (canvas != 90).any()

    def test_the_face_stays_free_if_there_is_room_beside_it(self) -> None:
        canvas = drawn([a_box(100, 80, 50, 60)])
        assert (canvas[86:134, 106:144] == 90).all()

    def test_names_of_neighbours_do_not_hide_each_other(self) -> None:
        alone = [(drawn([a_box(x, 80, 40, 60, text="Bartholomew")]) != 90).any(axis=2).sum() for x in (100, 145)]
        both = drawn([a_box(100, 80, 40, 60, text="Bartholomew"), a_box(145, 80, 40, 60, text="Bartholomew", key=1)])
        assert (both != 90).any(axis=2).sum() == pytest.approx(sum(alone), rel=0.05)

    def test_a_name_stays_where_it_was_while_there_is_room(self) -> None:
        drawer = BoxDrawer(320, 180)
        places = []
        for y in (4, 60):  # at first there is no room above
            canvas = np.full((180, 320, 3), 90, dtype=np.uint8)
            drawer.draw(canvas, [a_box(100, y, 50, 40)])
            below = (canvas[y + 45 :] != 90).any()
            places.append(bool(below))
        assert places == [True, True]
        assert not (drawn([a_box(100, 60, 50, 40)])[105:] != 90).any()

    def test_the_same_picture_twice(self) -> None:
        faces = [a_box(100, 80, 50, 60), a_box(10, 10, 50, 60, key=1, text="Ben")]
        assert (drawn(faces) == drawn(faces)).all()

    @pytest.mark.parametrize("size", [(2, 2), (16, 9), (64, 48)])
    def test_small_pictures(self, size: tuple[int, int]) -> None:
        assert drawn([a_box(0, 0, 2, 2)], width=size[0], height=size[1]).shape == (size[1], size[0], 3)


class TestLettering:
    @pytest.mark.parametrize(
        "name",
        ["Anna", "J\u00fcrgen", "\u0410\u043d\u043d\u0430", "\u05d0\u05e0\u05d4", "\u0645\u0631\u062d\u0628\u0627"],
    )
    def test_scripts_for_which_there_is_always_a_font(self, name: str) -> None:
        assert writable(name, "Person 3") == name

    def test_signs_that_no_font_has_are_left_out(self) -> None:
        assert writable("\U0001f389 Ben", "Person 3") == "Ben"
        assert writable("\U0001f468\u200d\U0001f467", "Person 3") == "Person 3"
        assert writable("\U000e0001\U0003fffd", "Person 3") == "Person 3"

    def test_different_names_look_different(self) -> None:
        shown = {
            plate(name, 20, YELLOW, max_width=400).tobytes()
            for name in ("\u05d0\u05d1", "\u05d1\u05d0", "Anna", "Anne")
        }
        assert len(shown) == 4

    @pytest.mark.parametrize("width", [1, 20, 60, 400])
    def test_a_label_is_never_too_wide(self, width: int) -> None:
        made = plate("A name that is far too long for any label of a picture", 20, YELLOW, max_width=width)
        assert made.shape[1] <= width
        assert made.dtype == np.uint8
