"""The characters of films compared with the gallery, and the document of a film that says so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from curation.domain.film.document import film_document
from curation.domain.film.documents.schema import film_schema
from curation.event.known_people import film_people
from curation.event.known_people.film_people import recognised_characters, try_recognised_characters
from curation.event.known_people.open_gallery import OpenGallery
from curation.gallery.store import Exemplar
from curation.settings import Settings
from curation.storage.video.result_files import read_result, write_result
from tests.fake_films import two_characters
from tests.fake_gallery import FakeGallery, recognise_nearest
from tests.film_values import CHIP, vector_of
from tests.json_schema import problems
from tests.service import make_settings

EMBEDDER = "a" * 64


@pytest.fixture
def gallery() -> FakeGallery:
    gallery = FakeGallery()
    faces = [
        Exemplar(vector_of(0), EMBEDDER, "fake", 0.9, CHIP, "party", str(seed), (0, 0, 9, 9), "2026-01-01")
        for seed in range(3)
    ]
    gallery.enrol("Anna", "main", faces, max_exemplars=12)
    return gallery


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path, gallery={"enabled": True})


def test_only_faces_of_the_same_embedder_are_compared(settings: Settings, gallery: FakeGallery) -> None:
    opened = OpenGallery(settings, lambda _: gallery, recognise_nearest)
    film = replace(two_characters(), weights=(("fake.onnx", EMBEDDER),))
    assert {cluster: one.name for cluster, one in recognised_characters(settings, opened, film).items()} == {0: "Anna"}
    other = replace(film, weights=(("arcface_weights.onnx", "b" * 64), ("reader.onnx", EMBEDDER)))
    assert recognised_characters(settings, opened, other) == {}
    both = replace(film, weights=(("arcface_weights.onnx", EMBEDDER), ("retinaface.onnx", "c" * 64)))
    assert list(recognised_characters(settings, opened, both)) == [0]


def test_the_document_has_the_proposal_only_with_a_gallery(
    settings: Settings, gallery: FakeGallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        film_people, "OpenGallery", lambda settings: OpenGallery(settings, lambda _: gallery, recognise_nearest)
    )
    film = replace(two_characters(), weights=(("fake.onnx", EMBEDDER),))
    found = try_recognised_characters(settings, film)
    write_result(tmp_path / "with", film, known=found)
    write_result(tmp_path / "without", film)
    first, second = json.loads((tmp_path / "with" / "result.json").read_text())["people"]
    assert (first["known_person"]["name"], first["known_person"]["answer"]) == ("Anna", "name")
    assert "known_person" not in second
    assert "known_person" not in (tmp_path / "without" / "result.json").read_text()
    assert problems(film_document(film, known=found), film_schema()) == []
    assert read_result(tmp_path / "with").people[0].cluster_id == 0
    named = replace(film, people=(replace(film.people[0], name="Eve", category="main"), film.people[1]))
    assert try_recognised_characters(settings, named) == {}
    gallery.is_broken = True
    assert try_recognised_characters(settings, film) == {}
    assert try_recognised_characters(make_settings(tmp_path), film) == {}
