from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.event.film import looking, moment_task
from curation.event.film.event_films import film_id
from curation.video import stills
from tests.fake_films import jpeg
from tests.family_event import family_service
from tests.film_event import RIGHT, FilmEvent, event_track, film_event
from tests.service import ServiceClient
from tests.unit.event.film.test_clip_ranking import Stills, well_measured

CLIP = film_id("clip.mp4")


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmEvent]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "find_spec", lambda name: object())
        patch.setattr(stills, "still", Stills())
        patch.setattr(stills, "still_jpeg", lambda path, time, *, long_side_px=None: jpeg())
        patch.setattr(moment_task, "measure_photo", well_measured)
        with film_event(tmp_path_factory.mktemp("clips") / "event") as made:
            made.add("a.png", 0)
            made.add("b.png", 0, 1, seed=1)
            made.clip("clip.mp4", [event_track(0, 4, 2), event_track(1.92, 6, 0, box=RIGHT)])
            (made.photos / "broken.mov").write_bytes(b"no film")
            made.cluster()
            made.look()
            made.label({"0": {"name": "Anna", "category": "main"}, "2": {"name": "Carl", "category": "important"}})
            made.score()
            yield made


@pytest.fixture(scope="module")
def client(event: FilmEvent) -> Iterator[ServiceClient]:
    with family_service(event) as made:
        yield made


def test_clips_with_their_people_and_ranks(client: ServiceClient) -> None:
    clips = client.get("/event/clips").json()["clips"]
    assert [(one["video_path"], one["status"], one["people"]) for one in clips] == [
        ("clip.mp4", "ok", ["Anna", "Carl"]),
        ("broken.mov", "failed", []),
    ]
    assert clips[0]["rank"] == 1
    assert clips[0]["best_s"] is not None
    assert clips[1]["error"] == "the file is no film"
    assert clips[1]["rank"] is None


def test_best_frames_and_whom_they_are_for(client: ServiceClient) -> None:
    found = client.get("/event/best-frames").json()
    assert [frame["name"] for frame in found["frames"][:2]] == ["Carl", "Anna"]
    assert found["frames"][0]["worth"] == "no_photo"
    assert found["frames"][0]["film_id"] == CLIP
    assert found["frames"][1]["best_photo_id"]
    of_carl = client.get("/event/best-frames", params={"person": "carl"}).json()
    assert {frame["name"] for frame in of_carl["frames"]} == {"Carl"}
    assert client.get("/event/best-frames", params={"limit": 1}).json()["total"] == found["total"]


def test_stills(client: ServiceClient) -> None:
    answer = client.get(f"/event/clips/{CLIP}/still", params={"time": "1.5", "size": 160})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content == jpeg()
    missing = client.get("/event/clips/0123456789abcdef/still")
    assert (missing.status_code, missing.json()["code"]) == (404, "video_not_found")
    assert client.get(f"/event/clips/{CLIP}/still", params={"time": "-1"}).status_code == 422


def test_coverage_counts_people_who_are_only_in_clips(client: ServiceClient) -> None:
    people = {one["name"]: one for one in client.get("/event/coverage").json()["people"]}
    assert people["Carl"]["only_in_clips"]
    assert people["Carl"]["photos"] == 0
    assert people["Carl"]["clips"] == [CLIP]
    assert people["Carl"]["screen_time_s"] == 4.0
    assert people["Carl"]["gap"]["sentence"].startswith("Carl is on no photo")
    assert not people["Anna"]["only_in_clips"]
    assert people["Anna"]["photos"] == 2


def test_pages_show_pictures_from_clips_that_lead_into_the_player(client: ServiceClient) -> None:
    for page in ("/review/photos", "/review/choose"):
        text = client.get(page, headers={"accept": "text/html"}).text
        assert "From your clips: " in text
        assert f'href="/review/videos/{CLIP}?t=' in text
        assert f'src="/event/clips/{CLIP}/still?time=' in text
    assert "On no photo, but in clips: Carl." in text


def test_a_name_for_somebody_who_is_only_in_clips(client: ServiceClient, event: FilmEvent) -> None:
    names = client.get("/people/names", params={"q": "car"}).json()
    assert "Carl" in str(names)
    labels = client.get("/labels")
    assert labels.status_code == 200


def test_an_event_without_clips(tmp_path: Path) -> None:
    with film_event(tmp_path / "event") as plain:
        plain.add("a.png", 0)
        plain.cluster()
        plain.score()
        with family_service(plain) as client:
            assert client.get("/event/clips").json() == {"clips": [], "warnings": []}
            assert client.get("/event/best-frames").json() == {"total": 0, "frames": []}
            assert client.get("/event/coverage").status_code == 200
            assert "From your clips" not in client.get("/review/photos", headers={"accept": "text/html"}).text
