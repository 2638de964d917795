"""How long the database of assets takes: a picture through all its states, and searches among 100,000 pictures.

    python -m benchmarks.asset_database DATA [--full]

The database is SQLite, unless CURATION_ASSETS__DATABASE_URL names an empty database of a PostgreSQL server. The records
are synthetic: three people each, with two colours above and one below the hips. Times are processor times of this
process, which depend little on other work on the machine; a server's own time is not in them. DATA is not used.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness.report import Row, main
from curation.domain.assets.asset import AssetQuery, NewAsset
from curation.domain.assets.document import asset_document
from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.assets.states import AssetState
from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.bodies.person import Person
from curation.domain.faces.face import Box
from curation.domain.outfits.outfit import ColourName, Garment, GarmentColour, GarmentPart, Outfit
from curation.storage.assets.sqlite_store import SqliteAssetStore
from curation.storage.assets.store import AssetStore

__all__ = ["rows"]

_NAME = "asset_database"
_NAMED = 30_000
_PAGE = 50


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    count = 10_000 if quick else 100_000
    url = os.environ.get("CURATION_ASSETS__DATABASE_URL")
    with tempfile.TemporaryDirectory(prefix="curation-assets-") as folder:
        store: AssetStore = SqliteAssetStore(Path(folder) / "assets.sqlite")
        kind = "SQLite"
        if url is not None:
            from curation.storage.assets.postgres_store import PostgresAssetStore

            store, kind = PostgresAssetStore(url), "PostgreSQL"
        yield from _measured(store, kind, count)
        store.close()


def _measured(store: AssetStore, kind: str, count: int) -> Iterator[Row]:
    chance = random.Random(1)
    begun = time.process_time()
    for number in range(count):
        _work_on(store, number, chance)
    each_s = (time.process_time() - begun) / count
    yield Row(_NAME, f"{kind}: a picture added, claimed, its lease renewed, completed", 1000 * each_s, "ms")
    named = frozenset((_id(chance.randrange(count)), chance.randrange(3)) for _ in range(_NAMED))
    for what, query in {
        "all of them": AssetQuery(),
        "completed": AssetQuery(state=AssetState.COMPLETED),
        "a red top": AssetQuery(top=ColourName.RED),
        "a red top and a black bottom": AssetQuery(top=ColourName.RED, bottom=ColourName.BLACK),
        "nobody cut": AssetQuery(cut_at=CutAt.NONE),
        f"{_NAMED} named people": AssetQuery(people=named),
    }.items():
        found, seconds = _cpu_s(store, query)
        yield Row(_NAME, f"{kind}: {what}, {found} of {count} pictures", 1000 * seconds, "ms")


def _cpu_s(store: AssetStore, query: AssetQuery) -> tuple[int, float]:
    best = float("inf")
    found = 0
    for _ in range(3):
        begun = time.process_time()
        found = store.find(query, limit=_PAGE)[0]
        best = min(best, time.process_time() - begun)
    return found, best


def _id(number: int) -> str:
    return f"{number:032x}"


def _work_on(store: AssetStore, number: int, chance: random.Random) -> None:
    store.add(NewAsset(_id(number), _id(number) * 2, "0" * 64, f"{number}.jpg"))
    claim = store.claim("benchmark", lease_s=600, max_attempts=3)
    if claim is None:
        raise RuntimeError("the database is used by others; name an empty one")
    store.renew(claim, lease_s=600)
    people = tuple(_person(index, chance) for index in range(3))
    store.complete(claim, asset_document(AssetRecord(claim.asset.sha256, 4000, 3000, people)))


def _person(index: int, chance: random.Random) -> PersonRecord:
    outfit = Outfit(_garment(GarmentPart.TOP, 2, chance), _garment(GarmentPart.BOTTOM, 1, chance))
    composition = Composition(chance.choice(list(CutAt)), 0.9, 0.1, 0.2, 0.0)
    return PersonRecord(Person(index, Box(100 * index, 50, 90, 300), 0.9, None, None), composition, outfit)


def _garment(part: GarmentPart, colours: int, chance: random.Random) -> Garment:
    names = chance.sample(list(ColourName), colours)
    return Garment(part, tuple(GarmentColour(name, 1 / colours, (1, 2, 3)) for name in names), 0.9, 1000)


if __name__ == "__main__":
    main(__doc__, rows)
