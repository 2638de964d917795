from __future__ import annotations

import math

import pytest

from curation.domain.attributes.people import aggregated
from curation.domain.attributes.values import AgeEstimate, ClassEstimate, DensePoint, FaceAttributes


def _age(years: float, *, is_known: bool = True) -> AgeEstimate:
    return AgeEstimate(
        years=years,
        low=years - 5,
        high=years + 8,
        certainty=0.7 if is_known else 0.0,
        is_known=is_known,
        ages=(0.0, years),
        distribution=(0.0, 1.0),
        reader="made up",
    )


def _sex(female: float, *, least: float = 0.9) -> ClassEstimate:
    best = max(female, 1 - female)
    return ClassEstimate(
        answer=("female" if female > 0.5 else "male") if best >= least else None,
        certainty=best,
        classes=("female", "male"),
        distribution=(female, 1 - female),
        reader="made up",
    )


def test_better_faces_count_for_more() -> None:
    person = aggregated([(FaceAttributes(age=_age(30)), 0.9), (FaceAttributes(age=_age(60)), 0.1)])
    assert person.age is not None
    assert person.age.years == pytest.approx(33)
    assert [person.age.low, person.age.high] == pytest.approx([28, 41])
    assert person.age.is_known


def test_a_face_that_cannot_tell_counts_only_if_no_other_can() -> None:
    person = aggregated([(FaceAttributes(age=_age(30)), 0.1), (FaceAttributes(age=_age(80, is_known=False)), 0.9)])
    assert person.age is not None and person.age.years == pytest.approx(30)
    unknown = aggregated([(FaceAttributes(age=_age(80, is_known=False)), 0.9)])
    assert unknown.age is not None and not unknown.age.is_known


def test_one_face_is_what_the_face_is() -> None:
    face = FaceAttributes(age=_age(30), sex=_sex(0.97))
    assert aggregated([(face, 0.4)]) == face
    assert aggregated([(face, 0.0)]) == face
    assert aggregated([(face, math.nan)]) == face


def test_faces_that_disagree_are_no_answer() -> None:
    person = aggregated([(FaceAttributes(sex=_sex(0.97)), 0.5), (FaceAttributes(sex=_sex(0.02)), 0.5)])
    assert person.sex is not None and person.sex.answer is None
    assert sum(person.sex.distribution) == pytest.approx(1)


def test_one_poor_face_does_not_change_the_answer_of_good_ones() -> None:
    faces = [(FaceAttributes(sex=_sex(0.97)), 0.8)] * 4 + [(FaceAttributes(sex=_sex(0.3)), 0.1)]
    person = aggregated(faces)
    assert person.sex is not None and person.sex.answer == "female"
    assert person.sex.certainty == pytest.approx((4 * 0.8 * 0.97 + 0.1 * 0.3) / 3.3)


def test_faces_without_any_answer_are_none() -> None:
    person = aggregated([(FaceAttributes(sex=_sex(0.85)), 0.8)] * 9)
    assert person.sex is not None and person.sex.answer is None


def test_moments_have_no_person() -> None:
    face = FaceAttributes(emotion=_sex(0.99), dense=(DensePoint(1, 2, 3),))
    assert aggregated([(face, 1.0)]) == FaceAttributes()
    assert aggregated([]) == FaceAttributes()
