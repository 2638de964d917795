"""GET /outfits/suggestions, answers to them, and the dress code, on a real database of assets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from curation.domain.assets.asset import AssetQuery, NewAsset
from curation.domain.assets.document import asset_document
from curation.domain.assets.record import AssetRecord
from curation.domain.faces.ids import photo_id
from curation.domain.outfits.outfit import ColourName
from curation.event.outfits.search import OutfitSearch
from curation.storage.assets.opening import open_asset_store
from tests.event_assets import body, outfit, record, with_face_of
from tests.outfit_world import BEHIND, GREEN, RED, OutfitWorld, outfit_world, signature
from tests.service import FakeOrchestrator, ServiceClient, service


def complete(world: OutfitWorld, found: AssetRecord) -> None:
    store = open_asset_store(world.settings)
    store.add(NewAsset(found.sha256[:32], found.sha256, "0" * 64, "a.jpg"))
    claim = store.claim("test", lease_s=60, max_attempts=3)
    assert claim is not None
    assert store.complete(claim, asset_document(found))
    store.close()


@contextmanager
def served(world: OutfitWorld, *, enabled: bool = True) -> Iterator[ServiceClient]:
    workflow = world.event.workflow({"assets": {"enabled": enabled}})
    with service(workflow.settings, cast(FakeOrchestrator, workflow)) as client:
        yield client


@pytest.fixture
def world(tmp_path: Path) -> Iterator[OutfitWorld]:
    with outfit_world(tmp_path / "event") as made:
        event = made.catalog.event()
        colours = {made.cluster_on("b.png"): RED, made.cluster_on("c.png"): GREEN}
        wears = {RED: outfit(ColourName.RED, ColourName.BLACK), GREEN: outfit(ColourName.BLACK, ColourName.BLACK)}
        contents = made.catalog.words.remembered().photos
        for path in ("a.png", "b.png", "c.png", "e.png", "f.png"):
            people = [
                with_face_of(row, signature=signature(colours[int(cluster)], 0.02), wears=wears[colours[int(cluster)]])
                for row, cluster in zip(event.rows, event.cluster_ids, strict=True)
                if row.image_path == path
            ]
            complete(made, record(contents[path], *people))
        behind = body(BEHIND, signature=signature(RED, 0.05), wears=outfit(ColourName.RED))
        complete(made, record(contents["d.png"], behind, width=500, height=400))
        yield made


def test_a_suggestion_is_accepted_counted_and_undone(world: OutfitWorld) -> None:
    with served(world) as client:
        page = client.get("/outfits/suggestions").json()
        assert (page["total"], page["without_face"], page["off"]) == (1, 1, "")
        one = page["suggestions"][0]
        assert (one["name"], one["image_path"]) == ("Anna", "d.png")
        assert one["learnt_from"]["face_id"]
        before = client.get("/coverage").json() if client.get("/coverage").status_code == 200 else None
        answered = client.post(f"/outfits/suggestions/{one['id']}", json={"answer": "accept"})
        assert answered.status_code == 200
        assert answered.json()["left"] == 0
        assert client.post(f"/outfits/suggestions/{one['id']}", json={"answer": "accept"}).status_code == 404
        shown = client.get(f"/review/photos/{photo_id('d.png')}").text
        assert "Anna" in shown
        if before is not None:
            after = {person["name"]: person["photos"] for person in client.get("/coverage").json()["people"]}
            assert after["Anna"] == {person["name"]: person["photos"] for person in before["people"]}["Anna"] + 1
        assert "Anna" in client.post("/undo").text
        assert client.get("/outfits/suggestions").json()["total"] == 1


def test_refusing(world: OutfitWorld) -> None:
    with served(world) as client:
        one = client.get("/outfits/suggestions").json()["suggestions"][0]
        assert client.post(f"/outfits/suggestions/{one['id']}", json={"answer": "refuse"}).status_code == 200
        assert client.get("/outfits/suggestions").json()["total"] == 0
        assert client.post(f"/outfits/suggestions/{one['id']}", json={"answer": "perhaps"}).status_code == 422
        assert client.post("/outfits/suggestions/xyz", json={"answer": "accept"}).status_code == 422


def test_dress_code(world: OutfitWorld) -> None:
    with served(world) as client:
        dress = client.get("/outfits/dress", params={"top": "red"}).json()
        assert dress["told"] == "1 of 2 people wears a red top; not: Tom"
        assert [(person["name"], person["wears"]) for person in dress["people"]] == [("Tom", False), ("Anna", True)]
        assert (dress["share"], dress["unknown_bodies"], dress["unknown_wearing"]) == (0.5, 1, 1)
        both = client.get("/outfits/dress", params={"top": "black", "bottom": "black"}).json()
        assert (both["wearing"], both["of"]) == (1, 2)
        assert client.get("/outfits/dress").status_code == 422
        assert client.get("/outfits/dress", params={"top": "mauve"}).status_code == 422


def test_the_woman_in_red_with_her_name(world: OutfitWorld) -> None:
    store = open_asset_store(world.settings)
    search = OutfitSearch(world.settings, world.catalog, store)
    found = {
        (name, colour): store.find(AssetQuery(top=colour, people=search.named_people(name)), limit=10)[0]
        for name in ("Anna", "Tom")
        for colour in (ColourName.RED, ColourName.BLACK)
    }
    assert found == {("Anna", "red"): 3, ("Anna", "black"): 0, ("Tom", "red"): 0, ("Tom", "black"): 3}
    store.close()


def test_the_page_of_people_asks_only_where_assets_are_on(world: OutfitWorld) -> None:
    for enabled in (True, False):
        with served(world, enabled=enabled) as client:
            page = client.get("/review/people").text
            assert ('id="from-behind"' in page) is enabled


def test_without_assets_all_of_it_says_what_to_do(world: OutfitWorld) -> None:
    with served(world, enabled=False) as client:
        for answer in (client.get("/outfits/suggestions"), client.get("/outfits/dress", params={"top": "red"})):
            assert (answer.status_code, answer.json()["code"]) == (409, "assets_off")
            assert "assets.enabled" in answer.json()["detail"]


def test_a_broken_file_of_answers_is_told_and_left(world: OutfitWorld) -> None:
    path = world.settings.io.output_dir / "people_seen.json"
    path.write_text(json.dumps({"version": 1, "people": [{"id": "x"}]}))
    with served(world) as client:
        answer = client.get("/outfits/suggestions")
        assert (answer.status_code, answer.json()["code"]) == (409, "people_seen_invalid")
        assert "entry 1" in answer.json()["detail"]
    assert json.loads(path.read_text())["people"] == [{"id": "x"}]
