from __future__ import annotations

import json
from typing import Any

import pytest

from curation.domain.attributes.image_document import image_document, image_of_document
from curation.domain.attributes.values import ClassEstimate, FaceAttributes, ImageAttributes
from curation.domain.faces.face import Box
from curation.errors import AttributeDocumentError
from tests.attribute_values import a_face, a_sex, an_age, an_image

EMOTION = ClassEstimate(None, 1 / 3, ("sad", "happy", "neutral"), (1 / 3, 1 / 3, 1 / 3), "deepface")

IMAGES = {
    "no faces": an_image(),
    "nothing read": an_image(a_face(attributes=FaceAttributes(), with_points=False)),
    "all": an_image(
        a_face(with_dense=True),
        a_face(
            1,
            Box(100, 0, 1, 1),
            attributes=FaceAttributes(
                age=an_age(0.1 + 0.2, is_known=False), sex=a_sex("female", is_known=False), emotion=EMOTION, dense=()
            ),
        ),
    ),
}


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_what_is_written_is_read_back_without_loss(image: ImageAttributes) -> None:
    assert image_of_document(json.loads(json.dumps(image_document(image)))) == image


def test_that_no_face_was_seen_and_that_nobody_looked_stay_two_things() -> None:
    seen, unasked = IMAGES["all"].faces[1].attributes.dense, IMAGES["nothing read"].faces[0].attributes.dense
    assert (seen, unasked) == ((), None)
    assert image_document(IMAGES["all"])["faces"][1]["landmarks478"] == []
    assert image_document(IMAGES["nothing read"])["faces"][0]["landmarks478"] is None


def test_keys_that_a_later_release_adds_are_skipped() -> None:
    document = image_document(IMAGES["all"])
    document["mood"] = "good"
    document["faces"][0]["mood"] = "good"
    assert image_of_document(document) == IMAGES["all"]


def broken(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    document: Any = json.loads(json.dumps(image_document(IMAGES["all"])))
    place = document
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("version",), 2, "version 2"),
        (("version",), None, "'version' is missing"),
        (("faces",), 7, "no document of a picture's attributes"),
        (("faces", 0, "box"), {"x1": 5, "y1": 5, "x2": 5, "y2": 9}, "is empty"),
        (("faces", 0, "landmarks5"), [[1, 2]], "has 1 points"),
        (("faces", 0, "sex"), "male", "no document"),
        (("faces", 0, "age", "years"), "old", "no document"),
    ],
)
def test_other_documents_are_refused_in_words(path: tuple[str | int, ...], value: Any, words: str) -> None:
    with pytest.raises(AttributeDocumentError, match=words):
        image_of_document(broken(path, value))
