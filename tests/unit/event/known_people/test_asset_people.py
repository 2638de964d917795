"""Names of the gallery for people of pictures that were taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from curation.event.known_people.asset_people import proposals_of_asset
from curation.event.known_people.event_known import EventKnown
from curation.event.outfits.event_outfits import EventOutfits
from curation.storage.assets.store import AssetStore
from tests.event_assets import MemoryAssets, body, record, with_face_of
from tests.known_world import ANNA, BEN, KnownEvent, enrolled, known_event


@pytest.fixture
def known(tmp_path: Path) -> Iterator[KnownEvent]:
    with known_event(tmp_path, enrolled(ANNA, BEN)) as event:
        yield event


def test_people_of_photos_of_the_event_are_proposed(known: KnownEvent) -> None:
    store = MemoryAssets()
    settings = known.settings_of(assets={"enabled": True})
    outfits = EventOutfits(
        settings, known.catalog, known.edits, open_store=lambda _: cast(AssetStore, store), read=store.read
    )
    event_known = EventKnown(settings, known.catalog, known.edits, known.opened)
    rows = [row for row in known.catalog.event().rows if row.image_path == "0.png"]
    people = [with_face_of(row) for row in rows]
    sha256 = known.catalog.words.contents(["0.png"])["0.png"]
    asset = store.put(record(sha256, body((0, 300, 10, 90)), *people), image_path="0.png")
    found = proposals_of_asset(asset, outfits, event_known)
    assert {number: one.name for number, one in found.items()} == {1: "Anna", 2: "Ben"}
    anna = found[1]
    known.proposals.accept(anna.cluster_id, anna.person_id)
    assert {one.name for one in proposals_of_asset(asset, outfits, event_known).values()} == {"Ben"}
    other = store.put(record("f" * 64, body((0, 300, 10, 90))))
    assert proposals_of_asset(other, outfits, event_known) == {}
    known.gallery.is_broken = True
    assert proposals_of_asset(asset, outfits, event_known) == {}


def test_only_if_the_settings_ask_for_all(known: KnownEvent) -> None:
    settings = known.event.settings(
        {"gallery": {"enabled": True, "propose_for": "photos"}, "assets": {"enabled": True}}
    )
    event_known = EventKnown(settings, known.catalog, known.edits, known.opened)
    assert event_known.open_proposals()
    assert not event_known.proposes_for_all
