from __future__ import annotations

from datetime import datetime
from pathlib import Path

from curation.pipelines.said.words import read_picks_now
from curation.workflow import event_listing
from tests.fake_workflow import FakeEvent, textured_photo, touch_later
from tests.photo_files import stamp

NOON = datetime(2024, 6, 15, 12)


def photo(event: FakeEvent, name: str, *people: int, seed: int = 0) -> Path:
    """A painted photo of noon; a PNG whatever it is called, as the content tells."""
    path = event.add("new.png", *people, seed=seed)
    stamp(path, NOON, "Camera A1")
    return path.replace(event.photos / name)


def disliked(event: FakeEvent, name: str) -> None:
    """A photo of noon that the engine fails on."""
    path = event.write("new.png", textured_photo(13, 40))
    stamp(path, NOON, "Camera A1")
    path.replace(event.photos / name)
    touch_later(event.photos / name)


def listed(event: FakeEvent) -> list[str]:
    return [photo.image_path for photo in event_listing(event.settings()).photos]


def analysed(event: FakeEvent) -> set[str]:
    return {row.image_path for row in event.rows()}


def stars(event: FakeEvent) -> dict[str, int | None]:
    return {path: said.rating for path, said in read_picks_now(event.output).by_path.items()}


def test_the_raw_file_is_looked_at_where_the_picture_cannot_be_read(event: FakeEvent) -> None:
    photo(event, "A.DNG", 0, 1)
    disliked(event, "A.JPG")
    photo(event, "B.DNG", 0)
    photo(event, "B.JPG", 0, seed=1)
    assert listed(event) == ["A.JPG", "B.JPG"]
    report = event.cluster()
    assert analysed(event) == {"A.DNG", "B.JPG"}
    (failure,) = report.failures
    assert failure.image_path == "A.JPG"
    assert failure.reason.endswith("; its RAW file A.DNG can be read and takes its place")
    assert (report.total, report.analysed, report.failed) == (3, 2, 1)
    assert [ignored.image_path for ignored in report.ignored] == ["B.DNG"]
    # Everybody who lists the event finds the same photos, and so does the next run.
    assert listed(event) == ["A.DNG", "A.JPG", "B.JPG"]
    assert event.score().scored == 2
    before = event.snapshot()
    again = event.cluster()
    assert (again.analysed, again.failed, again.reused) == (2, 1, 2)
    assert {**event.snapshot(), "clustering_run.json": b""} == {**before, "clustering_run.json": b""}
    # The picture was copied again: it is the photo, and the RAW file is its twin.
    photo(event, "A.JPG", 0, 1, seed=2)
    assert listed(event) == ["A.JPG", "B.JPG"]
    report = event.cluster()
    assert analysed(event) == {"A.JPG", "B.JPG"} and not report.failures


def test_an_empty_picture_never_hides_its_raw_file(event: FakeEvent) -> None:
    photo(event, "A.DNG", 0)
    (event.photos / "A.JPG").touch()
    report = event.cluster()
    assert analysed(event) == {"A.DNG"}
    assert "its RAW file A.DNG" in report.failures[0].reason


def test_what_was_said_of_a_file_is_said_of_its_twin(event: FakeEvent) -> None:
    photo(event, "A.DNG", 0, 1)
    disliked(event, "A.JPG")
    event.cluster()
    event.label({str(min(event.ids()[0])): {"category": "main", "name": "Ida"}})
    (event.output / "picks.json").write_text('{"version": 1, "photos": {"A.DNG": {"pick": "picked", "rating": 4}}}')
    event.cluster()
    photo(event, "A.JPG", 0, 1, seed=2)
    event.cluster()
    assert stars(event) == {"A.JPG": 4}
    # And back again, when the card takes the picture away.
    disliked(event, "A.JPG")
    event.cluster()
    assert stars(event) == {"A.DNG": 4}


def test_a_pick_of_a_picture_that_never_could_be_read(event: FakeEvent) -> None:
    photo(event, "A.DNG", 0)
    (event.photos / "A.JPG").touch()
    event.output.mkdir()
    (event.output / "picks.json").write_text('{"version": 1, "photos": {"A.JPG": {"pick": "picked"}}}')
    event.cluster()
    assert list(read_picks_now(event.output).by_path) == ["A.DNG"]


def test_files_that_are_photos_both_keep_their_own_words(event: FakeEvent) -> None:
    photo(event, "A.DNG", 0, 1)
    photo(event, "A.JPG", 0, 1, seed=1)
    both = {"skip_raw_with_jpeg": False}
    event.cluster(io=both)
    picks = '{"version": 1, "photos": {"A.DNG": {"rating": 5}, "A.JPG": {"rating": 2}}}'
    (event.output / "picks.json").write_text(picks)
    event.cluster(io=both)
    assert stars(event) == {
        "A.DNG": 5,
        "A.JPG": 2,
    }
    event.cluster()
    assert stars(event) == {"A.JPG": 2}
    event.cluster(io=both)
    assert stars(event) == {
        "A.DNG": 5,
        "A.JPG": 2,
    }
