"""The gallery that the settings name."""

from __future__ import annotations

import re
from pathlib import Path

from curation.errors import GalleryError
from curation.gallery.postgres_store import PostgresGallery
from curation.gallery.sqlite_store import SqliteGallery
from curation.gallery.store import GalleryStore
from curation.parsing.plain_files import read_plain
from curation.settings import GallerySettings

__all__ = ["gallery_key", "open_gallery"]

_MAKE_KEY = (
    "make a key with  openssl rand -hex 32 > {path}  and keep a copy elsewhere, since nobody can read the gallery "
    "without it"
)


def open_gallery(settings: GallerySettings) -> GalleryStore:
    """Open the gallery: the file of `gallery.path`, or the server of `gallery.url`.

    Raises:
        GalleryError: If it cannot be used: damaged, locked, another key, written by a newer version, no server,
            no pgvector.
        ExtraMissingError: If a server or a key is named, and the extra `gallery` is not installed.
    """
    if settings.url is not None:
        if settings.key_file is not None:
            raise GalleryError(
                "gallery.key_file encrypts the file of gallery.path, not a server: leave one of gallery.key_file and "
                "gallery.url empty, and encrypt the server's disk"
            )
        return PostgresGallery(settings.url.get_secret_value())
    return SqliteGallery(settings.path, key=gallery_key(settings))


def gallery_key(settings: GallerySettings) -> str | None:
    """The key of an encrypted gallery, 64 hexadecimal digits; None if it is not encrypted.

    Raises:
        GalleryError: If the file of the key cannot be read, or holds none.
    """
    return None if settings.key_file is None else _key(settings.key_file)


_MAX_KEY_BYTES = 1_000


def _key(path: Path) -> str:
    try:
        text = read_plain(path, limit_bytes=_MAX_KEY_BYTES).decode("ascii").strip()
    except (OSError, ValueError) as error:
        raise GalleryError(f"gallery.key_file {path} cannot be read: {_MAKE_KEY.format(path=path)}") from error
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise GalleryError(
            f"gallery.key_file {path} does not hold 64 hexadecimal digits: {_MAKE_KEY.format(path=path)}"
        )
    return text.lower()
