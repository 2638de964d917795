"""The SQLite file of assets: opening it, upgrading its schema, transactions, and its errors in words."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.errors import DatabaseBusyError, StorageError
from curation.interrupts import interrupts_delayed
from curation.storage.analysis_database import use_rollback_journal, use_write_ahead_log
from curation.storage.atomic import explained
from curation.storage.databases.damage import SQLITE_ERRORS
from curation.storage.databases.transactions import transaction

__all__ = ["SCHEMA_VERSION", "UPGRADES", "AssetDatabase"]

_VERSION_1 = """
CREATE TABLE asset_facts (
    name  TEXT PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;
CREATE TABLE assets (
    sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    sha256        TEXT NOT NULL,
    settings_hash TEXT NOT NULL,
    name          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('PENDING', 'PROCESSING', 'COMPLETED', 'REJECTED', 'FAILED')),
    code          TEXT,
    message       TEXT NOT NULL DEFAULT '',
    attempts      INTEGER NOT NULL DEFAULT 0,
    created_at    REAL NOT NULL,
    updated_at    REAL NOT NULL,
    version       INTEGER NOT NULL,
    due_at        REAL,
    claimed       INTEGER,
    owner         TEXT
);
CREATE INDEX assets_due ON assets (state, due_at, sequence);
CREATE INDEX assets_by_state ON assets (state, sequence);
CREATE UNIQUE INDEX assets_by_version ON assets (version);
CREATE TABLE asset_documents (
    asset    INTEGER PRIMARY KEY REFERENCES assets (sequence) ON DELETE CASCADE,
    document TEXT NOT NULL
);
CREATE TABLE asset_photos (
    asset      INTEGER NOT NULL REFERENCES assets (sequence) ON DELETE CASCADE,
    image_path TEXT NOT NULL,
    PRIMARY KEY (asset, image_path)
) WITHOUT ROWID;
CREATE INDEX asset_photos_by_path ON asset_photos (image_path);
CREATE TABLE asset_people (
    asset        INTEGER NOT NULL REFERENCES assets (sequence) ON DELETE CASCADE,
    person_index INTEGER NOT NULL,
    tops         INTEGER NOT NULL,
    bottoms      INTEGER NOT NULL,
    cut_at       TEXT NOT NULL,
    PRIMARY KEY (asset, person_index)
) WITHOUT ROWID;
INSERT INTO asset_facts VALUES ('version', 0);
"""
UPGRADES = (_VERSION_1,)
"""The statements that bring a database from each version to the next, starting with an empty file.

`due_at` is when a PENDING row may be worked on, and when the lease of a PROCESSING one ends, in seconds since 1970.
Documents lie in a table of their own, so that rows are short and a search reads few pages.
`claimed` is the version of the row at its last claim, which no other claim has: a result is written only with it.
Never change one that was released: a change of the schema is a new step, which keeps the content.
"""
SCHEMA_VERSION = len(UPGRADES)

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another one; each write takes milliseconds."""


class AssetDatabase:
    """An open SQLite file with the current schema. May be used from several threads, and open in several processes."""

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        """Open the file; create it if it is missing.

        Args:
            path: It should be on a local disk.
            busy_timeout_s: How long to wait for others that write, in seconds.

        Raises:
            StorageError: If it cannot be used, is damaged, or was written by a newer version.
            DatabaseBusyError: If another process uses it for too long.
        """
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._guard = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explained(error, path.parent, "created") from error
        try:
            self._connection = self._opened()
        except SQLITE_ERRORS as error:
            raise self._error(error) from error
        with self.transaction() as connection:
            row = connection.execute("SELECT value FROM asset_facts WHERE name = 'identity'").fetchone()
            self.identity = str(row["value"])

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that writes; it is rolled back if the block raises.

        Raises:
            StorageError: If SQLite fails.
            DatabaseBusyError: If others write for too long.
        """
        with self._use("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction that reads: all its statements see the same rows.

        Raises:
            StorageError: If SQLite fails.
            DatabaseBusyError: If others write for too long.
        """
        with self._use("BEGIN") as connection:
            yield connection

    @contextmanager
    def _use(self, begin: str) -> Iterator[sqlite3.Connection]:
        # An interruption that left the lock taken would let every other thread wait for ever.
        with interrupts_delayed(), self._guard:
            try:
                with transaction(self._connection, begin, sqlite3.Error) as connection:
                    yield connection
            except SQLITE_ERRORS as error:
                raise self._error(error) from error

    def close(self) -> None:
        """Close the file."""
        with interrupts_delayed(), self._guard:
            self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False)

    def _opened(self) -> sqlite3.Connection:
        connection = self._connect()
        try:
            connection.row_factory = sqlite3.Row
            # A damaged text costs its own row, which then says so.
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            try:
                use_write_ahead_log(connection)
            except sqlite3.OperationalError as error:
                if _name_of(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL")):
                    raise
                connection.close()
                connection = self._connect()
                connection.row_factory = sqlite3.Row
                use_rollback_journal(connection)
            # A picture that was taken must not be lost in a power cut, and a commit costs little beside a picture.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            self._upgrade(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StorageError(
                f"{self.path} was written by a newer version of Curation; update, or name another io.state_dir"
            )
        for upgrade in UPGRADES[version:]:
            for statement in filter(str.strip, upgrade.split(";")):
                connection.execute(statement)
        if version == 0:
            connection.execute("INSERT INTO asset_facts VALUES ('identity', ?)", (uuid.uuid4().hex,))
        if version < SCHEMA_VERSION:
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")

    def _error(self, error: Exception) -> StorageError:
        name = _name_of(error)
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return DatabaseBusyError(
                f"the database of assets {self.path} is busy ({error}): another program writes to it for longer than "
                f"{self._busy_timeout_s:g} s; try again, and end programs that hang"
            )
        if name == "SQLITE_FULL":
            return StorageError(f"{self.path} cannot be written: the disk is full: free some space")
        if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB") or isinstance(error, UnicodeDecodeError):
            return StorageError(
                f"the database of assets {self.path} is damaged ({error}): move it away and hand the pictures in "
                "again; the files of its pictures stay in assets.dir"
            )
        return StorageError(
            f"the database of assets {self.path} cannot be used ({error}); check that its disk is not full and that "
            "you may write there, or name another io.state_dir"
        )


def _name_of(error: Exception) -> str:
    return str(getattr(error, "sqlite_errorname", ""))
