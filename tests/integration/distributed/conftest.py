"""Brokers and workers of the tests of many machines, all on this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.pool import CeleryPool
from curation.workers.serial import SerialPool
from tests import redis_server
from tests.celery_workers import CeleryWorker, PoolWork
from tests.integration import pool_tasks
from tests.rabbitmq_server import rabbitmq_server
from tests.redis_server import RedisProcess, redis_process

__all__ = ["rabbitmq_server", "redis_process"]

MakePool = Callable[..., CeleryPool]
StartWorker = Callable[..., CeleryWorker]


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of the module's own, which is not killed."""
    server = redis_server.started(tmp_path_factory.mktemp("redis"))
    yield redis_url_of(server)
    server.stop()


@pytest.fixture(scope="module")
def worker(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CeleryWorker]:
    """A worker of the module's own, which is not killed; its children may be."""
    made = CeleryWorker(redis_url, tmp_path_factory.mktemp("worker"), name="steady")
    made.wait_until_ready()
    yield made
    made.kill()


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[StartWorker]:
    """Start workers that the test may kill."""
    made: list[CeleryWorker] = []

    def start(url: str, *, name: str, processes: int = 1, version: str = "", wait: bool = True) -> CeleryWorker:
        made.append(CeleryWorker(url, tmp_path, name=name, processes=processes, version=version))
        if wait:
            made[-1].wait_until_ready()
        return made[-1]

    yield start
    for each in made:
        each.kill()


@pytest.fixture
def make_pool(tmp_path: Path) -> Iterator[MakePool]:
    """Make pools over a broker."""
    made: list[CeleryPool] = []
    folder = tmp_path / "prepared"
    folder.mkdir()

    def make(
        url: str,
        *,
        lacks: str = "",
        gone: str = "",
        only: tuple[Callable[..., object], ...] | None = None,
        **options: float,
    ) -> CeleryPool:
        work = PoolWork(folder, functions=only, lacks=lacks, gone=gone)
        here = SerialPool(pool_tasks.set_up, (str(folder),))
        chosen = {"patience_s": 60.0, **options}
        made.append(CeleryPool(BrokerOptions(url, **chosen), work, here=lambda: here))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for pool in made:
        pool.close()


def redis_url_of(server: RedisProcess) -> str:
    return f"redis://127.0.0.1:{server.address.port}/0"
