from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curation.domain.attributes.documents import (
    Unsure,
    age_gender_result,
    document_text,
    faces_document,
    image_of_document,
    image_of_results,
    landmark_result,
    results_document,
    shown_gender,
    shown_points,
    shown_years,
)
from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.faces.face import Box
from curation.errors import AttributeDocumentError
from tests.attribute_values import SHA256, a_face, a_sex, an_age, an_image

TWO = an_image(
    a_face(),
    a_face(
        1,
        Box(200, 10, 90, 120),
        attributes=FaceAttributes(age=an_age(61.2), sex=a_sex("female", certainty=0.55, is_known=False)),
        with_points=False,
    ),
)
WHEN = "2026-01-31T12:00:00+00:00"


def without_ours(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "curation"}


class TestFaces:
    def test_has_the_keys_and_types_that_clients_read_in_their_order(self) -> None:
        document = faces_document(TWO, image_path=f"saved_data/{SHA256}.jpg", timestamp=WHEN)
        assert list(document) == ["timestamp", "image_path", "redis_key", "num_faces", "faces", "curation"]
        assert document["timestamp"] == WHEN
        assert document["image_path"] == f"saved_data/{SHA256}.jpg"
        assert document["redis_key"] == f"image:{SHA256}"
        assert document["num_faces"] == 2
        first, second = document["faces"]
        assert list(first) == ["face_index", "box", "landmarks", "agegender"]
        assert json.dumps(first["box"]) == '{"x1": 20, "y1": 30, "x2": 60, "y2": 80}'
        assert json.dumps(first["agegender"]) == '{"age": 35, "gender": "male"}'
        assert json.dumps(second["agegender"]) == '{"age": 61, "gender": "female"}'
        assert [face["face_index"] for face in document["faces"]] == [0, 1]
        assert len(first["landmarks"]) == 68 and len(second["landmarks"]) == 5
        assert all(type(point[axis]) is int for point in first["landmarks"] for axis in ("x", "y"))

    def test_tells_beside_what_it_does_not_know_for_sure(self) -> None:
        ours = faces_document(TWO, image_path="a.jpg", timestamp=WHEN, disagreements=["face 1 was"])["curation"]
        assert ours["version"] == 1
        assert ours["faces"][1]["sex"]["answer"] is None
        assert ours["faces"][1]["sex"]["certainty"] == 0.55
        assert ours["landmarks"] == ["landmarks68", "landmarks5"]
        assert ours["disagreements"] == ["face 1 was"]
        assert image_of_document(ours) == TWO

    def test_nothing_instead_of_a_guess_if_wanted(self) -> None:
        document = faces_document(TWO, image_path="a.jpg", timestamp=WHEN, unsure=Unsure.NOTHING)
        assert document["faces"][1]["agegender"] == {"age": 61, "gender": None}
        assert document["curation"]["unsure"] == "nothing"

    def test_of_a_picture_without_faces(self) -> None:
        document = faces_document(an_image(), image_path="a.jpg", timestamp=WHEN)
        assert (document["num_faces"], document["faces"]) == (0, [])


class TestResults:
    def test_has_the_keys_and_types_that_clients_read_in_their_order(self) -> None:
        document = results_document(TWO, image_path=f"./output/{SHA256}.jpg")
        assert json.dumps(without_ours(document)) == (
            f'{{"redis_key": "{SHA256}", "image_path": "./output/{SHA256}.jpg", "results": {{"landmark_service": '
            '{"landmarks": [[20, 30, 60, 80], [200, 10, 290, 130]]}, "agegender_service": {"age": [35, 61], '
            '"gender": ["Male", "Female"]}}}'
        )
        assert list(document)[-1] == "curation"

    def test_null_keeps_the_place_of_a_face_of_which_nothing_was_read(self) -> None:
        image = an_image(a_face(0, attributes=FaceAttributes()), a_face(1, Box(200, 10, 90, 120)))
        document = results_document(image, image_path="a.jpg", disagreements=["face 0 was"])
        assert document["results"]["agegender_service"] == {"age": [None, 35], "gender": [None, "Male"]}
        assert document["curation"]["disagreements"] == ["face 0 was"]


