"""The gallery that the settings name."""

from __future__ import annotations

from curation.gallery.sqlite_store import SqliteGallery
from curation.gallery.store import GalleryStore
from curation.settings import GallerySettings

__all__ = ["open_gallery"]


def open_gallery(settings: GallerySettings) -> GalleryStore:
    """Open the gallery: the file of `gallery.path`, or the server of `gallery.url`.

    Raises:
        GalleryError: If it cannot be used.
        ExtraMissingError: A server is named, and the extra `gallery` is not installed.
    """
    return SqliteGallery(settings.path)
