"""The embedded gallery: one SQLite file, for all processes of one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from curation.domain.recognition.known import KnownFaces
from curation.errors import GalleryError
from curation.gallery.checked_rows import CHIPS, EVENTS, EXEMPLARS, PEOPLE, person_row, select, sign
from curation.gallery.enrolment import (
    arrived,
    checked_exemplars,
    checked_name,
    faces_of,
    gone,
    kept,
    new_id,
    same_name,
    stored_vector,
    taken,
    unit_vectors,
    vector_of,
)
from curation.gallery.sqlite_database import BUSY_TIMEOUT_S, GalleryDatabase
from curation.gallery.store import Exemplar, KnownPerson
from curation.storage.databases.checked_tables import RowDamagedError

__all__ = ["ENCRYPTED_FILE", "GALLERY_FILE", "SqliteGallery"]

GALLERY_FILE = "gallery.sqlite"
"""In the folder of `gallery.path`."""
ENCRYPTED_FILE = "gallery.sqlcipher"
"""The same, encrypted."""

_VECTOR = EXEMPLARS.columns.index("vector")
_OF_PERSON = EXEMPLARS.columns.index("person")
_READ_ROWS = 10_000


class SqliteGallery:
    """Implements `curation.gallery.store.GalleryStore`. May be used from several threads and processes."""

    def __init__(self, folder: Path, *, key: str | None = None, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        """Open the gallery of a folder; both are created if they are missing.

        Args:
            folder: On a local disk.
            key: 64 hexadecimal digits, if the gallery is encrypted.
            busy_timeout_s: How long to wait for others, in seconds.

        Raises:
            GalleryError: If it cannot be used, or is not encrypted and there is a key, or the other way round.
            ExtraMissingError: If there is a key, and the extra `gallery` is not installed.
        """
        plain, encrypted = folder / GALLERY_FILE, folder / ENCRYPTED_FILE
        if key is None and encrypted.exists() and not plain.exists():
            raise GalleryError(f"the gallery {encrypted} is encrypted: name the file with its key as gallery.key_file")
        if key is not None and plain.exists():
            raise GalleryError(
                f"the gallery {plain} is not encrypted: leave gallery.key_file empty, or move {plain.name} away and "
                "enrol the people again"
            )
        self._database = GalleryDatabase(plain if key is None else encrypted, key=key, busy_timeout_s=busy_timeout_s)

    def people(self) -> Sequence[KnownPerson]:
        """All people, by name."""
        with self._database.reading() as connection:
            rows = list(select(connection, PEOPLE, "ORDER BY name_key"))
            events = _events(connection, "ORDER BY event")
            faces = dict(connection.execute("SELECT person, count(*) FROM exemplars GROUP BY person").fetchall())
        return [_person(row, faces.get(row[0], 0), tuple(events.get(row[0], ()))) for row in rows]

    def person(self, person_id: str) -> KnownPerson:
        """One person."""
        with self._database.reading() as connection:
            return _read(connection, person_id)

    def find(self, name: str) -> KnownPerson | None:
        """The person of a name, compared in NFC without case."""
        with self._database.reading() as connection:
            row = person_row(connection, "name_key", same_name(name))
            return None if row is None else _told(connection, row)

    def enrol(self, name: str, category: str, exemplars: Sequence[Exemplar], *, max_exemplars: int) -> KnownPerson:
        """Add faces to the person of a name, who is added if there is none."""
        name, new = checked_name(name), checked_exemplars(exemplars)
        first, last = arrived(new)
        with self._database.transaction() as connection:
            person_row(connection, "name_key", same_name(name))  # is whole, if there is one
            connection.execute(
                "INSERT INTO people (person_id, name, name_key, category, added, last_seen) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (name_key) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen), "
                "category = iif(excluded.category = '', category, excluded.category)",
                (new_id(), name, same_name(name), category, first, last),
            )
            number, person_id = connection.execute(
                "SELECT number, person_id FROM people WHERE name_key = ?", (same_name(name),)
            ).fetchone()
            sign(connection, PEOPLE, "number = ?", (number,))
            _keep(connection, number, new, max_exemplars)
            _add_events(connection, number, {exemplar.event for exemplar in new if exemplar.event})
            return _read(connection, person_id)

    def exemplars(self, person_id: str) -> Sequence[Exemplar]:
        """The faces of a person, the best first."""
        with self._database.reading() as connection:
            return _exemplars(connection, _number(connection, person_id))

    def known_faces(self, embedder: str) -> KnownFaces:
        """Everybody's faces of one embedder."""
        with self._database.reading() as connection:
            people = connection.execute(
                "SELECT number, faces, length FROM people JOIN (SELECT person, count(*) AS faces, "
                "max(length(vector)) AS length FROM exemplars WHERE embedder = ? GROUP BY person) ON person = number "
                "ORDER BY person_id",
                (embedder,),
            ).fetchall()
            named = {row[0]: (row[1], row[2]) for row in select(connection, PEOPLE)}
            lengths = {row[2] for row in people}
            vectors = np.empty((sum(row[1] for row in people), max(lengths, default=0) // 2), dtype=np.float32)
            found = select(
                connection,
                EXEMPLARS,
                "JOIN people ON exemplars.person = people.number WHERE embedder = ? ORDER BY person_id, exemplar_id",
                (embedder,),
            )
            start = 0
            while rows := list(islice(found, _READ_ROWS)):
                block = b"".join(row[_VECTOR] for row in rows)
                if len(block) != len(rows) * vectors.shape[1] * 2:
                    raise _mixed(self._database.path, embedder)
                stored = np.frombuffer(block, dtype="<f2").reshape(len(rows), -1)
                vectors[start : start + len(rows)] = unit_vectors(stored)
                start += len(rows)
            if start != len(vectors) or not named.keys() >= {row[0] for row in people}:
                raise RowDamagedError("an index names rows that are not there")
        return faces_of([named[row[0]] for row in people], [row[1] for row in people], vectors, embedder)

    def rename(self, person_id: str, name: str) -> KnownPerson:
        """Give another name."""
        name = checked_name(name)
        with self._database.transaction() as connection:
            number = _number(connection, person_id)
            try:
                connection.execute(
                    "UPDATE people SET name = ?, name_key = ? WHERE number = ?", (name, same_name(name), number)
                )
            except Exception as error:
                if self._database.is_taken(error):
                    raise taken(name) from error
                raise
            sign(connection, PEOPLE, "number = ?", (number,))
            return _read(connection, person_id)

    def merge(self, person_id: str, into: str, *, max_exemplars: int) -> KnownPerson:
        """Make one person of two: the faces of the first go to the second, whose name stays."""
        with self._database.transaction() as connection:
            number, other = _number(connection, person_id), _number(connection, into)
            if number == other:
                return _read(connection, into)
            moved = _exemplars(connection, number)
            _add_events(connection, other, _events(connection, "WHERE person = ?", (number,)).get(number, ()))
            connection.execute(
                "UPDATE people SET added = min(people.added, gone.added), "
                "last_seen = max(people.last_seen, gone.last_seen), "
                "category = iif(people.category = '', gone.category, people.category) "
                "FROM people AS gone WHERE people.number = ? AND gone.number = ?",
                (other, number),
            )
            sign(connection, PEOPLE, "number = ?", (other,))
            connection.execute("DELETE FROM people WHERE number = ?", (number,))
            _keep(connection, other, moved, max_exemplars)
            self._database.must_be_gone(connection)
            merged = _read(connection, into)
        self._database.finish_deletion()
        return merged

    def remove_exemplar(self, person_id: str, exemplar_id: str) -> None:
        """Take a wrong face away, for good."""
        self._delete(
            lambda connection: connection.execute(
                "DELETE FROM exemplars WHERE person = ? AND exemplar_id = ?",
                (_number(connection, person_id), exemplar_id),
            ),
            "such face of this person",
        )

    def forget(self, person_id: str) -> None:
        """Remove a person for good: nothing of name, vectors and pictures stays in any file of the store."""
        self._delete(
            lambda connection: connection.execute("DELETE FROM people WHERE person_id = ?", (person_id,)),
            f"person with the id {person_id}",
        )

    def seen(self, person_id: str, when: str) -> None:
        """Note that a person was seen (ISO 8601)."""
        with self._database.transaction(another_version=False) as connection:
            number = _number(connection, person_id)
            connection.execute("UPDATE people SET last_seen = max(last_seen, ?) WHERE number = ?", (when, number))
            sign(connection, PEOPLE, "number = ?", (number,))

    def version(self) -> str:
        """Another text whenever people, names or faces changed."""
        return self._database.version()

    def check(self) -> Sequence[str]:
        """What of the file is damaged; it is read as a whole."""
        return self._database.check()

    def close(self) -> None:
        """Free what is held."""
        self._database.close()

    def _delete(self, statement: Callable[[Any], Any], what: str) -> None:
        with self._database.transaction() as connection:
            if not statement(connection).rowcount:
                raise gone(what)
            self._database.must_be_gone(connection)
        self._database.finish_deletion()


def _number(connection: Any, person_id: str) -> int:
    row = person_row(connection, "person_id", person_id)
    if row is None:
        raise gone(f"person with the id {person_id}")
    return int(row[0])


def _events(connection: Any, condition: str, values: tuple[object, ...] = ()) -> dict[int, list[str]]:
    events: dict[int, list[str]] = {}
    for person, event in select(connection, EVENTS, condition, values):
        events.setdefault(person, []).append(event)
    return events


def _add_events(connection: Any, number: int, events: Iterable[str]) -> None:
    rows = [(number, event) for event in sorted(events)]
    connection.executemany("INSERT INTO person_events (person, event) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)
    sign(connection, EVENTS, "person = ? AND checksum IS NULL", (number,))


def _read(connection: Any, person_id: str) -> KnownPerson:
    row = person_row(connection, "person_id", person_id)
    if row is None:
        raise gone(f"person with the id {person_id}")
    return _told(connection, row)


def _told(connection: Any, row: tuple[Any, ...]) -> KnownPerson:
    events = _events(connection, "WHERE person = ? ORDER BY event", (row[0],))
    (faces,) = connection.execute("SELECT count(*) FROM exemplars WHERE person = ?", (row[0],)).fetchone()
    return _person(row, faces, tuple(events.get(row[0], ())))


def _person(row: tuple[Any, ...], faces: int, events: tuple[str, ...]) -> KnownPerson:
    _, person_id, name, _, category, added, last_seen = row
    return KnownPerson(person_id, name, category, faces, events, added, last_seen)


def _exemplars(connection: Any, number: int) -> list[Exemplar]:
    rows = list(select(connection, EXEMPLARS, "WHERE person = ? ORDER BY quality DESC, exemplar_id", (number,)))
    within = "WHERE exemplar IN (SELECT number FROM exemplars WHERE person = ?)"
    chips = dict(select(connection, CHIPS, within, (number,)))
    if any(row[0] not in chips or row[_OF_PERSON] != number for row in rows):
        raise RowDamagedError("an index leads to another row, or the picture of a face is not there")
    return [
        Exemplar(
            exemplar_id=row[1],
            embedder=row[3],
            engine=row[4],
            quality=row[5],
            yaw_deg=row[6],
            vector=vector_of(row[7]),
            event=row[8],
            photo_sha256=row[9],
            face_box=(row[10], row[11], row[12], row[13]),
            added=row[14],
            chip_jpeg=chips[row[0]],
        )
        for row in rows
    ]


def _keep(connection: Any, number: int, new: Sequence[Exemplar], most: int) -> None:
    """Give a person the best of the faces there and some new ones."""
    old = _exemplars(connection, number)
    stay = kept(old, new, most)
    there, staying = {one.exemplar_id for one in old}, {one.exemplar_id for one in stay}
    connection.executemany("DELETE FROM exemplars WHERE exemplar_id = ?", [(one,) for one in sorted(there - staying)])
    for one in stay:
        if one.exemplar_id in there:
            continue
        (face,) = connection.execute(
            "INSERT INTO exemplars (exemplar_id, person, embedder, engine, quality, yaw_deg, vector, event, "
            "photo_sha256, x, y, w, h, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
            (
                one.exemplar_id,
                number,
                one.embedder,
                one.engine,
                float(one.quality),
                one.yaw_deg,
                stored_vector(one.vector),
                one.event,
                one.photo_sha256,
                *(int(side) for side in one.face_box),
                one.added,
            ),
        ).fetchone()
        sign(connection, EXEMPLARS, "number = ?", (face,))
        CHIPS.put(connection, [(face, one.chip_jpeg)])


def _mixed(path: Path, embedder: str) -> GalleryError:
    return GalleryError(
        f"the gallery {path} has vectors of different lengths of one embedder ({embedder[:12]}): copy a backup there, "
        "or forget the people of the wrong ones"
    )
