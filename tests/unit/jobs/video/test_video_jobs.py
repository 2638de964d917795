"""Films in the background: one at a time, in the order in which they came, through kills, stops and deletes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from curation.decoders import decoded, decoders_set
from curation.errors import ClipUnreadableError, FilmNotReadyError, VideoNotFoundError, WeightsMissingError
from curation.jobs.job import JobState, Stage
from curation.jobs.job_run import StageRun
from curation.jobs.outcomes import JobOutcome
from curation.jobs.runner import JobRunner
from curation.jobs.store import JobStore
from curation.jobs.video.film_folders import FilmFolders
from curation.jobs.video.film_names import FilmName, anchors_of, read_names, write_names
from curation.jobs.video.film_record import FilmRecord, FilmTask, PosterRecord, TaskKind, TaskState
from curation.jobs.video.poster_files import read_poster
from curation.jobs.video.video_jobs import MAX_ATTEMPTS, VideoJobs
from curation.storage.video.result_files import read_result
from curation.workers.decoders.limits import DecoderLimits
from curation.workers.decoders.pool import DecoderPool
from tests.fake_films import FakeFilms, film, poster_picture
from tests.processes import is_running, wait_until

WAIT_S = 20.0


class Shop:
    """A service's films, with a runner."""

    def __init__(self, root: Path, fake: FakeFilms) -> None:
        self.fake = fake
        self.store = JobStore(root / "state" / "jobs.sqlite3")
        self.folders = FilmFolders(root / "videos")
        self.jobs = fake.jobs(self.folders)
        self.runner = JobRunner(self.store, {Stage.VIDEO: self.jobs.run, Stage.CLUSTERING: _cluster(self)})
        self.release = threading.Event()

    def start(self) -> Shop:
        self.jobs.start(self.runner)
        return self

    def take(self, content: bytes, name: str = "a.mp4", sha256: str | None = None) -> FilmRecord:
        with self.folders.incoming() as own:
            path = own.path / "file"
            path.write_bytes(content)
            return self.jobs.take(path, name, sha256=sha256 or content.hex(), size_bytes=len(content))

    def task(self, film_id: str, kind: TaskKind = TaskKind.LOOK, key: str = "") -> FilmTask:
        record = self.folders.get(film_id)
        assert record is not None
        task = record.task(kind, key)
        assert task is not None
        return task

    def over(self, film_id: str, kind: TaskKind = TaskKind.LOOK, key: str = "") -> FilmTask:
        deadline_s = time.monotonic() + WAIT_S
        while not self.task(film_id, kind, key).state.is_over or self.runner.active:
            assert time.monotonic() < deadline_s, self.task(film_id, kind, key)
            time.sleep(0.01)
        return self.task(film_id, kind, key)

    def close(self) -> None:
        self.release.set()
        self.fake.release.set()
        self.runner.stop()
        self.jobs.stop()
        self.store.close()


def _cluster(shop: Shop) -> StageRun:
    def run(request: object, progress: object, cancel: threading.Event) -> JobOutcome:
        while not shop.release.wait(0.01) and not cancel.is_set():
            pass
        return JobOutcome({})

    return run


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path, FakeFilms())
    yield shop
    shop.close()


def test_films_are_looked_at_one_after_the_other(shop: Shop) -> None:
    first = shop.take(film("ok", 1))
    second = shop.take(film("partial", 2))
    shop.start()
    assert shop.over(first.id).state is TaskState.DONE
    assert shop.over(second.id).state is TaskState.DONE
    assert shop.fake.looked == [shop.folders.original(first.id), shop.folders.original(second.id)]
    known = shop.folders.get(second.id)
    assert known is not None
    assert known.summary is not None
    assert (known.summary.status, known.summary.problem) == ("partial", "the film breaks off at 00:07")
    assert [person.cluster_id for person in known.summary.people] == [0, 1]
    assert len(read_result(shop.folders.result(first.id)).people) == 2
    job = shop.runner.get(shop.task(first.id).job_id)
    assert job is not None
    assert (job.state, job.counts["people"], job.result) == (
        JobState.SUCCEEDED,
        2,
        {"video_id": first.id, "what": "look"},
    )


