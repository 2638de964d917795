"""What is known of events that are not open."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from curation.errors import PhotoNotFoundError
from curation.jobs.events.known_event import KnownEvent
from curation.jobs.events.summaries import EventState, Summaries
from curation.settings import EventPlaces
from curation.storage.locks import hold_output, is_held_elsewhere
from tests.conftest import PROJECT_ROOT
from tests.fakes import painted_photo
from tests.mounts import cannot_mount_fuse, hanging_disk
from tests.photo_files import save
from tests.processes import wait_until
from tests.service import FACES, PHOTOS, make_settings, write_face_data, write_photo_scores


class World:
    def __init__(self, folder: Path) -> None:
        self.photos, self.out = folder / "party", folder / "results"
        self.photos.mkdir()
        self.summaries = Summaries(make_settings(folder))
        self.event = KnownEvent("party-1", "party", EventPlaces(str(self.photos), str(self.out)))

    @property
    def state(self) -> EventState:
        return self.summaries.of(self.event).state


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_from_empty_to_ranked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.jobs.events.summaries._COUNT_AGAIN_S", 0.0)
    assert world.state is EventState.EMPTY
    (world.photos / "a.jpg").touch()
    new = world.summaries.of(world.event)
    assert (new.state, new.photos, new.people, new.cover_path) == (EventState.NEW, 1, 0, None)
    write_face_data(world.out, FACES)
    (world.out / "clustering_run.json").write_text(json.dumps({"counts": {"photos": 4, "clusters": 2}}))
    found = world.summaries.of(world.event)
    assert (found.state, found.photos, found.people, found.cover_path) == (EventState.FOUND, 4, 2, "a.jpg")
    write_photo_scores(world.out, PHOTOS[1:])
    ranked = world.summaries.of(world.event)
    assert (ranked.state, ranked.cover_path) == (EventState.RANKED, "b.jpg")
    assert ranked.cover_version != found.cover_version
    assert world.summaries.of(world.event) == ranked


def test_files_that_cannot_be_read_count_as_not_there(world: World) -> None:
    write_face_data(world.out, FACES)
    (world.out / "clustering_run.json").write_text("{")
    (world.out / "photo_scores.csv").write_bytes(b"\xff\xff\xff")
    ranked = world.summaries.of(world.event)
    assert (ranked.state, ranked.photos, ranked.cover_path) == (EventState.RANKED, None, None)
    (world.out / "clustering_run.json").write_text('{"counts": [1]}')
    assert world.summaries.of(world.event).photos is None


def test_a_folder_that_is_away_keeps_what_is_known(world: World) -> None:
    write_face_data(world.out, FACES)
    (world.out / "clustering_run.json").write_text(json.dumps({"counts": {"photos": 4, "clusters": 2}}))
    world.photos.rmdir()
    away = world.summaries.of(world.event)
    assert (away.state, away.photos, away.people) == (EventState.AWAY, 4, 2)
    with pytest.raises(PhotoNotFoundError, match="plugged in"):
        world.summaries.cover(world.event)


def test_a_run_of_another_process(world: World) -> None:
    with elsewhere(world.out, brief=False) as run:
        found = [world.state]
        run.kill()
        run.wait()
        assert (world.out / ".curation.lock.by").exists()
        found.append(world.state)
    assert found == [EventState.RUNNING, EventState.EMPTY], "whatever process has its number now"
    with elsewhere(world.out, brief=True):
        assert world.state is EventState.EMPTY
    with hold_output(world.out, run="clustering"):
        assert world.state is EventState.EMPTY, "its own runs are told as jobs"
    for odd in (b"", b"{", b'{"pid": 1}'):
        (world.out / ".curation.lock.by").write_bytes(odd)
        assert world.state is EventState.EMPTY
    (world.out / ".curation.lock.by").unlink()
    os.mkfifo(world.out / ".curation.lock.by")
    assert world.state is EventState.EMPTY


def test_looking_for_a_run_hinders_none_that_begins(world: World) -> None:
    world.out.mkdir()
    looks = threading.Event()

    def look() -> None:
        while not looks.is_set():
            is_held_elsewhere(world.out)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(200):
            with hold_output(world.out, run="clustering"):
                pass
    finally:
        looks.set()
        looking.join()


@contextmanager
def elsewhere(output: Path, *, brief: bool) -> Iterator[subprocess.Popen[bytes]]:
    """A run of another process that has the number of this one, as in a container."""
    script = (
        "import os, sys, pathlib\n"
        "from curation.storage.locks import hold_output\n"
        f"os.getpid = lambda: {os.getpid()}\n"
        f"with hold_output(pathlib.Path(sys.argv[1]), run='clustering', is_brief={brief}):\n"
        "    print('holds', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(output)]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None and run.stdout.readline() == b"holds\n"
        yield run
        run.kill()


def test_the_cover_is_the_best_photo(world: World) -> None:
    with pytest.raises(PhotoNotFoundError, match="no photo to show"):
        world.summaries.cover(world.event)
    save(world.photos / "b.jpg", painted_photo(64, 48, []), "JPEG")
    write_face_data(world.out, FACES)
    write_photo_scores(world.out, PHOTOS[1:])
    cover = world.summaries.cover(world.event)
    assert cover.startswith(b"\xff\xd8")
    assert world.summaries.cover(world.event) == cover


@pytest.mark.skipif(bool(cannot_mount_fuse()), reason=cannot_mount_fuse())
@pytest.mark.parametrize("place", ["photos", "out"])
def test_an_event_on_a_disk_that_hangs_is_away(world: World, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr("curation.jobs.events.summaries._LIMIT_S", 0.3)
    write_face_data(world.out, FACES)
    (world.out / "clustering_run.json").write_text(json.dumps({"counts": {"photos": 4, "clusters": 2}}))
    assert world.state is EventState.FOUND
    with hanging_disk(getattr(world, place)):
        away = [world.summaries.of(world.event) for _ in range(2)]
        assert {(one.state, one.photos, one.people) for one in away} == {(EventState.AWAY, 4, 2)}
    wait_until(lambda: world.summaries.of(world.event).state is EventState.FOUND, "the disk is back")
