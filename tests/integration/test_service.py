"""The service as a whole, with an orchestrator that writes tables instead of looking at photos."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from curation.jobs.job import Stage
from curation.jobs.store import JobStore
from tests.described_service import AUTHORISED, KNOWN_IDS, described_service
from tests.service import (
    FakeOrchestrator,
    ServiceClient,
    make_settings,
    service,
)

WAIT_S = 20.0


def test_a_whole_event(tmp_path: Path) -> None:
    with service(make_settings(tmp_path)) as client:
        client.finished(client.post("/cluster"))
        clusters = client.get("/clusters").json()["clusters"]
        assert client.get(clusters[0]["thumbnail_url"]).headers["content-type"] == "image/jpeg"
        labels = {str(clusters[0]["id"]): {"name": "Anna", "category": "main"}}
        etag = client.get("/labels").headers["etag"]
        assert client.put("/labels", json=labels, headers={"if-match": etag}).status_code == 200
        client.finished(client.post("/score"))
        best = client.get("/photos?person=Anna&limit=1").json()["photos"][0]
        assert (best["image_path"], best["rank"]) == ("a.jpg", 1)
        assert b"a.jpg" in client.get("/downloads/photo_scores.csv").content


def test_the_end_of_the_service_interrupts_its_job_and_a_new_one_shows_it(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    working = FakeOrchestrator(settings)
    working.hold = True
    with service(settings, working) as client:
        started = client.post("/cluster")
        assert working.began.wait(WAIT_S)
    with service(settings) as client:
        job = client.get(started.headers["location"]).json()
        assert (job["state"], job["error"]["code"]) == ("interrupted", "interrupted")
        assert job["finished_at"] is not None
        client.finished(client.post("/cluster"))
        assert client.get("/jobs").json()["total"] == 2


def test_a_restart_ends_the_job_of_a_service_that_was_killed(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    killed = JobStore(settings.io.state_dir / "jobs.sqlite3")
    job = killed.create(Stage.CLUSTERING)
    killed.close()  # the operating system gives the lock of a killed process back
    with service(settings) as client:
        found = client.get(f"/jobs/{job.id}").json()
        assert found["state"] == "interrupted"
        assert "start the clustering stage again" in found["error"]["message"]


def test_of_many_requests_at_once_one_starts(tmp_path: Path) -> None:
    with service(make_settings(tmp_path)) as client:
        client.orchestrator.hold = True
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.post("/cluster"), range(8)))
        assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
        assert {a.json()["code"] for a in answers if a.status_code == 409} == {"already_running"}
        client.orchestrator.release.set()
        client.finished(next(answer for answer in answers if answer.status_code == 202))


def test_two_services_on_one_folder_share_the_lock(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with service(settings) as first, service(settings) as second:
        first.orchestrator.hold = True
        started = first.post("/cluster")
        assert first.orchestrator.began.wait(WAIT_S)
        assert second.post("/cluster").status_code == 409
        assert second.get(started.headers["location"]).json()["state"] == "running"
        first.orchestrator.release.set()
        first.finished(started)
        second.finished(second.post("/cluster"))


def test_health_answers_while_every_thread_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    busy, release = threading.Semaphore(0), threading.Event()

    def slow(*args: Any) -> tuple[()]:
        busy.release()
        release.wait(WAIT_S)
        return ()

    with service(make_settings(tmp_path)) as client:
        monkeypatch.setattr(client.app.state.service.catalog, "clusters", slow)
        transport = httpx.ASGITransport(client.app)

        async def requests() -> list[int]:
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                slow_ones = [asyncio.create_task(http.get("/clusters")) for _ in range(60)]
                for _ in range(40):  # the threads that Starlette has
                    while not busy.acquire(blocking=False):
                        await asyncio.sleep(0.001)
                health = await asyncio.wait_for(http.get("/health"), WAIT_S)
                release.set()
                return [health.status_code, *(answer.status_code for answer in await asyncio.gather(*slow_ones))]

        assert set(asyncio.run(requests())) == {200}


@pytest.fixture
def described(tmp_path: Path) -> Iterator[ServiceClient]:
    with described_service(tmp_path) as client:
        yield client


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_requests_of_all_kinds_get_documented_answers(described: ServiceClient, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", described.app, headers=AUTHORISED)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    tried, operations = set(), set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        operations.add(operation.label)

        @hypothesis.given(operation.as_strategy(generation_mode=mode), st.booleans())
        @hypothesis.settings(
            # Most wrong requests are refused by the same few rules.
            max_examples=15 if mode is GenerationMode.POSITIVE else 8,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        def send(case: schemathesis.Case[Any], is_known: bool) -> None:
            tried.add(case.operation.label)
            if is_known and mode is GenerationMode.POSITIVE:
                # Hardly any id that is made up is one that there is.
                for name in KNOWN_IDS.keys() & (case.path_parameters or {}).keys():
                    case.path_parameters[name] = KNOWN_IDS[name]
            case.call_and_validate(checks=checks, headers=AUTHORISED)

        # An operation that takes nothing cannot be asked wrongly.
        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
            send()
    assert operations >= {"POST /cluster", "GET /photos", "POST /photos", "GET /jobs/events"}
    if mode is GenerationMode.POSITIVE:
        assert tried == operations
    else:
        assert len(tried) > len(operations) / 2, operations - tried
