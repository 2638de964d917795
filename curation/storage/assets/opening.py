"""Opening the database that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curation.extras import Extra, extra_for
from curation.storage.assets.store import AssetStore

if TYPE_CHECKING:
    from curation.settings import Settings

__all__ = ["DATABASE_NAME", "open_asset_store"]

DATABASE_NAME = "assets.sqlite"
"""Of the file in the event's folder (`Settings.event_dir`), unless `assets.database_url` names a server."""


def open_asset_store(settings: Settings) -> AssetStore:
    """Open the database of assets, or create it: a file, or a server that `assets.database_url` names.

    Raises:
        StorageError: If it cannot be used.
        DatabaseBusyError: If it is busy or away for a moment.
        SettingsError: If the address is not valid.
        ExtraMissingError: If the packages for PostgreSQL are not installed.
    """
    url = settings.assets.database_url
    if url is None:
        from curation.storage.assets.sqlite_store import SqliteAssetStore

        return SqliteAssetStore(settings.event_dir / DATABASE_NAME)
    with extra_for(Extra.ASSETS, "assets.database_url"):
        from curation.storage.assets.postgres_store import PostgresAssetStore
    return PostgresAssetStore(url.get_secret_value())
