"""Exports over HTTP: from the request to the ZIP file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.domain.faces.ids import photo_id
from tests.photo_files import four_corners, save
from tests.service import ServiceClient, make_settings, service

NAMES = ("a.jpg", "b.jpg", "c d.jpg", "d.jpg")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[ServiceClient]:
    """A service over an event of four photos, clustered and scored by the fake."""
    settings = make_settings(tmp_path)
    settings.io.input_dir.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        save(settings.io.input_dir / name, four_corners(), "JPEG")
    with service(settings) as client:
        assert client.finished(client.post("/cluster"))["state"] == "succeeded"
        assert client.finished(client.post("/score"))["state"] == "succeeded"
        yield client


def exported(client: ServiceClient, body: dict[str, Any]) -> dict[str, Any]:
    job = client.finished(client.post("/exports", json=body))
    assert job["state"] == "succeeded", job
    found: dict[str, Any] = client.get(f"/exports/{job['id']}").json()
    return found


def test_photos_by_id_come_as_a_zip_file_in_their_order(client: ServiceClient) -> None:
    ids = [photo_id("d.jpg"), photo_id("a.jpg")]
    export = exported(client, {"photos": ids, "mode": "zip", "name": "Zoës Fest"})
    assert export["photos"] == 2 and export["failed"] == 0 and export["name"] == "Zoës Fest.zip"
    answer = client.get(export["download_url"])
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Zo?s Fest.zip\"; filename*=UTF-8''Zo%C3%ABs%20Fest.zip"
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["d.jpg", "a.jpg", "contact_sheet.html", "photos.csv"]
        assert archive.testzip() is None
    again = client.get(export["download_url"], headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_without_photos_the_picked_ones_are_taken(client: ServiceClient) -> None:
    client.put(f"/picks/{photo_id('b.jpg')}", json={"pick": "picked", "rating": 4})
    export = exported(client, {})
    folder = Path(export["path"])
    assert folder.parent == client.settings.io.exports
    assert sorted(path.name for path in folder.iterdir()) == ["b.jpg", "contact_sheet.html", "photos.csv"]
    assert export["download_url"] is None
    answer = client.get(f"/exports/{export['job_id']}/download")
    assert answer.status_code == 409 and answer.json()["code"] == "no_download"


def test_the_best_photos_leave_out_rejected_and_unreadable_ones(client: ServiceClient) -> None:
    client.put(f"/picks/{photo_id('b.jpg')}", json={"pick": "rejected"})
    export = exported(client, {"best": 10, "csv": False, "contact_sheet": False})
    assert sorted(path.name for path in Path(export["path"]).iterdir()) == ["a.jpg", "d.jpg"]


def test_nothing_picked_is_a_problem_that_says_what_to_do(client: ServiceClient) -> None:
    answer = client.post("/exports", json={})
    assert answer.status_code == 409 and answer.json()["code"] == "nothing_to_export"
    assert "PATCH /picks" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "hardlink", "embed": True},
        {"best": 3, "photos": ["1f0c4be9d93c4c3c"]},
        {"name": "../elsewhere"},
        {"name": ".hidden"},
        {"name": "CON"},
        {"photos": ["a.jpg"]},
        {"best": 0},
        {"path": "/tmp"},
    ],
    ids=json.dumps,
)
def test_impossible_requests_are_refused(client: ServiceClient, body: dict[str, Any]) -> None:
    answer = client.post("/exports", json=body)
    assert answer.status_code == 422 and answer.json()["code"] == "request_invalid", answer.text
    assert not client.settings.io.exports.exists()


def test_unknown_photos_and_exports_are_not_found(client: ServiceClient) -> None:
    answer = client.post("/exports", json={"photos": ["0" * 16]})
    assert answer.status_code == 404 and answer.json()["code"] == "photo_not_found"
    clustering = client.get("/jobs", params={"stage": "clustering"}).json()["jobs"][0]["id"]
    for unknown in ("nothing", clustering):
        for url in (f"/exports/{unknown}", f"/exports/{unknown}/download"):
            answer = client.get(url)
            assert answer.status_code == 404 and answer.json()["code"] == "export_not_found"


def test_a_zip_file_that_was_removed_is_reported(client: ServiceClient) -> None:
    export = exported(client, {"best": 1, "mode": "zip"})
    Path(export["path"]).unlink()
    answer = client.get(export["download_url"])
    assert answer.status_code == 404 and answer.json()["code"] == "export_gone"


def test_a_running_export_can_be_stopped_and_leaves_nothing(client: ServiceClient) -> None:
    client.orchestrator.began.clear()
    client.orchestrator.hold = True
    started = client.post("/exports", json={"best": 2, "mode": "zip"})
    assert client.orchestrator.began.wait(10)
    job_id = started.json()["id"]
    assert client.get(f"/exports/{job_id}/download").json()["code"] == "not_finished"
    second = client.post("/exports", json={"best": 2})
    assert second.status_code == 409 and second.json()["job_id"] == job_id
    assert client.request("DELETE", f"/jobs/{job_id}").status_code in (200, 202)
    stopped = client.finished(started)
    assert stopped["state"] == "cancelled" and "nothing of the export is left" in stopped["error"]["message"]
    assert not client.settings.io.exports.exists() or not list(client.settings.io.exports.iterdir())


def test_before_the_clustering_there_is_nothing_to_export(tmp_path: Path) -> None:
    with service(make_settings(tmp_path)) as client:
        answer = client.post("/exports", json={"best": 1})
        assert answer.status_code == 409 and answer.json()["code"] == "not_clustered"
        client.finished(client.post("/cluster"))
        answer = client.post("/exports", json={"best": 1})
    assert answer.status_code == 409 and answer.json()["code"] == "not_scored"


def test_a_number_of_photos_is_a_number(client: ServiceClient) -> None:
    for best in (True, "3", 1.5):
        assert client.post("/exports", json={"best": best}).status_code == 422
