"""Stopping jobs and reading their logs over HTTP."""

from __future__ import annotations

import logging

import pytest

from curation.errors import PhotosMissingError
from tests.service import ServiceClient
from tests.unit.api.http.test_errors import problem

WAIT_S = 20.0
UNKNOWN = "0" * 32


class TestCancel:
    def test_a_job_at_work_is_cancelled(self, clustered: ServiceClient) -> None:
        before = (clustered.settings.io.output_dir / "face_data.csv").read_bytes()
        clustered.orchestrator.hold = True
        started = clustered.post("/cluster")
        assert clustered.orchestrator.began.wait(WAIT_S)
        asked = clustered.request("DELETE", started.headers["location"])
        assert asked.status_code == 202
        assert asked.json()["cancel_requested_at"]
        job = clustered.finished(started)
        assert (job["state"], job["error"]["code"]) == ("cancelled", "cancelled")
        assert "start the clustering stage again" in job["error"]["message"]
        assert (clustered.settings.io.output_dir / "face_data.csv").read_bytes() == before
        assert clustered.request("DELETE", started.headers["location"]).json() == job
        clustered.orchestrator.hold = False
        assert clustered.finished(clustered.post("/score"))["state"] == "succeeded"

    def test_one_that_ended(self, empty: ServiceClient) -> None:
        started = empty.post("/cluster")
        empty.finished(started)
        body = problem(empty.request("DELETE", started.headers["location"]), 409, "job_ended")
        assert "succeeded" in body["detail"]

    def test_one_that_never_was(self, empty: ServiceClient) -> None:
        problem(empty.request("DELETE", f"/jobs/{UNKNOWN}"), 404, "job_not_found")
        problem(empty.request("DELETE", "/jobs/..%2F..%2Fetc"), 404, "not_found")


class TestLog:
    @pytest.fixture(autouse=True)
    def _messages(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "curation")

    def test_it_tells_the_story_of_the_job(self, empty: ServiceClient) -> None:
        empty.orchestrator.error = PhotosMissingError("there is no photo in \udcff; put some there")
        started = empty.post("/cluster")
        empty.finished(started)
        answer = empty.get(started.headers["location"] + "/log")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        lines = answer.text.splitlines()
        assert "clustering begins" in lines[0]
        assert "there is no photo in \\udcff" in lines[-1]
        assert empty.get(started.headers["location"] + "/log?tail=1").text.splitlines() == lines[-1:]

    def test_unknown(self, empty: ServiceClient) -> None:
        problem(empty.get(f"/jobs/{UNKNOWN}/log"), 404, "job_not_found")
        problem(empty.get(f"/jobs/{UNKNOWN}/log?tail=0"), 422, "request_invalid")
