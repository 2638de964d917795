"""Two stages at once: both go on, and no more processes are busy than one stage may keep busy."""

from __future__ import annotations

import threading
from pathlib import Path

from curation.workers.processes import ProcessPool
from tests.integration.pool_tasks import set_up, timed

WORKERS = 2
TASKS = 12
TASK_S = 0.1


def test_two_stages_share_the_processes(tmp_path: Path) -> None:
    spans: dict[str, list[tuple[float, float]]] = {"first": [], "second": []}
    most_kept = 0
    both_run = threading.Event()

    def work(name: str) -> None:
        nonlocal most_kept
        with ProcessPool(WORKERS, initializer=set_up, initargs=(str(tmp_path),)) as pool:
            # The first one has all processes until the second one comes.
            tasks = (TASK_S for _ in range(TASKS if both_run.is_set() else 2 * TASKS))
            for outcome in pool.run(timed, tasks):
                assert outcome.result is not None
                spans[name].append(outcome.result)
                if len(spans[name]) == 3:
                    both_run.set()
                if spans["first"] and spans["second"]:
                    most_kept = max(most_kept, len(pool.at_work()))

    first = threading.Thread(target=work, args=("first",))
    first.start()
    assert both_run.wait(30)
    second = threading.Thread(target=work, args=("second",))
    second.start()
    first.join(60)
    second.join(60)
    assert len(spans["first"]) == 2 * TASKS
    assert len(spans["second"]) == TASKS
    everything = spans["first"] + spans["second"]
    busy = [sum(began <= at < ended for began, ended in everything) for at, _ in everything]
    assert max(busy) <= WORKERS
    last_of_first = max(ended for _, ended in spans["first"])
    assert sum(ended < last_of_first for _, ended in spans["second"]) >= 3
    assert most_kept <= WORKERS
