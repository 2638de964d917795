"""The SQLite file of a gallery: opening it, its schema, transactions, real deletion, and its errors in words.

What is deleted must be gone from the disk. Three things are needed for it, each measured by searching the raw files:
`secure_delete` overwrites what a row leaves behind, `VACUUM` writes the file anew without the copies that pages keep
when rows move to others, and a truncating checkpoint empties the write-ahead log, whose answer tells whether a reader
held it back. A deletion that must be complete sets a mark in its own transaction, and the mark goes when all of it is
done: a killed process leaves the mark, and whoever opens the gallery next goes on.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curation.errors import GalleryError
from curation.extras import Extra, extra_for
from curation.gallery.checked_rows import COUNTING, TABLES, counted, damaged_rows, rows_there
from curation.interrupts import interrupts_delayed
from curation.storage.atomic import explained
from curation.storage.databases.checked_tables import RowDamagedError, add_checksum_function
from curation.storage.databases.transactions import transaction

__all__ = ["BUSY_TIMEOUT_S", "RESCUE", "SCHEMA_VERSION", "UPGRADES", "GalleryDatabase", "salt_of"]

_VERSION_1 = """
CREATE TABLE gallery_facts (
    name  TEXT PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;
CREATE TABLE people (
    number    INTEGER PRIMARY KEY,
    person_id TEXT NOT NULL UNIQUE,
    name      TEXT NOT NULL,
    name_key  TEXT NOT NULL UNIQUE,
    category  TEXT NOT NULL,
    added     TEXT NOT NULL,
    last_seen TEXT NOT NULL
);
CREATE TABLE person_events (
    person INTEGER NOT NULL REFERENCES people (number) ON DELETE CASCADE,
    event  TEXT NOT NULL,
    PRIMARY KEY (person, event)
) WITHOUT ROWID;
CREATE TABLE exemplars (
    number       INTEGER PRIMARY KEY,
    exemplar_id  TEXT NOT NULL UNIQUE,
    person       INTEGER NOT NULL REFERENCES people (number) ON DELETE CASCADE,
    embedder     TEXT NOT NULL,
    engine       TEXT NOT NULL,
    quality      REAL NOT NULL,
    yaw_deg      REAL,
    vector       BLOB NOT NULL,
    event        TEXT NOT NULL,
    photo_sha256 TEXT NOT NULL,
    x INTEGER NOT NULL, y INTEGER NOT NULL, w INTEGER NOT NULL, h INTEGER NOT NULL,
    added        TEXT NOT NULL
);
CREATE INDEX exemplars_by_person ON exemplars (person, embedder);
CREATE TABLE chips (
    exemplar INTEGER PRIMARY KEY REFERENCES exemplars (number) ON DELETE CASCADE,
    jpeg     BLOB NOT NULL
);
INSERT INTO gallery_facts VALUES ('version', 0), ('unfinished', 0);
"""
_VERSION_2 = "".join(table.upgrade() for table in TABLES)
UPGRADES = (_VERSION_1, _VERSION_2, COUNTING)
"""The statements that bring a gallery from each version to the next, starting with an empty file.

Chips lie in a table of their own, so that the vectors of a large gallery are read without them.
Never change one that was released: a change of the schema is a new step, which keeps the content.
"""
SCHEMA_VERSION = len(UPGRADES)

RESCUE = "`python -m curation gallery rescue --to NEW`"
"""The command that error messages name."""
BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for another one."""
_AGAIN_S = 0.02
_MOST_FOUND = 20
_APPLICATION_ID = 0x43754761  # "CuGa": tells the file from other programs' SQLite files

_creating = threading.Lock()


def salt_of(key: str) -> str:
    """The salt of a new encrypted gallery, 32 hexadecimal digits: if the file's first bytes are lost, the key tells it.

    The key is no password: SQLCipher encrypts with the key itself whatever the salt is, and makes from both the key
    with which pages are signed (https://www.zetetic.net/sqlcipher/design).
    """
    return hashlib.blake2b(bytes.fromhex(key), digest_size=16, person=b"curation gallery").hexdigest()


class GalleryDatabase:
    """An open gallery file. May be used from several threads, and open in several processes."""

    def __init__(self, path: Path, *, key: str | None = None, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        """Open the file; create it if it is missing; finish a deletion that was interrupted.

        Args:
            path: It must be on a local disk.
            key: 64 hexadecimal digits, with which SQLCipher encrypts the file and its log; None for a plain file.
            busy_timeout_s: How long to wait for others, in seconds.

        Raises:
            GalleryError: If it cannot be used, or was written by a newer version, or has another key; or if it is
                damaged: then it stays as it is; or others use it for too long.
            ExtraMissingError: If there is a key, and the extra `gallery` is not installed.
        """
        self.path = path
        self._key = key
        self._sqlite: Any = sqlite3
        if key is not None:
            with extra_for(Extra.GALLERY, "gallery.key_file"):
                self._sqlite = importlib.import_module("sqlcipher3.dbapi2")
        self._busy_timeout_s = busy_timeout_s
        self._guard = threading.RLock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise explained(error, path.parent, "created") from error
        try:
            self._connection = self._opened()
        except (self._sqlite.Error, MemoryError, UnicodeDecodeError) as error:
            if _is_damage(error) and key is None:
                raise self._damaged(error) from error
            raise self._error(error) from error
        with self.reading() as connection:
            facts = dict(connection.execute("SELECT name, value FROM gallery_facts").fetchall())
        self.identity = str(facts["identity"])
        if facts["unfinished"]:
            self.finish_deletion()

    @contextmanager
    def transaction(self, *, another_version: bool = True) -> Iterator[Any]:
        """A transaction that writes; it is rolled back if the block raises.

        Args:
            another_version: Whether the gallery gets another version.

        Raises:
            GalleryError: If SQLite fails, or others write for too long.
        """
        with self._use("BEGIN IMMEDIATE") as connection:
            yield connection
            if another_version:
                connection.execute("UPDATE gallery_facts SET value = value + 1 WHERE name = 'version'")

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """A transaction that reads: all its statements see the same rows.

        Raises:
            GalleryError: If SQLite fails, or others write for too long.
        """
        with self._use("BEGIN") as connection:
            yield connection

    def version(self) -> str:
        """Another text after each transaction that wrote, of any process."""
        with self.reading() as connection:
            (number,) = connection.execute("SELECT value FROM gallery_facts WHERE name = 'version'").fetchone()
        return f"{self.identity}-{number}"

    def check(self) -> list[str]:
        """What is damaged, found by reading all of the file; nothing if it is whole.

        Raises:
            GalleryError: If SQLite cannot even look.
        """
        with self.reading() as connection:
            found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_MOST_FOUND})").fetchall()]
            if found == ["ok"]:
                found = []
            for table in () if found else TABLES:
                if damaged := damaged_rows(connection, table):
                    found.append(f"{damaged} rows of the table {table.name} have a wrong checksum")
                elif (written := counted(connection, table)) != (there := rows_there(connection, table)):
                    found.append(
                        f"the table {table.name} holds {there.rows} rows, which are not the "
                        f"{written.rows if written else 'unknown number of'} that were written: some have vanished, or "
                        "are those of an earlier time"
                    )
            return found

    @staticmethod
    def must_be_gone(connection: Any) -> None:
        """Mark, in a transaction that deletes, that what is deleted must be gone from the disk."""
        connection.execute("UPDATE gallery_facts SET value = 1 WHERE name = 'unfinished'")

    def is_taken(self, error: BaseException) -> bool:
        """Whether an error says that another row has the same unique value."""
        return isinstance(error, self._sqlite.IntegrityError)

    def finish_deletion(self) -> None:
        """Remove from the disk what was deleted: write the file anew, empty the log, and check that it is empty.

        Raises:
            GalleryError: If SQLite fails or a reader holds the log back for too long; the mark stays, and the next
                opening tries again.
        """
        with interrupts_delayed(), self._guard:
            try:
                self._connection.execute("VACUUM")
                self._empty_log()
                self._connection.execute("UPDATE gallery_facts SET value = 0 WHERE name = 'unfinished'")
            except self._sqlite.Error as error:
                raise GalleryError(_not_yet_gone(str(self.path), self._error(error))) from error

    def _empty_log(self) -> None:
        end = time.monotonic() + self._busy_timeout_s
        while True:
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            if time.monotonic() >= end:
                reader = f"another program has been reading it for {self._busy_timeout_s:g} s: end that program"
                raise GalleryError(_not_yet_gone(str(self.path), reader))
            time.sleep(_AGAIN_S)

    @contextmanager
    def _use(self, begin: str) -> Iterator[Any]:
        # An interruption that left the lock taken would let every other thread wait for ever.
        with interrupts_delayed(), self._guard:
            try:
                with transaction(self._connection, begin, self._sqlite.Error) as connection:
                    yield connection
            except (self._sqlite.Error, RowDamagedError, MemoryError, UnicodeDecodeError) as error:
                raise self._error(error) from error

    def close(self) -> None:
        """Close the file."""
        with interrupts_delayed(), self._guard:
            self._connection.close()

    def _opened(self) -> Any:
        with _creating:
            self._create()
            connection = self._sqlite.connect(
                self.path, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False
            )
        try:
            if self._key is not None:
                connection.execute("PRAGMA cipher_log_level = NONE")  # a wrong key is told by us
                salt = "" if self.path.stat().st_size else salt_of(self._key)
                connection.execute(f"PRAGMA key = \"x'{self._key}{salt}'\"")
            self._check_owner(connection)
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            # Who was told that a person is known, or forgotten, must not find it otherwise after a power cut.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA recursive_triggers = ON")  # a row that is replaced is counted as one
            connection.execute("PRAGMA secure_delete = ON")
            # VACUUM and sorting would write names into files of the system's folder for temporary files.
            connection.execute("PRAGMA temp_store = MEMORY")
            add_checksum_function(connection)
            self._upgrade(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _create(self) -> None:
        """Create the file with the permissions that its log and the log's index get too.

        A file that is there is not opened here: closing it would end all locks that this process has on it.
        """
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            pass
        except OSError as error:
            raise explained(error, self.path, "written") from error

    def _check_owner(self, connection: Any) -> None:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (owner,) = connection.execute("PRAGMA application_id").fetchone()
        if tables and owner != _APPLICATION_ID:
            raise GalleryError(f"{self.path} is a file of another program: name another gallery.path")

    def _upgrade(self, connection: Any) -> None:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise GalleryError(
                f"the gallery {self.path} was written by a newer version of Curation: update, or name another "
                "gallery.path"
            )
        for upgrade in UPGRADES[version:]:
            for statement in _statements(upgrade):
                connection.execute(statement)
        if version == 0:
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute("INSERT INTO gallery_facts VALUES ('identity', ?)", (uuid.uuid4().hex,))
        if version < SCHEMA_VERSION:
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")

    def _damaged(self, error: Exception) -> GalleryError:
        # It stays where it is: a service that is started again by itself would go on with an empty gallery, in which
        # nobody is known, and new people would be enrolled twice.
        return GalleryError(
            f"the gallery {self.path} is damaged ({error}); nothing was changed: copy a backup there; or save what is "
            f"whole of it into a new one with {RESCUE}; or move the file and its {self.path.name}-wal to another "
            "folder to begin with an empty gallery"
        )

    def _error(self, error: Exception) -> GalleryError:
        name = _name_of(error)
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return GalleryError(
                f"the gallery {self.path} is busy ({error}): another program has been writing to it for longer than "
                f"{self._busy_timeout_s:g} s; try again, and end programs that hang"
            )
        if name == "SQLITE_FULL":
            return GalleryError(f"the gallery {self.path} cannot be written: the disk is full: free some space")
        if _is_damage(error) and self._key is not None and not isinstance(error, RowDamagedError):
            return GalleryError(
                f"the gallery {self.path} cannot be read with the key of gallery.key_file: name the file with its own "
                f"key; if that is the one, the gallery is damaged: copy a backup there, or save what is whole of it "
                f"with {RESCUE}"
            )
        if _is_damage(error):
            return GalleryError(
                f"the gallery {self.path} is damaged ({error}): end all programs that use it, and copy a backup there, "
                f"or save what is whole of it into a new one with {RESCUE}"
            )
        return GalleryError(
            f"the gallery {self.path} cannot be used ({error}): check that its disk is local and not full and that you "
            "may write there, or name another gallery.path"
        )


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: all at once, SQLite would commit first."""
    statement = ""
    for part in script.split(";")[:-1]:
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _not_yet_gone(gallery: str, why: object) -> str:
    return (
        f"what was deleted from the gallery {gallery} is no longer in it, but its bytes may still be on the disk "
        f"({why}); the next command that opens the gallery removes them"
    )


def _is_damage(error: Exception) -> bool:
    # A damaged length asks for more memory than there is; SQLite names what is damaged by bytes that are no text.
    if isinstance(error, RowDamagedError | MemoryError | UnicodeDecodeError):
        return True
    words = str(error)
    return (
        _name_of(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_TOOBIG"))
        or "unsupported file format" in words
        or "Could not decode" in words
    )


def _name_of(error: Exception) -> str:
    return str(getattr(error, "sqlite_errorname", ""))
