"""Workers of other machines for tests of what is told of them: none of them exists."""

from __future__ import annotations

import time
from collections.abc import Sequence

from curation.errors import CurationError
from curation.jobs.who_works import WhoWorks
from curation.settings import Settings
from curation.workers.distributed.messages import WorkerFacts
from curation.workers.distributed.roster import CurrentTask, WorkerState

__all__ = ["FakeRoster", "worker_state"]

AGO_S = 754.0


def worker_state(
    name: str,
    *labels: str,
    host: str = "photo-7",
    done: int = 0,
    failed: int = 0,
    refused: str = "",
    processes: int = 2,
) -> WorkerState:
    now = time.time()
    facts = WorkerFacts(
        name=name,
        host=host,
        pid=4711,
        program="0.1.0",
        protocol=1,
        runtime="onnxruntime 1.25.1, numpy 2.4.1",
        cpu="x86_64 avx2 avx512f",
        processes=processes,
    )
    current = tuple(CurrentTask(label, "9b1c0c5e", "analyse_photo_worker", now - 3) for label in labels)
    return WorkerState(facts, now - AGO_S, now, current, done, failed, refused)


class FakeRoster:
    """What the service is told: `workers`, or why it is not told.

    Attributes:
        workers: Who is there.
        error: Raised instead, if there is one.
        asked: How often it was asked.
    """

    def __init__(self, *workers: WorkerState) -> None:
        self.workers: Sequence[WorkerState] = workers
        self.error: CurationError | None = None
        self.asked = 0

    def __call__(self) -> Sequence[WorkerState]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.workers

    def who_works(self, settings: Settings) -> WhoWorks:
        """For `create_app`: photos are shared out, whatever the settings say."""
        performance = settings.performance.model_copy(update={"pool": "celery"})
        return WhoWorks(settings.model_copy(update={"performance": performance}), self)
