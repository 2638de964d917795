from __future__ import annotations

import pytest

from curation.domain.attributes.values import ClassEstimate, FaceAttributes
from curation.domain.faces.face import Box
from curation.services.viewer.words import age_words, class_words, difference_words, face_words, image_words
from tests.attribute_values import a_face, a_sex, an_age, an_image

LEFT, RIGHT = Box(20, 30, 40, 50), Box(200, 30, 40, 50)


class TestValues:
    def test_an_age_has_its_range(self) -> None:
        assert age_words(an_age(34.6)) == "about 35 (28 to 44)"
        assert age_words(an_age(34.6, is_known=False)) == "cannot tell (at best a guess: 35)"
        assert age_words(None) == ""

    def test_a_class_has_its_certainty(self) -> None:
        assert class_words(a_sex("female", certainty=0.9)) == "female (90 %)"
        assert class_words(a_sex("male", certainty=0.6, is_known=False)) == "cannot tell (at best a guess: male, 60 %)"
        assert class_words(None) == ""

    def test_nobody_is_wholly_certain(self) -> None:
        assert class_words(a_sex("male", certainty=1.0)) == "male (over 99 %)"


class TestFaces:
    def test_are_counted_from_one(self) -> None:
        assert face_words(a_face(0)) == "Face 1: age about 35 (28 to 44); sex male (97 %)"
        assert face_words(a_face(1, attributes=FaceAttributes())) == "Face 2: nothing but its place is known"

    def test_have_a_line_each(self) -> None:
        assert image_words(an_image(a_face(0), a_face(1, RIGHT))).count("\n") == 1
        assert image_words(an_image()) == "No face was found in this picture."

    def test_tell_of_emotions_and_ethnicities_if_asked_for(self) -> None:
        angry = ClassEstimate("angry", 0.7, ("angry", "happy"), (0.7, 0.3), "deepface")
        assert "expression angry (70 %)" in face_words(a_face(attributes=FaceAttributes(emotion=angry)))


class TestDifferences:
    @pytest.mark.parametrize(
        ("one", "other", "said"),
        [
            (an_age(30), an_age(34), "4 years apart"),
            (an_age(30), an_age(60), "30 years apart, and so are the ranges"),
            (an_age(30), an_age(30, is_known=False), "one cannot tell the age"),
            (an_age(30, is_known=False), an_age(30, is_known=False), "neither can tell the age"),
        ],
    )
    def test_of_ages(self, one, other, said) -> None:  # type: ignore[no-untyped-def]
        first = an_image(a_face(attributes=FaceAttributes(age=one)))
        second = an_image(a_face(attributes=FaceAttributes(age=other)))
        assert difference_words(first, second) == f"Face 1: {said}"

    @pytest.mark.parametrize(
        ("one", "other", "said"),
        [
            (a_sex("male"), a_sex("male"), "the same sex"),
            (a_sex("male"), a_sex("female"), "they disagree about the sex"),
            (a_sex("male"), a_sex("male", is_known=False), "one cannot tell the sex"),
            (a_sex(is_known=False), a_sex(is_known=False), "neither can tell the sex"),
        ],
    )
    def test_of_sexes(self, one: ClassEstimate, other: ClassEstimate, said: str) -> None:
        first = an_image(a_face(attributes=FaceAttributes(sex=one)))
        second = an_image(a_face(attributes=FaceAttributes(sex=other)))
        assert difference_words(first, second) == f"Face 1: {said}"

    def test_faces_are_matched_by_their_boxes(self) -> None:
        young, old = FaceAttributes(age=an_age(10)), FaceAttributes(age=an_age(70))
        first = an_image(a_face(0, LEFT, attributes=young), a_face(1, RIGHT, attributes=old))
        second = an_image(a_face(0, RIGHT, attributes=old))
        assert difference_words(first, second) == "Face 1: only the first reader has it\nFace 2: 0 years apart"
        assert difference_words(an_image(), second) == "There is no face to compare."
