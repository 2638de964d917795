"""Times, scenes and cameras of an event, from its files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from curation.domain.bursts.scenes import clock_seconds
from curation.domain.measuring.camera import CameraFacts
from curation.event.catalog import Catalog
from curation.event.taken import cameras
from curation.photos.taken.camera_facts import read_camera_facts
from tests.fake_workflow import FakeEvent, fake_event, touch_later
from tests.photo_files import stamp

START = datetime(2024, 6, 15, 10)
AFTER_S = {"a.png": 0, "b.png": 20, "c.png": 40, "d.png": 7200, "e.png": 7230}
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEvent]:
    with fake_event(tmp_path_factory.mktemp("event")) as made:
        for number, (name, seconds) in enumerate(AFTER_S.items()):
            stamp(made.add(name, 0, seed=number), START + timedelta(seconds=seconds), f"Camera {number % 2}")
        made.add("untimed.png", 1, seed=9)
        made.cluster()
        yield made


def test_times_and_scenes_are_those_of_the_clustering(event: FakeEvent) -> None:
    times = Catalog(event.settings()).times()
    assert times.taken_s == {name: clock_seconds(START) + seconds for name, seconds in AFTER_S.items()}
    assert [scene.image_paths for scene in times.scenes] == [("a.png", "b.png", "c.png"), ("d.png", "e.png")]
    assert times.scene_of["e.png"] == 2 and "untimed.png" not in times.scene_of


def test_copies_have_the_times_of_their_names(tmp_path: Path) -> None:
    with fake_event(tmp_path) as event:
        for name in ("IMG_20240615_100000.png", "IMG_20240615_110000.png", "copy.png"):
            event.add(name, 0)
        event.cluster()
        times = Catalog(event.settings()).times()
        assert times.taken_s == {
            "IMG_20240615_100000.png": clock_seconds(START),
            "IMG_20240615_110000.png": clock_seconds(START) + 3600,
        }
        (event.photos / "IMG_20240615_100000.png").rename(event.photos / "renamed.png")
        event.cluster()
        assert set(Catalog(event.settings()).times().taken_s) == {"IMG_20240615_110000.png"}


def test_the_user_sets_a_clock_and_takes_it_back(event: FakeEvent) -> None:
    said = Catalog(event.settings({"clocks": {"ahead_s": {"Camera 1": 20.0}}})).times()
    assert said.taken_s["b.png"] == clock_seconds(START) and said.taken_s["c.png"] == clock_seconds(START) + 40
    assert said.clocks.sentences == ("the clock of Camera 1 is 20 s ahead (as you said)",)
    assert Catalog(event.settings()).times().taken_s["b.png"] == clock_seconds(START) + 20


def test_times_are_read_once(event: FakeEvent) -> None:
    catalog = Catalog(event.settings())
    assert catalog.times() is catalog.times()


def test_cameras_are_read_in_the_background_and_kept(event: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog(event.settings())
    catalog.cameras_now()
    assert catalog.cameras.wait(PATIENCE_S)
    now = catalog.cameras_now()
    assert (now.read, now.total, now.is_complete) == (6, 6, True)
    assert {path: facts.camera for path, facts in now.by_path.items()} == {
        "a.png": "Camera 0",
        "b.png": "Camera 1",
        "c.png": "Camera 0",
        "d.png": "Camera 1",
        "e.png": "Camera 0",
        "untimed.png": "",
    }

    # Another service reads only the file that changed.
    read: list[str] = []

    def noted(path: Path) -> CameraFacts:
        read.append(path.name)
        return read_camera_facts(path)

    monkeypatch.setattr(cameras, "read_camera_facts", noted)
    status = (event.photos / "b.png").stat()
    touch_later(event.photos / "b.png")
    try:
        later = Catalog(event.settings())
        later.cameras_now()
        assert later.cameras.wait(PATIENCE_S)
        assert later.cameras_now().by_path == now.by_path
        assert read == ["b.png"]
    finally:
        os.utime(event.photos / "b.png", ns=(status.st_atime_ns, status.st_mtime_ns))


def test_one_photo_is_read_at_once(event: FakeEvent) -> None:
    facts = Catalog(event.settings()).cameras.of("d.png")
    assert (facts.camera, facts.capture_time) == ("Camera 1", START + timedelta(hours=2))
    assert Catalog(event.settings()).cameras.of("gone.png").camera == ""
    assert Catalog(event.settings()).cameras.of("../d.png").camera == ""


def test_reading_stops_when_it_is_told_to(event: FakeEvent) -> None:
    catalog = Catalog(event.settings())
    catalog.cameras.close()
    assert catalog.cameras_now().by_path == {}
