"""Both stages with one request: what begins by itself, and what does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from curation.errors import PhotosMissingError, RunInterruptedError
from curation.jobs.job import Job, JobState, Stage
from curation.jobs.look_through import LookThrough
from curation.jobs.outcomes import JobOutcome
from curation.jobs.runner import JobRunner
from curation.jobs.store import ActiveJobError, JobStore
from curation.storage.locks import hold_output

WAIT_S = 20.0


class Desk:
    """A service with one event, which may end and be started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hold = Event()
        self.error: Exception | None = None
        self.look_through = LookThrough(folder / "out", patience_s=5)
        self.begin()

    def begin(self) -> None:
        self.store = JobStore(self.folder / "jobs.sqlite3")
        stages = dict.fromkeys((Stage.CLUSTERING, Stage.SCORING), self.run)
        self.runner = JobRunner(self.store, stages, after_job=self.look_through.after_job)

    def end(self) -> None:
        self.runner.stop()
        self.store.close()

    def run(self, request: Any, progress: Callable[..., None], cancel: Event) -> JobOutcome:
        if self.error is not None:
            raise self.error
        while self.hold.is_set():
            if cancel.wait(0.01):
                raise RunInterruptedError("stopped")
        return JobOutcome({})

    def jobs(self, count: int) -> list[Job]:
        """All jobs, the oldest first, when there are so many and all have ended."""
        deadline_s = time.monotonic() + WAIT_S
        while time.monotonic() < deadline_s:
            found = self.runner.list(stage=None, limit=100, offset=0)[1]
            if len(found) == count and not any(job.state.is_active for job in found):
                return list(reversed(found))
            time.sleep(0.01)
        raise AssertionError(found)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.end()


def test_scoring_begins_by_itself_and_only_once(desk: Desk) -> None:
    first = desk.look_through.start(desk.runner)
    clustering, scoring = desk.jobs(2)
    assert (clustering.id, clustering.stage, clustering.state) == (first.id, Stage.CLUSTERING, JobState.SUCCEEDED)
    assert (scoring.stage, scoring.state) == (Stage.SCORING, JobState.SUCCEEDED)
    assert dict(scoring.request) == {"after": first.id}
    desk.look_through.go_on(desk.runner)
    time.sleep(0.1)
    assert len(desk.jobs(2)) == 2


def test_a_clustering_alone_is_followed_by_nothing(desk: Desk) -> None:
    desk.runner.start(Stage.CLUSTERING)
    time.sleep(0.1)
    assert len(desk.jobs(1)) == 1


def test_nothing_follows_what_failed_or_was_stopped(desk: Desk) -> None:
    desk.error = PhotosMissingError("there is no photo")
    desk.look_through.start(desk.runner)
    assert desk.jobs(1)[0].state is JobState.FAILED
    desk.error = None
    desk.hold.set()
    job = desk.look_through.start(desk.runner)
    with pytest.raises(ActiveJobError):
        desk.look_through.start(desk.runner)
    desk.runner.cancel(job.id)
    assert desk.jobs(2)[1].state is JobState.CANCELLED
    desk.end()
    desk.begin()
    desk.look_through.go_on(desk.runner)
    time.sleep(0.1)
    assert len(desk.jobs(2)) == 2


def test_it_goes_on_once_after_the_end_of_a_service(desk: Desk) -> None:
    desk.hold.set()
    desk.look_through.start(desk.runner)
    desk.end()
    desk.begin()
    assert "goes on" in str(desk.jobs(1)[0].error)
    desk.look_through.go_on(desk.runner)
    deadline_s = time.monotonic() + WAIT_S
    while not desk.runner.active and time.monotonic() < deadline_s:
        time.sleep(0.01)
    desk.end()
    desk.begin()
    again = desk.jobs(2)[1]
    assert dict(again.request) == {"then": "scoring", "resumed": True}
    assert "again to continue" in str(again.error)
    desk.look_through.go_on(desk.runner)
    time.sleep(0.1)
    assert len(desk.jobs(2)) == 2


def test_the_scoring_waits_for_whoever_holds_the_folder_for_a_moment(desk: Desk) -> None:
    desk.hold.set()
    job = desk.look_through.start(desk.runner)
    with hold_output(desk.folder / "out"):
        desk.hold.clear()
        while desk.runner.live(job.id) is not None:
            time.sleep(0.01)
        time.sleep(0.2)
        assert len(desk.runner.list(stage=None, limit=10, offset=0)[1]) == 1
    assert [one.stage for one in desk.jobs(2)] == [Stage.CLUSTERING, Stage.SCORING]
