from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.domain.film.clip import ClipStatus
from curation.domain.report import Progress
from curation.errors import ExtraMissingError, LabelsError, PhotosMissingError, RunInterruptedError, StorageError
from curation.event.film import looking
from curation.event.film.told import told_of_films
from curation.regular_files import open_regular
from curation.storage.video.remembered_clips import read_clips
from tests.film_event import RIGHT, FakeLooker, FilmEvent, event_track, film_event

ANNA, BEN, CARL, DORA = 0, 1, 2, 3  # as the fake engine knows them


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "find_spec", lambda name: object())


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FilmEvent]:
    """Anna is on three photos, Ben on two; a clip shows both and Carl."""
    with film_event(tmp_path / "event") as made:
        made.add("a.png", ANNA, BEN)
        made.add("b.png", ANNA, seed=1)
        made.add("c.png", ANNA, BEN, seed=2)
        made.cluster()
        yield made


def with_three(event: FilmEvent, name: str = "clip.mp4") -> None:
    tracks = [event_track(0, 4, ANNA), event_track(1, 3, BEN, box=RIGHT), event_track(5, 9, CARL)]
    event.clip(name, tracks)


def table(event: FilmEvent, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((event.output / name).read_text(encoding="utf-8-sig").splitlines()))


def names(event: FilmEvent, name: str) -> dict[int, str]:
    return {person.cluster_id: person.name for person in event.event_films().film(name).result.people}


def test_people_of_clips_are_those_of_the_photos_and_photos_stay_as_they_are(event: FilmEvent) -> None:
    with_three(event)
    before = event.snapshot()
    report = event.look()
    assert (report.total, report.analysed, report.failed, report.people, report.known_people) == (1, 1, 0, 3, 2)
    assert {path: content for path, content in event.snapshot().items() if path in before} == before
    assert event.people_of("clip.mp4") == {0: 4, 1: 2, 2: 4}
    rows = table(event, "video_people.csv")
    assert [(row["video_path"], row["cluster_id"]) for row in rows] == [
        ("clip.mp4", str(cluster)) for cluster in range(3)
    ]
    assert event.looker.closed == 1


def test_a_second_run_writes_the_same_bytes(event: FilmEvent) -> None:
    with_three(event)
    event.look()
    before = event.snapshot()
    before.pop("video_run.json")
    event.look()
    after = event.snapshot()
    after.pop("video_run.json")
    assert after == before


def test_photos_are_clustered_the_same_with_and_without_clips(event: FilmEvent) -> None:
    with_three(event)
    event.look()
    before = {path: content for path, content in event.snapshot().items() if not path.startswith("vid")}
    event.cluster()
    assert {path: content for path, content in event.snapshot().items() if not path.startswith("vid")} == before
    assert event.record()["clips"] == ["clip.mp4"]
    assert event.record()["ignored"] == []


def test_new_people_on_photos_never_get_the_id_of_a_person_of_a_clip(event: FilmEvent) -> None:
    with_three(event)
    event.look()
    event.add("d.png", DORA, seed=3)
    event.cluster()
    assert event.ids()[DORA] == {3}, "2 is Carl, who is in the clip only"
    event.add("e.png", DORA, CARL, seed=4)
    event.cluster()
    assert event.ids()[CARL] == {4}
    event.look()
    assert event.people_of("clip.mp4").keys() == {0, 1, 4}, "an unnamed person joins the photos"


def test_ids_stay_when_clips_come_and_go(event: FilmEvent) -> None:
    with_three(event)
    event.look()
    event.clip("a_first.mp4", [event_track(0, 8, DORA)])
    event.look()
    assert event.people_of("a_first.mp4").keys() == {3}
    assert event.people_of("clip.mp4").keys() == {0, 1, 2}
    clip = event.photos / "clip.mp4"
    content = clip.read_bytes()
    clip.unlink()
    event.look()
    assert event.people_of("a_first.mp4").keys() == {3}
    event.clip("more.mp4", [event_track(0, 8, 5)])
    event.look()
    assert event.people_of("more.mp4").keys() == {4}, "2 was Carl's"
    (event.photos / "elsewhere").mkdir()
    (event.photos / "elsewhere" / "clip.mp4").write_bytes(content)
    event.look()
    assert event.people_of("elsewhere/clip.mp4").keys() == {0, 1, 2}


