"""The start page: what it says about each state of an event, and which step it recommends."""

from __future__ import annotations

import json
import re

from tests.service import ServiceClient

WAIT_S = 20.0


def next_step(html: str) -> str:
    """The title of the step that the page recommends."""
    found = re.findall(r'aria-current="step".*?<h2>(.*?)</h2>', html, re.DOTALL)
    assert len(found) == 1, html
    return str(found[0])


def test_an_empty_event_begins_with_finding_the_people(empty: ServiceClient) -> None:
    html = empty.get("/").text
    assert next_step(html) == "Find the people"
    assert 'data-start="/cluster"' in html
    assert 'data-start="/score"' not in html


def test_then_people_are_labelled(clustered: ServiceClient) -> None:
    html = clustered.get("/").text
    assert next_step(html) == "Say who matters"
    assert 'href="/review/people"' in html


def test_then_photos_are_ranked(clustered: ServiceClient) -> None:
    labels = clustered.settings.io.output_dir / "cluster_labels.json"
    labels.write_text(json.dumps({"0": "main"}), encoding="utf-8")
    html = clustered.get("/").text
    assert next_step(html) == "Rank the photos"
    assert "1 main" in html


def test_a_job_at_work_is_shown_with_a_way_to_stop_it(clustered: ServiceClient) -> None:
    clustered.orchestrator.hold = True
    job = clustered.post("/cluster").json()
    assert clustered.orchestrator.began.wait(WAIT_S)
    html = clustered.get("/").text
    assert f'data-job="{job["id"]}"' in html
    assert 'id="job-stop"' in html
    assert 'aria-current="step"' not in html


def test_the_fragment_is_the_page_without_its_frame(clustered: ServiceClient) -> None:
    fragment = clustered.get("/fragments/event").text
    assert "<html" not in fragment
    assert fragment.strip() in clustered.get("/").text
