"""The gallery that the settings name."""

from __future__ import annotations

from curation.gallery.postgres_store import PostgresGallery
from curation.gallery.sqlite_store import SqliteGallery
from curation.gallery.store import GalleryStore
from curation.settings import GallerySettings

__all__ = ["open_gallery"]


def open_gallery(settings: GallerySettings) -> GalleryStore:
    """Open the gallery: the file of `gallery.path`, or the server of `gallery.url`.

    Raises:
        GalleryError: If it cannot be used: damaged, locked, written by a newer version, no server, no pgvector.
        ExtraMissingError: If a server is named, and the extra `gallery` is not installed.
    """
    if settings.url is not None:
        return PostgresGallery(settings.url.get_secret_value())
    return SqliteGallery(settings.path)
