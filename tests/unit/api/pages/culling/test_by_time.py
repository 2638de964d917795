"""Headings among photos by time, and the strip of time."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.api.pages.culling.cameras import camera_choice
from curation.api.pages.culling.sections import sections_of
from curation.api.pages.culling.timeline import WIDTH, timeline_of
from curation.api.pages.photo_query import Heads
from curation.domain.bursts.scenes import clock_seconds
from curation.domain.measuring.camera import NO_CAMERA, CameraFacts
from curation.event.taken.cameras import CamerasNow
from curation.event.taken.times import EventTimes

START = datetime(2024, 6, 15, 23, 50)


def times(*after_s: float) -> EventTimes:
    return EventTimes.of({f"{n:03}.jpg": clock_seconds(START) + seconds for n, seconds in enumerate(after_s)})


PARTY = times(0, 60, 120, 8000, 8060, 8120)
"""Before midnight, and two hours later."""


class TestSections:
    def test_scenes_have_headings_with_the_day_where_it_is_new(self) -> None:
        sections = sections_of([*PARTY.taken_s, "untimed.jpg"], {}, PARTY, Heads.SCENE)
        assert [(one.title, one.note, one.cells) for one in sections] == [
            ("Scene 1", "Sat 15 June 2024, 23:50 - 23:52", 3),
            ("Scene 2", "Sun 16 June 2024, 02:03 - 02:05", 3),
            ("Time unknown", "the files do not say when", 1),
        ]

    def test_hours_of_the_clock(self) -> None:
        sections = sections_of(list(PARTY.taken_s), {}, PARTY, Heads.HOUR)
        assert [(one.title, one.cells) for one in sections] == [("23:00", 3), ("02:00", 3)]

    def test_a_stack_stands_where_its_first_photo_does_and_counts_all(self) -> None:
        members = {"001.jpg": ("000.jpg", "001.jpg", "002.jpg")}
        fronts = ["001.jpg", "003.jpg", "004.jpg", "005.jpg"]
        assert [(one.cells, one.photos) for one in sections_of(fronts, members, PARTY, Heads.SCENE)] == [(1, 3), (3, 3)]

    def test_none_are_wanted_or_there_is_no_time(self) -> None:
        assert sections_of(list(PARTY.taken_s), {}, PARTY, Heads.NONE) == ()
        assert sections_of(["a.jpg"], {}, PARTY, Heads.SCENE) == ()
        assert sections_of([], {}, PARTY, Heads.SCENE) == ()


class TestTimeline:
    @given(st.lists(st.integers(0, 300_000).map(float), min_size=2, max_size=80, unique=True))
    def test_all_photos_stand_on_it_from_left_to_right(self, after_s: list[float]) -> None:
        event = times(*after_s)
        strip = timeline_of(event, len(after_s) + 2)
        assert strip is not None and strip.untimed == 2
        assert sum(one.photos for one in strip.bins) == len(after_s)
        assert all(left.x < right.x and left.start <= right.start for left, right in pairwise(strip.bins))
        assert strip.bins[0].x == 0 and strip.bins[-1].x + strip.bins[-1].width <= WIDTH + 1
        for one, scene in zip(strip.scenes, event.scenes, strict=True):
            inside = strip.bins[one.first : one.last + 1]
            assert sum(bar.photos for bar in inside) == len(scene.image_paths)

    def test_pauses_take_no_room(self) -> None:
        first, second = (scene for scene in timeline_of(PARTY, 6).scenes)  # type: ignore[union-attr]
        assert second.x - (first.x + first.width) < 10
        assert (first.time, second.time) == ("Sat 23:50", "Sun 02:03")

    @pytest.mark.parametrize("after_s", [(), (5.0,), (5.0, 5.0)])
    def test_a_single_moment_has_no_strip(self, after_s: tuple[float, ...]) -> None:
        assert timeline_of(times(*after_s), 9) is None

    def test_a_large_event_has_a_bounded_strip(self) -> None:
        strip = timeline_of(times(*(float(n) for n in range(20_000))), 20_000)
        assert strip is not None and len(strip.bins) <= 130


class TestCameras:
    def test_the_most_frequent_come_first(self) -> None:
        facts = {"a": CameraFacts("X", "L", aperture=2.0), "b": CameraFacts("Y"), "c": CameraFacts("Y"), "d": NO_CAMERA}
        choice = camera_choice(CamerasNow(facts, 4, 4))
        assert (choice.cameras, choice.lenses, choice.has_apertures) == ((("Y", 2), ("X", 1)), (("L", 1),), True)
        assert choice.note == "1 of 4 files do not say their camera."

    @pytest.mark.parametrize(
        ("now", "note"),
        [
            (CamerasNow({}, 4000, 20_000), "Reading the cameras … 4,000 of 20,000"),
            (CamerasNow({"a": NO_CAMERA}, 1, 1), "The files do not say with which camera they were taken."),
            (CamerasNow({}, 0, 0), "The photos lie in object storage: their cameras are not read ahead."),
            (CamerasNow({"a": CameraFacts("X")}, 1, 1), ""),
        ],
    )
    def test_it_says_what_is_missing(self, now: CamerasNow, note: str) -> None:
        assert camera_choice(now).note == note
