"""One service with two events at work: nothing of one ever shows in the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.many_events import Machine, ended_jobs, opened
from tests.service import ServiceClient, service


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def client(machine: Machine) -> Iterator[ServiceClient]:
    with service(machine.settings, build=machine.built) as client:
        yield client


def test_two_events_are_looked_through_at_once(client: ServiceClient, machine: Machine) -> None:
    wedding, party = opened(client, machine.folder / "wedding"), opened(client, machine.folder / "party")
    assert wedding["root"] == f"/events/{wedding['event_id']}"
    assert (wedding["state"], wedding["photos"]) == ("new", 1)
    for event in (wedding, party):
        client.get(f"{event['root']}/health")
    for fake in machine.orchestrators.values():
        fake.hold = True
    for event in (wedding, party):
        answer = client.post(f"{event['root']}/look-through")
        assert answer.status_code == 202
        assert answer.json()["stage"] == "clustering"
        assert answer.headers["location"] == f"{event['root']}/jobs/{answer.json()['id']}"
        assert client.get(answer.headers["location"]).status_code == 200
        again = client.post(f"{event['root']}/look-through")
        assert (again.status_code, again.json()["code"]) == (409, "already_running")
    states = {event["name"]: event["state"] for event in client.get("/events").json()["events"]}
    assert states == {"photos": "new", "wedding": "running", "party": "running"}
    for fake in machine.orchestrators.values():
        fake.release.set()
    first = ended_jobs(client, wedding["root"], 2)
    second = ended_jobs(client, party["root"], 2)
    assert [job["stage"] for job in first] == ["clustering", "scoring"]
    assert first[1]["request"]["after"] == first[0]["id"]
    assert {job["id"] for job in first}.isdisjoint(job["id"] for job in second)
    assert client.get("/jobs").json()["total"] == 0

    person = client.get(f"{wedding['root']}/people").json()["people"][0]
    labelled = client.request("PATCH", f"{wedding['root']}/people/{person['cluster_id']}", json={"name": "Anna"})
    assert labelled.status_code == 200, labelled.text
    photo = client.get(f"{wedding['root']}/photos").json()["photos"][0]
    assert photo["picture_url"].startswith(f"{wedding['root']}/photos/")
    assert client.put(f"{wedding['root']}/picks/{photo['photo_id']}", json={"pick": "picked"}).status_code == 200
    assert "Anna" in client.get(f"{wedding['root']}/people").text
    assert "Anna" not in client.get(f"{party['root']}/people").text
    assert client.get(f"{party['root']}/photos?pick=picked").json()["total"] == 0
    assert client.get("/people").json()["code"] == "not_clustered"
    assert json.loads((Path(wedding["output"]) / "cluster_labels.json").read_text())
    assert not (Path(party["output"]) / "cluster_labels.json").exists()
    assert not (machine.settings.io.output_dir / "cluster_labels.json").exists()
    assert client.get(f"{party['root']}/jobs/{first[0]['id']}").status_code == 404
    named = client.get("/events").json()["events"]
    assert [event["name"] for event in named[1:]] == ["party", "wedding"]
    assert {event["state"] for event in named[1:]} == {"ranked"}


def test_the_list_and_what_was_begun_outlive_the_service(machine: Machine) -> None:
    with service(machine.settings, build=machine.built) as client:
        wedding = opened(client, machine.folder / "wedding")
        client.get(f"{wedding['root']}/health")
        fake = machine.orchestrators["wedding"]
        fake.hold = True
        assert client.post(f"{wedding['root']}/look-through").status_code == 202
        assert fake.began.wait(10)
    machine.orchestrators.clear()
    with service(machine.settings, build=machine.built) as client:
        again = next(event for event in client.get("/events").json()["events"] if event["name"] == "wedding")
        assert (again["event_id"], again["state"]) == (wedding["event_id"], "new")
        assert not machine.orchestrators.get("wedding")
        client.get(f"{wedding['root']}/health")
        jobs = ended_jobs(client, wedding["root"], 3, states={"interrupted", "succeeded"})
        assert [job["stage"] for job in jobs] == ["clustering", "clustering", "scoring"]
        assert [job["state"] for job in jobs] == ["interrupted", "succeeded", "succeeded"]
        assert jobs[1]["request"] == {"then": "scoring", "resumed": True}
