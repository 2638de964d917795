"""Sidecars beside the originals over HTTP: the list, the writing, and taking back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.domain.faces.ids import photo_id
from tests.photo_files import four_corners, save
from tests.service import ServiceClient, make_settings, service
from tests.xmp_files import read_back

NAMES = ("a.jpg", "b.jpg", "c d.jpg", "d.jpg")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[ServiceClient]:
    settings = make_settings(tmp_path)
    settings.io.input_dir.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        save(settings.io.input_dir / name, four_corners(), "JPEG")
    with service(settings) as client:
        assert client.finished(client.post("/cluster"))["state"] == "succeeded"
        assert client.finished(client.post("/score"))["state"] == "succeeded"
        yield client


def ran(client: ServiceClient, address: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    job = client.finished(client.post(address, json=body) if body is not None else client.post(address))
    assert job["state"] == "succeeded", job
    found: dict[str, Any] = client.get(f"/sidecars/{job['id']}").json()
    return found


def test_listed_written_and_taken_back(client: ServiceClient, tmp_path: Path) -> None:
    assert client.post("/sidecars", json={"for": "digikam"}).json()["code"] == "nothing_to_export"
    client.put(f"/picks/{photo_id('b.jpg')}", json={"pick": "picked", "rating": 4})
    before = sorted(path.name for path in (tmp_path / "photos").iterdir())
    listed = ran(client, "/sidecars", {"for": "digikam"})
    assert listed["dry_run"] and listed["new"] == 1 and not listed["can_undo"] and listed["for"] == "digikam"
    entry = listed["entries"][0]
    assert (entry["file"], entry["action"], entry["photo_id"]) == ("b.jpg.xmp", "new", photo_id("b.jpg"))
    assert sorted(path.name for path in (tmp_path / "photos").iterdir()) == before
    refused = client.post(f"/sidecars/{listed['job_id']}/undo")
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_undo")

    written = ran(client, "/sidecars", {"for": "digikam", "dry_run": False})
    assert written["can_undo"] and Path(written["backup"]).is_dir()
    assert read_back(tmp_path / "photos" / "b.jpg.xmp")["XMP-xmp:Rating"] == 4
    undone = ran(client, f"/sidecars/{written['job_id']}/undo")
    assert undone["removed"] == 1 and undone["undoes"] == written["job_id"]
    assert sorted(path.name for path in (tmp_path / "photos").iterdir()) == before
    again = client.get(f"/sidecars/{written['job_id']}").json()
    assert again["undone_at"] and not again["can_undo"]
    assert client.post(f"/sidecars/{written['job_id']}/undo").json()["code"] == "nothing_to_undo"


def test_the_list_comes_in_pages(client: ServiceClient) -> None:
    for name in NAMES:
        client.put(f"/picks/{photo_id(name)}", json={"rating": 3})
    run = ran(client, "/sidecars", {"for": "lightroom", "which": "all"})
    assert run["refused"] == 4 and run["total"] == 4
    page = client.get(f"/sidecars/{run['job_id']}?limit=1&offset=3").json()
    assert page["total"] == 4 and len(page["entries"]) == 1
    assert client.get(f"/sidecars/{run['job_id']}?action=new").json()["total"] == 0
    assert "export copies" in page["entries"][0]["reason"]


def test_what_is_refused(client: ServiceClient) -> None:
    assert client.post("/sidecars", json={}).status_code == 422
    assert (
        client.post("/sidecars", json={"for": "digikam", "best": 1, "photos": [photo_id("a.jpg")]}).status_code == 422
    )
    unknown = client.post("/sidecars", json={"for": "digikam", "photos": ["0123456789abcdef"]})
    assert unknown.json()["code"] == "photo_not_found"
    assert client.get("/sidecars/nothing").json()["code"] == "sidecars_not_found"
