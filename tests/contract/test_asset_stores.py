"""What every database of assets does: one suite over SQLite and a real PostgreSQL."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.domain.assets.asset import Asset, AssetQuery, Claim, NewAsset, asset_id
from curation.domain.assets.states import AssetState, FailCode, RejectCode
from curation.domain.bodies.composition import CutAt
from curation.domain.outfits.outfit import ColourName
from curation.storage.assets.postgres_store import PostgresAssetStore
from curation.storage.assets.sqlite_store import SqliteAssetStore
from curation.storage.assets.store import AssetStore
from tests.asset_documents import person, picture_document
from tests.postgres_server import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

SETTINGS_HASH = "c0ffee" + "0" * 58


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database is; `opened` opens it, in other processes too."""
    if request.param == "sqlite":
        return str(tmp_path / "assets.sqlite")
    url: str = request.getfixturevalue("postgres_url")
    return url


def opened(address: str) -> AssetStore:
    if address.startswith("postgresql:"):
        return PostgresAssetStore(address)
    return SqliteAssetStore(Path(address))


@pytest.fixture
def store(address: str) -> Iterator[AssetStore]:
    store = opened(address)
    yield store
    store.close()


def new(number: int, image_path: str | None = None) -> NewAsset:
    sha256 = f"{number:064x}"[::-1]
    return NewAsset(asset_id(sha256, SETTINGS_HASH), sha256, SETTINGS_HASH, f"photo {number}.jpg", image_path)


def claimed(store: AssetStore, *, lease_s: float = 60, max_attempts: int = 3) -> Claim:
    claim = store.claim("worker", lease_s=lease_s, max_attempts=max_attempts)
    assert claim is not None
    return claim


def got(store: AssetStore, number: int) -> Asset:
    asset = store.get(new(number).id)
    assert asset is not None
    return asset


def numbers(assets: Any) -> list[int]:
    """The numbers of `new` of some rows."""
    return [int(asset.name.split()[1].removesuffix(".jpg")) for asset in assets]


def test_a_new_picture_waits(store: AssetStore) -> None:
    asset, is_new = store.add(new(1, "folder/a.jpg"))
    assert is_new
    assert (asset.state, asset.attempts, asset.code, asset.message) == (AssetState.PENDING, 0, None, "")
    assert (asset.id, asset.name, asset.image_paths) == (new(1).id, "photo 1.jpg", ("folder/a.jpg",))
    assert asset.document is None
    assert len(asset.created_at) == len("2026-11-29T12:00:00.000+00:00") and asset.created_at.endswith("+00:00")
    assert store.get(asset.id) == asset
    assert store.get("0" * 32) is None
    assert store.get("no\0id") is None


def test_the_same_picture_is_one_row_with_all_its_photos(store: AssetStore) -> None:
    first, _ = store.add(new(1))
    assert store.add(new(1)) == (first, False)
    store.add(new(1, "b.jpg"))
    again, is_new = store.add(new(1, "a.jpg"))
    assert not is_new
    assert again.image_paths == ("a.jpg", "b.jpg")
    assert again.version > first.version
    assert store.add(new(1, "a.jpg")) == (again, False)
    assert store.counts()[AssetState.PENDING] == 1


@pytest.mark.parametrize("odd", ["caf\udce9.jpg", "a\0b.jpg", 'q"\\u0041.jpg', "漢字 😀.jpg"])
def test_odd_names_and_messages_come_back_as_they_were(store: AssetStore, odd: str) -> None:
    store.add(replace(new(1), name=odd, image_path=odd))
    store.finish_failed(claimed(store), FailCode.BUG, odd, retry_in_s=None)
    asset = got(store, 1)
    assert (asset.name, asset.image_paths, asset.message) == (odd, (odd,), odd)
    assert store.find(AssetQuery(image_paths=frozenset({odd})), limit=1)[0] == 1


def test_the_longest_waiting_picture_is_claimed_first(store: AssetStore) -> None:
    for number in range(3):
        store.add(new(number))
    claims = [claimed(store) for _ in range(3)]
    assert numbers(claim.asset for claim in claims) == [0, 1, 2]
    assert all(claim.asset.state is AssetState.PROCESSING and claim.attempt == 1 for claim in claims)
    assert store.claim("worker", lease_s=60, max_attempts=3) is None


