"""Fetching the better engine from the page: only when asked, as a job that can be stopped and gone on with."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from curation.engines import selection
from curation.engines.weights import registry as registry_module
from tests.integration.file_server import Manners, Server, serving
from tests.service import ServiceClient, make_settings, service, write_face_data

CONTENT = np.random.default_rng(1).bytes(2_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAMES = (registry_module.RETINAFACE_FILE, registry_module.ARCFACE_FILE)
WAIT_S = 20.0


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Hands out both files, which need not be networks."""
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")
    monkeypatch.setattr(selection, "_checks_on_cpu", dict)
    with serving() as running:
        known = dict(registry_module.REGISTRY)
        for name in NAMES:
            known[name] = replace(known[name], addresses=(f"{running.address}/{name}",), sha256=SHA256)
            running.paths[f"/{name}"] = Manners(CONTENT)
        monkeypatch.setattr(registry_module, "REGISTRY", MappingProxyType(known))
        yield running


@pytest.fixture
def client(server: Server, tmp_path: Path) -> Iterator[ServiceClient]:
    with service(make_settings(tmp_path)) as started:
        yield started


def here(client: ServiceClient) -> list[str]:
    return [name for name in NAMES if (client.settings.io.models_dir / name).is_file()]


def test_they_come_when_they_are_asked_for_and_never_before(client: ServiceClient, server: Server) -> None:
    engine = client.get("/engine").json()
    assert (engine["name"], engine["can_fetch"], engine["must_fetch"]) == ("dlib", True, False)
    assert [file["name"] for file in engine["missing"]] == list(NAMES)
    client.get("/review/event")
    client.get("/fragments/event/engine")
    assert server.requests == []

    job = client.finished(client.post("/engine/weights"))
    assert (job["stage"], job["state"]) == ("weights", "succeeded"), job["error"]
    assert (job["counts"]["files"], job["counts"]["bytes"]) == (2, 2 * len(CONTENT))
    assert job["progress"]["done"] == job["progress"]["total"] == len(CONTENT)
    assert here(client) == list(NAMES)
    assert client.get("/engine").json()["name"] == "retinaface-arcface"
    assert client.get("/fragments/event/engine").text.strip() == ""
    again = client.post("/engine/weights")
    assert (again.status_code, again.json()["code"]) == (409, "weights_present")


def test_a_connection_that_breaks_is_gone_on_with_at_the_next_press(client: ServiceClient, server: Server) -> None:
    server.paths[f"/{NAMES[0]}"].cuts = [1_200_000, 0]
    job = client.finished(client.post("/engine/weights"))
    assert (job["state"], job["error"]["code"]) == ("failed", "weights_missing")
    assert here(client) == []
    begun = client.get("/engine").json()["missing"][0]["here_bytes"]
    assert 1_000_000 < begun <= 1_200_000
    assert "Go on fetching" in client.get("/fragments/event/engine").text

    assert client.finished(client.post("/engine/weights"))["state"] == "succeeded"
    assert f"bytes={begun}-" in [range_ for _, range_, _ in server.requests]


def test_a_file_with_another_content_is_thrown_away(client: ServiceClient, server: Server) -> None:
    server.paths[f"/{NAMES[1]}"].content = CONTENT[::-1]
    job = client.finished(client.post("/engine/weights"))
    assert (job["state"], job["error"]["code"]) == ("failed", "weights_broken")
    assert SHA256 in job["error"]["message"]
    assert here(client) == [NAMES[0]]
    assert client.get("/engine").json()["name"] == "dlib"


def test_it_stops_within_two_seconds_although_the_server_says_nothing(client: ServiceClient, server: Server) -> None:
    server.paths[f"/{NAMES[0]}"].delay_s = 5.0
    job = client.post("/engine/weights").json()
    time.sleep(0.3)
    began_s = time.monotonic()
    client.request("DELETE", f"/jobs/{job['id']}")
    while client.get(f"/jobs/{job['id']}").json()["state"] == "running":
        assert time.monotonic() - began_s < WAIT_S
        time.sleep(0.02)
    assert time.monotonic() - began_s < 2.0
    stopped = client.get(f"/jobs/{job['id']}").json()
    assert stopped["state"] == "cancelled"
    assert "what has arrived is kept: fetch again" in stopped["error"]["message"]
    server.paths[f"/{NAMES[0]}"].delay_s = 0.0


def test_an_event_keeps_the_engine_it_was_looked_through_with(client: ServiceClient) -> None:
    write_face_data(client.settings.io.output_dir, [("a.jpg", 0)])
    assert client.finished(client.post("/engine/weights"))["state"] == "succeeded"
    engine = client.get("/engine").json()
    assert (engine["name"], engine["keeps"], engine["missing"]) == ("dlib", True, [])
    assert "New events use the better one" in client.get("/fragments/event/engine").text


def test_nothing_is_fetched_where_downloads_are_switched_off(server: Server, tmp_path: Path) -> None:
    with service(make_settings(tmp_path, engine={"download": False})) as client:
        answer = client.post("/engine/weights")
        assert (answer.status_code, answer.json()["code"]) == (409, "downloads_off")
        assert "<button" not in client.get("/fragments/event/engine").text
    assert server.requests == []
