"""The gallery on a server: PostgreSQL with pgvector, for many machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from curation.domain.recognition.known import KnownFaces
from curation.errors import GalleryError
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
from curation.gallery.postgres_database import PostgresGalleryDatabase
from curation.gallery.store import Exemplar, KnownPerson

__all__ = ["PostgresGallery"]

_PERSON = """
SELECT person_id, name, category, (SELECT count(*) FROM gallery_exemplars WHERE person = number),
    ARRAY(SELECT event FROM gallery_events WHERE person = number ORDER BY event), added, last_seen
FROM gallery_people
"""
_EXEMPLAR = """
SELECT exemplar_id, vector, embedder, engine, quality, chip, event, photo_sha256, x, y, w, h, added, yaw_deg
FROM gallery_exemplars
"""
_READ_ROWS = 10_000


class PostgresGallery:
    """Implements `curation.gallery.store.GalleryStore`. May be used from several threads, processes and machines."""

    def __init__(self, url: str) -> None:
        """Connect, and create what is missing.

        Raises:
            GalleryError: If it cannot be used.
            ExtraMissingError: If the extra `gallery` is not installed.
        """
        self._database = PostgresGalleryDatabase(url)

    def people(self) -> Sequence[KnownPerson]:
        """All people, by name."""
        with self._database.reading() as connection:
            return [_person(row) for row in connection.execute(f"{_PERSON} ORDER BY name_key")]

    def person(self, person_id: str) -> KnownPerson:
        """One person."""
        with self._database.reading() as connection:
            return _read(connection, person_id)

    def find(self, name: str) -> KnownPerson | None:
        """The person of a name, compared in NFC without case."""
        with self._database.reading() as connection:
            row = connection.execute(f"{_PERSON} WHERE name_key = %s", (same_name(name),)).fetchone()
            return None if row is None else _person(row)

    def enrol(self, name: str, category: str, exemplars: Sequence[Exemplar], *, max_exemplars: int) -> KnownPerson:
        """Add faces to the person of a name, who is added if there is none."""
        name, new = checked_name(name), checked_exemplars(exemplars)
        first, last = arrived(new)
        with self._database.transaction() as connection:
            # Locks the person until the end, also if it is there already: nobody else changes the same faces.
            number, person_id = connection.execute(
                "INSERT INTO gallery_people AS p (person_id, name, name_key, category, added, last_seen) "
                "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (name_key) DO UPDATE SET "
                "last_seen = greatest(p.last_seen, excluded.last_seen), "
                "category = CASE WHEN excluded.category = '' THEN p.category ELSE excluded.category END "
                "RETURNING number, person_id",
                (new_id(), name, same_name(name), category, first, last),
            ).fetchone()
            self._keep(connection, number, new, max_exemplars)
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO gallery_events VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    sorted({(number, exemplar.event) for exemplar in new if exemplar.event}),
                )
            return _read(connection, person_id)

    def exemplars(self, person_id: str) -> Sequence[Exemplar]:
        """The faces of a person, the best first."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT number FROM gallery_people WHERE person_id = %s", (person_id,)).fetchone()
            if row is None:
                raise gone(f"person with the id {person_id}")
            return _exemplars(connection, row[0])

    def known_faces(self, embedder: str) -> KnownFaces:
        """Everybody's faces of one embedder."""
        with self._database.reading() as connection:
            people = connection.execute(
                "SELECT person_id, name, faces, length FROM gallery_people JOIN (SELECT person, count(*) AS faces, "
                "max(vector_dims(vector)) AS length FROM gallery_exemplars WHERE embedder = %s GROUP BY person) AS f "
                "ON f.person = number ORDER BY person_id",
                (embedder,),
            ).fetchall()
            vectors = np.empty((sum(row[2] for row in people), max((row[3] for row in people), default=0)), np.float32)
            start = 0
            # Named: the rows stay on the server until they are fetched.
            with connection.cursor("known_faces", binary=True) as cursor:
                cursor.execute(
                    "SELECT vector FROM gallery_exemplars JOIN gallery_people ON person = number WHERE embedder = %s "
                    "ORDER BY person_id, exemplar_id",
                    (embedder,),
                )
                while rows := cursor.fetchmany(_READ_ROWS):
                    block = [row[0].to_numpy() for row in rows]
                    if any(len(vector) != vectors.shape[1] for vector in block):
                        raise GalleryError(
                            f"the gallery {self._database.shown} has vectors of different lengths of one embedder "
                            f"({embedder[:12]}): forget the people of the wrong ones"
                        )
                    vectors[start : start + len(rows)] = unit_vectors(np.stack(block))
                    start += len(rows)
        return faces_of([(row[0], row[1]) for row in people], [row[2] for row in people], vectors, embedder)

    def rename(self, person_id: str, name: str) -> KnownPerson:
        """Give another name."""
        name = checked_name(name)
        with self._database.transaction() as connection:
            (number,) = _locked(connection, person_id)
            try:
                connection.execute(
                    "UPDATE gallery_people SET name = %s, name_key = %s WHERE number = %s",
                    (name, same_name(name), number),
                )
            except Exception as error:
                if self._database.is_taken(error):
                    raise taken(name) from error
                raise
            return _read(connection, person_id)

    def merge(self, person_id: str, into: str, *, max_exemplars: int) -> KnownPerson:
        """Make one person of two: the faces of the first go to the second, whose name stays."""
        if person_id == into:
            return self.person(into)
        with self._database.transaction() as connection:
            number, other = _locked(connection, person_id, into)
            moved = _exemplars(connection, number)
            connection.execute(
                "INSERT INTO gallery_events SELECT %s, event FROM gallery_events WHERE person = %s "
                "ON CONFLICT DO NOTHING",
                (other, number),
            )
            connection.execute(
                "UPDATE gallery_people AS p SET added = least(p.added, gone.added), "
                "last_seen = greatest(p.last_seen, gone.last_seen), "
                "category = CASE WHEN p.category = '' THEN gone.category ELSE p.category END "
                "FROM gallery_people AS gone WHERE p.number = %s AND gone.number = %s",
                (other, number),
            )
            connection.execute("DELETE FROM gallery_people WHERE number = %s", (number,))
            self._keep(connection, other, moved, max_exemplars)
            self._database.must_be_gone(connection)
            merged = _read(connection, into)
        self._database.finish_deletion()
        return merged

    def remove_exemplar(self, person_id: str, exemplar_id: str) -> None:
        """Take a wrong face away, for good."""
        with self._database.transaction() as connection:
            (number,) = _locked(connection, person_id)
            if not connection.execute(
                "DELETE FROM gallery_exemplars WHERE person = %s AND exemplar_id = %s", (number, exemplar_id)
            ).rowcount:
                raise gone("such face of this person")
            self._database.must_be_gone(connection)
        self._database.finish_deletion()

    def forget(self, person_id: str) -> None:
        """Remove a person for good; what the server's log keeps for a while, docs/gallery_store.md tells."""
        with self._database.transaction() as connection:
            (number,) = _locked(connection, person_id)
            connection.execute("DELETE FROM gallery_people WHERE number = %s", (number,))
            self._database.must_be_gone(connection)
        self._database.finish_deletion()

    def seen(self, person_id: str, when: str) -> None:
        """Note that a person was seen (ISO 8601)."""
        with self._database.transaction(another_version=False) as connection:
            if not connection.execute(
                "UPDATE gallery_people SET last_seen = greatest(last_seen, %s) WHERE person_id = %s", (when, person_id)
            ).rowcount:
                raise gone(f"person with the id {person_id}")

    def version(self) -> str:
        """Another text whenever people, names or faces changed."""
        return self._database.version()

    def check(self) -> Sequence[str]:
        """Nothing: all rows are read, so that the server looks at its checksums of pages, and fails if one is wrong.

        Rows have no checksums of their own here: the server has them for every page, with what is around the rows.

        Raises:
            GalleryError: If the server finds damage.
        """
        with self._database.reading() as connection:
            connection.execute("SELECT sum(length(gallery_people::text)) FROM gallery_people").fetchone()
            connection.execute("SELECT sum(length(gallery_events::text)) FROM gallery_events").fetchone()
            connection.execute(
                "SELECT sum(octet_length(chip) + length(vector::text)) FROM gallery_exemplars"
            ).fetchone()
        return ()

    def close(self) -> None:
        """Free what is held."""
        self._database.close()

    def _keep(self, connection: Any, number: int, new: Sequence[Exemplar], most: int) -> None:
        """Give a person, who is locked, the best of the faces there and some new ones."""
        old = _exemplars(connection, number)
        stay = kept(old, new, most)
        there, staying = {one.exemplar_id for one in old}, {one.exemplar_id for one in stay}
        connection.execute("DELETE FROM gallery_exemplars WHERE exemplar_id = ANY(%s)", (sorted(there - staying),))
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO gallery_exemplars (exemplar_id, person, embedder, engine, quality, yaw_deg, vector, chip, "
                "event, photo_sha256, x, y, w, h, added) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        one.exemplar_id,
                        number,
                        one.embedder,
                        one.engine,
                        float(one.quality),
                        one.yaw_deg,
                        self._database.vector(one.vector),
                        one.chip_jpeg,
                        one.event,
                        one.photo_sha256,
                        *(int(side) for side in one.face_box),
                        one.added,
                    )
                    for one in stay
                    if one.exemplar_id not in there
                ],
            )


