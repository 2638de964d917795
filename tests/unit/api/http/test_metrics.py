"""The metrics for Prometheus."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from curation.errors import StorageError
from tests.service import ServiceClient, make_settings, service
from tests.unit.api.http.test_errors import problem

Labels = frozenset[tuple[str, str]]


def numbers(client: ServiceClient) -> dict[tuple[str, Labels], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def requests(client: ServiceClient) -> dict[tuple[str, str, str], float]:
    found = {}
    for (name, labels), value in numbers(client).items():
        if name == "curation_http_requests_total":
            of = dict(labels)
            found[of["method"], of["route"], of["status"]] = value
    return found


def test_requests_are_counted_by_route_not_by_address(scored: ServiceClient) -> None:
    for number in (0, 1, 7):
        scored.get(f"/clusters/{number}")
    scored.get("/no/such/thing")
    scored.get("/health", headers={"host": "evil.example"})
    scored.request("BREW", "/health")
    found = requests(scored)
    assert found["GET", "/clusters/{cluster_id}", "200"] == 2
    assert found["GET", "/clusters/{cluster_id}", "404"] == 1
    assert found["GET", "none", "404"] == 1
    assert found["GET", "none", "400"] == 1
    assert sum(value for (method, _, status), value in found.items() if (method, status) == ("other", "405")) == 1
    assert not [key for key in found if "BREW" in key]


def test_durations_without_streams(empty: ServiceClient) -> None:
    empty.get("/health")
    empty.get("/jobs/events")
    found = numbers(empty)

    def count(route: str) -> float | None:
        labels = frozenset({("method", "GET"), ("route", route)})
        return found.get(("curation_http_request_duration_seconds_count", labels))

    assert count("/health") == 1
    assert count("/jobs/events") is None
    assert requests(empty)["GET", "/jobs/events", "200"] == 1


def test_an_error_of_ours_counts_as_such(empty: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(job_id: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(empty.app.state.service.runner, "get", broken)
    assert empty.get("/jobs/1").status_code == 500
    assert requests(empty)["GET", "/jobs/{job_id}", "500"] == 1


def test_the_event(scored: ServiceClient) -> None:
    found = numbers(scored)
    assert found["curation_photos", frozenset()] == 4
    assert found["curation_faces", frozenset()] == 7
    assert found["curation_clusters", frozenset()] == 2
    assert found["curation_pictures_made", frozenset()] == 0


def test_before_there_is_anything(empty: ServiceClient) -> None:
    names = {name for name, _ in numbers(empty)}
    assert "curation_photos" not in names
    assert "curation_faces" not in names
    assert "curation_build_info" in names


def test_jobs(empty: ServiceClient) -> None:
    empty.finished(empty.post("/cluster"))
    empty.orchestrator.hold = True
    empty.orchestrator.began.clear()
    started = empty.post("/score")
    assert empty.orchestrator.began.wait(20)
    found = numbers(empty)
    assert found["curation_jobs", frozenset({("stage", "clustering"), ("state", "succeeded")})] == 1
    assert found["curation_jobs", frozenset({("stage", "scoring"), ("state", "running")})] == 1
    assert found["curation_job_total", frozenset({("stage", "scoring"), ("phase", "photos")})] == 4
    empty.orchestrator.release.set()
    empty.finished(started)


def test_a_table_that_cannot_be_read_takes_nothing_else_away(
    scored: ServiceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise StorageError("the disk is gone")

    monkeypatch.setattr(scored.app.state.service.runner, "counts", broken)
    found = numbers(scored)
    assert found["curation_photos", frozenset()] == 4
    assert not [name for name, _ in found if name == "curation_jobs"]


def test_the_numbers_are_not_for_everybody(tmp_path: Path) -> None:
    with service(make_settings(tmp_path, service={"token": "0123456789-abcdefghij"})) as client:
        problem(client.get("/metrics"), 401, "token_needed")
