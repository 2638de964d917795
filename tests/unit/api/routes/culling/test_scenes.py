"""Scenes over HTTP, and photos by what their files say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from curation.domain.bursts.clocks import CameraClock, EventClocks, PhotoTime
from curation.domain.bursts.scenes import clock_seconds
from curation.domain.faces.ids import photo_id
from curation.domain.measuring.camera import CameraFacts
from curation.domain.measuring.taken import TakenTime
from curation.event.catalog import Catalog
from curation.event.taken.cameras import CamerasNow
from curation.event.taken.times import EventTimes
from tests.service import ServiceClient
from tests.unit.api.http.test_errors import problem
from tests.unit.event.taken.test_event_taken import START

NIKON = CameraFacts("NIKON D750", "85mm", aperture=1.8)
AFTER_S = {"a.jpg": 7200, "b.jpg": 7230, "d.jpg": 0}


@pytest.fixture
def taken(scored: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> ServiceClient:
    """Three photos of which it is known how and when they were taken, and one of which it is not."""
    seconds = {name: clock_seconds(START + timedelta(seconds=s)) for name, s in AFTER_S.items()}
    told = TakenTime(START + timedelta(hours=2), "EXIF DateTimeOriginal")
    ahead = CameraClock("NIKON D750", 1, ahead_s=7200.0, than="Apple iPhone 15", pairs=12)
    times = EventTimes.of(seconds, EventClocks({"d.jpg": PhotoTime(START, told, -7200.0, clock=ahead.name)}, (ahead,)))
    facts = {"a.jpg": NIKON, "b.jpg": CameraFacts("Canon EOS R6", aperture=4.0), "d.jpg": NIKON}
    monkeypatch.setattr(Catalog, "times", lambda _: times)
    monkeypatch.setattr(Catalog, "cameras_now", lambda _: CamerasNow(facts, 3, 4))
    return scored


def paths(client: ServiceClient, query: str) -> tuple[list[str], int]:
    answer = client.get(f"/photos?{query}").json()
    return [photo["image_path"] for photo in answer["photos"]], answer["unknown"]


def test_scenes_by_time(taken: ServiceClient) -> None:
    taken.put(f"/picks/{photo_id('b.jpg')}", json={"pick": "picked"})
    answer = taken.get("/scenes").json()
    assert answer["untimed"] == 1
    assert [(one["scene"], one["start"], one["photos"], one["picked"]) for one in answer["scenes"]] == [
        (1, "2024-06-15T10:00:00", 1, 0),
        (2, "2024-06-15T12:00:00", 2, 1),
    ]
    assert answer["scenes"][1]["best_photo_id"] == photo_id("b.jpg")
    assert answer["clocks"] == [
        {"clock": "NIKON D750", "photos": 1, "stood_still": 0, "ahead_s": 7200.0, "than": "Apple iPhone 15"}
        | {"pairs": 12, "by_user": False}
    ]


def test_a_photo_has_the_time_of_its_clock_and_the_one_that_is_used(taken: ServiceClient) -> None:
    answer = taken.get(f"/photos/{photo_id('d.jpg')}").json()
    assert (answer["capture_time"], answer["time_used"]) == ("2024-06-15T12:00:00", "2024-06-15T10:00:00")
    assert answer["time_source"] == "EXIF DateTimeOriginal"
    page = taken.get(f"/review/photos/{photo_id('d.jpg')}").text
    assert "2024-06-15 10:00:00 by the pictures, 12:00:00 by its clock" in page
    assert "The clock of NIKON D750 is 2 h ahead" in taken.get("/review/photos?order=time").text
    assert "The clock of" not in taken.get("/review/photos").text


@pytest.mark.parametrize(
    ("query", "found", "unknown"),
    [
        ("order=time", ["d.jpg", "a.jpg", "b.jpg", "c d.jpg"], 0),
        ("order=name&search=JPG", ["a.jpg", "b.jpg", "c d.jpg", "d.jpg"], 0),
        ("search=d.jpg", ["d.jpg", "c d.jpg"], 0),
        ("blinks=true", ["d.jpg"], 0),
        ("blinks=false", ["a.jpg", "b.jpg", "c d.jpg"], 0),
        ("camera=nikon+d750", ["a.jpg", "d.jpg"], 1),
        ("lens=85mm", ["a.jpg", "d.jpg"], 2),
        ("max_aperture=2", ["a.jpg", "d.jpg"], 1),
        ("min_aperture=2", ["b.jpg"], 1),
        ("scene=2", ["a.jpg", "b.jpg"], 1),
        ("taken_to=2024-06-15T10:30:00", ["d.jpg"], 1),
        ("taken_from=2024-06-15T12:00:00&taken_to=2024-06-15T12:00:10&search=a", ["a.jpg"], 0),
    ],
)
def test_photos_by_what_their_files_say(taken: ServiceClient, query: str, found: list[str], unknown: int) -> None:
    assert paths(taken, query) == (found, unknown)


def test_a_camera_has_no_time_zone(taken: ServiceClient) -> None:
    answer = problem(taken.get("/photos?taken_from=2024-06-15T10:00:00Z"), 422, "request_invalid")
    assert "time zone" in answer["detail"]


def test_before_clustering(empty: ServiceClient) -> None:
    problem(empty.get("/scenes"), 409, "not_clustered")
