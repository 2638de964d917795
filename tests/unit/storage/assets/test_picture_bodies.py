"""The bodies that are kept of the database: read once, and followed through every change."""

from __future__ import annotations

from typing import cast

from curation.domain.assets.states import AssetState
from curation.storage.assets.picture_bodies import AssetBodies
from curation.storage.assets.store import AssetStore
from tests.event_assets import MemoryAssets, body, record


def of(store: MemoryAssets) -> AssetBodies:
    return AssetBodies(cast(AssetStore, store), read=store.read)


def content(number: int) -> str:
    return f"{number:064x}"[::-1]


def test_they_are_read_once_and_the_same_until_a_row_changes() -> None:
    store = MemoryAssets()
    ids = [store.put(record(content(n), body((n, 0, 10, 20)), body((50, 0, 10, 20)))).id for n in range(120)]
    bodies = of(store)
    first = bodies.pictures()
    assert set(first.by_id) == set(ids)
    assert [b.box.x for b in first.by_id[ids[7]].bodies] == [7, 50]
    read = store.gets
    assert bodies.pictures() is first
    assert store.gets == read
    store.put(record(content(7), body((99, 0, 10, 20))))
    second = bodies.pictures()
    assert [b.box.x for b in second.by_id[ids[7]].bodies] == [99]
    assert second.by_id[ids[8]] is first.by_id[ids[8]]
    assert store.gets == read + 1


def test_what_is_deleted_is_forgotten_without_reading_the_rest_again() -> None:
    store = MemoryAssets()
    ids = [store.put(record(content(n), body((n, 0, 10, 20), signature=(1.0,)))).id for n in range(3)]
    bodies = of(store)
    assert len(bodies.pictures().by_id) == 3
    read = store.gets
    store.delete(ids[1])
    assert set(bodies.pictures().by_id) == {ids[0], ids[2]}
    assert store.gets == read
    # One goes while another comes.
    store.delete(ids[0])
    new = store.put(record(content(9))).id
    assert set(bodies.pictures().by_id) == {ids[2], new}


def test_only_completed_rows_and_the_latest_of_a_content() -> None:
    store = MemoryAssets()
    old = store.put(record(content(1), body((1, 0, 10, 20)))).id
    new = store.put(record(content(1), body((2, 0, 10, 20))), settings_hash="f" * 64).id
    waiting = store.put(record(content(2)), state=AssetState.PENDING).id
    pictures = of(store).pictures()
    assert set(pictures.by_id) == {old, new}
    assert waiting not in pictures.by_id
    assert pictures.latest[content(1)].asset_id == new


def test_a_row_that_is_worked_on_again_does_not_count_meanwhile() -> None:
    store = MemoryAssets()
    one = record(content(1), body((1, 0, 10, 20)))
    store.put(one)
    bodies = of(store)
    assert len(bodies.pictures().by_id) == 1
    store.put(one, state=AssetState.PROCESSING)
    assert not bodies.pictures().by_id
    store.put(one)
    assert len(bodies.pictures().by_id) == 1


def test_a_document_that_cannot_be_read_is_left_out() -> None:
    store = MemoryAssets()
    broken = store.put(record(content(1)))
    store.rows[broken.id] = type(broken)(
        **{name: getattr(broken, name) for name in broken.__slots__ if name != "document"}, document={"record": 5}
    )
    good = store.put(record(content(2)))
    assert set(of(store).pictures().by_id) == {good.id}
