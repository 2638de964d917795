"""Damage of the embedded gallery: it is named when it is read, and what is whole is saved into a new gallery."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from curation.errors import GalleryError, InputError
from curation.gallery.enrolment import stored_vector
from curation.gallery.rescue import rescue
from curation.gallery.sqlite_database import UPGRADES
from curation.gallery.sqlite_store import ENCRYPTED_FILE, GALLERY_FILE, SqliteGallery
from curation.gallery.store import Exemplar
from tests.gallery_faces import EMBEDDER, exemplars_of

PEOPLE = 60
PAGE = 4096
KEY = "5a" * 32


def make(folder: Path, people: int = PEOPLE, key: str | None = None) -> dict[str, dict[str, bytes]]:
    """A gallery, and what it holds: the vectors of each name by the photo they are from."""
    held = {}
    with closing(SqliteGallery(folder, key=key)) as gallery:
        for number in range(people):
            name = "Anna" if number == 1 else f"Person {number}"
            faces = exemplars_of(number, 4)
            gallery.enrol(name, "", faces, max_exemplars=12)
            held[name] = by_photo(faces)
    return held


def by_photo(faces: list[Exemplar]) -> dict[str, bytes]:
    return {one.photo_sha256: stored_vector(one.vector) for one in faces}


def held_in(folder: Path, key: str | None = None) -> dict[str, dict[str, bytes]]:
    with closing(SqliteGallery(folder, key=key)) as gallery:
        assert gallery.check() == []
        known = gallery.known_faces(EMBEDDER)
        people = gallery.people()
        assert len(known.vectors) == sum(person.exemplars for person in people)
        return {one.name: by_photo(list(gallery.exemplars(one.person_id))) for one in people}


def change(path: Path, find: bytes, put: bytes) -> None:
    content = path.read_bytes()
    assert find in content
    path.write_bytes(content.replace(find, put))


READS: dict[str, Callable[[SqliteGallery], Any]] = {
    "people": lambda gallery: gallery.people(),
    "find": lambda gallery: gallery.find("Person 2"),
    "known faces": lambda gallery: gallery.known_faces(EMBEDDER),
    "all faces": lambda gallery: [gallery.exemplars(one.person_id) for one in gallery.people()],
    "enrol": lambda gallery: gallery.enrol("Person 2", "", exemplars_of(2, 1, first=9), max_exemplars=12),
    "rename": lambda gallery: gallery.rename(gallery.find("Person 2").person_id, "Zoe"),  # type: ignore[union-attr]
}


def test_a_changed_byte_is_named_and_never_somebody_elses(tmp_path: Path) -> None:
    make(tmp_path, 4)
    path = tmp_path / GALLERY_FILE
    whole = path.read_bytes()
    vector = stored_vector(exemplars_of(2, 1)[0].vector)
    other = bytes([vector[0] ^ 0x40, *vector[1:]])
    damages = {
        "name": (b"Person 2", b"Person 7", {"people", "find", "known faces", "all faces", "enrol", "rename"}),
        "vector": (vector, other, {"known faces", "all faces", "enrol"}),
        "picture": (exemplars_of(2, 1)[0].chip_jpeg[:40], b"\xff\xd8" + bytes(38), {"all faces", "enrol"}),
        "event": (b"wedding", b"Wedding", {"people", "find", "known faces", "all faces", "enrol", "rename"}),
    }
    for what, (find, put, noticed) in damages.items():
        path.write_bytes(whole)
        change(path, find, put)
        damaged = path.read_bytes()
        for name in sorted(noticed):
            path.write_bytes(damaged)
            with closing(SqliteGallery(tmp_path)) as gallery:
                with pytest.raises(GalleryError, match=r"damaged .*gallery rescue --to NEW"):
                    READS[name](gallery)
                assert gallery.check(), what
            # A row that is damaged is never signed again.
            with closing(SqliteGallery(tmp_path)) as gallery:
                assert gallery.check(), (what, name)


def test_what_is_whole_is_saved_and_the_damaged_file_stays(tmp_path: Path) -> None:
    held = make(tmp_path / "old")
    path = tmp_path / "old" / GALLERY_FILE
    change(path, b"Anna", b"Anne")
    vector = stored_vector(exemplars_of(5, 1)[0].vector)
    change(path, vector, bytes(len(vector)))
    damaged = path.read_bytes()
    done = rescue(path, tmp_path / "new")
    assert path.read_bytes() == damaged
    assert (done.people, done.faces, done.damaged_rows) == (PEOPLE - 1, 4 * PEOPLE - 1, 2)
    assert done.nameless == {"Name lost 1": 4}
    assert not done.is_all
    saved = held_in(tmp_path / "new")
    assert saved.pop("Name lost 1") == held.pop("Anna")
    lost = {photo for name in held for photo in held[name].keys() - saved[name].keys()}
    assert lost == {exemplars_of(5, 1)[0].photo_sha256}
    assert all(saved[name].items() <= held[name].items() for name in held)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["new", "old"]


def test_a_whole_gallery_is_saved_whole_with_its_ids(tmp_path: Path) -> None:
    held = make(tmp_path / "old", 6)
    done = rescue(tmp_path / "old" / GALLERY_FILE, tmp_path / "new")
    assert done.is_all
    assert held_in(tmp_path / "new") == held
    with closing(SqliteGallery(tmp_path / "old")) as old, closing(SqliteGallery(tmp_path / "new")) as new:
        assert old.people() == new.people()
        assert old.version() != new.version()  # what was recognised before is compared again
        new.enrol("Somebody new", "", exemplars_of(77, 2), max_exemplars=12)


def root_page(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return int(page)


def test_rows_that_vanish_or_come_back_without_a_trace_are_found(tmp_path: Path) -> None:
    make(tmp_path / "old", 4)
    path = tmp_path / "old" / GALLERY_FILE
    start = (root_page(path, "person_events") - 1) * PAGE
    before = path.read_bytes()[start : start + PAGE]
    with closing(SqliteGallery(tmp_path / "old")) as gallery:
        gallery.enrol("Person 2", "", exemplars_of(2, 1, first=9, event="birthday"), max_exemplars=12)
    content = bytearray(path.read_bytes())
    after, content[start : start + PAGE] = content[start : start + PAGE], before
    path.write_bytes(content)  # the disk never wrote that page
    with closing(SqliteGallery(tmp_path / "old")) as gallery:
        (found,) = gallery.check()
        assert "person_events holds 4 rows, which are not the 5" in found
    done = rescue(path, tmp_path / "new")
    assert (done.vanished_rows, done.is_all) == (1, False)
    content[start : start + PAGE] = after
    path.write_bytes(content)
    with closing(SqliteGallery(tmp_path / "old")) as gallery:
        assert gallery.check() == []
        # Everything that writes keeps the count.
        anna, other, third = (gallery.find(name) for name in ("Anna", "Person 2", "Person 3"))
        assert anna is not None and other is not None and third is not None
        gallery.rename(anna.person_id, "Anne")
        gallery.seen(anna.person_id, "2027-01-01T00:00:00+00:00")
        gallery.merge(anna.person_id, other.person_id, max_exemplars=3)
        gallery.remove_exemplar(other.person_id, gallery.exemplars(other.person_id)[0].exemplar_id)
        gallery.forget(third.person_id)
        assert gallery.check() == []


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
@pytest.mark.parametrize("first", [False, True], ids=["anywhere", "first page too"])
def test_whatever_pages_are_damaged_all_that_is_whole_and_nothing_wrong_is_saved(
    tmp_path: Path, first: bool, key: str | None
) -> None:
    if key is not None:
        pytest.importorskip("sqlcipher3", reason="the extra gallery is not installed: make extras EXTRAS=gallery")
    held = make(tmp_path / "old", 30, key)
    path = tmp_path / "old" / (GALLERY_FILE if key is None else ENCRYPTED_FILE)
    whole = path.read_bytes()
    pages = len(whole) // PAGE
    everything = {photo: vector for faces in held.values() for photo, vector in faces.items()}
    for seed in range(8):
        chance = random.Random(seed)
        content = bytearray(whole)
        damaged = {0} if first else set()
        damaged |= {chance.randrange(1, pages) for _ in range(chance.randrange(1, 6))}
        for number in damaged:
            page = number * PAGE
            start = page + chance.choice((0, chance.randrange(PAGE)))
            end = min(page + PAGE, start + chance.choice((1, 40, PAGE)))
            content[start:end] = chance.randbytes(end - start)
        path.write_bytes(content)
        done = rescue(path, tmp_path / f"new {seed}", key=key)
        saved = held_in(tmp_path / f"new {seed}", key)
        for name, faces in saved.items():
            own = everything if name in done.nameless else held[name]
            assert faces.items() <= own.items()
        assert sum(map(len, saved.values())) == done.faces
        # A page holds three faces.
        assert done.faces >= len(everything) - 3 * len(damaged)
        assert done.faces == len(everything) or not done.is_all


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
@pytest.mark.parametrize("lost", [100, PAGE])
def test_what_was_written_last_is_saved_from_the_log_though_the_files_beginning_is_lost(
    tmp_path: Path, lost: int, key: str | None
) -> None:
    if key is not None:
        pytest.importorskip("sqlcipher3", reason="the extra gallery is not installed: make extras EXTRAS=gallery")
    held = make(tmp_path / "old", 6, key)
    name = GALLERY_FILE if key is None else ENCRYPTED_FILE
    (tmp_path / "cut").mkdir()
    with closing(SqliteGallery(tmp_path / "old", key=key)) as gallery:
        faces = exemplars_of(70, 3)
        gallery.enrol("Last", "", faces, max_exemplars=12)
        # As a power cut leaves it: what was written last is in the log only.
        content = (tmp_path / "old" / name).read_bytes()
        (tmp_path / "cut" / name).write_bytes(bytes(lost) + content[lost:])
        (tmp_path / "cut" / f"{name}-wal").write_bytes((tmp_path / "old" / f"{name}-wal").read_bytes())
    rescue(tmp_path / "cut" / name, tmp_path / "new", key=key)
    assert held_in(tmp_path / "new", key) == {**held, "Last": by_photo(faces)}


@pytest.mark.parametrize("seed", range(3))
def test_what_was_forgotten_or_changed_never_comes_back_from_what_lies_in_pages(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    make(tmp_path / "old", 25)
    with closing(SqliteGallery(tmp_path / "old")) as gallery:
        for number in range(35):
            person, other = chance.sample(gallery.people(), 2)
            match chance.randrange(5):
                case 0:
                    gallery.forget(person.person_id)
                case 1:
                    gallery.rename(person.person_id, f"Renamed {number} {'x' * chance.randrange(60)}")
                case 2:
                    gallery.merge(person.person_id, other.person_id, max_exemplars=5)
                case 3:
                    faces = gallery.exemplars(person.person_id)
                    gallery.remove_exemplar(person.person_id, faces[0].exemplar_id)
                case _:
                    gallery.enrol(f"New {number}", "", exemplars_of(100 + number, 3), max_exemplars=12)
        held = {one.name: by_photo(list(gallery.exemplars(one.person_id))) for one in gallery.people()}
    path = tmp_path / "old" / GALLERY_FILE
    path.write_bytes(bytes(PAGE) + path.read_bytes()[PAGE:])
    rescue(path, tmp_path / "new")
    assert held_in(tmp_path / "new") == held


def test_a_file_without_its_header_is_saved(tmp_path: Path) -> None:
    held = make(tmp_path / "old", 20)
    path = tmp_path / "old" / GALLERY_FILE
    path.write_bytes(bytes(100) + path.read_bytes()[100:])
    with pytest.raises(GalleryError, match="rescue"):
        SqliteGallery(tmp_path / "old")
    done = rescue(path, tmp_path / "new")
    assert (done.people, done.faces) == (20, 80)
    assert held_in(tmp_path / "new") == held


def test_an_encrypted_gallery_is_saved_encrypted(tmp_path: Path) -> None:
    pytest.importorskip("sqlcipher3", reason="the extra gallery is not installed: make extras EXTRAS=gallery")
    held = make(tmp_path / "old", 30, KEY)
    path = tmp_path / "old" / ENCRYPTED_FILE
    content = bytearray(path.read_bytes())
    pages = len(content) // PAGE
    content[(pages - 3) * PAGE + 50] ^= 1
    path.write_bytes(content)
    done = rescue(path, tmp_path / "new", key=KEY)
    assert done.faces > 0
    assert b"Person" not in (tmp_path / "new" / ENCRYPTED_FILE).read_bytes()
    for name, faces in held_in(tmp_path / "new", KEY).items():
        assert name in done.nameless or faces.items() <= held[name].items()


def test_what_cannot_be_read_at_all_and_folders_that_are_not_empty_are_refused(tmp_path: Path) -> None:
    make(tmp_path / "old", 2)
    path = tmp_path / "old" / GALLERY_FILE
    with pytest.raises(InputError, match="not empty"):
        rescue(path, tmp_path / "old")
    with pytest.raises(InputError, match="no gallery"):
        rescue(tmp_path / "elsewhere", tmp_path / "new")
    path.write_bytes(b"not a gallery" * 1000)
    with pytest.raises(GalleryError, match="nothing of"):
        rescue(path, tmp_path / "new")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["old"]


def test_a_gallery_without_checksums_is_taken_over_and_saved(tmp_path: Path) -> None:
    held = make(tmp_path / "old", 5)
    path = tmp_path / "old" / GALLERY_FILE
    with closing(sqlite3.connect(path)) as connection:
        for table in ("people", "person_events", "exemplars", "chips"):
            for trigger in ("insert", "delete", "update"):
                connection.execute(f"DROP TRIGGER {table}_{trigger}")
            connection.execute(f"ALTER TABLE {table} DROP COLUMN checksum")
        connection.execute("DROP TABLE row_counts")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    old = path.read_bytes()
    assert rescue(path, tmp_path / "new").is_all
    assert path.read_bytes() == old
    assert held_in(tmp_path / "new") == held
    with closing(SqliteGallery(tmp_path / "old")) as gallery:
        assert gallery.check() == []
    assert held_in(tmp_path / "old") == held
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(UPGRADES),)


def test_another_key_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    pytest.importorskip("sqlcipher3", reason="the extra gallery is not installed: make extras EXTRAS=gallery")
    make(tmp_path / "old", 2, KEY)
    with pytest.raises(GalleryError, match=r"nothing of gallery\.sqlcipher can be read .*its own key"):
        rescue(tmp_path / "old" / ENCRYPTED_FILE, tmp_path / "new", key="00" * 32)
    assert not (tmp_path / "new").exists()
