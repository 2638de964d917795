from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from curation.domain.attributes.merging import merged
from curation.domain.attributes.values import AttributedFace, FaceAttributes, ImageAttributes
from curation.domain.faces.face import Box
from tests.attribute_values import a_face, a_sex, an_age, an_image

BOXES = (Box(10, 20, 60, 80), Box(100, 30, 60, 80), Box(300, 25, 60, 80))


def with_points(*boxes: Box) -> ImageAttributes:
    return an_image(*(a_face(number, box, attributes=FaceAttributes()) for number, box in enumerate(boxes)))


def aged(index: int, box: Box, years: float) -> AttributedFace:
    return a_face(index, box, attributes=FaceAttributes(age=an_age(years), sex=a_sex()), with_points=False)


def with_ages(*boxes: Box) -> ImageAttributes:
    return an_image(*(aged(number, box, box.x / 10) for number, box in enumerate(boxes)))


def ages(image: ImageAttributes) -> list[float | None]:
    return [None if face.attributes.age is None else face.attributes.age.years for face in image.faces]


def test_faces_of_both_get_what_both_told() -> None:
    image, said = merged(with_points(*BOXES), with_ages(*BOXES))
    assert not said
    assert [face.box for face in image.faces] == list(BOXES)
    assert all(len(face.points68) == 68 for face in image.faces)
    assert ages(image) == [1.0, 10.0, 30.0]


def test_which_service_comes_first_makes_no_difference_if_they_agree() -> None:
    assert merged(with_points(*BOXES), with_ages(*BOXES)) == merged(with_ages(*BOXES), with_points(*BOXES))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_numbers_do_not_matter(order: tuple[int, ...]) -> None:
    image, _ = merged(with_points(*BOXES), with_ages(*(BOXES[number] for number in order)))
    assert ages(image) == [1.0, 10.0, 30.0]
    assert [face.face_index for face in image.faces] == [0, 1, 2]


@pytest.mark.parametrize("missed", [0, 1, 2])
def test_a_face_that_one_missed_is_said_and_shifts_nobody(missed: int) -> None:
    seen = [box for number, box in enumerate(BOXES) if number != missed]
    image, said = merged(with_points(*BOXES), with_ages(*seen))
    wanted: list[float | None] = [1.0, 10.0, 30.0]
    wanted[missed] = None
    assert ages(image) == wanted
    (sentence,) = said
    assert sentence.startswith(f"face {missed} at [{BOXES[missed].x}, ")
    assert sentence.endswith("was found by landmarks only, not by age_gender")


def test_each_may_find_a_face_that_the_other_missed() -> None:
    image, said = merged(with_points(BOXES[0], BOXES[1]), with_ages(BOXES[1], BOXES[2]), names=("A", "B"))
    assert [face.box for face in image.faces] == list(BOXES)
    assert [bool(face.points68) for face in image.faces] == [True, True, False]
    assert ages(image) == [None, 10.0, 30.0]
    assert [sentence.split("found ")[1] for sentence in said] == ["by A only, not by B", "by B only, not by A"]


def test_boxes_of_two_detectors_are_joined_by_the_largest_overlap() -> None:
    # The second detector's boxes lie between those of the first, nearer to one of them.
    near = [replace_x(BOXES[0], 14), replace_x(BOXES[1], 93)]
    image, said = merged(with_points(*BOXES[:2]), with_ages(*near))
    assert not said
    assert ages(image) == [1.4, 9.3]
    assert [face.box for face in image.faces] == list(BOXES[:2]), "the first service's boxes stay"


def replace_x(box: Box, x: int) -> Box:
    return box._replace(x=x)


def test_no_face_is_joined_twice() -> None:
    twins = (Box(10, 20, 60, 80), Box(14, 20, 60, 80))
    image, said = merged(with_points(twins[0]), with_ages(*twins))
    assert ages(image) == [1.0, 1.4]
    assert len(said) == 1


def test_the_first_is_believed_where_both_tell_the_same() -> None:
    image, _ = merged(an_image(aged(0, BOXES[0], 20.0)), an_image(aged(0, BOXES[0], 60.0)))
    assert ages(image) == [20.0]


def test_engines_and_weights_of_both_are_named() -> None:
    other = replace(with_ages(*BOXES), engine="dlib", weights=(("a.dat", "c" * 64), ("retinaface.onnx", "b" * 64)))
    image, _ = merged(with_points(*BOXES), other)
    assert image.engine == "retinaface-arcface, dlib"
    assert [name for name, _ in image.weights] == ["a.dat", "age.onnx", "retinaface.onnx"]


def test_pictures_without_faces() -> None:
    assert merged(an_image(), an_image()) == (an_image(), ())


@pytest.mark.parametrize("change", [{"sha256": "f" * 64}, {"width": 641}, {"height": 10}])
def test_two_pictures_are_not_joined(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="two pictures"):
        merged(an_image(), replace(an_image(), **change))  # type: ignore[arg-type]
