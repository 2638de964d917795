"""The page Workers."""

from __future__ import annotations

from pathlib import Path

from curation.api.pages.workers.view import workers_view
from curation.errors import BrokerUnavailableError
from curation.jobs.who_works import AtWork
from curation.workers.at_work import ProcessAtWork, TaskAtWork
from tests.fake_workers import FakeRoster, worker_state
from tests.service import ServiceClient, make_settings, service


def test_the_local_pool_without_a_job(empty: ServiceClient) -> None:
    text = empty.get("/review/workers").text
    assert "performance.pool: local" in text
    assert "No job runs." in text


def test_processes_of_this_service() -> None:
    processes = [
        ProcessAtWork(None, 0.0, None, 0, 0),
        ProcessAtWork(12, 0.0, TaskAtWork("a.jpg", "score_photo_worker", 0.0), 3, 1),
        ProcessAtWork(13, 0.0, TaskAtWork("cluster_faces_worker", "cluster_faces_worker", 0.0), 3, 1),
        ProcessAtWork(14, 0.0, None, 3, 1),
    ]
    view = workers_view(AtWork("local", None, "", (), processes), ())
    assert [card.state for card in view.cards] == ["starting", "working", "working", "waiting"]
    assert (view.processes, view.busy, view.refused) == (4, 2, 0)
    assert [(task.label, task.words) for card in view.cards for task in card.tasks] == [
        ("a.jpg", "measuring"),
        ("", "grouping all faces by person"),
    ]


def test_workers_of_other_machines_who_gets_no_work_first(tmp_path: Path) -> None:
    roster = FakeRoster(
        worker_state("a@one", "<b>.jpg", done=1234),
        worker_state("b@two", refused="it is version 0.0.9, not 0.1.0: update it"),
    )
    settings = make_settings(tmp_path, workers={"broker_url": "redis://:pass-word-9@127.0.0.1:6379/0"})
    with service(settings, who_works=roster.who_works) as client:
        page, fragment = client.get("/review/workers").text, client.get("/fragments/workers").text
    for text in (page, fragment):
        assert text.index("b@two") < text.index("a@one")
        assert "it is version 0.0.9, not 0.1.0: update it" in text
        assert "1 of 2 processes at work" in text
        assert "1 worker gets no work" in text
        assert "&lt;b&gt;.jpg" in text
        assert "1,234 done" in text
        assert "pass-word-9" not in text
    assert "redis://127.0.0.1:6379/0" in page


def test_nobody_is_there(tmp_path: Path) -> None:
    with service(make_settings(tmp_path), who_works=FakeRoster().who_works) as client:
        assert "python -m curation worker" in client.get("/review/workers").text


def test_a_broker_that_is_away(tmp_path: Path) -> None:
    roster = FakeRoster()
    roster.error = BrokerUnavailableError("the broker does not answer: start it")
    with service(make_settings(tmp_path), who_works=roster.who_works) as client:
        text = client.get("/review/workers").text
    assert "the broker does not answer: start it" in text
    assert "No worker is there" not in text