def test_a_result_is_written_once(store: AssetStore) -> None:
    store.add(new(1))
    claim = claimed(store)
    assert store.complete(claim, picture_document(person(top=["red"])))
    asset = got(store, 1)
    assert (asset.state, asset.attempts, asset.code) == (AssetState.COMPLETED, 1, None)
    assert asset.document == picture_document(person(top=["red"]))
    assert not store.complete(claim, picture_document())
    assert not store.renew(claim, lease_s=60)
    assert not store.finish_rejected(claim, RejectCode.NO_PERSON, "")
    assert not store.finish_failed(claim, FailCode.BUG, "", retry_in_s=None)
    assert not store.release(claim)
    assert got(store, 1) == asset
    assert store.add(new(1)) == (asset, False)


def test_a_document_with_every_character_comes_back(store: AssetStore) -> None:
    store.add(new(1))
    document = picture_document() | {"notes": ["\0", "\udc80", "😀", 0.1, None, True, 2**53 + 1]}
    store.complete(claimed(store), document)
    assert got(store, 1).document == document


def test_a_document_that_is_no_json_changes_nothing(store: AssetStore) -> None:
    store.add(new(1))
    claim = claimed(store)
    with pytest.raises(ValueError, match="float"):
        store.complete(claim, picture_document() | {"notes": [float("nan")]})
    assert got(store, 1).state is AssetState.PROCESSING
    assert store.complete(claim, picture_document())


def test_a_picture_is_rejected_by_the_gate_or_by_a_worker(store: AssetStore) -> None:
    asset = store.reject(new(1, "a.jpg"), RejectCode.TOO_SMALL, "10 pixels")
    assert (asset.state, asset.code, asset.message) == (AssetState.REJECTED, "too_small", "10 pixels")
    assert asset.image_paths == ("a.jpg",)
    assert store.reject(new(1), RejectCode.FORMAT, "") == asset
    assert store.claim("worker", lease_s=60, max_attempts=3) is None
    store.add(new(2))
    assert store.finish_rejected(claimed(store), RejectCode.NO_PERSON, "nobody")
    assert (got(store, 2).state, got(store, 2).code) == (AssetState.REJECTED, "no_person")
    assert store.reject(new(2), RejectCode.FORMAT, "") == got(store, 2)


def test_a_fault_is_tried_again_after_its_wait(store: AssetStore) -> None:
    store.add(new(1))
    assert store.finish_failed(claimed(store), FailCode.IO, "no disk", retry_in_s=0.3)
    asset = got(store, 1)
    assert (asset.state, asset.code, asset.message, asset.attempts) == (AssetState.PENDING, "io", "no disk", 1)
    assert store.claim("worker", lease_s=60, max_attempts=3) is None
    time.sleep(0.35)
    claim = claimed(store)
    assert (claim.attempt, claim.asset.code) == (2, "io")
    assert store.finish_failed(claim, FailCode.IO, "no disk", retry_in_s=None)
    assert (got(store, 1).state, got(store, 1).attempts) == (AssetState.FAILED, 2)
    assert store.claim("worker", lease_s=60, max_attempts=3) is None


def test_a_picture_that_failed_is_begun_anew_when_it_is_handed_in_again(store: AssetStore) -> None:
    store.add(new(1))
    store.finish_failed(claimed(store), FailCode.BUG, "oh", retry_in_s=None)
    asset, is_again = store.add(new(1, "a.jpg"))
    assert is_again
    assert (asset.state, asset.attempts, asset.code, asset.message) == (AssetState.PENDING, 0, None, "")
    assert asset.image_paths == ("a.jpg",)
    assert claimed(store).attempt == 1


def test_a_lease_that_ends_gives_the_picture_to_others(store: AssetStore) -> None:
    store.add(new(1))
    lost = claimed(store, lease_s=0.05)
    time.sleep(0.1)
    second = claimed(store)
    assert second.attempt == 2
    assert not store.renew(lost, lease_s=60)
    assert not store.complete(lost, picture_document())
    assert not store.finish_failed(lost, FailCode.BUG, "", retry_in_s=None)
    assert store.complete(second, picture_document())


