"""The SQLite file of the analysis store: opening it, upgrading its schema, and replacing it if it is damaged."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from curation.errors import StorageError
from curation.interrupts import interrupts_delayed
from curation.storage.atomic import explained

__all__ = ["SCHEMA_VERSION", "UPGRADES", "AnalysisDatabase", "use_rollback_journal", "use_write_ahead_log"]

logger = logging.getLogger(__name__)

_BUSY_TIMEOUT_S = 30.0  # another process may be writing; a write takes milliseconds

_VERSION_1 = """
CREATE TABLE files (path BLOB PRIMARY KEY, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE analyses (sha256 TEXT NOT NULL, key TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    faces TEXT NOT NULL, embeddings BLOB NOT NULL, PRIMARY KEY (sha256, key)) WITHOUT ROWID;
CREATE TABLE chips (sha256 TEXT NOT NULL, key TEXT NOT NULL, face_index INTEGER NOT NULL, jpeg BLOB NOT NULL,
    PRIMARY KEY (sha256, key, face_index));
CREATE TABLE measures (sha256 TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (sha256, key))
    WITHOUT ROWID;
"""
_VERSION_2 = """
CREATE TABLE groupings (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, labels BLOB NOT NULL);
"""
_VERSION_3 = """
ALTER TABLE groupings ADD COLUMN evidence TEXT NOT NULL DEFAULT '';
CREATE TABLE spoilt_faces (sha256 TEXT NOT NULL, key TEXT NOT NULL, embeddings BLOB NOT NULL, PRIMARY KEY (sha256, key))
    WITHOUT ROWID;
"""
_VERSION_4 = """
CREATE TABLE looks (sha256 TEXT PRIMARY KEY, miniature BLOB NOT NULL, capture_time TEXT) WITHOUT ROWID;
"""
_VERSION_5 = """
CREATE TABLE face_attributes (sha256 TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (sha256, key))
    WITHOUT ROWID;
"""
_VERSION_6 = """
ALTER TABLE looks ADD COLUMN time_source TEXT NOT NULL DEFAULT '';
CREATE TABLE file_faults (sha256 TEXT PRIMARY KEY, faults TEXT NOT NULL) WITHOUT ROWID;
"""
_VERSION_7 = """
ALTER TABLE looks ADD COLUMN clock TEXT NOT NULL DEFAULT '';
"""
UPGRADES = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5, _VERSION_6, _VERSION_7)
"""The statements that bring a store from each version to the next, starting with an empty file.

Never change one that was released: a change of the schema is a new step, which keeps the content of old stores.
"""
SCHEMA_VERSION = len(UPGRADES)


class AnalysisDatabase:
    """An open SQLite file with the current schema. May be used from several threads, and open in several processes."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file; unless `read_only`, create it if it is missing and replace it if it is damaged.

        Raises:
            StorageError: If it cannot be opened or was written by a newer version.
        """
        self.path = path
        self._guard = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explained(error, path.parent, "created") from error
        try:
            self._connection = self._opened(read_only)
        except sqlite3.DatabaseError as error:
            if read_only or (isinstance(error, sqlite3.OperationalError) and not _is_damage(error)):
                raise self._error(error) from error
            self._set_aside(error)
            try:
                self._connection = self._opened(read_only)
            except sqlite3.Error as again:
                raise self._error(again) from again

    def use(self) -> AbstractContextManager[sqlite3.Connection]:
        """The connection, for one thread at a time; an open transaction is rolled back if SQLite fails.

        Raises:
            StorageError: If SQLite fails.
        """
        return _Use(self._guard, self._connection, self._error)

    def close(self) -> None:
        """Close the file."""
        with interrupts_delayed(), self._guard:
            self._connection.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )

    def _opened(self, read_only: bool) -> sqlite3.Connection:
        connection = self._connect("ro" if read_only else "rwc")
        try:
            if read_only:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                return connection
            try:
                journal = use_write_ahead_log(connection)
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorname", "") in ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL"):
                    raise
                connection.close()
                connection = self._connect("rwc")
                journal = use_rollback_journal(connection)
            connection.execute(f"PRAGMA synchronous = {'NORMAL' if journal == 'wal' else 'FULL'}")
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
        if version > 0:  # fails for a file of another program, before anything in it is changed
            connection.execute("SELECT path, sha256 FROM files LIMIT 1").fetchone()
            connection.execute("SELECT faces FROM analyses LIMIT 1").fetchone()
        for upgrade in UPGRADES[version:]:
            for statement in filter(str.strip, upgrade.split(";")):
                connection.execute(statement)
        if version < SCHEMA_VERSION:
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
        connection.execute("SELECT labels FROM groupings LIMIT 1").fetchone()

    def _set_aside(self, error: sqlite3.Error) -> None:
        aside = self.path.with_name(f"{self.path.name}.damaged-{os.getpid()}")
        logger.warning(
            "%s is damaged (%s); it is renamed to %s, and all photos are analysed again", self.path, error, aside
        )
        try:
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self.path.replace(aside)
        except OSError as fault:
            raise explained(fault, self.path, "renamed") from fault

    def _error(self, error: sqlite3.Error) -> StorageError:
        return StorageError(
            f"the analysis store {self.path} cannot be used ({error}); check that its disk is not full and that you "
            "may write there, or name another io.state_dir"
        )


class _Use:
    """See `AnalysisDatabase.use`. If Ctrl-C could leave the lock taken, `close` would wait for it forever."""

    def __init__(
        self,
        guard: threading.Lock,
        connection: sqlite3.Connection,
        explain: Callable[[sqlite3.Error], StorageError],
    ) -> None:
        self._guard = guard
        self._connection = connection
        self._explain = explain
        self._delay = interrupts_delayed()

    def __enter__(self) -> sqlite3.Connection:
        self._delay.__enter__()
        self._guard.acquire()
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise self._explain(error) from error
        finally:
            self._guard.release()
            self._delay.__exit__()


def use_write_ahead_log(connection: sqlite3.Connection) -> str:
    """Ask SQLite for the write-ahead log and try it; returns the name of the journal in use, which may be another one.

    The log needs shared memory, through a file beside the store. File systems without it (some network mounts) either
    say so by the name of the journal, or fail at the first read or write.
    """
    (journal,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")
    return str(journal)


def use_rollback_journal(connection: sqlite3.Connection) -> str:
    """Use the journal that needs no shared memory; returns its name."""
    # A store that was copied from another disk may still have a log; in exclusive mode SQLite reads it without shared
    # memory.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    (journal,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    connection.execute("PRAGMA locking_mode = NORMAL")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return str(journal)


def _is_damage(error: sqlite3.Error) -> bool:
    # A missing table means a file of another program, or an incomplete one of ours.
    return getattr(error, "sqlite_errorname", "") in ("SQLITE_CORRUPT", "SQLITE_NOTADB") or "no such" in str(error)
