"""What is no message, in the queues between a parent and a worker; `make soak ARGS=task_bodies` sends far more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import kombu
import redis

from curation.workers.distributed.broker import TASK_NAME, BrokerOptions, answer_queue, task_queue
from curation.workers.distributed.pool import CeleryPool
from curation.workers.serial import SerialPool
from tests.celery_workers import CeleryWorker, PoolWork
from tests.integration import pool_tasks
from tests.redis_server import RedisProcess, redis_process

__all__ = ["redis_process"]

_TASKS = 6


def test_a_run_and_its_worker_outlive_what_is_no_message(redis_process: RedisProcess, tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{redis_process.address.port}/0"
    worker = CeleryWorker(url, tmp_path, processes=1)
    client = redis.Redis(*redis_process.address)
    here = SerialPool(pool_tasks.set_up, (str(tmp_path),))
    try:
        worker.wait_until_ready()
        with CeleryPool(BrokerOptions(url, patience_s=30), PoolWork(tmp_path), here=lambda: here) as pool:
            tasks, answers = task_queue(pool._run).name, answer_queue(pool._run).name

            def numbers() -> Iterator[int]:
                for number in range(_TASKS):
                    if number == 2:
                        for queue in (tasks, answers):
                            client.lpush(queue, b"garbage", b"[]")
                        with kombu.Connection(url) as connection, connection.Producer() as producer:
                            for headers in ({"task": TASK_NAME, "id": {}}, {"task": {}, "id": "x"}):
                                producer.publish([[], {}, {}], exchange="", routing_key=tasks, headers=headers)
                    yield number

            results = {outcome.result for outcome in pool.run(pool_tasks.double, numbers(), timeout_s=30)}
        assert results == {2 * number for number in range(_TASKS)}
        assert worker.children(), worker.log
        assert "is none, and is dropped" in worker.log  # else nothing was tried
    finally:
        worker.kill()
        client.close()
