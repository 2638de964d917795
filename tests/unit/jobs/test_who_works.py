from __future__ import annotations

from pathlib import Path

from curation.errors import BrokerUnavailableError
from curation.jobs.who_works import WhoWorks
from tests.fake_workers import FakeRoster, worker_state
from tests.service import make_settings


def test_the_local_pool_asks_no_broker(tmp_path: Path) -> None:
    roster = FakeRoster()
    now = WhoWorks(make_settings(tmp_path), roster).now()
    assert (now.pool, now.broker, now.problem, now.workers, now.processes) == ("local", None, "", (), ())
    assert roster.asked == 0


def test_many_pages_ask_the_broker_once_a_second(tmp_path: Path) -> None:
    roster = FakeRoster(worker_state("b"), worker_state("a"))
    who_works = roster.who_works(make_settings(tmp_path))
    for _ in range(5):
        assert [worker.facts.name for worker in who_works.now().workers] == ["a", "b"]
    assert roster.asked == 1


def test_a_broker_that_is_away_is_said(tmp_path: Path) -> None:
    roster = FakeRoster(worker_state("a"))
    roster.error = BrokerUnavailableError("the broker does not answer")
    now = roster.who_works(make_settings(tmp_path)).now()
    assert (now.broker, now.problem, now.workers) == (
        "redis://127.0.0.1:6379/0",
        "the broker does not answer",
        (),
    )
