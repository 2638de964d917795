"""Damage in the database of assets costs the asset that it is in; all others are found as before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from curation.domain.assets.asset import AssetQuery, NewAsset, asset_id
from curation.domain.assets.states import AssetState
from curation.storage.assets.rows import RECORD_DAMAGED
from curation.storage.assets.sqlite_store import SqliteAssetStore
from tests.asset_documents import person, picture_document

SETTINGS_HASH = "c0ffee" + "0" * 58


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A database of three assets that are completed."""
    path = tmp_path / "assets.sqlite"
    with closing(SqliteAssetStore(path)) as store:
        for number in range(3):
            sha256 = f"{number:02x}" * 32
            store.add(NewAsset(asset_id(sha256, SETTINGS_HASH), sha256, SETTINGS_HASH, f"{number} ö.jpg"))
            claim = store.claim("w", lease_s=60, max_attempts=3)
            assert claim is not None
            assert store.complete(claim, picture_document(person(top=["red"])))
    yield path


def damaged(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement, values)
        connection.commit()


def found(path: Path) -> list[Any]:
    with closing(SqliteAssetStore(path)) as store:
        total, assets = store.find(AssetQuery(), limit=10)
        assert total == len(assets) == 3
        assert [store.get(one.id) for one in assets] == list(assets)
        return sorted(assets, key=lambda one: one.id)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE asset_documents SET document = substr(document, 1, 40) WHERE asset = 2",
        "UPDATE asset_documents SET document = replace(document, '0.9', '0.8') WHERE asset = 2",
        "UPDATE asset_documents SET document = CAST(x'7b22ff' AS TEXT) WHERE asset = 2",
        "UPDATE assets SET name = 'half an escape \\u00' WHERE sequence = 2",
        "UPDATE assets SET name = CAST(x'ff41' AS TEXT) WHERE sequence = 2",
        "UPDATE assets SET created_at = 1e300 WHERE sequence = 2",
        "UPDATE assets SET version = 'no number' WHERE sequence = 2",
    ],
)
def test_a_damaged_record_costs_its_asset_only_and_is_told(
    place: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = found(place)
    assert all(one.state is AssetState.COMPLETED and one.document for one in whole)
    damaged(place, damage)
    now = found(place)
    lost = [one for one, other in zip(now, whole, strict=True) if one != other]
    assert len(lost) == 1
    assert lost[0].document is None
    assert lost[0].message == RECORD_DAMAGED
    assert lost[0].id in caplog.text


def test_records_of_earlier_versions_have_no_checksum_and_are_read(place: Path) -> None:
    whole = found(place)
    damaged(place, "UPDATE asset_documents SET document = json_remove(document, '$.checksum')")
    assert found(place) == whole
