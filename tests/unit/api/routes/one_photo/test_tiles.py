"""Tiles of photos over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from curation.api.context import ServiceContext
from curation.domain.faces.ids import photo_id
from curation.event.one_photo.tiles import EventTiles
from curation.event.pictures import EventPictures
from tests.fake_workflow import FakeEvent, fake_event, touch_later
from tests.processes import wait_until
from tests.service import FakeOrchestrator, ServiceClient, service
from tests.unit.api.http.test_errors import problem

LARGE, SMALL = photo_id("large.png"), photo_id("small.png")


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEvent]:
    with fake_event(tmp_path_factory.mktemp("event")) as event:
        event.add("small.png", 3)
        event.write("large.png", np.full((700, 1100, 3), 90, dtype=np.uint8))
        event.cluster()
        event.score()
        yield event


@pytest.fixture
def client(event: FakeEvent) -> Iterator[ServiceClient]:
    settings = event.settings()
    with service(settings, FakeOrchestrator(settings)) as client:
        yield client


def test_which_tiles_there_are_and_each_of_them(client: ServiceClient) -> None:
    told = client.get(f"/photos/{LARGE}/tiles").json()
    assert (told["width"], told["height"], told["tile_px"]) == (1100, 700, 512)
    assert told["levels"] == [{"level": 0, "width": 1100, "height": 700, "columns": 3, "rows": 2}]
    address = told["tile_url"].format(level=0, x=2, y=1)
    tile = client.get(address)
    assert tile.headers["content-type"] == "image/jpeg"
    assert tile.headers["cache-control"] == "private, max-age=31536000, immutable"
    again = client.get(address, headers={"If-None-Match": tile.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    unversioned = client.get(f"/photos/{LARGE}/tiles/0/2/1")
    assert unversioned.content == tile.content
    assert unversioned.headers["cache-control"] == "private, no-cache"


def test_tiles_that_are_not_there(client: ServiceClient) -> None:
    for place in ("0/3/0", "0/0/2", "1/0/0"):
        told = problem(client.get(f"/photos/{LARGE}/tiles/{place}"), 404, "tile_not_found")
        assert "/tiles" in told["detail"]
    problem(client.get("/photos/0123456789abcdef/tiles"), 404, "photo_not_found")
    problem(client.get("/photos/0123456789abcdef/tiles/0/0/0"), 404, "photo_not_found")
    for place in ("-1/0/0", "0/a/0", "17/0/0"):
        assert client.get(f"/photos/{LARGE}/tiles/{place}").status_code in (404, 422)


def test_another_file_has_other_addresses(client: ServiceClient, event: FakeEvent) -> None:
    before = client.get(f"/photos/{SMALL}/tiles").json()["tile_url"]
    touch_later(event.photos / "small.png")
    after = client.get(f"/photos/{SMALL}/tiles").json()["tile_url"]
    assert before != after
    old = client.get(before.format(level=0, x=0, y=0))
    assert (old.status_code, old.headers["cache-control"]) == (200, "private, no-cache")


def test_a_photo_that_cannot_be_read_or_is_gone(tmp_path: Path) -> None:
    with fake_event(tmp_path) as event:
        event.add("a.png", 3)
        event.add("b.png", 3)
        event.cluster()
        content = (event.photos / "a.png").read_bytes()
        (event.photos / "a.png").write_bytes(content[: len(content) // 2])
        (event.photos / "b.png").unlink()
        settings = event.settings()
        with service(settings, FakeOrchestrator(settings)) as client:
            problem(client.get(f"/photos/{photo_id('a.png')}/tiles/0/0/0"), 422, "photo_unreadable")
            problem(client.get(f"/photos/{photo_id('b.png')}/tiles"), 404, "picture_not_found")


def tiles_of(client: ServiceClient, memory_mb: int) -> EventTiles:
    context: ServiceContext = client.app.state.service
    service = context.settings.service.model_copy(update={"decoded_photos_mb": memory_mb})
    settings = context.settings.model_copy(update={"service": service})
    return EventPictures(settings, context.catalog, context.analysis).tiles


def test_a_photo_is_decoded_ahead_and_once(client: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = tiles_of(client, 10)
    tiles.read_ahead(LARGE)
    tiles.read_ahead("0123456789abcdef")  # nobody waits for an error
    wait_until(lambda: tiles.memory_bytes == 1100 * 700 * 3, "the photo is decoded", 20)
    monkeypatch.setattr("curation.event.one_photo.tile_work.decode_for_tiles", None)
    monkeypatch.setattr("curation.storage.picture_cache.PictureCache.get", lambda *_: None)
    assert tiles.made(tiles.tile(LARGE, 0, 1, 1)).startswith(b"\xff\xd8")


def test_of_a_photo_that_is_too_large_to_be_kept_all_tiles_are_cut_at_once(
    client: ServiceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles = tiles_of(client, 0)
    for path in (client.settings.io.state_dir / "pictures").rglob("*.jpg"):
        path.unlink()
    first = tiles.made(tiles.tile(LARGE, 0, 0, 0))
    assert tiles.memory_bytes == 0
    monkeypatch.setattr("curation.event.one_photo.tile_work.decode_for_tiles", None)
    for column in range(3):
        for row in range(2):
            assert tiles.tile(LARGE, 0, column, row).content is not None
    assert tiles.tile(LARGE, 0, 0, 0).content == first
