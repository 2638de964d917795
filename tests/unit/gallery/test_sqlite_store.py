"""The embedded gallery's file: what is forgotten is gone from the disk, kills, damage, versions."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from curation.errors import GalleryError
from curation.gallery.sqlite_store import GALLERY_FILE, SqliteGallery
from tests.gallery_faces import exemplar, exemplars_of
from tests.unit.gallery.traces import traces

_PROJECT = Path(__file__).parents[3]


def crowd(gallery: SqliteGallery, people: int) -> None:
    """So many people that pages split and rows move."""
    for person in range(100, 100 + people):
        gallery.enrol(f"Somebody {person * 7919 % 1000}", "", exemplars_of(person, 3), max_exemplars=12)


def test_what_is_forgotten_is_gone_from_every_file(tmp_path: Path) -> None:
    gallery = SqliteGallery(tmp_path)
    crowd(gallery, 10)
    hers = [exemplar(1, face, event="Zweitfeier") for face in range(12)]
    anna = gallery.enrol("Annabella Zyx", "main", hers[:6], max_exemplars=12)
    crowd(gallery, 20)
    gallery.enrol("Annabella Zyx", "main", hers[6:], max_exemplars=12)
    gallery.rename(anna.person_id, "Annabella Qrst")
    crowd(gallery, 40)
    assert traces(tmp_path, hers, "Annabella"), "the search finds what is there"
    reader = SqliteGallery(tmp_path)
    assert len(reader.people()) == 41
    gallery.forget(anna.person_id)
    assert traces(tmp_path, hers, "Annabella", "Zweitfeier", anna.person_id) == []
    assert len(gallery.people()) == len(reader.people()) == 40
    reader.close()
    gallery.close()
    assert traces(tmp_path, hers, "Annabella", "Zweitfeier", anna.person_id) == []


def test_a_removed_face_and_a_merged_name_are_gone_too(tmp_path: Path) -> None:
    gallery = SqliteGallery(tmp_path)
    hers = exemplars_of(1, 4)
    anna = gallery.enrol("Annabella", "", hers, max_exemplars=12)
    wrong = gallery.exemplars(anna.person_id)[0]
    gallery.remove_exemplar(anna.person_id, wrong.exemplar_id)
    assert traces(tmp_path, [one for one in hers if one.photo_sha256 == wrong.photo_sha256]) == []
    assert traces(tmp_path, [one for one in hers if one.photo_sha256 != wrong.photo_sha256])
    other = gallery.enrol("Benedikt", "", exemplars_of(2, 3), max_exemplars=12)
    gallery.merge(anna.person_id, other.person_id, max_exemplars=12)
    assert traces(tmp_path, [], "Annabella", anna.person_id) == []
    gallery.close()


def test_a_reader_that_holds_the_log_is_told_and_the_next_opening_finishes(tmp_path: Path) -> None:
    gallery = SqliteGallery(tmp_path, busy_timeout_s=0.2)
    hers = exemplars_of(1, 4)
    anna = gallery.enrol("Annabella", "", hers, max_exemplars=12)
    reader = sqlite3.connect(tmp_path / GALLERY_FILE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM people").fetchone()
    with pytest.raises(GalleryError, match=r"no longer in it, but its bytes .* end that program"):
        gallery.forget(anna.person_id)
    assert list(gallery.people()) == []
    reader.close()
    gallery.close()
    SqliteGallery(tmp_path).close()
    assert traces(tmp_path, hers, "Annabella") == []


def test_a_reader_that_soon_ends_is_waited_for(tmp_path: Path) -> None:
    gallery = SqliteGallery(tmp_path)
    hers = exemplars_of(1, 4)
    anna = gallery.enrol("Annabella", "", hers, max_exemplars=12)
    reader = sqlite3.connect(tmp_path / GALLERY_FILE, isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM people").fetchone()
    threading.Timer(0.3, reader.close).start()
    gallery.forget(anna.person_id)
    assert traces(tmp_path, hers, "Annabella") == []
    gallery.close()


def test_killed_at_any_moment_all_or_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    chance = random.Random(5)
    stays = SqliteGallery(folder)
    stays.enrol("Stays", "", exemplars_of(1, 4), max_exemplars=6)
    expected = {"Stays": 4}
    for seed in range(1, 7):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.gallery_kills", str(folder), str(seed)],
            cwd=_PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        timer = threading.Timer(chance.uniform(0.0, 0.25), child.kill)
        timer.start()
        lines += child.stdout.readlines()
        child.wait()
        timer.join()
        child.stdout.close()
        steps = [line.split() for line in lines]
        pending: list[str] | None = None
        for step in steps:
            if step[0] == "STEP":
                pending = step[1:]
            elif pending is not None:
                expected = _after(expected, pending)
                pending = None
        there = {person.name: person.exemplars for person in stays.people()}
        assert there in (expected, _after(expected, pending) if pending else expected), (pending, seed)
        gone = expected.keys() - there.keys()
        expected = there
        opened = SqliteGallery(folder)  # finishes a deletion that was interrupted
        numbers = {int(name.split("-")[1]) for name in gone if "-" in name}
        assert traces(folder, [], *(f"Person-{number}" for number in numbers)) == []
        opened.close()
    assert len(expected) > 1
    stays.close()


def _after(people: dict[str, int], step: list[str]) -> dict[str, int]:
    out = dict(people)
    if step[0] == "enrol":
        out[step[1]] = 4
    else:
        count = out.pop(step[1])
        if step[0] == "merge":
            out[step[2]] = min(6, out[step[2]] + count)
    return out


@pytest.mark.parametrize("damage", ["text", "middle"])
def test_a_damaged_file_is_refused_and_stays(tmp_path: Path, damage: str) -> None:
    gallery = SqliteGallery(tmp_path)
    gallery.enrol("Anna", "", exemplars_of(1), max_exemplars=12)
    gallery.close()
    path = tmp_path / GALLERY_FILE
    content = path.read_bytes()
    broken = b"not a gallery" * 1000 if damage == "text" else content[:40] + b"\xff" * 4000 + content[4040:]
    path.write_bytes(broken)
    for _ in range(2):  # a service that is started again by itself must not begin with an empty gallery
        with pytest.raises(GalleryError, match=r"damaged .* nothing was changed: .* rescue --to NEW`; or move"):
            SqliteGallery(tmp_path)
    assert path.read_bytes() == broken
    path.write_bytes(content)
    fresh = SqliteGallery(tmp_path)
    assert [person.name for person in fresh.people()] == ["Anna"]
    fresh.close()


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / GALLERY_FILE)
    connection.execute("CREATE TABLE notes (text)")
    connection.close()
    content = (tmp_path / GALLERY_FILE).read_bytes()
    with pytest.raises(GalleryError, match="another program"):
        SqliteGallery(tmp_path)
    assert (tmp_path / GALLERY_FILE).read_bytes() == content


def test_a_gallery_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    SqliteGallery(tmp_path).close()
    connection = sqlite3.connect(tmp_path / GALLERY_FILE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(GalleryError, match="newer version"):
        SqliteGallery(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".damaged-1"] == []


def test_a_file_in_the_way_and_a_busy_gallery_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Exception, match="folder"):
        SqliteGallery(tmp_path / "file" / "gallery")
    gallery = SqliteGallery(tmp_path, busy_timeout_s=0.1)
    other = sqlite3.connect(tmp_path / GALLERY_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(GalleryError, match="busy"):
        gallery.enrol("Anna", "", exemplars_of(1), max_exemplars=12)
    assert time.monotonic() - began < 5
    other.close()
    assert gallery.enrol("Anna", "", exemplars_of(1), max_exemplars=12).exemplars == 4
    gallery.close()


def test_the_file_is_only_for_its_owner(tmp_path: Path) -> None:
    gallery = SqliteGallery(tmp_path / "new")
    gallery.enrol("Anna", "", exemplars_of(1), max_exemplars=12)
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "new").iterdir())
    gallery.close()


def test_vectors_come_back_of_unit_length() -> None:
    vectors = np.stack([one.vector for one in exemplars_of(1, 3)])
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