def test_labels_name_people_of_clips_and_are_not_lost(event: FilmEvent) -> None:
    with_three(event)
    event.look()
    event.label({"0": {"name": "Anna", "category": "main"}, "2": {"name": "Carl", "category": "important"}})
    assert names(event, "clip.mp4") == {0: "Anna", 1: "", 2: "Carl"}
    assert event.cluster().warnings == (), "Carl is found: in the clip"
    assert not any("nobody" in warning for warning in event.score().warnings)
    event.look()
    (event.photos / "clip.mp4").unlink()
    report = event.look()
    assert report.warnings == ("in clips that are not in the folder now: Carl. Their names are kept",)
    (told, line) = event.cluster().warnings
    assert "1 name finds nobody: they were in clips only" in told
    assert "Carl (person 2)" in line
    with_three(event)
    event.look()
    assert names(event, "clip.mp4")[2] == "Carl"
    assert json.loads((event.output / "cluster_labels.json").read_text())["2"]["name"] == "Carl"


def test_a_label_of_nobody_is_still_refused(event: FilmEvent) -> None:
    with_three(event)
    event.look()
    event.label({"3": "main"})
    with pytest.raises(LabelsError, match="there is no such cluster"):
        event.look()


def test_a_name_from_a_clip_stays_when_the_person_comes_to_be_on_photos(event: FilmEvent) -> None:
    with_three(event)
    event.look()
    event.label({"2": {"name": "Carl", "category": "main"}})
    event.add("d.png", CARL, seed=3)
    event.cluster()
    assert event.ids()[CARL] == {3}
    report = event.look()
    assert names(event, "clip.mp4")[2] == "Carl"
    assert "person 3 of the photos looks like Carl, whom you named in a clip" in report.warnings[0]
    assert event.record("video_run.json")["proposals"] == [{"clip_person": 2, "name": "Carl", "cluster_id": 3}]
    carl = {"name": "Carl", "category": "main"}
    event.label({"2": carl, "3": carl})
    report = event.look()
    assert report.warnings == ()
    assert names(event, "clip.mp4")[3] == "Carl"
    assert event.cluster().warnings == ()


def test_somebody_named_in_a_clip_is_known_in_a_copy_that_was_cut(event: FilmEvent) -> None:
    event.clip("long.mp4", [event_track(0, 9, CARL), event_track(0, 9, DORA, box=RIGHT)])
    event.look()
    event.label({"2": {"name": "Carl", "category": "main"}})
    (event.photos / "long.mp4").unlink()
    event.clip("cut.mp4", [event_track(0, 3, CARL)], duration=4)
    event.look()
    assert names(event, "cut.mp4") == {2: "Carl"}


def test_unreadable_clips_are_rows_and_not_the_end(event: FilmEvent) -> None:
    with_three(event)
    (event.photos / "broken.mov").write_bytes(b"no film")
    report = event.look()
    assert (report.total, report.analysed, report.failed) == (2, 1, 1)
    assert [(row["video_path"], row["status"]) for row in table(event, "videos.csv")] == [
        ("clip.mp4", "ok"),
        ("broken.mov", "failed"),
    ]
    films = event.event_films()
    assert films.film("broken.mov").status is ClipStatus.FAILED
    assert films.film("broken.mov").result.people == ()
    told = told_of_films(report, str(event.output / "video_run.json"))
    assert told[0].startswith("1 of 2 clips (10 s) looked at")
    assert told[1] == "3 appearances of 3 people, 2 of them on photos, too"
    assert told[2] == "  failed: broken.mov: the file is no film"


def test_short_films_beside_photos_are_a_part_of_these(event: FilmEvent) -> None:
    event.clip("a.mov", [event_track(0, 2, CARL)], duration=3)
    event.clip("b.MOV", [event_track(0, 9, CARL)], duration=10)
    event.clip("other.mov", [event_track(0, 2, CARL)], duration=3)
    report = event.look()
    assert (report.total, report.companions) == (2, 1)
    assert event.looker.asked == ["b.MOV", "other.mov"]
    assert event.record("video_run.json")["companions"] == [{"video_path": "a.mov", "beside": "a.png"}]


def test_without_the_extra(event: FilmEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "find_spec", lambda name: None)
    assert event.look().warnings == ()
    with_three(event)
    event.clip("two.mp4")
    assert event.look().warnings == ("2 clips were not looked at: make extras EXTRAS=video",)
    assert event.look(video={"event_clips": "off"}).warnings == ()
    for run in (
        event.workflow({"video": {"event_clips": "on"}}).run_videos,
        event.workflow({"video": {"event_clips": "on"}}).run_clustering,
    ):
        with pytest.raises(ExtraMissingError, match="make extras EXTRAS=video"):
            run()
    assert not (event.output / "videos.csv").exists()