def _locked(connection: Any, *person_ids: str) -> tuple[int, ...]:
    """The numbers of people, locked in the order of numbers, so that nobody waits in a circle."""
    rows = connection.execute(
        "SELECT person_id, number FROM gallery_people WHERE person_id = ANY(%s) ORDER BY number FOR UPDATE",
        (list(person_ids),),
    ).fetchall()
    numbers = dict(rows)
    for person_id in person_ids:
        if person_id not in numbers:
            raise gone(f"person with the id {person_id}")
    return tuple(int(numbers[person_id]) for person_id in person_ids)


def _read(connection: Any, person_id: str) -> KnownPerson:
    row = connection.execute(f"{_PERSON} WHERE person_id = %s", (person_id,)).fetchone()
    if row is None:
        raise gone(f"person with the id {person_id}")
    return _person(row)


def _person(row: Sequence[Any]) -> KnownPerson:
    person_id, name, category, exemplars, events, added, last_seen = row
    return KnownPerson(person_id, name, category, exemplars, tuple(events), added, last_seen)


def _exemplars(connection: Any, number: int) -> list[Exemplar]:
    rows = connection.execute(f"{_EXEMPLAR} WHERE person = %s ORDER BY quality DESC, exemplar_id", (number,))
    return [
        Exemplar(
            exemplar_id=row[0],
            vector=vector_of(stored_vector(row[1].to_numpy())),
            embedder=row[2],
            engine=row[3],
            quality=row[4],
            chip_jpeg=bytes(row[5]),
            event=row[6],
            photo_sha256=row[7],
            face_box=(row[8], row[9], row[10], row[11]),
            added=row[12],
            yaw_deg=row[13],
        )
        for row in rows
    ]
