"""The progress of jobs as server-sent events.

The state of jobs is polled, often enough for a smooth display: jobs of this process in memory, those of another
service process in the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from time import monotonic

from anyio import to_thread

from curation.api.schemas.base import Out
from curation.api.schemas.jobs import JobOut, JobProgressEvent
from curation.errors import StorageError
from curation.jobs.job import Job
from curation.jobs.look_through import begins_another, first_half_of
from curation.jobs.pace import Pace, PaceMeter
from curation.jobs.runner import STOP_TIMEOUT_S, JobRunner

__all__ = ["END_ID", "follow", "follow_all"]

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
LOOK_ELSEWHERE_EVERY_S = 1.0
REPEAT_AFTER_S = 5.0
"""An event is sent at least this often, even if nothing changed: the time left is updated, connections stay open."""
SECOND_HALF_WITHIN_S = 3.0
"""A job that begins when another one has ended does so within a moment."""
SECOND_HALVES_AMONG = 5
RETRY_MS = 3000
"""The time after which a browser reconnects when the stream has ended."""
END_ID = "end"
"""The id of the last event of a job's stream; a browser that reconnects sends it as Last-Event-ID."""


async def follow(runner: JobRunner, job: Job) -> AsyncIterator[bytes]:
    """Events of one job: `progress` until it ends, then `end` with the whole job."""
    async for event in _until_fault(_Follower(runner, [job]).events()):
        yield event


async def follow_all(runner: JobRunner, jobs: Iterable[Job]) -> AsyncIterator[bytes]:
    """Events of all active jobs, including those that start in the meantime; `idle` when none is active any more."""
    async for event in _until_fault(_Follower(runner, jobs, with_new_ones=True).events()):
        yield event
    yield b"event: idle\ndata: {}\n\n"


async def _until_fault(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for event in events:
            yield event
    except StorageError as error:
        # The response has started, so that no error can be sent; the client reconnects.
        logger.warning("the jobs cannot be followed: %s", error)


class _Follower:
    def __init__(self, runner: JobRunner, jobs: Iterable[Job], *, with_new_ones: bool = False) -> None:
        self._runner = runner
        self._jobs = {job.id: _FollowedJob(runner, job) for job in jobs}
        self._with_new_ones = with_new_ones
        self._first_halves: dict[str, float] = {}  # until when the second one is waited for

    async def events(self) -> AsyncIterator[bytes]:
        yield f"retry: {RETRY_MS}\n\n".encode()
        ending_since_s: float | None = None
        while self._jobs or self._first_halves:
            for followed in tuple(self._jobs.values()):
                job, event = await followed.look()
                if event is not None:
                    yield event
                if job is None or not job.state.is_active:
                    del self._jobs[followed.job_id]
                    if self._with_new_ones and job is not None and begins_another(job):
                        self._first_halves[job.id] = monotonic() + SECOND_HALF_WITHIN_S
            await self._find_second_halves()
            if self._with_new_ones:
                for job in self._runner.active:
                    self._jobs.setdefault(job.id, _FollowedJob(self._runner, job))
            if self._runner.is_ending:
                ending_since_s = ending_since_s or monotonic()
                # The server waits for this connection: a job that does not stop must not keep it.
                if monotonic() - ending_since_s > STOP_TIMEOUT_S or not self._runner.active:
                    for followed in tuple(self._jobs.values()):
                        _, event = await followed.look()
                        if event is not None:
                            yield event
                    return
            if self._jobs or self._first_halves:
                await asyncio.sleep(LOOK_EVERY_S)

    async def _find_second_halves(self) -> None:
        """Follow the jobs that begin when others have ended, also those that end before anybody looks."""
        if not self._first_halves:
            return
        _, last = await to_thread.run_sync(lambda: self._runner.list(stage=None, limit=SECOND_HALVES_AMONG, offset=0))
        for job in last:
            if (first := first_half_of(job)) in self._first_halves:
                del self._first_halves[first]
                self._jobs.setdefault(job.id, _FollowedJob(self._runner, job))
        now_s = monotonic()
        self._first_halves = {job: until_s for job, until_s in self._first_halves.items() if now_s < until_s}


class _FollowedJob:
    """The events of a job that were sent so far."""

    def __init__(self, runner: JobRunner, job: Job) -> None:
        self.job_id = job.id
        self._runner = runner
        self._meter = PaceMeter()
        self._sent: JobProgressEvent | None = None
        self._sent_at_s = float("-inf")
        self._looked_at_s = float("-inf")

    async def look(self) -> tuple[Job | None, bytes | None]:
        """The job, or None if it no longer exists, and the event to send, if there is one."""
        now_s = monotonic()
        job = self._runner.live(self.job_id)
        pace = self._runner.pace(self.job_id)
        if job is None:
            found = await to_thread.run_sync(self._runner.get, self.job_id)
            if found is None:
                return None, None
            if not found.state.is_active:
                return found, _event("end", JobOut.of(found), END_ID)
            if now_s - self._looked_at_s < LOOK_ELSEWHERE_EVERY_S:
                return found, None
            self._looked_at_s = now_s
            job, pace = found, self._pace_elsewhere(found, now_s)
        present = JobProgressEvent.of(job, pace)
        if _same(present, self._sent) and now_s - self._sent_at_s < REPEAT_AFTER_S:
            return job, None
        self._sent, self._sent_at_s = present, now_s
        return job, _event("progress", present)

    def _pace_elsewhere(self, job: Job, now_s: float) -> Pace | None:
        if job.progress is not None:
            self._meter.add(job.progress, now_s)
        return self._meter.pace(now_s)


def _same(one: JobProgressEvent, other: JobProgressEvent | None) -> bool:
    """Whether nothing but the pace changed."""
    if other is None or one.progress is None or other.progress is None:
        return one == other
    still = {"rate_per_s": None, "seconds_left": None}
    return one.model_copy(update={"progress": one.progress.model_copy(update=still)}) == other.model_copy(
        update={"progress": other.progress.model_copy(update=still)}
    )


def _event(name: str, data: Out, event_id: str | None = None) -> bytes:
    lines = [f"event: {name}", f"data: {data.model_dump_json()}"]
    if event_id is not None:
        lines.append(f"id: {event_id}")
    return ("\n".join(lines) + "\n\n").encode()