class TestWhatIsShown:
    @pytest.mark.parametrize(("years", "shown"), [(34.4, 34), (34.5, 35), (35.5, 36), (0.2, 0)])
    def test_whole_years(self, years: float, shown: int) -> None:
        assert shown_years(an_age(years)) == shown

    def test_a_guess_is_shown_unless_nothing_is_wanted(self) -> None:
        assert shown_years(an_age(40.0, is_known=False)) == 40
        assert shown_years(an_age(40.0, is_known=False), Unsure.NOTHING) is None
        assert shown_gender(a_sex("male", is_known=False)) == "male"
        assert shown_gender(a_sex("male", is_known=False), Unsure.NOTHING) is None

    def test_a_network_that_saw_no_face_gives_no_guess(self) -> None:
        even = AgeEstimate(35.0, 0.0, 99.0, 0.0, False, (10.0, 60.0), (0.5, 0.5), "dlib")
        assert shown_years(even) is None
        assert shown_years(AgeEstimate(float("nan"), 0.0, 99.0, 0.0, False, (), (), "dlib")) is None
        assert shown_gender(ClassEstimate(None, 0.5, ("female", "male"), (0.5, 0.5), "dlib")) is None
        assert shown_gender(ClassEstimate(None, 0.0, (), (), "dlib")) is None

    def test_an_age_without_a_distribution_is_one(self) -> None:
        assert shown_years(AgeEstimate(35.0, 28.0, 44.0, 0.5, True, (), (), "openvino")) == 35

    def test_the_finest_points(self) -> None:
        kinds = [shown_points(face)[0] for face in (a_face(with_dense=True), a_face(), a_face(with_points=False))]
        assert kinds == ["landmarks478", "landmarks68", "landmarks5"]
        assert len(shown_points(a_face(with_dense=True))[1]) == 478


class TestRedis:
    def test_both_results_give_the_whole_picture_back(self) -> None:
        image = an_image(a_face(with_dense=True), a_face(1, Box(200, 10, 90, 120), with_points=False))
        stored = json.loads(json.dumps([landmark_result(image), age_gender_result(image)]))
        assert image_of_results(*stored) == (image, ())

    def test_the_results_have_the_lists_of_such_systems_first(self) -> None:
        assert list(landmark_result(TWO)) == ["landmarks", "curation"]
        assert landmark_result(TWO)["landmarks"] == [[20, 30, 60, 80], [200, 10, 290, 130]]
        assert list(age_gender_result(TWO)) == ["age", "gender", "curation"]
        assert age_gender_result(TWO, Unsure.NOTHING)["gender"] == ["Male", None]

    def test_neither_role_keeps_what_the_other_tells(self) -> None:
        assert all(face[key] is None for face in landmark_result(TWO)["curation"]["faces"] for key in ("age", "sex"))
        assert all(not face["landmarks68"] for face in age_gender_result(TWO)["curation"]["faces"])

    def test_one_result_alone_says_what_it_knows(self) -> None:
        landmarks, said = image_of_results(landmark_result(TWO), None)
        assert landmarks.faces[0].points68 and landmarks.faces[0].attributes.age is None and not said
        ages, said = image_of_results(None, age_gender_result(TWO))
        assert not ages.faces[0].points68 and ages.faces[0].attributes.age is not None and not said

    def test_a_face_that_one_role_missed_is_said(self) -> None:
        image, said = image_of_results(landmark_result(TWO), age_gender_result(an_image(TWO.faces[1])))
        assert [face.attributes.age is None for face in image.faces] == [True, False]
        assert said == ("face 0 at [20, 30, 60, 80] was found by landmarks only, not by age_gender",)

    def test_what_cannot_be_read_is_refused_in_words(self) -> None:
        with pytest.raises(AttributeDocumentError, match="send it to the roles again"):
            image_of_results(None, None)
        with pytest.raises(AttributeDocumentError, match="another program wrote it"):
            image_of_results({"landmarks": [[1, 2, 3, 4]]}, None)
        other = age_gender_result(TWO)
        other["curation"]["sha256"] = "f" * 64
        with pytest.raises(AttributeDocumentError, match="two pictures"):
            image_of_results(landmark_result(TWO), other)


class TestText:
    def test_is_the_same_after_a_way_through_redis(self) -> None:
        age = replace(an_age(), low=28, high=np.float64(44.5), distribution=(0, 1, 0))
        image = an_image(a_face(attributes=FaceAttributes(age=age, sex=a_sex())))
        stored = json.loads(json.dumps([landmark_result(image), age_gender_result(image)]))
        there, _ = image_of_results(*stored)
        assert document_text(results_document(there, image_path="a")) == document_text(
            results_document(image, image_path="a")
        )

    def test_reads_back_as_the_document(self) -> None:
        document = faces_document(TWO, image_path="ä/b.jpg", timestamp=WHEN)
        text = document_text(document)
        assert json.loads(text) == document
        assert text.isascii() and text.endswith("}\n")

    def test_short_things_stand_on_one_line(self) -> None:
        text = document_text(results_document(TWO, image_path="a.jpg"))
        assert '"landmark_service": {"landmarks": [[20, 30, 60, 80], [200, 10, 290, 130]]},' in text
        assert max(map(len, text.splitlines())) <= 120

    def test_numbers_that_json_lacks_are_refused(self) -> None:
        with pytest.raises(ValueError, match="JSON"):
            document_text({"years": float("nan")})
