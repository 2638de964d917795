"""Names of the gallery that are proposed for the characters of films."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.event.known_people.open_gallery import OpenGallery
from curation.gallery.store import Exemplar
from tests.fake_films import FakeFilms, film, two_characters
from tests.fake_gallery import FakeGallery, recognise_nearest
from tests.film_values import CHIP, vector_of
from tests.service import WAIT_S, ServiceClient, make_settings, service

EMBEDDER = "a" * 64


@pytest.fixture
def gallery() -> FakeGallery:
    """Anna is the film's first character."""
    gallery = FakeGallery()
    faces = [
        Exemplar(vector_of(0, seed=seed), EMBEDDER, "fake", 0.9, CHIP, "party", str(seed), (0, 0, 9, 9), "2026-01-01")
        for seed in range(3)
    ]
    gallery.enrol("Anna", "main", faces, max_exemplars=12)
    return gallery


@pytest.fixture
def client(tmp_path: Path, gallery: FakeGallery) -> Iterator[ServiceClient]:
    fake = FakeFilms(replace(two_characters(), weights=(("fake.onnx", EMBEDDER),)))
    settings = make_settings(tmp_path, gallery={"enabled": True})
    opened = OpenGallery(settings, lambda _: gallery, recognise_nearest)
    with service(settings, open_videos=fake.open, open_gallery=lambda _: opened) as client:
        yield client


def looked_at(client: ServiceClient) -> str:
    video_id = client.post("/videos", files={"film": ("trailer.mp4", film())}).json()["video"]["video_id"]
    deadline_s = time.monotonic() + WAIT_S
    while client.get(f"/videos/{video_id}").json()["state"] in ("waiting", "working"):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    return str(video_id)


def people(client: ServiceClient, video_id: str) -> list[dict[str, Any]]:
    return list(client.get(f"/videos/{video_id}/people").json()["people"])


def answer(client: ServiceClient, video_id: str, said: str, cluster: int = 0, person: str = "person1") -> Any:
    return client.post(f"/videos/{video_id}/people/{cluster}/proposal", json={"person_id": person, "answer": said})


def test_a_character_is_proposed_and_named(client: ServiceClient, tmp_path: Path) -> None:
    video_id = looked_at(client)
    first, second = people(client, video_id)
    assert first["proposal"] == {"person_id": "person1", "name": "Anna", "answer": "name", "certainty": 1.0} | {
        "certainty": first["proposal"]["certainty"]
    }
    assert second["proposal"] is None
    assert "Yes, person 0 is Anna" in client.get(f"/review/videos/{video_id}").text
    assert answer(client, video_id, "accept", person="person2").status_code == 404
    named = answer(client, video_id, "accept").json()
    assert (named["name"], named["proposal"]) == ("Anna", None)
    assert answer(client, video_id, "accept").json()["code"] == "suggestion_not_found"
    # Neither the result nor the answer keeps who was proposed.
    assert "Anna" not in next((tmp_path / "videos").rglob("result.json")).read_text()


def test_a_no_is_kept_with_the_film(client: ServiceClient, gallery: FakeGallery) -> None:
    video_id = looked_at(client)
    assert answer(client, video_id, "refuse").json()["proposal"] is None
    assert people(client, video_id)[0]["proposal"] is None
    assert answer(client, video_id, "accept").status_code == 404


def test_who_is_forgotten_or_on_screen_at_the_same_time_is_not_proposed(
    client: ServiceClient, gallery: FakeGallery
) -> None:
    video_id = looked_at(client)
    url = f"/videos/{video_id}/people/1"
    client.request("PATCH", url, json={"name": "anna"})
    assert people(client, video_id)[0]["proposal"] is None
    client.request("PATCH", url, json={"name": "Ben"})
    assert people(client, video_id)[0]["proposal"] is not None
    gallery.is_broken = True
    assert people(client, video_id)[0]["proposal"] is None
    gallery.is_broken = False
    gallery.forget("person1")
    assert people(client, video_id)[0]["proposal"] is None


def test_without_a_gallery_nothing_is_proposed(tmp_path: Path) -> None:
    fake = FakeFilms()
    with service(make_settings(tmp_path), open_videos=fake.open) as client:
        assert [one["proposal"] for one in people(client, looked_at(client))] == [None, None]
