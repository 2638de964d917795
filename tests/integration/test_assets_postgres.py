"""What only a server can meet: it is killed and comes back, refuses, or is of another version."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from curation.domain.assets.asset import NewAsset
from curation.domain.assets.states import AssetState
from curation.errors import DatabaseBusyError, SettingsError, StorageError
from curation.settings import Settings
from curation.storage.assets.opening import open_asset_store
from curation.storage.assets.postgres_store import PostgresAssetStore
from curation.storage.assets.sqlite_store import SqliteAssetStore
from tests.fake_assets import fake_jobs, picture
from tests.postgres_server import PostgresServer, killable_postgres, postgres_server, postgres_url
from tests.redis_server import free_port

__all__ = ["killable_postgres", "postgres_server", "postgres_url"]

NEW = NewAsset("a" * 32, "a" * 64, "b" * 64, "a.jpg")


def test_a_server_killed_during_the_work_loses_nothing(killable_postgres: PostgresServer, tmp_path: Path) -> None:
    store = PostgresAssetStore(killable_postgres.url())
    log = tmp_path / "log"
    jobs = fake_jobs(tmp_path, store=store, log=log)
    kept: list[str] = []
    is_over = threading.Event()

    def hand_in() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            try:
                kept.append(jobs.submit(picture("ok", number), "a.jpg").id)
            except DatabaseBusyError:
                time.sleep(0.05)
            time.sleep(0.01)

    jobs.start()
    uploader = threading.Thread(target=hand_in)
    uploader.start()
    for _ in range(2):
        before = len(kept)
        while len(kept) < before + 15:
            time.sleep(0.02)
        killable_postgres.kill()
        with pytest.raises(DatabaseBusyError):
            store.counts()
        killable_postgres.start()
    is_over.set()
    uploader.join()
    jobs.run_until_done()
    assert len(set(kept)) == len(kept) >= 30
    for asset_id in kept:
        assert jobs.get(asset_id).state is AssetState.COMPLETED
        assert jobs.file(asset_id, "cutout.png").is_file()
    assert len(jobs.changes(0, limit=10_000)) >= len(kept)
    # A picture in work when the server was killed may have been begun again; no other was.
    begun = log.read_text().splitlines()
    assert len(begun) <= jobs.counts()[AssetState.COMPLETED] + 2 * 2
    jobs.close()


def test_a_server_that_is_away_is_worth_another_try() -> None:
    with pytest.raises(DatabaseBusyError, match="busy or away") as raised:
        PostgresAssetStore(f"postgresql://anna:geheim@127.0.0.1:{free_port()}/curation")
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["", "curation", "mysql://a@b/c", "sqlite:///a.sqlite", "postgresql://anna@host", "postgresql://a@b:x/c"]
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(SettingsError, match=r"assets\.database_url"):
        PostgresAssetStore(url)


def test_a_database_or_user_that_is_not_there_is_told(postgres_url: str) -> None:
    for url in (postgres_url + "_other", postgres_url.replace("postgres@", "anna@")):
        with pytest.raises(SettingsError, match=r"docs/assets_queue\.md"):
            PostgresAssetStore(url)


def test_tables_of_a_newer_version_are_refused(postgres_url: str) -> None:
    PostgresAssetStore(postgres_url).close()
    with psycopg.connect(postgres_url) as connection:
        connection.execute("UPDATE asset_facts SET value = '99' WHERE name = 'schema'")
    with pytest.raises(StorageError, match="newer version"):
        PostgresAssetStore(postgres_url)


def test_a_machine_that_holds_a_row_for_too_long_makes_others_busy(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.storage.assets.postgres_database._LOCK_TIMEOUT_S", 1)
    store = PostgresAssetStore(postgres_url)
    with psycopg.connect(postgres_url) as holder:
        holder.execute("UPDATE asset_version SET value = value + 1")
        with pytest.raises(DatabaseBusyError):
            store.add(NEW)
        assert store.get(NEW.id) is None
    assert store.add(NEW)[1]
    store.close()


def test_the_settings_name_the_database(tmp_path: Path, postgres_url: str) -> None:
    settings = Settings()
    io = settings.io.model_copy(update={"state_dir": tmp_path})
    assets = settings.assets.model_copy(update={"database_url": SecretStr(postgres_url)})
    for changes, kind in (({"io": io}, SqliteAssetStore), ({"io": io, "assets": assets}, PostgresAssetStore)):
        store = open_asset_store(settings.model_copy(update=changes))
        assert isinstance(store, kind)
        store.close()
