from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from curation.domain.choosing.best_frames import Worth
from curation.domain.measuring.measures import Measure, PhotoMeasures
from curation.engines.base import Pixels
from curation.errors import ClipUnreadableError
from curation.event.film import looking, moment_task
from curation.event.film.clip_ranking import moment_capture_time
from curation.pipelines.measuring import measure_photo
from curation.storage.video.clip_scores_file import CLIP_SCORES, read_clip_scores
from curation.video import stills
from tests.fake_workflow import textured_photo
from tests.film_event import LEFT, RIGHT, FilmEvent, event_track, film_event

ANNA, BEN, CARL = 0, 1, 2


class Stills:
    """Painted pictures: Carl on the left; counts how often it was asked, and fails from a time on."""

    def __init__(self) -> None:
        self.asked: list[Fraction] = []
        self.fails_from = Fraction(10**6)

    def __call__(self, path: Path, time: Fraction, *, long_side_px: int | None = None) -> Pixels:
        self.asked.append(time)
        if time >= self.fails_from:
            raise ClipUnreadableError("the clip is damaged there")
        return Pixels(textured_photo(1280, 720, [(LEFT, CARL), (RIGHT, ANNA)]), 1.0)


def well_measured(*given: Any, **named: Any) -> PhotoMeasures:
    """The measures of a picture whose faces are those of people, not painted: eyes open, smiling, lit."""
    measured = measure_photo(*given, **named)
    good = Measure(0.9, 1.0, None)
    faces = (
        replace(face, right_eye=good, left_eye=good, smile=good, focus=good, exposure=good) for face in measured.faces
    )
    return replace(measured, faces=tuple(faces))


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Stills:
    monkeypatch.setattr(looking, "find_spec", lambda name: object())
    made = Stills()
    monkeypatch.setattr(stills, "still", made)
    monkeypatch.setattr(moment_task, "measure_photo", well_measured)
    return made


@pytest.fixture
def event(tmp_path: Path, taken: Stills) -> Iterator[FilmEvent]:
    """Anna is on two photos; Carl and she are in a clip."""
    with film_event(tmp_path / "event") as made:
        made.add("a.png", ANNA)
        made.add("b.png", ANNA, BEN, seed=1)
        made.clip("clip.mp4", [event_track(0, 4, CARL), event_track(1.92, 6, ANNA, box=RIGHT)])
        made.clip("drone.mp4")
        made.cluster()
        made.look()
        made.label({
            "0": {"name": "Anna", "category": "main"},
            "2": {"name": "Carl", "category": "important"},
        })  # fmt: skip
        yield made


def test_clips_rank_beside_photos_which_stay_as_they_are(event: FilmEvent) -> None:
    event.score(video={"event_clips": "off"})
    before = event.snapshot()
    assert CLIP_SCORES not in before
    event.score()
    assert {path: content for path, content in event.snapshot().items() if path in before} == before
    scores = event.event_films().scores()
    assert [score.score.image_path for score in scores] == ["clip.mp4", "drone.mp4"]
    assert scores[0].score.people == "Anna; Carl"
    assert scores[0].score.final_score is not None
    assert 1 <= scores[0].score.rank <= 3
    assert scores[0].capture_time == moment_capture_time("2026-06-01T12:00:00+02:00", scores[0].time or Fraction(0))
    assert scores[1].score.people == ""
    assert scores[1].score.rank == 3, "people are asked for, so a clip without any is below photos with people"


def test_a_person_of_clips_only_is_proposed_in_words(event: FilmEvent) -> None:
    report = event.score()
    frames = event.event_films().candidates()
    carl = [frame for frame in frames if frame.person.name == "Carl"]
    assert carl[0].worth is Worth.NO_PHOTO
    assert carl[0].sentence.startswith("Carl is on no photo: take 00:0")
    assert [frame.person.name for frame in frames[:2]] == ["Carl", "Anna"], (
        "first the best of each, by how it is missed"
    )
    assert frames[1].worth is Worth.SHARPER
    assert carl[0].person.cluster_id == 2
    assert carl[0].facial_area == LEFT
    assert any("of clips show somebody better than the photos do" in warning for warning in report.warnings)
    assert event.event_films().frame(carl[0].frame_id) == carl[0]


def test_what_was_measured_is_kept(event: FilmEvent, taken: Stills) -> None:
    event.score()
    first = event.snapshot()
    asked = len(taken.asked)
    assert asked > 0
    event.score()
    assert len(taken.asked) == asked
    assert event.snapshot() == first


def test_a_clip_that_cannot_be_decoded_somewhere_is_judged_by_the_rest(event: FilmEvent, taken: Stills) -> None:
    taken.fails_from = Fraction(3)
    event.score()
    score, drone = event.event_films().scores()
    assert score.time is not None
    assert score.time < 3
    assert drone.score.error == ""


def test_a_clip_that_cannot_be_decoded_at_all_stands_last_with_its_error(event: FilmEvent, taken: Stills) -> None:
    taken.fails_from = Fraction(0)
    report = event.score()
    scores = read_clip_scores(event.output / CLIP_SCORES)
    assert [(one.score.rank, one.score.final_score, one.time) for one in scores] == [(3, None, None)] * 2
    assert scores[0].score.error == "the clip is damaged there"
    assert any("2 clips are not ranked (clip.mp4: the clip is damaged there)" in one for one in report.warnings)


def test_a_clip_that_is_gone(event: FilmEvent) -> None:
    (event.photos / "clip.mp4").unlink()
    event.score()
    gone = next(one for one in event.event_films().scores() if one.score.image_path == "clip.mp4")
    assert "the clip is gone" in gone.score.error


def test_results_that_were_deleted_are_told(event: FilmEvent) -> None:
    for folder in (event.folder / "state" / "event_clips").iterdir():
        for path in folder.rglob("result.json"):
            path.unlink()
    event.score()
    assert all("look at the clips again" in one.score.error for one in event.event_films().scores())
    assert "look at the clips again" in event.event_films().film("clip.mp4").error


def test_tables_are_emptied_when_all_clips_are_gone(event: FilmEvent) -> None:
    event.score()
    for name in ("clip.mp4", "drone.mp4"):
        os.remove(event.photos / name)  # noqa: PTH107
    event.look()
    event.score()
    assert event.event_films().scores() == ()
    assert event.event_films().best_frames() == ()


def test_capture_times() -> None:
    assert moment_capture_time("", Fraction(1)) == ""
    assert moment_capture_time("yesterday", Fraction(1)) == ""
    assert moment_capture_time("2026-06-01T12:00:00+02:00", Fraction(1001, 24)) == "2026-06-01T12:00:41.708+02:00"
