"""A character's age, sex and ethnicity from its faces: better faces count for more, and doubt stays doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.film.aggregation import METHODS, agreed, without_ethnicity, without_ethnicity_of_faces
from tests.film_values import made_film, made_result, made_track


def sex(female: float, *, answers: bool = True) -> FaceAttributes:
    answer = ("female" if female >= 0.5 else "male") if answers else None
    return FaceAttributes(
        sex=ClassEstimate(answer, max(female, 1 - female), ("female", "male"), (female, 1 - female), "r")
    )


def ethnicity(*shares: float) -> FaceAttributes:
    classes = ("a", "b", "c")[: len(shares)]
    best = classes[max(range(len(shares)), key=shares.__getitem__)]
    return FaceAttributes(ethnicity=ClassEstimate(best, max(shares), classes, shares, "r"))


def age(years: float, *, is_known: bool = True) -> FaceAttributes:
    return FaceAttributes(age=AgeEstimate(years, years - 8, years + 8, 0.8, is_known, (20.0, 40.0), (0.5, 0.5), "r"))


def told(found: FaceAttributes | None) -> ClassEstimate:
    assert found is not None and found.sex is not None
    return found.sex


def test_good_faces_count_for_more_than_many_poor_ones() -> None:
    faces = [(sex(0.95), 0.9), (sex(0.2), 0.05), (sex(0.2), 0.05), (sex(0.2), 0.05)]
    assert told(agreed(faces, "weighted_mean")).most_likely == "female"
    assert told(agreed(faces, "mean")).most_likely == "male"
    assert told(agreed(faces, "majority")).answer == "male"
    assert told(agreed(faces, "best")).answer == "female"


def test_a_sure_network_counts_for_more_than_one_in_doubt() -> None:
    # Of equal quality: one sure face against two in doubt, which together say the opposite about as much.
    faces = [(sex(0.99), 0.5), (sex(0.26), 0.5), (sex(0.26), 0.5)]
    assert told(agreed(faces, "weighted_mean")).distribution[0] > told(agreed(faces, "mean")).distribution[0]
    assert told(agreed(faces, "weighted_mean")).most_likely == "female"


def test_disagreement_is_no_answer() -> None:
    faces = [(sex(0.95), 0.5), (sex(0.05), 0.5)]
    assert all(told(agreed(faces, method)).answer is None for method in ("weighted_mean", "mean", "majority"))


def test_faces_that_cannot_tell_make_no_answer() -> None:
    faces = [(sex(0.9, answers=False), 0.5)] * 3
    assert all(told(agreed(faces, method)).answer is None for method in METHODS)


def test_ages_have_ranges() -> None:
    faces = [(age(30), 0.9), (age(34), 0.9), (age(60), 0.01)]
    found = {method: agreed(faces, method) for method in METHODS}
    years = {method: one.age.years for method, one in found.items() if one and one.age}
    assert years["weighted_mean"] == pytest.approx(32.2, abs=0.2)
    assert years["mean"] == pytest.approx(41.33, abs=0.01)
    assert years["majority"] == 34 and years["best"] == 30
    for one in found.values():
        assert one is not None and one.age is not None and one.age.low < one.age.years < one.age.high


def test_an_age_that_no_face_tells_is_not_known() -> None:
    for method in METHODS:
        found = agreed([(age(30, is_known=False), 0.9)], method)
        assert found is not None and found.age is not None and not found.age.is_known


def test_an_ethnicity_in_doubt_is_unknown() -> None:
    def answer(*shares: float, method: str = "weighted_mean") -> str | None:
        found = agreed([(ethnicity(*shares), 0.5), (ethnicity(*shares), 0.7)], method)
        assert found is not None and found.ethnicity is not None
        return found.ethnicity.answer

    for method in ("weighted_mean", "mean", "best"):
        assert answer(0.69, 0.2, 0.11, method=method) is None
        assert answer(0.71, 0.2, 0.09, method=method) == "a"
    two = [(ethnicity(0.9, 0.1), 0.5), (ethnicity(0.1, 0.9), 0.5), (ethnicity(0.9, 0.1), 0.5)]
    found = agreed(two, "majority")
    assert found is not None and found.ethnicity is not None and found.ethnicity.answer is None


def test_attributes_are_told_apart_from_one_another() -> None:
    both = replace(sex(0.9), age=age(30).age)
    found = agreed([(both, 0.5), (sex(0.9), 0.5)])
    assert found is not None and found.age is not None and found.sex is not None and found.ethnicity is None
    assert agreed([]) is None


@pytest.mark.parametrize("quality", [0.0, float("nan")])
def test_faces_without_quality_still_count(quality: float) -> None:
    assert told(agreed([(sex(0.9), quality)])).answer == "female"


def test_no_face_tells_an_ethnicity_and_no_person_where_it_must_not() -> None:
    track = made_track(0, 2)
    read = replace(ethnicity(0.9, 0.1), sex=sex(0.9).sex)
    track = replace(track, faces=tuple(replace(face, attributes=read) for face in track.faces))
    film = made_film([track])
    clean = without_ethnicity_of_faces(film)
    assert all(face.attributes == sex(0.9) for face in clean.tracks[0].faces)
    assert without_ethnicity_of_faces(clean) is clean
    result = made_result(film, [([0], "Anna")])
    result = replace(result, people=(replace(result.people[0], attributes=read),))
    (person,) = without_ethnicity(result).people
    assert person.attributes == sex(0.9)