def test_a_lease_that_is_renewed_does_not_end(store: AssetStore) -> None:
    store.add(new(1))
    claim = claimed(store, lease_s=0.2)
    version = got(store, 1).version
    assert store.renew(claim, lease_s=60)
    time.sleep(0.25)
    assert store.claim("other", lease_s=60, max_attempts=3) is None
    assert store.sweep(max_attempts=3) == 0
    assert got(store, 1).version == version
    assert store.complete(claim, picture_document())


@pytest.mark.parametrize("by", ["claim", "sweep"])
def test_a_picture_whose_worker_is_lost_three_times_fails(store: AssetStore, by: str) -> None:
    store.add(new(1))
    for attempt in (1, 2, 3):
        assert claimed(store, lease_s=0.02).attempt == attempt
        time.sleep(0.04)
    if by == "claim":
        assert store.claim("worker", lease_s=60, max_attempts=3) is None
    else:
        assert store.sweep(max_attempts=3) == 1
    asset = got(store, 1)
    assert (asset.state, asset.code, asset.attempts) == (AssetState.FAILED, "worker_lost", 3)
    assert asset.message
    assert store.sweep(max_attempts=3) == 0


def test_a_sweep_makes_lost_pictures_wait_again(store: AssetStore) -> None:
    for number in range(5):
        store.add(new(number))
    for claim in [claimed(store) for _ in range(5)]:
        store.renew(claim, lease_s=0.01)
    time.sleep(0.02)
    assert store.sweep(max_attempts=3) == 5
    assert store.counts()[AssetState.PENDING] == 5
    assert got(store, 1).code == "worker_lost"
    for _ in range(5):
        claim = claimed(store)
        assert claim.attempt == 2
        store.complete(claim, picture_document())


def test_pictures_whose_worker_was_lost_are_tried_one_at_a_time(store: AssetStore) -> None:
    for number in range(3):
        store.add(new(number))
    for claim in [claimed(store) for _ in range(2)]:
        store.renew(claim, lease_s=0.01)
    time.sleep(0.02)
    assert store.sweep(max_attempts=3) == 2
    fresh, suspect = claimed(store), claimed(store)
    assert numbers([fresh.asset, suspect.asset]) == [2, 0]
    assert store.claim("worker", lease_s=60, max_attempts=3) is None
    store.complete(suspect, picture_document())
    assert numbers([claimed(store).asset]) == [1]


def test_a_picture_that_is_given_back_was_not_tried(store: AssetStore) -> None:
    store.add(new(1))
    first = claimed(store)
    assert store.release(first)
    assert (got(store, 1).state, got(store, 1).attempts) == (AssetState.PENDING, 0)
    second = claimed(store)
    assert second.attempt == 1
    assert not store.complete(first, picture_document())
    assert store.complete(second, picture_document())


def test_a_picture_deleted_during_the_work_gets_no_result_even_if_it_comes_back(store: AssetStore) -> None:
    store.add(new(1, "a.jpg"))
    claim = claimed(store)
    assert store.delete(new(1).id)
    assert not store.delete(new(1).id)
    assert store.get(new(1).id) is None
    assert not store.renew(claim, lease_s=60)
    assert not store.complete(claim, picture_document())
    asset, is_new = store.add(new(1))
    assert is_new and asset.image_paths == ()
    again = claimed(store)
    assert again.attempt == claim.attempt
    assert not store.complete(claim, picture_document())
    assert store.complete(again, picture_document())


def test_a_picture_that_gets_another_photo_during_the_work_keeps_its_worker(store: AssetStore) -> None:
    store.add(new(1))
    claim = claimed(store)
    store.add(new(1, "a.jpg"))
    assert store.renew(claim, lease_s=60)
    assert store.complete(claim, picture_document())


def test_changes_are_told_in_their_order_without_documents(store: AssetStore) -> None:
    for number in range(4):
        store.add(new(number, f"{number}.jpg"))
    seen = store.changes(0, limit=100)
    assert numbers(seen) == [0, 1, 2, 3]
    store.complete(claimed(store), picture_document())
    later = store.changes(seen[-1].version, limit=100)
    assert numbers(later) == [0]
    assert later[0].state is AssetState.COMPLETED and later[0].document is None
    assert later[0].image_paths == ("0.jpg",)
    assert numbers(store.changes(0, limit=2)) == [1, 2]
    assert store.changes(later[-1].version, limit=100) == []


