"""An encrypted gallery: nothing readable in its files, and no other key opens it."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from curation.errors import ExtraMissingError, GalleryError
from curation.gallery.opening import open_gallery
from curation.gallery.sqlite_database import SCHEMA_VERSION
from curation.gallery.sqlite_store import ENCRYPTED_FILE, GALLERY_FILE, SqliteGallery
from curation.settings import GallerySettings
from tests.gallery_faces import EMBEDDER, exemplars_of
from tests.unit.gallery.traces import traces

pytest.importorskip("sqlcipher3", reason="the extra gallery is not installed: make extras EXTRAS=gallery")


@pytest.fixture
def settings(tmp_path: Path) -> GallerySettings:
    (tmp_path / "key").write_text("ab" * 32 + "\n")
    return GallerySettings(path=tmp_path / "gallery", key_file=tmp_path / "key")


def test_nothing_can_be_read_without_the_key(settings: GallerySettings) -> None:
    gallery = open_gallery(settings)
    hers = exemplars_of(1, 6)
    anna = gallery.enrol("Annabella", "main", hers, max_exemplars=12)
    assert gallery.rename(anna.person_id, "Annabell").exemplars == 6
    assert gallery.known_faces(EMBEDDER).names == ("Annabell",)
    assert traces(settings.path, hers, "Annabell", "wedding", anna.person_id) == [], "the log is encrypted too"
    other = open_gallery(settings)
    assert [person.name for person in other.people()] == ["Annabell"]
    other.close()
    gallery.forget(anna.person_id)
    gallery.close()
    assert [path.name for path in settings.path.iterdir()] == [ENCRYPTED_FILE]
    assert traces(settings.path, hers, "Annabell", "wedding", anna.person_id) == []


def test_another_key_is_refused_and_the_file_left_alone(settings: GallerySettings, tmp_path: Path) -> None:
    gallery = open_gallery(settings)
    gallery.enrol("Anna", "", exemplars_of(1), max_exemplars=12)
    gallery.close()
    content = (settings.path / ENCRYPTED_FILE).read_bytes()
    (tmp_path / "key").write_text("cd" * 32)
    with pytest.raises(GalleryError, match=r"cannot be read with the key"):
        open_gallery(settings)
    with pytest.raises(GalleryError, match=r"is encrypted: name the file"):
        open_gallery(GallerySettings(path=settings.path))
    assert (settings.path / ENCRYPTED_FILE).read_bytes() == content
    (tmp_path / "key").write_text("AB" * 32)
    again = open_gallery(settings)
    assert [person.name for person in again.people()] == ["Anna"]
    again.close()


def test_a_plain_gallery_does_not_become_an_encrypted_one_silently(settings: GallerySettings) -> None:
    SqliteGallery(settings.path).close()
    with pytest.raises(GalleryError, match="is not encrypted"):
        open_gallery(settings)
    assert sqlite3.connect(settings.path / GALLERY_FILE).execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


@pytest.mark.parametrize("text", ["", "ab" * 31, "xy" * 32, "ä" * 64])
def test_a_key_that_is_none_is_refused(settings: GallerySettings, tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(GalleryError, match=r"key_file .* openssl rand -hex 32"):
        open_gallery(settings)
    (tmp_path / "key").unlink()
    with pytest.raises(GalleryError, match=r"key_file .* openssl rand -hex 32"):
        open_gallery(settings)
    assert not settings.path.exists()


def test_a_key_is_not_for_a_server_and_the_extra_is_named(
    settings: GallerySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GalleryError, match="not a server"):
        open_gallery(settings.model_copy(update={"url": GallerySettings(url="postgresql://127.0.0.1:1/x").url}))
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    with pytest.raises(ExtraMissingError, match=r"gallery\.key_file needs the extra gallery"):
        open_gallery(settings)
