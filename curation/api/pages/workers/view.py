"""The content of the page Workers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from curation.jobs.job import Job
from curation.jobs.who_works import AtWork

__all__ = ["TaskLine", "WorkerCard", "WorkersView", "workers_view"]

_WORDS = {
    "analyse_photo": "finding faces",
    "analyse_photo_worker": "finding faces",
    "analyse_photos": "finding faces",
    "analyse_photos_worker": "finding faces",
    "analyse_segment": "looking at a film",
    "analyse_segment_worker": "looking at a film",
    "cluster_faces_worker": "grouping all faces by person",
    "measure_moment": "measuring a moment of a clip",
    "measure_moment_worker": "measuring a moment of a clip",
    "measure_photo": "measuring",
    "score_photo_worker": "measuring",
    "spoil_face": "learning what cannot be read",
    "spoilt_face_worker": "learning what cannot be read",
}
"""By the names that workers know the functions by, and by those of this program."""


@dataclass(frozen=True, slots=True)
class TaskLine:
    """Something that is being done: the photo or film, what is done with it, and for how long, in seconds."""

    label: str
    words: str
    seconds: float


@dataclass(frozen=True, slots=True)
class WorkerCard:
    """A worker or a process of this service.

    Attributes:
        title: Its name.
        place: Where it runs.
        state: `working`, `waiting`, `starting` or `refused`.
        processes: How many tasks it works on at once.
        seconds: Since when it is there.
        tasks: What it does now.
        done: Tasks that it did.
        failed: Tasks that it could not do.
        refused: Why it gets no work; empty if it gets some.
        facts: More about it, as name and value.
    """

    title: str
    place: str
    state: str
    processes: int
    seconds: float
    tasks: Sequence[TaskLine]
    done: int
    failed: int
    refused: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class WorkersView:
    """What the page shows.

    Attributes:
        is_shared: Whether photos are shared out to many machines.
        broker: Its address without password; None if they are not.
        problem: Why the broker cannot be asked; empty if it can.
        jobs: Stages that run now.
        cards: Those that cannot work first, then by name.
        processes: How many tasks can be worked on at once, by those that are not refused.
        busy: How many are.
        refused: How many workers get no work.
    """

    is_shared: bool
    broker: str | None
    problem: str
    jobs: Sequence[str]
    cards: Sequence[WorkerCard]
    processes: int
    busy: int
    refused: int


def workers_view(at_work: AtWork, jobs: Sequence[Job]) -> WorkersView:
    """Put together what the page shows."""
    now = time.time()
    cards = []
    for worker in at_work.workers:
        facts = worker.facts
        tasks = [_line(task.label, task.function, now - task.since) for task in worker.current]
        state = "refused" if worker.refused else "working" if tasks else "waiting"
        cards.append(
            WorkerCard(
                title=facts.name,
                place=facts.host,
                state=state,
                processes=facts.processes,
                seconds=max(0.0, now - worker.since),
                tasks=tasks,
                done=worker.done,
                failed=worker.failed,
                refused=worker.refused,
                facts=(
                    ("Version", f"{facts.program}, messages {facts.protocol}"),
                    ("Libraries", facts.runtime),
                    ("Processor", facts.cpu),
                ),
            )
        )
    cards.sort(key=lambda card: (card.state != "refused", card.title))
    for process in at_work.processes:
        current = process.current
        cards.append(
            WorkerCard(
                title="A process that starts" if process.pid is None else f"Process {process.pid}",
                place="of this service",
                state="starting" if process.pid is None else "waiting" if current is None else "working",
                processes=1,
                seconds=max(0.0, now - process.since),
                tasks=[] if current is None else [_line(current.label, current.function, now - current.since)],
                done=process.done,
                failed=process.failed,
                refused="",
                facts=(),
            )
        )
    able = [card for card in cards if card.state != "refused"]
    return WorkersView(
        is_shared=at_work.pool == "celery",
        broker=at_work.broker,
        problem=at_work.problem,
        jobs=[job.stage.value for job in jobs],
        cards=cards,
        processes=sum(card.processes for card in able),
        busy=sum(len(card.tasks) for card in able),
        refused=len(cards) - len(able),
    )


def _line(label: str, function: str, seconds: float) -> TaskLine:
    words = _WORDS.get(function, function)
    return TaskLine("" if label == function else label, words, max(0.0, seconds))
