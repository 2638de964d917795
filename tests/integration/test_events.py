"""One service with two events at work: nothing of one ever shows in the other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.settings import Settings
from tests.service import FakeOrchestrator, ServiceClient, make_settings, service

TOKEN = "a token of enough characters"


class Machine:
    """A machine with a folder of photos of two events, and the orchestrators of whichever are opened."""

    def __init__(self, folder: Path, **service_settings: Any) -> None:
        for name in ("photos", "wedding", "party"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name / "a.jpg").write_bytes(b"not a photo")
        self.folder = folder
        self.orchestrators: dict[str, FakeOrchestrator] = {}
        roots = {"folder_roots": [str(folder)]}
        self.settings = make_settings(folder, service=roots | service_settings)

    def built(self, settings: Settings) -> FakeOrchestrator:
        """Given to the service as what builds orchestrators."""
        return self.orchestrators.setdefault(Path(settings.io.input_dir).name, FakeOrchestrator(settings))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def client(machine: Machine) -> Iterator[ServiceClient]:
    with service(machine.settings, build=machine.built) as client:
        yield client


def opened(client: ServiceClient, folder: Path) -> dict[str, Any]:
    answer = client.post("/events", json={"folder": str(folder)})
    assert answer.status_code == 201, answer.text
    event: dict[str, Any] = answer.json()
    return event


def waited(client: ServiceClient, root: str) -> list[dict[str, Any]]:
    """The jobs of an event, the oldest first, when none runs any more."""
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s:
        jobs: list[dict[str, Any]] = client.get(f"{root}/jobs").json()["jobs"]
        if len(jobs) == 2 and all(job["state"] == "succeeded" for job in jobs):
            return jobs[::-1]
        time.sleep(0.02)
    raise AssertionError(jobs)


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
    assert states == {"photos": "new", "wedding": "running", "party": "running"} | states
    for fake in machine.orchestrators.values():
        fake.release.set()
    first = waited(client, wedding["root"])
    second = waited(client, party["root"])
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