def test_clips_that_are_off_are_files_like_others(event: FilmEvent) -> None:
    with_three(event)
    off = {"event_clips": "off"}
    assert event.look(video=off).total == 0
    assert event.cluster(video=off).ignored[0].reason == "a video, not a photo"
    assert event.record()["clips"] == []


def test_an_event_without_clips_has_no_tables_of_them(event: FilmEvent) -> None:
    before = event.snapshot()
    assert event.look().total == 0
    assert event.snapshot() == before
    assert event.event_films().films() == ()


def test_clips_alone_and_photos_later(tmp_path: Path) -> None:
    with film_event(tmp_path / "event") as event:
        event.clip("clip.mp4", [event_track(0, 4, CARL), event_track(5, 9, DORA)])
        with pytest.raises(PhotosMissingError):
            event.cluster()
        event.look()
        assert event.people_of("clip.mp4").keys() == {0, 1}
        event.label({"0": {"name": "Carl", "category": "main"}})
        assert names(event, "clip.mp4")[0] == "Carl"
        event.add("a.png", ANNA)
        event.cluster()
        assert event.ids()[ANNA] == {2}
        event.look()
        assert names(event, "clip.mp4") == {0: "Carl", 1: ""}


def test_photos_of_another_event_begin_anew(event: FilmEvent) -> None:
    with_three(event)
    event.look()
    for path in event.photos.iterdir():
        path.unlink()
    event.add("x.png", 5, 6, 7, 8)
    event.cluster()
    assert set().union(*event.ids().values()) == {0, 1, 2, 3}
    event.clip("y.mp4", [event_track(0, 5, CARL)])
    event.look()
    assert min(event.people_of("y.mp4")) > 3
    assert read_clips(event.output).people.keys() == event.people_of("y.mp4").keys()


def test_cancelled(event: FilmEvent) -> None:
    with_three(event)
    cancel = threading.Event()

    def stop(progress: Progress) -> None:
        assert progress.phase == "looking at clips"
        cancel.set()

    with pytest.raises(RunInterruptedError):
        event.workflow().run_videos(progress=stop, cancel=cancel)
    assert not (event.output / "videos.csv").exists()
    assert event.looker.closed == 1
    assert event.look().analysed == 1


def test_a_disk_that_hangs_while_a_clip_is_read_ends_the_stage(
    event: FilmEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_three(event)
    with_three(event, "card/other.mp4")
    event.look()
    before = event.snapshot()
    answers = threading.Event()

    def hangs(path: Path) -> Any:
        answers.wait(30)
        return open_regular(path)

    monkeypatch.setattr("curation.storage.video.segment_store._ANSWER_LIMIT_S", 0.2)
    monkeypatch.setattr("curation.storage.video.segment_store.open_regular", hangs)
    monkeypatch.setattr("curation.photos.finding.folder_watch.open_regular", hangs)
    monkeypatch.setattr("curation.photos.finding.folder_watch.ANSWER_LIMIT_S", 0.2)
    try:
        with pytest.raises(PhotosMissingError, match="has not answered"):
            event.look()
    finally:
        answers.set()
    assert event.snapshot() == before


@pytest.mark.parametrize("vanishes", ["card", "out"])
def test_a_folder_that_vanishes_ends_the_stage_and_the_old_tables_stay(
    event: FilmEvent, vanishes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_three(event)
    with_three(event, "card/other.mp4")
    event.look()
    before = event.snapshot()
    folder = event.photos / "card" if vanishes == "card" else event.output
    analyse = FakeLooker.analyse_many

    def looking_at(self: FakeLooker, *args: Any, **options: Any) -> Iterator[Any]:
        folder.rename(event.folder / "moved")
        event.films.pop("other.mp4", None)
        yield from analyse(self, *args, **options)

    monkeypatch.setattr(FakeLooker, "analyse_many", looking_at)
    error = PhotosMissingError if vanishes == "card" else StorageError
    with pytest.raises(error, match="vanished during the run"):
        event.look()
    (event.folder / "moved").rename(folder)
    (event.output / ".curation.lock.by").unlink(missing_ok=True)
    assert event.snapshot() == before
