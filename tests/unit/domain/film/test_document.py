from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from curation.domain.attributes.values import ClassEstimate, FaceAttributes
from curation.domain.film.document import (
    FILM_VERSION,
    film_chips,
    film_document,
    film_embeddings,
    poster_object,
    poster_of_document,
    result_of_document,
    source_of_document,
)
from curation.domain.film.documents.schema import film_schema
from curation.domain.film.people import TrailerResult
from curation.errors import FilmDocumentError
from tests.conftest import PROJECT_ROOT
from tests.film_values import made_film, made_result, made_track
from tests.json_schema import problems
from tests.random_films import RandomFilms

SCHEMA = json.loads((PROJECT_ROOT / "docs/schemas/film.schema.json").read_text(encoding="utf-8"))


def a_result() -> TrailerResult:
    return made_result(made_film([made_track(0, 2), made_track(3, 5, 1)]), [([0], "Anna"), ([1], "")])


def a_full_one() -> tuple[dict[str, Any], Any]:
    """A document in which everything is there, and its embeddings."""
    for seed in range(1000):
        films = RandomFilms(seed)
        result, poster = films.result(), films.poster()
        people, tracks = result.people, result.film.tracks
        there = [people, poster.faces, result.dropped, result.weights, result.options, result.film.corrupt_frames]
        if all(there) and tracks[0].faces and tracks[0].faces[0].attributes and people[0].intervals:
            told = people[0].attributes
            if told is not None and told.age is not None and told.ethnicity is not None and people[0].mean.size:
                return film_document(result, poster), film_embeddings(result)
    raise AssertionError("no such film")


def same_vectors(a: TrailerResult, b: TrailerResult) -> bool:
    return film_embeddings(a).tobytes() == film_embeddings(b).tobytes()


def through_json(result: TrailerResult, **options: Any) -> TrailerResult:
    document = json.loads(json.dumps(film_document(result, **options), allow_nan=False))
    return result_of_document(document, film_embeddings(result), chips=film_chips(result))


class TestRoundTrip:
    @pytest.mark.parametrize("seed", range(24))
    @pytest.mark.parametrize("with_chips", [True, False])
    def test_nothing_is_lost(self, seed: int, with_chips: bool) -> None:
        result = RandomFilms(seed).result()
        read = through_json(result, with_chips=with_chips)
        assert film_document(read) == film_document(result)
        assert same_vectors(read, result)
        assert film_chips(read) == film_chips(result)
        for old, new in zip(result.film.tracks, read.film.tracks, strict=True):
            assert (old.span, old.sightings) == (new.span, new.sightings)
            assert [face.attributes for face in old.faces] == [face.attributes for face in new.faces]
        for person, same in zip(result.people, read.people, strict=True):
            assert (person.intervals, person.screen_time, person.attributes) == (
                same.intervals,
                same.screen_time,
                same.attributes,
            )
        assert read.film.facts == result.film.facts

    def test_times_are_exact_and_rounded(self) -> None:
        film = made_film([made_track(0, 2)])
        track = replace(film.tracks[0], span=film.tracks[0].span._replace(end=Fraction(50050, 24001)))
        result = made_result(replace(film, tracks=(track,)), [([0], "Anna")])
        written = film_document(result)["film"]["tracks"][0]
        assert (written["end"], written["end_s"]) == ("50050/24001", 2.085)
        assert through_json(result).film.tracks[0].span.end == Fraction(50050, 24001)

    @pytest.mark.parametrize("seed", range(10))
    def test_posters(self, seed: int) -> None:
        films = RandomFilms(seed)
        document = json.loads(json.dumps(film_document(films.result(), poster := films.poster())))
        read = poster_of_document(document)
        assert read is not None
        assert poster_object(read) == poster_object(poster)
        assert [face.attributes for face in read.faces] == [face.attributes for face in poster.faces]
        assert poster_of_document(film_document(a_result())) is None

    def test_values_of_numpy_are_written(self) -> None:
        result = a_result()
        person = replace(result.people[0], screen_share=np.float32(0.5), tracks=(np.int64(0),), faces=np.int64(3))  # type: ignore[arg-type]
        document = json.loads(json.dumps(film_document(replace(result, people=(person,)))))
        assert (document["people"][0]["screen_share"], document["people"][0]["faces"]) == (0.5, 3)

    def test_a_later_release_may_add_keys(self) -> None:
        document = film_document(a_result(), source="a.mp4")
        document["new"] = document["film"]["new"] = [1]
        read = result_of_document(document, film_embeddings(a_result()))
        assert read.people[0].name == "Anna"
        assert source_of_document(document) == "a.mp4"


