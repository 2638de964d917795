"""One test suite for every TaskPool."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.errors import RunInterruptedError, WeightsMissingError
from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.pool import CeleryPool
from curation.workers.pool import TaskPool
from curation.workers.processes import ProcessPool
from curation.workers.serial import SerialPool
from tests import redis_server
from tests.celery_workers import CeleryWorker, PoolWork
from tests.integration import pool_tasks
from tests.rabbitmq_server import RabbitServer, rabbitmq_server

__all__ = ["rabbitmq_server"]


@pytest.fixture(scope="module")
def redis_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Real workers over Redis; the broker's address."""
    folder = tmp_path_factory.mktemp("redis-workers")
    server = redis_server.started(folder)
    url = f"redis://127.0.0.1:{server.address.port}/0"
    yield from _working(url, folder)
    server.stop()


@pytest.fixture(scope="module")
def rabbitmq_workers(rabbitmq_server: RabbitServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Real workers over RabbitMQ; the broker's address."""
    yield from _working(rabbitmq_server.url, tmp_path_factory.mktemp("rabbitmq-workers"))


def _working(url: str, folder: Path) -> Iterator[str]:
    worker = CeleryWorker(url, folder)
    worker.wait_until_ready()
    yield url
    worker.kill()


@pytest.fixture(params=["serial", "process", "celery over redis", "celery over rabbitmq"])
def pool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TaskPool]:
    pool_tasks.state["set_up"] = 0
    made: TaskPool
    if request.param == "serial":
        made = SerialPool(pool_tasks.set_up, (str(tmp_path),))
    elif request.param == "process":
        made = ProcessPool(2, initializer=pool_tasks.set_up, initargs=(str(tmp_path),))
    else:
        url = request.getfixturevalue(f"{request.param.split()[-1]}_workers")
        options = BrokerOptions(url, patience_s=30)
        made = CeleryPool(options, PoolWork(tmp_path), here=lambda: SerialPool(pool_tasks.set_up, (str(tmp_path),)))
    yield made
    made.close()


def test_every_task_has_one_outcome(pool: TaskPool) -> None:
    outcomes = list(pool.run(pool_tasks.double, range(7)))
    assert sorted((outcome.task, outcome.result) for outcome in outcomes) == [(n, 2 * n) for n in range(7)]
    assert all(outcome.failure is None for outcome in outcomes)


def test_a_pool_can_be_used_again(pool: TaskPool) -> None:
    assert {outcome.result for outcome in pool.run(pool_tasks.double, [1, 2, 3])} == {2, 4, 6}
    assert {outcome.result for outcome in pool.run(pool_tasks.double, [4])} == {8}


def test_no_tasks(pool: TaskPool, tmp_path: Path) -> None:
    assert list(pool.run(pool_tasks.double, [])) == []
    assert not list(tmp_path.iterdir()), "nothing to do, so no worker is set up"


def test_a_bad_photo_and_a_bug_fail_their_own_task(pool: TaskPool, caplog: pytest.LogCaptureFixture) -> None:
    by_task = {outcome.task: outcome for outcome in pool.run(pool_tasks.picky, [0, 1, 2, 5])}
    assert by_task[0].result == 0
    assert by_task[5].result == 5
    bad, bug = by_task[1].failure, by_task[2].failure
    assert bad is not None and (bad.kind, bad.reason) == ("failed", "the file is cut off")
    assert bug is not None and bug.kind == "bug" and "ZeroDivisionError" in bug.reason
    assert "oops" in caplog.text, "the traceback is logged"


def test_a_failure_of_the_stage_is_raised(pool: TaskPool) -> None:
    with pytest.raises(WeightsMissingError, match="fetch them"):
        list(pool.run(pool_tasks.stage_fault, [1, 2, 3]))


def test_cancel(pool: TaskPool) -> None:
    cancel = threading.Event()
    seen = []
    with pytest.raises(RunInterruptedError):
        for outcome in pool.run(pool_tasks.double, range(1000), cancel=cancel):
            seen.append(outcome)
            cancel.set()
    assert 1 <= len(seen) <= 2 * 2, "no more than the workers had"
