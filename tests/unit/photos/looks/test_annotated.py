from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from curation.domain.attributes.values import AttributedFace, FaceAttributes
from curation.domain.faces.face import Box
from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.looks.annotated import annotated_jpeg, drawn, label_text
from tests.attribute_values import a_face, a_sex, an_age, an_image
from tests.photo_files import EXIF_TRANSPOSITIONS, exif_block

GREY = 100
FACE = a_face(0, Box(200, 150, 80, 100))


def grey(width: int, height: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), GREY, dtype=np.uint8)


def changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((after[: before.shape[0]] != before).any(axis=2))


def scaled(box: Box, factor: int) -> Box:
    return Box(*(factor * value for value in box))


def png(array: NDArray[np.uint8]) -> bytes:
    stream = BytesIO()
    Image.fromarray(array).save(stream, "PNG")
    return stream.getvalue()


def decoded(jpeg: bytes) -> NDArray[np.uint8]:
    with Image.open(BytesIO(jpeg)) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        (FaceAttributes(age=an_age(34.6), sex=a_sex("female")), "3  28-44  female"),
        (FaceAttributes(age=an_age(is_known=False), sex=a_sex(is_known=False)), "3  age ?  sex ?"),
        (FaceAttributes(sex=a_sex("male")), "3  male"),
        (FaceAttributes(), "3"),
    ],
)
def test_labels_say_a_range_and_what_cannot_be_told(attributes: FaceAttributes, text: str) -> None:
    assert label_text(3, attributes) == text


