"""The service where photos and outputs lie in object storage."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from curation.domain.faces.ids import photo_id
from curation.storage.working_copy.copy import WorkingCopy
from curation.storage.working_copy.opening import working_copy_of
from tests.fake_workflow import FakeEvent
from tests.object_event import ObjectEvent, painted
from tests.s3_server import FaultyProxy, S3Server, s3_address, s3_process, s3_proxy, s3_server
from tests.service import ServiceClient, service

__all__ = ["s3_address", "s3_process", "s3_proxy", "s3_server"]


@pytest.fixture
def machine(tmp_path: Path, s3_server: S3Server) -> ObjectEvent:
    s3_server.put({f"in/{name}": content for name, content in painted(FakeEvent(tmp_path / "painted")).items()})
    other = ObjectEvent(tmp_path / "other", s3_server.address)
    other.cluster()
    other.score()
    return ObjectEvent(tmp_path / "machine", s3_server.address)


@pytest.fixture
def client(machine: ObjectEvent) -> Iterator[ServiceClient]:
    """The service on a machine that has neither photos nor outputs yet."""
    with service(machine.settings(), machine.workflow()) as client:  # type: ignore[arg-type]
        yield client


def _other(tmp_path: Path, server: S3Server) -> tuple[ObjectEvent, WorkingCopy]:
    event = ObjectEvent(tmp_path / "other", server.address)
    copy = working_copy_of(event.settings())
    assert copy is not None
    copy.pull()
    return event, copy


def _word(server: S3Server, name: str) -> object:
    return json.loads(server.content()[f"out/{name}"])


def test_it_shows_and_changes_what_lies_in_object_storage(
    client: ServiceClient, s3_server: S3Server, tmp_path: Path
) -> None:
    assert client.get("/clusters").json()["total"] == 3
    picture = client.get(f"/photos/{photo_id('day 2/b %20 ü.png')}/picture", params={"size": "full"})
    assert picture.status_code == 200
    assert Image.open(io.BytesIO(picture.content)).format == "JPEG"
    assert client.get("/").status_code == 200
    assert s3_server.address in client.get("/review/event", headers={"Accept": "text/html"}).text
    labelled = client.put("/labels", json={"0": {"name": "Anna", "category": "main"}})
    assert labelled.status_code == 200, labelled.text
    assert _word(s3_server, "cluster_labels.json") == {"0": {"category": "main", "name": "Anna"}}
    assert "out/said.json" in s3_server.content()
    other, copy = _other(tmp_path, s3_server)
    other.label({"0": {"name": "Anna", "category": "main"}, "1": {"name": "Bert", "category": "main"}})
    copy.push_words()
    # A change is made to what others said a moment ago.
    picked = client.put(f"/picks/{photo_id('a.png')}", json={"pick": "picked"})
    assert picked.status_code == 200, picked.text
    assert _word(s3_server, "picks.json") == {"version": 1, "photos": {"a.png": {"pick": "picked"}}}
    assert client.get("/labels").json()["1"]["name"] == "Bert"
    assert client.post("/score", json={}).status_code == 202
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s and b"Bert" not in s3_server.content()["out/photo_scores.csv"]:
        time.sleep(0.1)
    assert b"Bert" in s3_server.content()["out/photo_scores.csv"]


def test_words_of_two_people_at_once_are_both_kept(
    client: ServiceClient, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = b'{"1": {"name": "Bert", "category": "main"}}'
    pull = WorkingCopy.pull_words

    def faster(copy: WorkingCopy) -> object:
        out = pull(copy)
        s3_server.put({"out/cluster_labels.json": theirs})  # after the look, before the push
        return out

    monkeypatch.setattr(WorkingCopy, "pull_words", faster)
    answer = client.put("/labels", json={"0": {"name": "Anna", "category": "main"}})
    assert answer.status_code == 409, answer.text
    assert answer.json()["code"] == "object_changed"
    assert "cluster_labels.json.kept-1" in answer.json()["detail"]
    there = s3_server.content()
    assert there["out/cluster_labels.json"] == theirs
    assert b"Anna" in there["out/cluster_labels.json.kept-1"]
    assert client.get("/labels").json()["1"]["name"] == "Bert"


def test_photos_that_are_sent_go_into_object_storage(
    client: ServiceClient, s3_server: S3Server, machine: ObjectEvent
) -> None:
    content = machine.add("new.png", 1, seed=3).read_bytes()

    def send(name: str, content: bytes) -> httpx.Response:
        return client.post("/photos", files=[("photos", (name, content, "image/png"))])

    before = s3_server.content()["in/a.png"]
    assert send("a.png", content).json()["photos"][0]["image_path"] == "a (2).png"
    assert send("a.png", content).json()["code"] == "already_there"
    there = s3_server.content()
    assert (there["in/a.png"], there["in/a (2).png"]) == (before, content)
    assert not list((machine.folder / "state" / "received_photos").iterdir())
    job = client.finished(client.post("/cluster", json={}))
    assert job["state"] == "succeeded"
    assert b"a (2).png" in s3_server.content()["out/face_data.csv"]


def test_words_wait_for_storage_that_is_away(machine: ObjectEvent, s3_server: S3Server, s3_proxy: FaultyProxy) -> None:
    settings = machine.settings({"io": {"object_timeout_s": 1}})
    with service(settings, machine.workflow()) as client:  # type: ignore[arg-type]
        s3_proxy.add("drop")
        labelled = client.put("/labels", json={"0": {"name": "Anna", "category": "main"}})
        assert labelled.status_code == 200, labelled.text
        assert "not in object storage yet" in client.get("/review/event", headers={"Accept": "text/html"}).text
        s3_proxy.clear()
    assert b"Anna" in s3_server.content()["out/cluster_labels.json"]  # pushed at the end at the latest


def test_full_size_pictures_by_presigned_addresses(machine: ObjectEvent, s3_server: S3Server) -> None:
    settings = machine.settings({"service": {"presigned_pictures": True}})
    with service(settings, machine.workflow()) as client:  # type: ignore[arg-type]
        where = f"/photos/{photo_id('a.png')}/picture"
        answer = client.get(where, params={"size": "full"})
        assert answer.status_code == 307
        assert answer.headers["cache-control"] == "no-store"
        address = answer.headers["location"]
        assert address.startswith(f"{s3_server.endpoint}/{s3_server.bucket}/in/a.png?")
        assert httpx.get(address).content == s3_server.content()["in/a.png"]
        assert client.get(where, params={"size": "screen"}).status_code == 200
        # Tiles are made here, of the photo that is fetched for them.
        tiles = client.get(f"/photos/{photo_id('a.png')}/tiles").json()
        tile = client.get(tiles["tile_url"].format(level=0, x=0, y=0))
        assert (tile.status_code, tile.headers["content-type"]) == (200, "image/jpeg")
        policy = client.get("/review/event", headers={"Accept": "text/html"}).headers["content-security-policy"]
        assert f"img-src 'self' {s3_server.endpoint} data: blob:" in policy
        assert policy.count(s3_server.endpoint) == 1
