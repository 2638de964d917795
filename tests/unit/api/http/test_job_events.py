"""Jobs as server-sent events."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from curation.api.http import job_events
from curation.api.http.job_events import follow, follow_all
from curation.domain.report import Progress
from curation.errors import StorageError
from curation.jobs.job import Stage
from curation.jobs.runner import JobRunner
from curation.jobs.store import JobStore
from tests.service import ServiceClient
from tests.unit.api.http.test_errors import problem
from tests.unit.jobs.test_runner import WAIT_S, Waiting

Event = tuple[str, dict[str, Any]]


def parsed(text: str) -> list[Event]:
    """The named events of a stream, and their data."""
    out = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        if "event" in lines:
            out.append((lines["event"], json.loads(lines["data"])))
    return out


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    with closing(JobStore(tmp_path / "jobs.sqlite3")) as store:
        yield store


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_events, "LOOK_EVERY_S", 0.002)
    monkeypatch.setattr(job_events, "LOOK_ELSEWHERE_EVERY_S", 0.002)


class Listener:
    """Takes events one by one, in a loop of its own."""

    def __init__(self, events: AsyncIterator[bytes]) -> None:
        self._events = events
        self._loop = asyncio.new_event_loop()

    def next(self) -> Event | None:
        """The next event with a name; None at the end of the stream."""
        while True:
            try:
                block = self._loop.run_until_complete(asyncio.wait_for(anext(self._events), WAIT_S))
            except StopAsyncIteration:
                self._loop.run_until_complete(self._loop.shutdown_default_executor())
                self._loop.close()
                return None
            events = parsed(block.decode())
            if events:
                return events[0]

    def until(self, name: str) -> dict[str, Any]:
        event = self.next()
        while event is not None and event[0] != name:
            event = self.next()
        assert event is not None
        return event[1]


def test_a_job_is_followed_to_its_end(store: JobStore) -> None:
    stage = Waiting()
    runner = JobRunner(store, {Stage.CLUSTERING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    listener = Listener(follow(runner, job))
    first = listener.next()
    assert first is not None
    assert (first[0], first[1]["id"], first[1]["stage"]) == ("progress", job.id, "clustering")
    assert stage.progress is not None
    stage.progress(Progress("photos", 1, 3))
    name, data = listener.next() or ("", {})
    assert (name, data["progress"]["done"], data["cancel_requested"]) == ("progress", 1, False)
    runner._runs[Stage.CLUSTERING].cancel_requested_at = "now"
    name, data = listener.next() or ("", {})
    assert (name, data["cancel_requested"]) == ("progress", True)
    stage.release.set()
    end = listener.until("end")
    assert (end["id"], end["state"], end["counts"]["total"]) == (job.id, "succeeded", 3)
    assert listener.next() is None


def test_a_job_of_another_service_process_is_followed(store: JobStore, tmp_path: Path) -> None:
    stage = Waiting()
    at_work = JobRunner(store, {Stage.CLUSTERING: stage})
    job = at_work.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    assert stage.progress is not None
    stage.progress(Progress("photos", 2, 3))
    with closing(JobStore(tmp_path / "jobs.sqlite3")) as other_store:
        listener = Listener(follow(JobRunner(other_store, {}), job))
        name, data = listener.next() or ("", {})
        assert (name, data["progress"]["done"]) == ("progress", 2)
        stage.release.set()
        assert listener.until("end")["state"] == "succeeded"
        assert listener.next() is None


def test_all_jobs_also_those_that_begin_meanwhile(store: JobStore) -> None:
    clustering, export = Waiting(), Waiting()
    runner = JobRunner(store, {Stage.CLUSTERING: clustering, Stage.EXPORT: export})
    first = runner.start(Stage.CLUSTERING)
    listener = Listener(follow_all(runner, runner.list_active()))
    assert listener.until("progress")["id"] == first.id
    second = runner.start(Stage.EXPORT)
    while listener.until("progress")["id"] != second.id:
        pass
    clustering.release.set()
    assert listener.until("end")["id"] == first.id
    export.release.set()
    assert listener.until("end")["id"] == second.id
    assert listener.next() == ("idle", {})
    assert listener.next() is None


def test_nothing_is_repeated_for_nothing(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Waiting()
    runner = JobRunner(store, {Stage.CLUSTERING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)

    async def told(repeat_after_s: float) -> int:
        monkeypatch.setattr(job_events, "REPEAT_AFTER_S", repeat_after_s)
        blocks: list[bytes] = []

        async def listen() -> None:
            async for block in follow(runner, job):
                blocks.append(block)

        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(listen(), 0.2)
        return len(blocks) - 1  # the first one is the time until a reconnection

    assert asyncio.run(told(60.0)) == 1
    assert asyncio.run(told(0.0)) > 1
    stage.release.set()


@pytest.mark.parametrize("heeds_cancel", [True, False])
def test_the_end_of_the_service_ends_the_stream(
    store: JobStore, monkeypatch: pytest.MonkeyPatch, heeds_cancel: bool
) -> None:
    monkeypatch.setattr(job_events, "STOP_TIMEOUT_S", 0.05)
    stage = Waiting(heeds_cancel=heeds_cancel)
    runner = JobRunner(store, {Stage.CLUSTERING: stage})
    job = runner.start(Stage.CLUSTERING)
    assert stage.began.wait(WAIT_S)
    listener = Listener(follow(runner, job))
    listener.until("progress")
    runner.request_stop()
    events = []
    while (event := listener.next()) is not None:
        events.append(event)
    if heeds_cancel:
        assert (events[-1][0], events[-1][1]["state"]) == ("end", "interrupted")
    else:
        assert all(name == "progress" for name, _ in events)
        stage.release.set()


def test_a_table_that_cannot_be_read_ends_the_stream(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    job = store.create(Stage.CLUSTERING)

    def broken(job_id: str) -> None:
        raise StorageError("the disk is gone")

    monkeypatch.setattr(store, "get", broken)
    assert Listener(follow(JobRunner(store, {}), job)).next() is None


class TestRoutes:
    def test_a_job_that_ended(self, empty: ServiceClient) -> None:
        started = empty.post("/cluster")
        job = empty.finished(started)
        url = started.headers["location"] + "/events"
        answer = empty.get(url)
        assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        assert parsed(answer.text) == [("end", job)]
        assert "retry: 3000" in answer.text
        assert empty.get(url, headers={"last-event-id": "end"}).status_code == 204
        assert empty.get(url, headers={"last-event-id": "7"}).status_code == 200

    def test_a_job_at_work(self, empty: ServiceClient) -> None:
        empty.orchestrator.hold = True
        started = empty.post("/cluster")
        assert empty.orchestrator.began.wait(WAIT_S)
        timer = threading.Timer(0.05, empty.orchestrator.release.set)
        timer.start()
        events = parsed(empty.get(started.headers["location"] + "/events").text)
        timer.join()
        assert events[0][0] == "progress"
        assert (events[-1][0], events[-1][1]["state"]) == ("end", "succeeded")
        assert events[-1][1]["counts"]["clusters"] == 2

    def test_nothing_is_at_work(self, empty: ServiceClient) -> None:
        assert parsed(empty.get("/jobs/events").text) == [("idle", {})]

    def test_unknown(self, empty: ServiceClient) -> None:
        problem(empty.get("/jobs/00/events"), 404, "job_not_found")


def test_a_job_that_begins_when_another_has_ended_is_followed_however_quick_it_is(empty: ServiceClient) -> None:
    empty.orchestrator.hold = True
    first = empty.post("/look-through").json()
    assert empty.orchestrator.began.wait(WAIT_S)
    got: list[str] = []
    thread = threading.Thread(target=lambda: got.append(empty.get("/jobs/events").text))
    thread.start()
    empty.orchestrator.release.set()
    thread.join(WAIT_S)
    ends = [data for name, data in parsed(got[0]) if name == "end"]
    assert [(data["stage"], data["state"]) for data in ends] == [("clustering", "succeeded"), ("scoring", "succeeded")]
    assert ends[1]["request"] == {"after": first["id"]}
    assert parsed(got[0])[-1][0] == "idle"
