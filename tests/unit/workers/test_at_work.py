"""What is told of the processes of a pool while it works."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

from curation.workers.at_work import label_of, processes_at_work
from curation.workers.processes import ProcessPool
from tests.integration.pool_tasks import double, set_up


def test_a_task_is_called_by_its_photos() -> None:
    def task(name: str) -> SimpleNamespace:
        return SimpleNamespace(image_path=name)

    assert label_of(task("a.jpg"), "analyse") == "a.jpg"
    assert label_of(SimpleNamespace(tasks=(task("a.jpg"), task("b.jpg"))), "analyse") == "a.jpg, b.jpg"
    assert label_of(SimpleNamespace(tasks=[task(f"{n}") for n in range(5)]), "analyse") == "0, 1, 2 and 2 more"
    assert label_of(7, "cluster") == "cluster"


def test_processes_are_seen_while_they_work_and_not_afterwards(tmp_path: Path) -> None:
    assert processes_at_work() == ()
    with ProcessPool(1, initializer=set_up, initargs=(str(tmp_path),)) as pool:
        results = pool.run(double, range(4))
        next(results)
        (process,) = processes_at_work()
        assert process.pid is not None
        assert time.time() - 60 < process.since <= time.time()
        assert process.done >= 1
        assert process.failed == 0
        assert process.current is None or process.current.function == process.current.label == "double"
        assert sum(1 for _ in results) == 3
        assert processes_at_work() == ()
