"""Which person of an asset is which person of the event."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from curation.domain.labelling.corrections import CorrectionKind
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.errors import PersonNotFoundError
from curation.event.catalog import Catalog
from curation.event.outfits.search import OutfitSearch
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import PeopleEdits
from curation.storage.assets.store import AssetStore
from tests.event_assets import MemoryAssets, body, record, with_face_of
from tests.fake_workflow import FakeEvent, fake_event


class World:
    """An event whose photos were taken apart; the bodies stand in another order than the faces."""

    def __init__(self, event: FakeEvent) -> None:
        self.event = event
        self.settings = event.settings()
        self.catalog = Catalog(self.settings)
        self.edits = PeopleEdits(self.settings, self.catalog)
        self.store = MemoryAssets()
        self.search = OutfitSearch(self.settings, self.catalog, cast(AssetStore, self.store), read=self.store.read)
        self.ids = {path: self.take_apart(path) for path in ("a.png", "b.png", "c.png")}

    def take_apart(self, path: str) -> str:
        rows = [row for row in self.catalog.event().rows if row.image_path == path]
        people = [with_face_of(row) for row in reversed(rows)]
        sha256 = self.catalog.words.remembered().photos[path]
        return self.store.put(record(sha256, body((0, 300, 10, 90)), *people), image_path=path).id

    def name(self, cluster: int, name: str) -> None:
        change = LabelChange(name, Category.MAIN)
        self.edits.change_labels(lambda _: (cluster,), change, "named")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with fake_event(tmp_path / "event") as event:
        event.add("a.png", 0, 1)
        event.add("b.png", 0, seed=1)
        event.add("c.png", 1, seed=2)
        event.cluster()
        yield World(event)


def cluster_on(world: World, path: str) -> int:
    return next(
        int(world.catalog.event().cluster_ids[n])
        for n, r in enumerate(world.catalog.event().rows)
        if r.image_path == path
    )


def test_people_are_told_by_the_place_of_their_faces(world: World) -> None:
    zero, one = cluster_on(world, "b.png"), cluster_on(world, "c.png")
    world.name(zero, "Anna")
    a, b, c = (world.ids[path] for path in ("a.png", "b.png", "c.png"))
    # On a.png the bodies stand in another order than the faces: the third body is the left one, which is person 0.
    assert world.search.named_people("anna") == {(a, 2), (b, 1)}
    assert world.search.named_people(str(one)) == {(a, 1), (c, 1)}
    rows = world.store.rows
    assert [world.search.name_of(rows[a], n) for n in range(4)] == [None, None, "Anna", None]
    assert world.search.name_of(rows[c], 1) is None
    with pytest.raises(PersonNotFoundError, match="Anna"):
        world.search.named_people("Tom")


def test_corrections_of_the_user_count_at_once(world: World) -> None:
    zero, one = cluster_on(world, "b.png"), cluster_on(world, "c.png")
    world.name(zero, "Anna")
    assert (world.ids["c.png"], 1) not in world.search.named_people("Anna")
    face = world.catalog.faces_of_cluster(one)[0].face_id
    request = CorrectionRequest(CorrectionKind.SAME_PERSON, (), (face,), zero)
    world.edits.correct(lambda next_id: plan_correction(world.catalog, request, next_id), "moved")
    path = next(f.row.image_path for f in world.catalog.faces_of_cluster(zero) if f.face_id == face)
    found = dict.fromkeys(world.search.named_people("Anna"))
    assert any(asset == world.ids[path] for asset, _ in found)
    assert len(found) == 3


def test_an_upload_with_the_content_of_a_photo_is_the_photo(world: World) -> None:
    world.name(cluster_on(world, "b.png"), "Anna")
    row = next(row for row in world.catalog.event().rows if row.image_path == "b.png")
    sha256 = world.catalog.words.remembered().photos["b.png"]
    upload = world.store.put(record(sha256, with_face_of(row)), settings_hash="a" * 64)
    other = world.store.put(record("9" * 64, with_face_of(row)), settings_hash="a" * 64)
    assert (upload.id, 0) in world.search.named_people("Anna")
    assert world.search.name_of(upload, 0) == "Anna"
    assert world.search.name_of(other, 0) is None


def test_renamed_photos_are_known_by_their_content(world: World) -> None:
    world.name(cluster_on(world, "b.png"), "Anna")
    before = world.search.named_people("Anna")
    folder = world.settings.io.input_dir
    (folder / "b.png").rename(folder / "other.png")
    world.event.cluster()
    assert world.search.named_people("Anna") == before


def test_before_a_clustering_nobody_has_a_name(tmp_path: Path) -> None:
    with fake_event(tmp_path / "event") as event:
        settings = event.settings()
        store = MemoryAssets()
        search = OutfitSearch(settings, Catalog(settings), cast(AssetStore, store), read=store.read)
        asset = store.put(record("1" * 64, body((0, 0, 10, 10))))
        assert search.name_of(asset, 0) is None


def test_an_unchanged_event_is_not_searched_again(world: World) -> None:
    first = world.search.event_bodies()
    assert world.search.event_bodies() is first
    world.take_apart("a.png")
    second = world.search.event_bodies()
    assert second is not first
    kept = {photo.image_path: photo for photo in first.photos}
    assert all(photo is kept[photo.image_path] for photo in second.photos if photo.image_path != "a.png")
    start = time.process_time()
    for _ in range(100):
        world.search.event_bodies()
    assert time.process_time() - start < 1.0
