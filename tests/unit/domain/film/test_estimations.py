"""The three outputs of a trailer are plain JSON values that fit together."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.faces.face import Box
from curation.domain.film.estimations import aggregated_estimations, embedded_faces, flattened_faces_perso_ids
from curation.domain.film.people import TrailerResult
from tests.film_values import made_film, made_result, made_track


@pytest.fixture
def result() -> TrailerResult:
    tracks = [made_track(0, 2), made_track(1, 3, 1, box=Box(900, 10, 60, 80)), made_track(4, 6), made_track(8, 8.2, 2)]
    found = made_result(made_film(tracks), [((0, 2), "Anna"), ((1,), "")])
    read = FaceAttributes(
        age=AgeEstimate(31.26, 24.0, 39.0, 0.7, True, (20.0, 40.0), (0.4, 0.6), "r"),
        sex=ClassEstimate(None, 0.6, ("female", "male"), (0.6, 0.4), "r"),
    )
    return replace(found, people=(replace(found.people[0], attributes=read), found.people[1]))


def test_all_of_it_is_json(result: TrailerResult) -> None:
    for part in (aggregated_estimations(result), embedded_faces(result), flattened_faces_perso_ids(result)):
        assert json.loads(json.dumps(part, allow_nan=False)) == part


def test_characters(result: TrailerResult) -> None:
    anna, other = aggregated_estimations(result)
    assert (anna["name"], anna["screen_time"], anna["appearances"]) == ("Anna", 4.0, 2)
    assert anna["intervals"] == [[0.0, 2.0], [4.0, 6.0]] and (anna["first"], anna["last"]) == (0.0, 6.0)
    assert anna["occupied_area"] == 3.0
    assert {seen["track"] for seen in anna["persons_ids"]} == {0, 2}
    assert (anna["sex"], anna["age"], anna["age_low"], anna["age_high"]) == ("unknown", 31.3, 24.0, 39.0)
    assert "ethnicity" not in anna
    assert "sex" not in other and "age" not in other


def test_an_age_that_cannot_be_told_is_null(result: TrailerResult) -> None:
    attributes = result.people[0].attributes
    assert attributes is not None and attributes.age is not None
    doubt = replace(attributes, age=replace(attributes.age, is_known=False))
    (anna, _) = aggregated_estimations(
        replace(result, people=(replace(result.people[0], attributes=doubt), result.people[1]))
    )
    assert anna["age"] is None and anna["age_low"] is None


def test_faces_and_their_characters_are_in_one_order(result: TrailerResult) -> None:
    faces, ids = embedded_faces(result), flattened_faces_perso_ids(result)
    assert len(faces) == len(ids) == sum(len(track.faces) for track in result.film.tracks)
    assert [ids[faces.index(face)] for face in faces if face["track"] == 0] == [0, 0, 0]
    assert {cluster for face, cluster in zip(faces, ids, strict=True) if face["track"] == 3} == {-1}
    assert faces[0]["embedding"] == pytest.approx(result.film.tracks[0].faces[0].face.detected.embedding)
    assert faces[0]["facial_area"] == [500, 200, 160, 200]
