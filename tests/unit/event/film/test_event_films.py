from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from curation.errors import PersonNotFoundError, PhotoGoneError, VideoNotFoundError
from curation.event.film import looking
from curation.event.film.event_films import film_id
from curation.event.film.frame_export import FrameRequest, export_frames, with_capture_time
from curation.event.film.joinable import joinable_people
from curation.video import stills
from tests.fake_films import jpeg
from tests.film_event import RIGHT, FilmEvent, event_track, film_event


@pytest.fixture
def event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FilmEvent]:
    monkeypatch.setattr(looking, "find_spec", lambda name: object())
    with film_event(tmp_path / "event") as made:
        made.add("a.png", 0)
        made.clip("day 1/clip.mp4", [event_track(0, 4, 0), event_track(0, 4, 2, box=RIGHT)])
        made.cluster()
        made.look()
        yield made


def test_films_are_the_same_object_until_something_changes(event: FilmEvent) -> None:
    films = event.event_films()
    first = films.films()
    assert films.films() is first
    assert films.film(film_id("day 1/clip.mp4")) is first[0]
    assert first[0].path == event.photos / "day 1" / "clip.mp4"
    assert films.clusters() == {0, 1}
    event.label({"1": {"name": "Carl", "category": "main"}})
    (film,) = films.films()
    person = film.person(1)
    assert person is not None
    assert (person.name, person.category) == ("Carl", "main")
    assert film.person(7) is None
    with pytest.raises(VideoNotFoundError):
        films.film("other.mp4")
    with pytest.raises(VideoNotFoundError):
        films.frame("0123456789abcdef")


def test_stills_are_made_once(event: FilmEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Fraction, int | None]] = []

    def made(path: Path, time: Fraction, *, long_side_px: int | None = None) -> bytes:
        asked.append((time, long_side_px))
        return jpeg()

    monkeypatch.setattr(stills, "still_jpeg", made)
    films = event.event_films()
    assert films.still("day 1/clip.mp4", Fraction(1), 300) == jpeg()
    assert films.still("day 1/clip.mp4", Fraction(1), 320) == jpeg()
    assert asked == [(Fraction(1), 320)]
    (event.photos / "day 1" / "clip.mp4").unlink()
    with pytest.raises(PhotoGoneError):
        films.still("day 1/clip.mp4", Fraction(2))


def test_whom_other_films_may_join(event: FilmEvent) -> None:
    people = joinable_people(event.settings(), event.spec)
    assert people.known is not None
    assert people.known.cluster_ids.tolist() == [0, 1]
    assert people.known.means.shape == (2, 12)
    assert people.first_new_id == 2


def test_pictures_are_written_with_their_time(event: FilmEvent, tmp_path: Path) -> None:
    from PIL import Image

    films = event.event_films()
    request = FrameRequest(clip="day 1/clip.mp4", at=Fraction(3, 2))
    for _ in range(2):
        report = export_frames(films, request, tmp_path / "to", still=lambda path, time: jpeg())
        assert [path.name for path in report.files] == ["clip 00-01.5.jpg"]
    with Image.open(report.files[0]) as picture:
        assert picture.getexif().get_ifd(0x8769) == {0x9003: "2026:06:01 12:00:01", 0x9291: "500", 0x9011: "+02:00"}
        assert picture.getexif()[0x010E] == "clip.mp4 at 00:01.5"
        assert picture.size == (64, 64)
    with pytest.raises(PersonNotFoundError, match="there are pictures of: nobody"):
        export_frames(films, FrameRequest(person="Anna"), tmp_path / "to", still=lambda path, time: jpeg())


def test_times_without_an_offset_and_pictures_that_are_no_jpeg() -> None:
    assert b"2026:06:01 12:00:00" in with_capture_time(jpeg(), "2026-06-01T12:00:00", "x")
    assert with_capture_time(b"PNG", "", "x") == b"PNG"
