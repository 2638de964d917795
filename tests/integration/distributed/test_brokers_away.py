"""A broker that is killed and comes back, empty or not, or not at all; passwords in its address."""

from __future__ import annotations

import logging
import time
from collections import Counter

import pytest

from curation.errors import BrokerUnavailableError
from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.roster import Roster
from tests.integration import pool_tasks
from tests.integration.distributed.conftest import MakePool, StartWorker, redis_url_of
from tests.rabbitmq_server import RabbitServer
from tests.redis_server import RedisProcess


def test_redis_is_killed_and_comes_back_empty(
    redis_process: RedisProcess, start_worker: StartWorker, make_pool: MakePool, caplog: pytest.LogCaptureFixture
) -> None:
    url = redis_url_of(redis_process)
    start_worker(url, name="one", processes=2)
    seen: list[float | None] = []
    killed_at = 0.0
    # One photo's lease is long: what was lost with the broker must be missed earlier.
    for outcome in make_pool(url).run(pool_tasks.slow, [[0.2, n] for n in range(14)], timeout_s=600):
        seen.append(outcome.result)
        if len(seen) == 5:
            killed_at = time.monotonic()
            redis_process.stop()
            time.sleep(0.5)
            redis_process.start()
    assert Counter(seen) == Counter(range(14))
    assert time.monotonic() - killed_at < 40
    assert "does not answer; waiting for it" in caplog.text and "is there again" in caplog.text


def test_rabbitmq_is_killed_and_comes_back(
    rabbitmq_server: RabbitServer, start_worker: StartWorker, make_pool: MakePool
) -> None:
    url = rabbitmq_server.url
    start_worker(url, name="one", processes=2)
    seen: list[float | None] = []
    begun = time.monotonic()
    for outcome in make_pool(url).run(pool_tasks.slow, [[0.2, n] for n in range(14)], timeout_s=600):
        seen.append(outcome.result)
        if len(seen) == 5:
            rabbitmq_server.stop()
            rabbitmq_server.start()
    assert Counter(seen) == Counter(range(14))
    assert time.monotonic() - begun < 60


def test_a_machine_dies_over_rabbitmq(
    rabbitmq_server: RabbitServer, start_worker: StartWorker, make_pool: MakePool
) -> None:
    url = rabbitmq_server.url
    dying = start_worker(url, name="dying", processes=2, wait=False)
    start_worker(url, name="steady")
    dying.wait_until_ready()
    seen: list[float | None] = []
    begun = time.monotonic()
    for outcome in make_pool(url).run(pool_tasks.slow, [[0.2, n] for n in range(14)], timeout_s=600):
        seen.append(outcome.result)
        if len(seen) == 5:
            dying.kill()
    assert Counter(seen) == Counter(range(14))
    assert time.monotonic() - begun < 25


def test_a_broker_that_does_not_come_back(redis_process: RedisProcess, make_pool: MakePool) -> None:
    url = redis_url_of(redis_process)
    redis_process.stop()
    begun = time.monotonic()
    with pytest.raises(BrokerUnavailableError, match=r"did not answer for 1\.5 s"):
        list(make_pool(url, patience_s=1.5).run(pool_tasks.double, [1, 2]))
    assert time.monotonic() - begun < 5
    roster = Roster(BrokerOptions(url))
    with pytest.raises(BrokerUnavailableError, match="does not answer"):
        roster.workers()
    roster.close()


def test_a_wrong_password_is_told_at_once_and_never_shown(
    rabbitmq_server: RabbitServer, make_pool: MakePool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = rabbitmq_server.url.replace("guest:guest", "guest:geheim7")
    begun = time.monotonic()
    with pytest.raises(BrokerUnavailableError, match="refuses the user or the password") as raised:
        list(make_pool(url).run(pool_tasks.double, [1, 2]))
    assert time.monotonic() - begun < 10
    roster = Roster(BrokerOptions(url))
    with pytest.raises(BrokerUnavailableError, match="refuses"):
        roster.workers()
    roster.close()
    assert "geheim7" not in caplog.text + str(raised.value) + repr(BrokerOptions(url)) + BrokerOptions(url).address
