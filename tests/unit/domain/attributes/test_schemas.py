"""The published schemas describe the documents, completely."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from curation.domain.attributes.documents import (
    DOCUMENT_VERSION,
    Unsure,
    age_gender_result,
    document_text,
    faces_document,
    landmark_result,
    results_document,
)
from curation.domain.attributes.image_document import image_document
from curation.domain.attributes.values import ClassEstimate, FaceAttributes, ImageAttributes
from curation.domain.faces.face import Box
from tests.attribute_values import a_face, a_sex, an_age, an_image
from tests.conftest import PROJECT_ROOT
from tests.json_schema import problems

WHEN = datetime(2026, 1, 31, 12, tzinfo=UTC).isoformat(timespec="seconds")
EMOTION = ClassEstimate(None, 0.4, ("sad", "happy"), (0.4, 0.6), "deepface")
IMAGES = {
    "no faces": an_image(),
    "nothing read": an_image(a_face(attributes=FaceAttributes(), with_points=False)),
    "all": an_image(
        a_face(with_dense=True, attributes=FaceAttributes(an_age(), a_sex(), EMOTION, EMOTION)),
        a_face(
            1, Box(90, 0, 50, 50), attributes=FaceAttributes(an_age(is_known=False), a_sex(is_known=False), dense=())
        ),
    ),
}
FOLDER = PROJECT_ROOT / "docs" / "schemas"


def schema(name: str) -> dict[str, Any]:
    loaded = json.loads((FOLDER / f"attributes_{name}.v{DOCUMENT_VERSION}.schema.json").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def documents(image: ImageAttributes) -> Iterator[tuple[str, Any]]:
    for unsure in Unsure:
        yield "faces", faces_document(image, image_path="saved_data/a.jpg", timestamp=WHEN, unsure=unsure)
        yield "results", results_document(image, image_path="./output/a.jpg", unsure=unsure, disagreements=["face 0"])
    yield "image", image_document(image)
    yield "image", landmark_result(image)["curation"]
    yield "image", age_gender_result(image)["curation"]


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_all_documents_fit_and_have_no_key_that_is_not_published(image: ImageAttributes) -> None:
    for name, document in documents(image):
        assert not problems(json.loads(document_text(document)), schema(name))


def faces(**changes: Any) -> dict[str, Any]:
    return {**faces_document(IMAGES["all"], image_path="a.jpg", timestamp=WHEN), **changes}


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (faces(num_faces="2"), r"\$\.num_faces"),
        (faces(redis_key="0" * 64), r"\$\.redis_key"),
        (faces(timestamp="yesterday"), r"\$\.timestamp"),
        (faces(more=1), "'more' is not described"),
        ({key: value for key, value in faces().items() if key != "faces"}, "required"),
        (faces(faces=[{**faces()["faces"][0], "agegender": {"age": 35.5, "gender": "male"}}]), r"agegender\.age"),
        (faces(faces=[{**faces()["faces"][0], "agegender": {"age": 35, "gender": "Male"}}]), r"agegender\.gender"),
        (faces(curation={**faces()["curation"], "version": 2}), r"curation\.version"),
    ],
)
def test_other_documents_do_not_fit(document: dict[str, Any], place: str) -> None:
    assert re.search(place, "\n".join(problems(document, schema("faces"))))


def test_each_schema_stands_alone_and_all_describe_the_same_faces() -> None:
    alone = schema("image")
    body = {key: value for key, value in alone.items() if not key.startswith("$")}
    for name in ("faces", "results"):
        assert schema(name)["$defs"] == {"image": body, **alone["$defs"]}


def test_the_files_are_named_by_the_version_that_is_written() -> None:
    assert sorted(path.name for path in FOLDER.glob("attributes_*")) == [
        f"attributes_{name}.v{DOCUMENT_VERSION}.schema.json" for name in ("faces", "image", "results")
    ]
    assert all(schema(name)["$id"].endswith(f":{DOCUMENT_VERSION}") for name in ("faces", "image", "results"))


def test_examples_in_the_documentation_fit() -> None:
    text = (PROJECT_ROOT / "docs" / "service_files.md").read_text(encoding="utf-8")
    found = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, flags=re.DOTALL)]
    by_shape = {"faces": [d for d in found if "num_faces" in d], "results": [d for d in found if "results" in d]}
    for name, examples in by_shape.items():
        assert examples, f"there is an example of the form {name}"
        for document in examples:
            assert not problems(document, schema(name))


def test_the_check_knows_all_keywords() -> None:
    with pytest.raises(ValueError, match="oneOf"):
        problems(1, {"oneOf": []})
