from __future__ import annotations

from datetime import datetime, timedelta

from curation.domain.choosing.day import NO_DAY, CoverDay, day_of, listed

NOON = datetime(2026, 6, 20, 12)


def at(*minutes: float) -> dict[str, datetime | None]:
    return {f"{number}.jpg": NOON + timedelta(minutes=minute) for number, minute in enumerate(minutes)}


def test_hours() -> None:
    day = day_of(at(0, 59, 60, 181) | {"unknown.jpg": None}, CoverDay.HOURS)
    assert [(part.name.replace("\N{EN DASH}", "-"), part.image_paths) for part in day.parts] == [
        ("12:00-13:00", ("0.jpg", "1.jpg")),
        ("13:00-14:00", ("2.jpg",)),
        ("15:00-16:00", ("3.jpg",)),
    ]
    assert day.without_time == ("unknown.jpg",)
    assert day_of(at(0, 5), CoverDay.NONE) is NO_DAY


def test_scenes_of_several_days_have_their_date() -> None:
    minutes = [*range(0, 40, 2), *range(1500, 1540, 2)]
    first, second = day_of(at(*minutes), CoverDay.SCENES).parts
    assert first.name.replace("\N{EN DASH}", "-") == "scene 1 (Sat 20 Jun, 12:00-12:38)"
    assert second.name.replace("\N{EN DASH}", "-") == "scene 2 (Sun 21 Jun, 13:00-13:38)"
    assert (len(first.image_paths), len(second.image_paths)) == (20, 20)


def test_a_clock_that_was_never_set_makes_no_scene() -> None:
    photos = at(*range(20)) | {"camera2.jpg": datetime(2001, 1, 1), "camera3.jpg": datetime(2001, 1, 2)}
    day = day_of(photos, CoverDay.SCENES)
    assert day.apart == ("camera2.jpg", "camera3.jpg")
    assert day.apart_span == "1 Jan 2001 to 2 Jan 2001"
    assert len(day.parts) == 1
    # A folder of two summers has no wrong clock.
    two = at(*range(20)) | {f"b{minute}.jpg": datetime(2027, 6, 20, 12, minute) for minute in range(20)}
    assert (len(day_of(two, CoverDay.SCENES).parts), day_of(two, CoverDay.SCENES).apart) == (2, ())


def test_no_times_at_all() -> None:
    for cover in (CoverDay.HOURS, CoverDay.SCENES):
        day = day_of({"a.jpg": None, "b.jpg": None}, cover)
        assert (day.parts, day.without_time, day.apart) == ((), ("a.jpg", "b.jpg"), ())
    assert day_of({}, CoverDay.SCENES).parts == ()


def test_lists_in_sentences() -> None:
    assert [listed(names, 2) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and 1 more"]