@pytest.mark.parametrize("size", [(400, 300), (6000, 4000)], ids=["400 px", "24 Mpx"])
def test_text_and_lines_grow_with_the_picture(size: tuple[int, int]) -> None:
    factor = size[0] // 400
    face = a_face(0, scaled(Box(180, 120, 40, 50), factor))
    before = grey(*size)
    marks = changed(before, drawn(before, [face]))
    above = marks[: face.box.y - 2 * factor]
    label_px = int(above.any(axis=1).sum())
    assert label_px >= 14, "readable as it is"
    assert label_px >= 0.02 * size[1], "readable when the whole picture is on the screen"
    assert marks[face.box.y : face.box.y + face.box.h, face.box.x].all(), "the box's left side"
    assert not marks[:, : size[0] // 4].any()


@pytest.mark.parametrize("ground", [0, 255], ids=["dark", "light"])
def test_box_and_label_are_seen_on_any_ground(ground: int) -> None:
    before = np.full((300, 400, 3), ground, dtype=np.uint8)
    after = drawn(before, [FACE]).astype(int)
    x, y, _, h = FACE.box
    contrast = np.abs(after - ground).max(axis=2)
    assert contrast[y : y + h, x - 1 : x + 2].max(axis=1).min() > 120
    label = after[y - 25 : y - 3, x : x + 60]
    assert label.max() > 230 and label.min() < 40, "light text on a dark plate"


def test_the_face_itself_stays_visible() -> None:
    before = grey(400, 300)
    x, y, w, h = FACE.box
    inside = changed(before, drawn(before, [FACE]))[y + 3 : y + h - 3, x + 3 : x + w - 3]
    assert inside.mean() < 0.15


def test_what_is_drawn_lies_where_the_document_says(size: tuple[int, int] = (400, 300)) -> None:
    five = a_face(0, FACE.box, with_points=False)
    before = grey(*size)
    marks = changed(before, drawn(before, [five]))
    for point in five.landmarks:
        assert marks[round(point.y), round(point.x)]
    assert not marks[round(five.landmarks.nose.y), round(five.landmarks.nose.x) - 12]


def test_a_picture_decoded_at_half_size_gets_everything_at_half_size() -> None:
    whole = drawn(grey(800, 600), [a_face(0, Box(400, 300, 160, 200), with_points=False)])
    half = drawn(grey(400, 300), [a_face(0, Box(400, 300, 160, 200), with_points=False)], scale=0.5)
    assert half.shape == (300, 400, 3)
    marks = changed(grey(400, 300), half)
    assert marks[150:250, 200].all() and marks[150:250, 279].all()
    assert whole.shape == (600, 800, 3)


def test_a_face_without_room_beside_it_is_told_below_the_picture() -> None:
    before = grey(200, 200)
    after = drawn(before, [a_face(0, Box(10, 0, 180, 195), with_points=False)])
    assert after.shape[1] == 200 and 210 < after.shape[0] < 240
    below = after[200:]
    assert below.min() < 40 and below.max() > 230


def test_many_faces_without_room_get_several_lines() -> None:
    faces = [a_face(n, Box(50 * (n % 4), 50 * (n // 4), 50, 50)) for n in range(16)]
    after = drawn(grey(200, 200), faces)
    assert after.shape[0] > 300


def test_tiny_pictures_get_what_can_be_read() -> None:
    face = a_face(0, Box(1, 1, 14, 14), with_points=False)
    assert drawn(grey(16, 16), [face]).shape == (16, 16, 3), "no text fits there"
    assert drawn(grey(64, 64), [replace(face, box=Box(2, 2, 60, 60))]).shape[0] > 70


def test_points_outside_of_the_picture_are_left_out() -> None:
    cut = replace(FACE, box=Box(0, 0, 80, 100), points68=tuple(p._replace(x=p.x - 1e9) for p in FACE.points68))
    assert drawn(grey(400, 300), [cut]).shape == (300, 400, 3)


@pytest.mark.parametrize("face", [a_face(0, FACE.box, with_dense=True), a_face(0, Box(399, 299, 1, 1)), FACE])
def test_all_kinds_of_points(face: AttributedFace) -> None:
    before = grey(400, 300)
    assert changed(before, drawn(before, [face])).any()


def test_a_picture_without_faces_stays_as_it_is() -> None:
    before = grey(90, 70)
    assert (drawn(before, []) == before).all()


def test_the_same_input_gives_the_same_bytes() -> None:
    content = png(np.random.default_rng(1).integers(0, 255, (300, 400, 3), dtype=np.uint8))
    image = an_image(FACE, width=400, height=300)
    first = annotated_jpeg(content, image, max_megapixels=1)
    assert first == annotated_jpeg(content, image, max_megapixels=1)
    assert decoded(first).shape == (300, 400, 3)


@pytest.mark.parametrize("orientation", EXIF_TRANSPOSITIONS)
def test_the_picture_is_upright_and_the_box_fits(orientation: int) -> None:
    upright = grey(400, 300)
    x, y, w, h = FACE.box
    upright[y : y + h, x : x + w] = (30, 60, 200)
    stored = Image.fromarray(upright)
    transposition = EXIF_TRANSPOSITIONS[orientation]
    if transposition is not None:
        stored = stored.transpose(transposition)
    stream = BytesIO()
    stored.save(stream, "JPEG", quality=95, exif=b"Exif\0\0" + exif_block(orientation))
    image = an_image(a_face(0, FACE.box, with_points=False), width=400, height=300)
    jpeg = annotated_jpeg(stream.getvalue(), image, max_megapixels=1)
    picture = decoded(jpeg).astype(int)
    assert picture.shape[:2] == (300, 400)
    with Image.open(BytesIO(jpeg)) as opened:
        assert opened.getexif().get(0x0112, 1) == 1
    assert picture[y + h // 8, x + w // 2, 2] > 160, "the face is inside its box"
    assert abs(picture[y + h + 12, x + w // 2] - GREY).max() < 20, "and ends with it"
    assert picture[y + h // 8, x, 0] > 200, "the box is yellow"


def test_errors_are_those_of_the_photo() -> None:
    with pytest.raises(PhotoUnreadableError):
        annotated_jpeg(b"no picture", an_image(), max_megapixels=1)
    with pytest.raises(PhotoTooLargeError):
        annotated_jpeg(png(grey(1100, 1000)), an_image(), max_megapixels=1)
