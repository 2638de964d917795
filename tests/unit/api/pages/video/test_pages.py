"""The page Videos as HTML: every state of a film in words that say what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from curation.api.pages.rendering import clock
from curation.domain.film.clip import ClipFacts
from curation.domain.film.track import FilmAnalysis
from tests.fake_films import FakeFilms, film, poster_picture, two_characters
from tests.film_values import made_film, made_result
from tests.service import ServiceClient, make_settings, service

WAIT_S = 20.0


@pytest.fixture
def fake() -> FakeFilms:
    return FakeFilms()


@pytest.fixture
def client(tmp_path: Path, fake: FakeFilms) -> Iterator[ServiceClient]:
    with service(make_settings(tmp_path), open_videos=fake.open) as client:
        yield client
        fake.release.set()


def looked_at(client: ServiceClient, content: bytes = film(), name: str = "trailer.mp4") -> str:
    video_id: str = client.post("/videos", files={"film": (name, content)}).json()["video"]["video_id"]
    deadline_s = time.monotonic() + WAIT_S
    while client.get(f"/videos/{video_id}").json()["state"] in ("waiting", "working"):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    return video_id


def with_facts(fake: FakeFilms, facts: ClipFacts, told: FilmAnalysis | None = None) -> None:
    fake.facts = facts
    result = fake.result if told is None else made_result(told)
    fake.result = replace(result, film=replace(result.film, facts=facts))


def test_a_film_with_characters(client: ServiceClient) -> None:
    video_id = looked_at(client, name="<b>trailer</b>.mp4")
    client.request("PATCH", f"/videos/{video_id}/people/1", json={"name": "<script>"})
    page = client.get(f"/review/videos/{video_id}")
    assert page.status_code == 200
    assert "media-src 'self'" in page.headers["content-security-policy"]
    text = page.text
    assert "<b>trailer" not in text
    assert "<script>" not in text.replace('<script src="', "").replace('<script type="module"', "")
    assert text.count('class="panel film-character"') == 2
    assert f'src="/videos/{video_id}/file"' in text
    assert 'data-start="5.4"' in text
    assert "ethnicity" not in text.lower()
    listed = client.get("/review/videos").text
    assert "&lt;script&gt;" in listed
    assert client.get("/review/videos?person=%3Cscript%3E").text.count("video-card-link") == 1
    assert "Nobody is in no film" not in listed
    assert "is in no film" in client.get("/review/videos?person=Xaver").text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("partial", "A part of this film could not be read."),
        ("fails", "This film could not be looked at."),
    ],
)
def test_states(client: ServiceClient, kind: str, words: str) -> None:
    video_id = looked_at(client, film(kind))
    assert words in client.get(f"/review/videos/{video_id}").text
    assert "<code>" not in client.get("/fragments/videos/cards").text


def test_at_work_and_waiting(client: ServiceClient, fake: FakeFilms) -> None:
    slow = client.post("/videos", files={"film": ("a.mp4", film("slow"))}).json()["video"]["video_id"]
    assert fake.began.wait(WAIT_S)
    waiting = client.post("/videos", files={"film": ("b.mp4", film("ok", 3))}).json()["video"]["video_id"]
    assert "The film is being looked at." in client.get(f"/review/videos/{slow}").text
    assert "The film waits for its turn." in client.get(f"/review/videos/{waiting}").text
    assert "It waits for its turn." in client.get("/fragments/videos/cards").text


def test_nobody_in_it(client: ServiceClient, fake: FakeFilms) -> None:
    with_facts(fake, ClipFacts(Fraction(10), 1280, 720, codec="h264"), made_film(()))
    text = client.get(f"/review/videos/{looked_at(client)}").text
    assert "Nobody was found in this film." in text
    assert "Nobody was found in it." in client.get("/review/videos").text


def test_a_film_that_browsers_do_not_play_gets_a_version_that_they_do(client: ServiceClient, fake: FakeFilms) -> None:
    with_facts(fake, replace(two_characters().film.facts, codec="hevc"))
    video_id = looked_at(client)
    assert "Browsers do not play this kind of film (hevc)." in client.get(f"/review/videos/{video_id}").text
    client.post(f"/videos/{video_id}/annotate")
    deadline_s = time.monotonic() + WAIT_S
    while "Download" not in client.get(f"/fragments/videos/{video_id}/annotated").text:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    text = client.get(f"/review/videos/{video_id}").text
    assert f'src="/videos/{video_id}/annotated"' in text
    assert 'id="boxes"' not in text  # they are in the pictures


def test_posters(client: ServiceClient) -> None:
    video_id = looked_at(client)
    client.request("PATCH", f"/videos/{video_id}/people/0", json={"name": "Anna"})
    client.post(f"/videos/{video_id}/posters", files={"poster": ("p.jpg", poster_picture())})
    deadline_s = time.monotonic() + WAIT_S
    while "1 of 2 faces" not in (text := client.get(f"/fragments/videos/{video_id}/posters").text):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    assert 'data-left="20.0"' in text
    assert "nobody of this film" in text


def test_unknown_and_switched_off(client: ServiceClient, empty: ServiceClient) -> None:
    assert client.get(f"/review/videos/{'0' * 32}").status_code == 404
    assert client.get("/review/videos/x").status_code == 422
    for url in ("/review/videos", f"/review/videos/{'0' * 32}"):
        assert "make extras EXTRAS=video" in empty.get(url).text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (67.9, "1:07"), (600, "10:00"), (3729, "1:02:09")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
