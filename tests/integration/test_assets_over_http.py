"""Assets over HTTP with the real rows, files and worker processes; only the networks are stand-ins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.api.http.assets.desk import AssetDesk
from curation.event.catalog import Catalog
from curation.event.outfits.search import OutfitSearch
from curation.settings import Settings
from curation.storage.assets.sqlite_store import SqliteAssetStore
from tests.fake_assets import fake_jobs, picture
from tests.service import ServiceClient, make_settings, service
from tests.unit.api.http.test_errors import problem


@pytest.fixture
def client(tmp_path: Path) -> Iterator[ServiceClient]:
    def opened(settings: Settings, catalog: Catalog) -> AssetDesk:
        jobs = fake_jobs(tmp_path / "work")
        store = SqliteAssetStore(tmp_path / "work" / "assets.sqlite")

        def close() -> None:
            jobs.close()
            store.close()

        return AssetDesk(jobs, OutfitSearch(settings, catalog, store), close=close)

    (tmp_path / "work").mkdir()
    with service(make_settings(tmp_path), open_assets=opened) as client:
        yield client


def told(client: ServiceClient, after: int = 0) -> list[tuple[str, dict[str, Any]]]:
    """All events until nothing waits any more."""
    events = []
    for block in client.get(f"/assets/events?after={after}").text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "data" in fields:
            events.append((fields["event"], json.loads(fields["data"])))
    assert events[-1] == ("idle", {})
    return events


def test_from_handing_in_to_deleting(client: ServiceClient, tmp_path: Path) -> None:
    sent = {"ok.jpg": "ok", "once.jpg": "kill-once", "nobody.jpg": "nobody", "model.jpg": "model", "note.txt": "broken"}
    files = [("files", (name, picture(kind, number))) for number, (name, kind) in enumerate(sent.items())]
    answer = client.post("/assets", files=files)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["accepted"] == 4
    assert [one["code"] for one in body["assets"]] == [None, None, None, None, "unreadable"]

    events = told(client)
    last = {row["name"]: (row["state"], row["code"]) for name, row in events if name == "asset"}
    assert last == {
        "ok.jpg": ("COMPLETED", None),
        "once.jpg": ("COMPLETED", None),
        "nobody.jpg": ("REJECTED", "no_person"),
        "model.jpg": ("FAILED", "model"),
        "note.txt": ("REJECTED", "unreadable"),
    }
    versions = [row["version"] for name, row in events if name == "asset"]
    assert versions == sorted(versions)

    ids = {row["name"]: row["asset_id"] for row in client.get("/assets").json()["assets"]}
    assert client.get("/assets?cut_at=feet").json()["total"] == 2
    assert client.get(f"/assets/{ids['ok.jpg']}/cutout.png").content == b"cut out of 0"
    assert client.get(f"/assets/{ids['ok.jpg']}/original").content == picture("ok", 0)
    problem(client.get(f"/assets/{ids['model.jpg']}/cutout.png"), 404, "asset_file_not_found")
    problem(client.get(f"/assets/{ids['note.txt']}/original"), 404, "asset_file_not_found")

    again = client.post(f"/assets/{ids['model.jpg']}/retry")
    assert (again.status_code, again.json()["state"]) == (202, "PENDING")
    told(client, versions[-1])
    assert client.get(f"/assets/{ids['model.jpg']}").json()["state"] == "FAILED"

    for asset_id in ids.values():
        assert client.request("DELETE", f"/assets/{asset_id}").status_code == 204
    assert client.get("/assets").json()["total"] == 0
    kept = [path for path in (tmp_path / "work" / "assets").rglob("*") if path.is_file()]
    assert kept == []