def test_the_same_film_is_taken_once_and_other_settings_make_another(shop: Shop) -> None:
    shop.start()
    first = shop.take(film())
    shop.over(first.id)
    again = shop.take(film(), "other name.mp4")
    assert (again.id, again.name) == (first.id, "a.mp4")
    assert len(shop.fake.looked) == 1
    shop.jobs.work  # noqa: B018 - built already
    shop.fake.settings_hash = "6" * 32
    other = shop.fake.jobs(shop.folders)
    with shop.folders.incoming() as own:
        path = own.path / "file"
        path.write_bytes(film())
        assert other.take(path, "a.mp4", sha256=film().hex(), size_bytes=1).id != first.id
    assert not [path for path in (shop.folders.folder / "incoming").rglob("*") if path.is_file()]


def test_what_is_no_film_is_not_kept(shop: Shop) -> None:
    with pytest.raises(ClipUnreadableError):
        shop.take(film("broken"))
    assert shop.folders.records() == []
    assert not [path for path in (shop.folders.folder / "incoming").rglob("*") if path.is_file()]


def test_without_networks_nothing_is_taken(tmp_path: Path) -> None:
    def missing() -> None:
        raise WeightsMissingError("retinaface.onnx is missing")

    folders = FilmFolders(tmp_path)
    jobs = VideoJobs(folders, FakeFilms().pictures(), missing)  # type: ignore[arg-type]
    with folders.incoming() as own:
        path = own.path / "file"
        path.write_bytes(film())
        with pytest.raises(WeightsMissingError):
            jobs.take(path, "a.mp4", sha256="0", size_bytes=1)
        assert not path.exists()


def test_a_film_that_fails_says_why_and_can_be_tried_again(shop: Shop) -> None:
    shop.start()
    record = shop.take(film("fails"))
    task = shop.over(record.id)
    assert (task.state, task.code) == (TaskState.FAILED, "face_analysis")
    assert "try it again" in task.message
    with pytest.raises(FilmNotReadyError):
        shop.jobs.ask(record.id, TaskKind.ANNOTATE)
    shop.folders.original(record.id).write_bytes(film("ok"))
    shop.take(film("fails"))  # handed in again
    assert shop.over(record.id).state is TaskState.DONE


def test_a_bug_is_told_and_ends_nothing_else(shop: Shop) -> None:
    shop.fake.began.set = None  # type: ignore[assignment]
    shop.start()
    assert shop.over(shop.take(film()).id).code == "internal"


def test_a_stop_by_the_user_waits_for_the_user_and_one_of_the_service_goes_on(tmp_path: Path) -> None:
    shop = Shop(tmp_path, FakeFilms()).start()
    record = shop.take(film("slow"))
    assert shop.fake.began.wait(WAIT_S)
    shop.runner.cancel(shop.runner.active[0].id)
    assert shop.over(record.id).state is TaskState.STOPPED
    shop.fake.began.clear()
    shop.jobs.ask(record.id, TaskKind.LOOK)
    assert shop.fake.began.wait(WAIT_S)
    shop.runner.stop()
    assert shop.task(record.id).state is TaskState.WAITING
    shop.close()
    later = Shop(tmp_path, FakeFilms())
    later.fake.release.set()
    later.start()
    assert later.over(record.id).state is TaskState.DONE
    later.close()


def test_a_film_of_a_service_that_was_killed_goes_on_but_not_forever(tmp_path: Path) -> None:
    killed = Shop(tmp_path, FakeFilms())
    record = killed.take(film())
    for attempts in (1, MAX_ATTEMPTS):
        working = FilmTask(TaskKind.LOOK, "", TaskState.WORKING, "x", attempts=attempts)
        killed.folders.change(record.id, lambda one, task=working: one.with_task(task))  # type: ignore[misc]
        killed.store.create(Stage.VIDEO)
        killed.store.close()  # as the system does when a process ends
        killed = Shop(tmp_path, FakeFilms()).start()
        task = killed.over(record.id)
        assert task.state is (TaskState.DONE if attempts == 1 else TaskState.FAILED)
        assert ("ended 3 times" in task.message) is (attempts == MAX_ATTEMPTS)
    killed.close()


