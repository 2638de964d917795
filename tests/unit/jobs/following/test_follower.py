"""A follower of a real folder, with a clock of the test's own and a run that only counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from curation.jobs.following.follower import STILL_S, Follower
from curation.jobs.job import Stage
from curation.jobs.runner import JobRunner
from curation.jobs.store import ActiveJobError, JobStore
from curation.settings import Settings, load_settings
from curation.workflow import event_listing
from tests.unit.jobs.test_runner import Waiting


class World:
    """A folder, what was looked through of it, the runs that began, and the time."""

    def __init__(self, settings: Settings, runner: JobRunner) -> None:
        self.settings = settings
        self.folder = settings.io.input_dir
        self.done: set[str] | None = set()
        self.begun: list[int] = []
        self.refusal: Exception | None = None
        self.now_s = 0.0
        self.follower = Follower(
            settings,
            runner,
            list_photos=lambda: event_listing(settings, needs_photos=False),
            looked_through=lambda: self.done,
            begin=self._begin,
            clock=lambda: self.now_s,
        )

    def _begin(self) -> None:
        if self.refusal is not None:
            raise self.refusal
        photos = {photo.name for photo in self.folder.iterdir()}
        assert self.done is not None
        self.begun.append(len(photos - self.done))
        self.done |= photos

    def look(self, after_s: float = 0.0) -> str:
        """What is said after a look at the folder, so many seconds later."""
        self.now_s += after_s
        self.follower.look()
        return self.follower.now.words


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[JobRunner]:
    with closing(JobStore(tmp_path / "jobs.sqlite3")) as store:
        yield JobRunner(store, {Stage.CLUSTERING: Waiting()})


@pytest.fixture
def world(tmp_path: Path, runner: JobRunner) -> World:
    (tmp_path / "disk" / "photos").mkdir(parents=True)
    io = {"input_dir": tmp_path / "disk" / "photos", "state_dir": tmp_path / "state"}
    settings = load_settings(
        None, default_root=tmp_path, overrides={"io": io, "service": {"follow_folder": True, "follow_minutes": 10}}
    )
    return World(settings, runner)


def test_new_photos_are_looked_through_once_they_are_whole(world: World) -> None:
    assert world.look() == "Waiting for new photos."
    (world.folder / "a.jpg").write_bytes(b"half")
    assert world.look(1) == "1 new photo still being copied."
    (world.folder / "a.jpg").write_bytes(b"half and the rest")
    assert world.look(STILL_S) == "1 new photo still being copied."
    assert world.look(STILL_S) == "1 new photo being looked through."
    assert world.begun == [1]
    assert world.look(100) == "Waiting for new photos."
    assert world.follower.now.runs == 1


def test_nothing_begins_before_the_event_was_looked_through_once(world: World) -> None:
    world.done = None
    (world.folder / "a.jpg").write_bytes(b"a")
    world.look()
    assert world.look(STILL_S) == ""
    assert world.begun == []


def test_it_waits_for_a_run_that_is_at_work(world: World, runner: JobRunner) -> None:
    (world.folder / "a.jpg").write_bytes(b"a")
    world.look()
    job = runner.start(Stage.CLUSTERING)
    assert "after the run that is at work" in world.look(STILL_S)
    runner.stop()
    world.refusal = ActiveJobError(job)  # of another service
    assert "after the run that is at work" in world.look(1)
    world.refusal = None
    world.look(1)
    assert world.begun == [1]


def test_a_folder_that_vanishes_is_told_and_nothing_is_lost(world: World, tmp_path: Path) -> None:
    (world.folder / "a.jpg").write_bytes(b"a")
    world.look()
    world.folder.rename(tmp_path / "unplugged")
    assert "The folder is away" in world.look(STILL_S)
    assert world.begun == []
    (tmp_path / "unplugged").rename(world.folder)
    world.look(1)
    world.look(STILL_S)
    assert world.begun == [1]


def test_the_switch_counts_for_good(world: World, runner: JobRunner) -> None:
    world.follower.switch(on=False)
    (world.folder / "a.jpg").write_bytes(b"a")
    world.look()
    assert world.look(STILL_S) == ""
    assert world.begun == []
    again = World(world.settings, runner)
    assert not again.follower.now.is_on
    again.follower.switch(on=True)
    assert World(world.settings, runner).follower.now.is_on


def test_its_thread_ends_at_once(world: World) -> None:
    world.follower.start()
    world.follower.stop()
    assert world.follower._thread is not None
    assert not world.follower._thread.is_alive()
