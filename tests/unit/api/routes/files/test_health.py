"""Files to copy again, over HTTP and on their page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.domain.faces.ids import photo_id
from tests.fake_workflow import FakeEvent, fake_event
from tests.service import ServiceClient, service
from tests.unit.api.http.test_errors import problem


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """One whole photo, two broken files, one photo that is in iCloud only."""
    with fake_event(tmp_path) as event:
        event.add("whole.png", 0, 1)
        (event.photos / "cut <b>.png").write_bytes((event.photos / "whole.png").read_bytes()[:900])
        (event.photos / "empty.jpg").touch()
        (event.photos / ".far.heic.icloud").write_bytes(b"bplist00")
        event.cluster()
        yield event


@pytest.fixture
def client(event: FakeEvent) -> Iterator[ServiceClient]:
    with service(event.settings()) as client:
        yield client


def test_before_clustering(empty: ServiceClient) -> None:
    problem(empty.get("/files"), 409, "not_clustered")
    problem(empty.get("/downloads/file_health.csv"), 409, "not_clustered")


def test_the_list(client: ServiceClient) -> None:
    body = client.get("/files").json()
    assert {file["image_path"]: file["fault"] for file in body["files"]} == {
        "cut <b>.png": "cut", "empty.jpg": "empty", "far.heic": "placeholder",
    }  # fmt: skip
    assert (body["total"], body["counts"]) == (3, {"photos": 3, "broken": 2, "absent": 1})
    assert body["told"][0] == "2 files are broken: copy these again before you format the card"
    ids = {file["image_path"]: file["photo_id"] for file in body["files"]}
    assert (ids["empty.jpg"], ids["far.heic"]) == (photo_id("empty.jpg"), None)
    page = client.get("/files", params={"limit": 1, "offset": 1}).json()
    assert [file["image_path"] for file in page["files"]] == ["empty.jpg"]
    assert (page["total"], page["counts"]) == (body["total"], body["counts"])
    assert client.get("/downloads/file_health.csv").text.count("\n") == 4


def test_the_pages(client: ServiceClient) -> None:
    page = client.get("/review/files").text
    assert "Copy these again before you format the card" in page and "Not on this disk" in page
    assert "cut &lt;b&gt;.png" in page and "cut <b>.png" not in page
    assert f"/review/photos/{photo_id('empty.jpg')}" in page and photo_id("far.heic") not in page
    event_page = client.get("/review/event").text
    assert "2 files are broken: copy these again before you format the card" in event_page
    assert 'href="/review/files"' in event_page


def test_when_all_is_whole_again(client: ServiceClient, event: FakeEvent) -> None:
    event.add("cut <b>.png", 0, seed=3)
    (event.photos / "empty.jpg").unlink()
    (event.photos / ".far.heic.icloud").unlink()
    event.cluster()
    body = client.get("/files").json()
    assert (body["files"], body["told"], body["counts"]) == ([], [], {"photos": 2, "broken": 0, "absent": 0})
    assert "All files are whole" in client.get("/review/files").text
    assert "/review/files" not in client.get("/review/event").text


def test_a_record_of_an_earlier_version_says_nothing(client: ServiceClient, event: FakeEvent) -> None:
    record = event.output / "clustering_run.json"
    record.write_text(record.read_text().replace('"files"', '"of an earlier version"'))
    assert client.get("/files").json()["files"] == []