def test_a_film_waits_for_a_clustering_which_waits_for_nobody(shop: Shop) -> None:
    shop.start()
    shop.runner.start(Stage.CLUSTERING)
    record = shop.take(film())
    assert shop.jobs.begin_next() is None
    assert shop.task(record.id).state is TaskState.WAITING
    shop.release.set()
    assert shop.over(record.id).state is TaskState.DONE
    shop.release.clear()
    shop.fake.began.clear()
    slow = shop.take(film("slow"))
    assert shop.fake.began.wait(WAIT_S)
    shop.runner.start(Stage.CLUSTERING)
    assert {job.stage for job in shop.runner.active} == {Stage.VIDEO, Stage.CLUSTERING}
    shop.release.set()
    shop.fake.release.set()
    shop.over(slow.id)


def test_posters_wait_for_the_film_and_are_matched_again_with_it(shop: Shop) -> None:
    record = shop.take(film())
    poster = PosterRecord("f" * 16, "p.jpg", "now")
    shop.jobs.add_poster(record.id, poster, poster_picture(), poster_picture())
    shop.jobs.add_poster(record.id, poster, poster_picture(), poster_picture())
    shop.start()
    assert shop.over(record.id, TaskKind.POSTER, poster.id).state is TaskState.DONE
    found = read_poster(shop.folders.poster(record.id, poster.id))
    assert found is not None
    assert [face.cluster_id for face in found.faces] == [0, None]
    first = shop.task(record.id, TaskKind.POSTER, poster.id).job_id
    result = read_result(shop.folders.result(record.id))
    write_names(shop.folders.names(record.id), {0: FilmName("Anna", "", anchors_of(result, result.people[0]))})
    shop.jobs.ask(record.id, TaskKind.LOOK)
    shop.over(record.id)
    assert shop.over(record.id, TaskKind.POSTER, poster.id).job_id != first
    assert read_names(shop.folders.names(record.id))[0].name == "Anna"
    shop.jobs.delete_poster(record.id, poster.id)
    known = shop.folders.get(record.id)
    assert known is not None
    assert known.posters == ()
    assert not shop.folders.poster(record.id, poster.id).exists()


def test_an_annotated_version_is_made(shop: Shop) -> None:
    shop.start()
    record = shop.take(film())
    shop.over(record.id)
    shop.jobs.ask(record.id, TaskKind.ANNOTATE)
    assert shop.over(record.id, TaskKind.ANNOTATE).state is TaskState.DONE
    assert shop.folders.annotated(record.id).read_bytes() == shop.fake.annotated


def test_a_film_that_is_looked_at_can_be_deleted(shop: Shop) -> None:
    shop.start()
    record = shop.take(film("slow"))
    assert shop.fake.began.wait(WAIT_S)
    shop.jobs.delete(record.id)
    assert shop.fake.forgotten == [shop.folders.original(record.id)]
    assert not shop.folders.of(record.id).exists()
    assert [one.name for one in shop.folders.folder.iterdir() if not one.name.startswith(".")] == ["incoming"]
    with pytest.raises(VideoNotFoundError):
        shop.jobs.delete(record.id)
    deadline_s = time.monotonic() + WAIT_S
    while shop.runner.active:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    assert shop.over(shop.take(film("ok", 5)).id).state is TaskState.DONE


def test_a_job_for_what_is_done_already_does_nothing(shop: Shop) -> None:
    record = shop.take(film())
    done = FilmTask(TaskKind.LOOK, "", TaskState.DONE, "x")
    shop.folders.change(record.id, lambda one: replace(one, tasks=(done,)))
    request = {"video_id": record.id, "what": "look", "poster_id": ""}
    assert shop.jobs.run(request, lambda progress: None, threading.Event()).counts == {}
    assert shop.fake.looked == []


def is_asleep(marker: Path) -> None:
    marker.touch()
    time.sleep(3600)


def test_a_poster_whose_decoding_never_ends_is_stopped_with_its_job(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "begun"
    monkeypatch.setattr(shop.fake, "_match", lambda path, result: decoded(is_asleep, marker, patient=True))
    shop.start()
    record = shop.take(film())
    poster = PosterRecord("f" * 16, "p.jpg", "now")
    shop.over(record.id)
    with DecoderPool(DecoderLimits(imports=())) as pool, decoders_set(pool):
        shop.jobs.add_poster(record.id, poster, poster_picture(), poster_picture())
        wait_until(marker.exists, "it is decoded")
        (pid,) = pool.pids
        shop.runner.cancel(shop.runner.active[0].id)
        assert shop.over(record.id, TaskKind.POSTER, poster.id).state is TaskState.STOPPED
        wait_until(lambda: not is_running(pid), "its decoder was killed")