def test_rows_are_found_by_state_and_page(store: AssetStore) -> None:
    for number in range(5):
        store.add(new(number))
    for _ in range(2):
        store.complete(claimed(store), picture_document())
    count, page = store.find(AssetQuery(), limit=2, offset=1)
    assert (count, numbers(page)) == (5, [3, 2])
    count, page = store.find(AssetQuery(state=AssetState.COMPLETED), limit=10)
    assert (count, numbers(page)) == (2, [1, 0])
    assert page[0].document == picture_document()
    assert store.find(AssetQuery(state=AssetState.FAILED), limit=10) == (0, [])
    assert store.counts() == {
        AssetState.PENDING: 3,
        AssetState.PROCESSING: 0,
        AssetState.COMPLETED: 2,
        AssetState.REJECTED: 0,
        AssetState.FAILED: 0,
    }


PICTURES = {
    0: [person(top=["red", "white"], bottom=["black"], cut_at="none"), person(top=["blue"], bottom=["blue"])],
    1: [person(top=["red"], bottom=["blue"], cut_at="feet")],
    2: [person(top=["black"], bottom=["red"], cut_at="feet"), person(top=["red"], cut_at="knees")],
    3: [],
    4: [person(cut_at="none")],
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (AssetQuery(top=ColourName.RED), [2, 1, 0]),
        (AssetQuery(bottom=ColourName.RED), [2]),
        (AssetQuery(top=ColourName.RED, bottom=ColourName.BLUE), [1]),
        (AssetQuery(top=ColourName.BLACK, cut_at=CutAt.KNEES), []),
        (AssetQuery(top=ColourName.RED, cut_at=CutAt.KNEES), [2]),
        (AssetQuery(cut_at=CutAt.NONE), [4, 0]),
        (AssetQuery(cut_at=CutAt.NONE, state=AssetState.COMPLETED), [4, 0]),
        (AssetQuery(cut_at=CutAt.NONE, state=AssetState.PENDING), []),
        (AssetQuery(people=frozenset()), []),
        (AssetQuery(people=frozenset({(new(0).id, 1), (new(2).id, 1), ("f" * 32, 0)})), [2, 0]),
        (AssetQuery(people=frozenset({(new(0).id, 1), (new(2).id, 1)}), top=ColourName.RED), [2]),
        (AssetQuery(people=frozenset({(new(3).id, 0)})), []),
        (AssetQuery(image_paths=frozenset({"1.jpg", "3.jpg", "9.jpg"})), [3, 1]),
        (AssetQuery(image_paths=frozenset()), []),
        (AssetQuery(image_paths=frozenset({"1.jpg", "4.jpg"}), top=ColourName.RED), [1]),
    ],
)
def test_rows_are_found_by_what_people_wear_and_how_they_are_cut(
    store: AssetStore, query: AssetQuery, expected: list[int]
) -> None:
    for number, people in PICTURES.items():
        store.add(new(number, f"{number}.jpg"))
        store.complete(claimed(store), picture_document(*people))
    count, found = store.find(query, limit=10)
    assert (count, numbers(found)) == (len(expected), expected)


def test_the_people_of_a_deleted_picture_are_not_found(store: AssetStore) -> None:
    store.add(new(1))
    store.complete(claimed(store), picture_document(person(top=["red"])))
    store.delete(new(1).id)
    store.add(new(1))
    assert store.find(AssetQuery(top=ColourName.RED), limit=10) == (0, [])


def test_tens_of_thousands_of_people_and_photos_can_be_asked_for(store: AssetStore) -> None:
    store.add(new(1, "1.jpg"))
    store.complete(claimed(store), picture_document(person(), person(top=["red"])))
    people = frozenset((f"{number:032x}", number % 9) for number in range(20_000)) | {(new(1).id, 1)}
    paths = frozenset(f"folder/photo {number}.jpg" for number in range(20_000)) | {"1.jpg"}
    begun = time.monotonic()
    assert store.find(AssetQuery(people=people), limit=10)[0] == 1
    assert store.find(AssetQuery(people=people, top=ColourName.RED), limit=10)[0] == 1
    assert store.find(AssetQuery(image_paths=paths), limit=10)[0] == 1
    assert time.monotonic() - begun < 30


