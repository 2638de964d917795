"""Which events are open: opened once, closed when others need the room, and never while something happens there."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from curation.api.context import ServiceContext
from curation.api.http.events.open_events import Events
from curation.errors import EventNotFoundError, EventsOpenError, StorageError
from curation.settings import Settings
from tests.service import make_settings

OPEN = 2


class Started:
    """A started event without parts."""

    def __init__(self, settings: Settings) -> None:
        self.name = Path(settings.io.input_dir).name
        self.runner = SimpleNamespace(active=(), request_stop=lambda: None)
        assets = SimpleNamespace(is_on=False)
        self.context = cast(ServiceContext, SimpleNamespace(settings=settings, runner=self.runner, assets=assets))
        self.is_closed = False

    def close(self) -> None:
        assert not self.is_closed
        self.is_closed = True


class World:
    def __init__(self, folder: Path) -> None:
        self.started: list[Started] = []
        self.settings = make_settings(folder, service={"open_events": OPEN})
        self.own = Started(self.settings)
        self.events = Events(self.settings, self.own, self.start)
        self.ids = [self.events.open(f"/media/{name}").event_id for name in "abcd"]
        self.slow = threading.Event()
        self.slow.set()

    def start(self, settings: Settings) -> Started:
        assert self.slow.wait(10)
        started = Started(settings)
        self.started.append(started)
        return started

    @property
    def open_now(self) -> list[str]:
        return [one.name for one in self.started if not one.is_closed]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def name_of(context: ServiceContext) -> str:
    return Path(context.settings.io.input_dir).name


def test_the_one_that_was_used_longest_ago_is_closed(world: World) -> None:
    a, b, c, d = world.ids
    for event_id in (a, b, a, c):
        world.events.context_of(event_id)
    assert world.open_now == ["a", "c"]
    assert name_of(world.events.context_of(d)) == "d"
    assert world.open_now == ["c", "d"]
    assert name_of(world.events.context_of(a)) == "a"
    assert [name_of(context) for context in world.events.contexts()] == ["photos", "d", "a"]


def test_nothing_is_closed_that_is_in_use(world: World) -> None:
    a, b, c, _ = world.ids
    with world.events.use(a), world.events.use(b):
        with pytest.raises(EventsOpenError, match=r"service\.open_events"):
            world.events.context_of(c)
        assert world.open_now == ["a", "b"]
        assert name_of(world.events.context_of(a)) == "a"
    world.started[0].runner.active = ("a job",)
    world.events.context_of(c)
    assert world.open_now == ["a", "c"]
    with pytest.raises(EventsOpenError, match="job"):
        world.events.remove(a)
    world.events.remove(c)
    assert world.open_now == ["a"]


def test_many_at_once_start_it_once(world: World) -> None:
    world.slow.clear()
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(world.events.context_of, world.ids[0]) for _ in range(8)]
        world.slow.set()
        contexts = {id(one.result()) for one in asked}
    assert len(contexts) == len(world.started) == 1


def test_one_that_cannot_start_can_be_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(settings: Settings) -> Any:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(world.events, "_start", fail)
        for _ in range(2 * OPEN):
            with pytest.raises(StorageError):
                world.events.context_of(world.ids[0])
        with pytest.raises(EventNotFoundError):
            world.events.context_of("nobody-1")
    assert name_of(world.events.context_of(world.ids[0])) == "a"


def test_the_own_event_is_always_open_and_closes_last(world: World) -> None:
    own = world.events.known()[0]
    assert world.events.context_of(own.event_id) is world.own.context
    world.events.context_of(world.ids[0])
    world.events.close()
    assert world.own.is_closed
    assert world.open_now == []
    with pytest.raises(EventsOpenError, match="shutting down"):
        world.events.context_of(world.ids[1])


def test_folders_of_events_lie_beside_each_other(world: World) -> None:
    first, second = (world.events.context_of(event_id).settings for event_id in world.ids[:2])
    assert first.event_dir.parent == second.event_dir.parent == world.settings.io.state_dir / "events"
    assert first.event_dir.name == world.ids[0]
    assert first.lock_dir != second.lock_dir
    assert first.io.state_dir == second.io.state_dir
    assert first.assets.dir != second.assets.dir