class TestEthnicity:
    ASKED = FaceAttributes(ethnicity=ClassEstimate(None, 0.4, ("a", "b"), (0.6, 0.4), "gear"))

    def test_it_is_not_there_unless_it_was_asked_for(self) -> None:
        assert "ethnicity" not in json.dumps(film_document(a_result()))

    def test_it_is_told_of_characters_never_of_single_faces(self) -> None:
        result = a_result()
        track = result.film.tracks[0]
        faces = tuple(replace(face, attributes=self.ASKED) for face in track.faces)
        film = replace(result.film, tracks=(replace(track, faces=faces), result.film.tracks[1]))
        person = replace(result.people[0], attributes=self.ASKED)
        document = film_document(replace(result, film=film, people=(person, result.people[1])))
        assert "ethnicity" not in json.dumps(document["film"])
        assert document["people"][0]["ethnicity"]["answer"] is None
        assert "ethnicity" not in document["people"][1]


class TestSchema:
    def test_the_published_one_is_that_of_the_program(self) -> None:
        assert film_schema() == SCHEMA

    @pytest.mark.parametrize("seed", range(16))
    def test_every_document_fits(self, seed: int) -> None:
        films = RandomFilms(seed)
        document = film_document(films.result(), films.poster() if films.coin() else None, with_chips=films.coin())
        assert problems(json.loads(json.dumps(document)), SCHEMA) == []

    def test_it_refuses_others(self) -> None:
        document = film_document(a_result())
        document["film"]["tracks"][0]["sightings"][0]["box"] = "no box"
        assert problems(document, SCHEMA)


HOSTILE: list[Any] = [
    None,
    True,
    -1,
    10**400,
    1e300,
    float("nan"),
    float("inf"),
    "x",
    "1/0",
    "9" * 5000 + "/1",
    "1/" + "9" * 40,
    [],
    [[[[[[]]]]]],
    {},
    {"a": {}},
    [None],
    ["1"],
    [1e308, -1, 2, 3],
]


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    if isinstance(value, dict):
        for key, each in value.items():
            found += places(each, (*at, key))
    elif isinstance(value, list):
        for number, each in enumerate(value[:1]):
            found += places(each, (*at, number))
    return found


class TestDamagedDocuments:
    @pytest.mark.parametrize("version", [0, 2, "1", 1.0, True, None, [1], 10**300, float("nan")])
    def test_other_versions_are_refused(self, version: Any) -> None:
        document = {**film_document(a_result()), "version": version}
        with pytest.raises(FilmDocumentError, match="reads version 1"):
            result_of_document(document, film_embeddings(a_result()))

    @pytest.mark.parametrize("document", [None, [], "x", 5, {}, {"people": []}])
    def test_what_is_no_document(self, document: Any) -> None:
        for read in (poster_of_document, source_of_document):
            with pytest.raises(FilmDocumentError, match="no document of a film"):
                read(document)

    def test_every_value_may_be_hostile(self) -> None:
        document, vectors = a_full_one()
        assert result_of_document(document, vectors).people
        refused = 0
        for number, place in enumerate(places(document)):
            inner = document
            for key in place[:-1]:
                inner = inner[key]
            right = inner[place[-1]]
            for bad in HOSTILE[number % 3 :: 3]:
                inner[place[-1]] = bad
                try:
                    read = result_of_document(document, vectors)
                    poster_of_document(document)
                    source_of_document(document)
                except FilmDocumentError:
                    refused += 1
                else:
                    json.dumps(film_document(read), allow_nan=False)  # what is accepted can be written again
            inner[place[-1]] = right
        assert refused > 500

    def test_every_key_has_to_be_there(self) -> None:
        document, vectors = a_full_one()
        for place in places(document):
            if not isinstance(place[-1], str) or place[-1].endswith("_s") or place[-1] in ("ethnicity", "track_index"):
                continue
            inner = document
            for key in place[:-1]:
                inner = inner[key]
            right = inner.pop(place[-1])
            with pytest.raises(FilmDocumentError):
                result_of_document(document, vectors)
                poster_of_document(document)
                source_of_document(document)
            inner[place[-1]] = right

    def test_the_error_names_the_place(self) -> None:
        document = film_document(a_result())
        document["film"]["tracks"][1]["sightings"][0]["box"] = [1, 2, 3]
        with pytest.raises(FilmDocumentError, match=r"film\.tracks\[1\]\.sightings\[0\]\.box"):
            result_of_document(document, film_embeddings(a_result()))

    @pytest.mark.parametrize(
        "vectors",
        [
            np.zeros((2, 8), np.float32),
            np.zeros((8, 8)),
            np.full((8, 8), np.nan, np.float32),
            np.zeros(64, np.float32),
            [["a"]],
        ],
    )
    def test_vectors_have_to_fit(self, vectors: Any) -> None:
        with pytest.raises(FilmDocumentError):
            result_of_document(film_document(a_result()), vectors)

    def test_two_people_have_not_one_id(self) -> None:
        document = film_document(a_result())
        document["people"][1]["cluster_id"] = 0
        with pytest.raises(FilmDocumentError, match="cluster_id"):
            result_of_document(document, film_embeddings(a_result()))

    def test_the_version_is_that_of_the_schema(self) -> None:
        assert SCHEMA["properties"]["version"]["const"] == FILM_VERSION