def test_another_opening_sees_the_same_database(store: AssetStore, address: str) -> None:
    store.add(new(1))
    other = opened(address)
    assert other.identity == store.identity
    assert len(store.identity) == 32
    assert other.get(new(1).id) == store.get(new(1).id)
    other.close()


def test_many_programs_may_start_at_the_same_moment(address: str) -> None:
    stores = in_threads(6, lambda number: opened(address))
    assert len({store.identity for store in stores}) == 1
    for store in stores:
        store.close()


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What `work` returns for each number, all at the same time."""
    together = threading.Barrier(count)

    def one(number: int) -> Any:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_the_same_picture_from_many_threads_is_one_row(store: AssetStore) -> None:
    added = in_threads(8, lambda number: [store.add(new(1, f"{number}-{turn}.jpg")) for turn in range(25)])
    rows = [row for some in added for row in some]
    assert sum(is_new for _, is_new in rows) == 1
    assert len({asset.id for asset, _ in rows}) == 1
    assert len(got(store, 1).image_paths) == 200


def take_all(store: AssetStore, owner: str, *, lease_s: float = 60) -> list[tuple[str, int]]:
    """Claim until nothing waits; each third attempt fails and comes back at once."""
    taken: list[tuple[str, int]] = []
    misses = 0
    while misses < 5:
        claim = store.claim(owner, lease_s=lease_s, max_attempts=100)
        if claim is None:
            misses += 1
            time.sleep(0.01)
            continue
        taken.append((claim.asset.id, claim.attempt))
        if len(taken) % 3 == 0:
            assert store.finish_failed(claim, FailCode.IO, "", retry_in_s=0.0)
        else:
            assert store.complete(claim, picture_document())
    return taken


def test_no_attempt_is_given_to_two_threads(store: AssetStore) -> None:
    for number in range(60):
        store.add(new(number))
    taken = Counter(claim for some in in_threads(6, lambda number: take_all(store, str(number))) for claim in some)
    assert max(taken.values()) == 1
    assert store.counts()[AssetState.COMPLETED] == 60
    for number in range(60):
        attempts = [attempt for one, attempt in taken if one == new(number).id]
        assert sorted(attempts) == list(range(1, got(store, number).attempts + 1))


def _take_all_in_process(address: str, owner: str, results: Any) -> None:
    store = opened(address)
    results.put(take_all(store, owner))
    store.close()


def test_no_attempt_is_given_to_two_processes(store: AssetStore, address: str) -> None:
    for number in range(60):
        store.add(new(number))
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [
        context.Process(target=_take_all_in_process, args=(address, str(number), results)) for number in range(2)
    ]
    for process in processes:
        process.start()
    taken = Counter(claim for _ in processes for claim in results.get(timeout=60))
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert max(taken.values()) == 1
    assert store.counts()[AssetState.COMPLETED] == 60


def test_listeners_miss_no_change_while_many_write(store: AssetStore) -> None:
    done = threading.Event()
    seen: dict[str, Asset] = {}

    def listen() -> None:
        version = 0
        while True:
            is_last = done.is_set()
            for asset in store.changes(version, limit=7):
                assert asset.version > version
                version = asset.version
                seen[asset.id] = asset
            if is_last and not store.changes(version, limit=1):
                return

    listener = threading.Thread(target=listen)
    listener.start()
    for number in range(40):
        store.add(new(number))
    in_threads(4, lambda number: take_all(store, str(number)))
    done.set()
    listener.join(60)
    assert len(seen) == 40
    assert all(asset.state is AssetState.COMPLETED for asset in seen.values())


def test_versions_are_never_used_twice(store: AssetStore) -> None:
    in_threads(4, lambda number: [store.add(new(100 * number + turn)) for turn in range(20)])
    for _ in range(40):
        claimed(store, lease_s=0.01)
    time.sleep(0.02)
    store.sweep(max_attempts=3)
    versions = [asset.version for asset in store.changes(0, limit=1000)]
    assert len(set(versions)) == len(versions) == 80
