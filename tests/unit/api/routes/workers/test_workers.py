"""Who works on what, as JSON."""

from __future__ import annotations

from pathlib import Path

from curation.errors import BrokerUnavailableError
from tests.fake_workers import AGO_S, FakeRoster, worker_state
from tests.service import ServiceClient, make_settings, service

SECRET = {"workers": {"broker_url": "amqp://anna:pass-word-9@127.0.0.1:5672//"}}


def test_the_local_pool_without_a_job(empty: ServiceClient) -> None:
    assert empty.get("/workers").json() == {
        "pool": "local",
        "broker": None,
        "running_jobs": [],
        "workers": [],
        "processes": [],
    }


def test_the_running_job_is_named(empty: ServiceClient) -> None:
    empty.orchestrator.hold = True
    started = empty.post("/cluster")
    assert empty.orchestrator.began.wait(20)
    found = empty.get("/workers").json()
    empty.orchestrator.release.set()
    assert found["running_jobs"] == [{"id": started.json()["id"], "stage": "clustering"}]
    empty.finished(started)


def test_workers_with_their_tasks(tmp_path: Path) -> None:
    roster = FakeRoster(
        worker_state("b", "day 2/ü.jpg", done=40, failed=2),
        worker_state("a", refused="it lacks arcface_weights.onnx"),
    )
    with service(make_settings(tmp_path, **SECRET), who_works=roster.who_works) as client:
        response = client.get("/workers")
    found = response.json()
    assert "pass-word-9" not in response.text
    assert found["pool"] == "celery"
    assert found["broker"] == {"address": "amqp://127.0.0.1:5672", "reachable": True, "problem": None}
    refused, able = found["workers"]
    assert (refused["name"], refused["refused"], refused["tasks"]) == ("a", "it lacks arcface_weights.onnx", [])
    assert (able["name"], able["refused"], able["done"], able["failed"]) == ("b", None, 40, 2)
    (task,) = able["tasks"]
    assert (task["label"], task["function"], task["run"]) == ("day 2/ü.jpg", "analyse_photo_worker", "9b1c0c5e")
    assert 3 <= task["seconds"] < AGO_S
    assert able["host"] == "photo-7"
    assert able["since"].endswith("+00:00")


def test_a_broker_that_is_away_is_no_error(tmp_path: Path) -> None:
    roster = FakeRoster()
    roster.error = BrokerUnavailableError("the broker does not answer: start it")
    with service(make_settings(tmp_path, **SECRET), who_works=roster.who_works) as client:
        found = client.get("/workers")
    assert found.status_code == 200
    assert found.json()["broker"] == {
        "address": "amqp://127.0.0.1:5672",
        "reachable": False,
        "problem": "the broker does not answer: start it",
    }


def test_only_with_the_token(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, service={"token": "t" * 20})
    with service(settings) as client:
        assert client.get("/workers").status_code == 401
        assert client.get("/workers", headers={"authorization": f"Bearer {'t' * 20}"}).status_code == 200
