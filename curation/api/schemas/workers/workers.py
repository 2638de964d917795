"""Workers as JSON."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from curation.api.schemas.base import Out, Text
from curation.api.schemas.jobs import RunningJob
from curation.jobs.who_works import AtWork
from curation.workers.at_work import ProcessAtWork, TaskAtWork
from curation.workers.distributed.roster import CurrentTask, WorkerState

__all__ = ["BrokerOut", "ProcessOut", "RemoteTaskOut", "TaskOut", "WorkerOut", "WorkersOut"]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


class BrokerOut(Out):
    """The broker through which photos are shared out."""

    address: Annotated[str, Field(examples=["amqp://broker:5672"])]
    """Without user and password."""
    reachable: bool
    problem: Text | None
    """Why it cannot be asked, and what to do."""


class TaskOut(Out):
    """What somebody works on."""

    label: Annotated[Text, Field(examples=["day 2/IMG_0132.jpg"])]
    """The photo, film or picture."""
    function: Annotated[str, Field(examples=["analyse_photo_worker"])]
    since: Annotated[str, Field(examples=["2026-06-20T21:14:03.512+00:00"])]
    seconds: Annotated[float, Field(ge=0, examples=[0.4])]
    """How long already, by the clock of this service."""

    @classmethod
    def of(cls, task: TaskAtWork) -> TaskOut:
        """Convert a task of a process of this service."""
        return cls(label=task.label, function=task.function, since=_moment(task.since), seconds=_age(task.since))


class RemoteTaskOut(TaskOut):
    """What a worker of another machine works on."""

    run: Annotated[str, Field(examples=["9b1c0c5e6f5d4e0c"])]
    """Of which run; several runs may share the workers."""

    @classmethod
    def of_worker(cls, task: CurrentTask) -> RemoteTaskOut:
        """Convert a task of a worker."""
        return cls(
            label=task.label, function=task.function, since=_moment(task.since), seconds=_age(task.since), run=task.run
        )


class WorkerOut(Out):
    """A worker of another machine: `python -m curation worker`."""

    name: Annotated[str, Field(examples=["worker@photo-7"])]
    host: Annotated[str, Field(examples=["photo-7"])]
    pid: int
    program: Annotated[str, Field(examples=["0.1.0"])]
    """Its version of this program."""
    protocol: int
    """Version of the messages that it understands."""
    runtime: Annotated[str, Field(examples=["onnxruntime 1.25.1, numpy 2.4.1"])]
    cpu: Annotated[str, Field(examples=["x86_64 avx2 avx512f"])]
    """Results have the same bytes only on processors of one kind."""
    processes: Annotated[int, Field(ge=0)]
    """How many photos it works on at once."""
    since: str
    """When it came."""
    tasks: tuple[RemoteTaskOut, ...]
    """What it works on now."""
    done: Annotated[int, Field(ge=0)]
    failed: Annotated[int, Field(ge=0)]
    """Tasks that it could not do; most of them are photos that nobody can read."""
    refused: Text | None
    """Why it gets no work: another version, weights that it lacks; null if it gets some."""

    @classmethod
    def of(cls, worker: WorkerState) -> WorkerOut:
        """Convert a worker."""
        facts = worker.facts
        return cls(
            name=facts.name,
            host=facts.host,
            pid=facts.pid,
            program=facts.program,
            protocol=facts.protocol,
            runtime=facts.runtime,
            cpu=facts.cpu,
            processes=facts.processes,
            since=_moment(worker.since),
            tasks=tuple(RemoteTaskOut.of_worker(task) for task in worker.current),
            done=worker.done,
            failed=worker.failed,
            refused=worker.refused or None,
        )


class ProcessOut(Out):
    """A process of this service that works on photos, one at a time."""

    pid: int | None
    """Null while it is starting."""
    since: str
    """When it was started."""
    task: TaskOut | None
    """What it works on now; null if it waits."""
    done: Annotated[int, Field(ge=0)]
    failed: Annotated[int, Field(ge=0)]

    @classmethod
    def of(cls, process: ProcessAtWork) -> ProcessOut:
        """Convert a process."""
        return cls(
            pid=process.pid,
            since=_moment(process.since),
            task=None if process.current is None else TaskOut.of(process.current),
            done=process.done,
            failed=process.failed,
        )


class WorkersOut(Out):
    """Who works on what."""

    pool: Literal["local", "celery"]
    """`performance.pool`: processes of this machine, or workers of many."""
    broker: BrokerOut | None
    """Null with the pool `local`."""
    running_jobs: tuple[RunningJob, ...]
    workers: tuple[WorkerOut, ...]
    """Of other machines; empty with the pool `local`."""
    processes: tuple[ProcessOut, ...]
    """Of this service, while one of its jobs needs them. With the pool `celery` only grouping runs here."""

    @classmethod
    def of(cls, at_work: AtWork, running_jobs: tuple[RunningJob, ...]) -> WorkersOut:
        """Convert what is known."""
        broker = None
        if at_work.broker is not None:
            problem = at_work.problem or None
            broker = BrokerOut(address=at_work.broker, reachable=problem is None, problem=problem)
        return cls(
            pool=at_work.pool,
            broker=broker,
            running_jobs=running_jobs,
            workers=tuple(WorkerOut.of(worker) for worker in at_work.workers),
            processes=tuple(ProcessOut.of(process) for process in at_work.processes),
        )


def _age(since: float) -> float:
    # The clocks of two machines differ a little.
    return round(max(0.0, time.time() - since), 3)
