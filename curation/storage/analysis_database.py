"""The SQLite file of the analysis store: opening it, upgrading its schema, and replacing it if it is damaged."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from curation.errors import StorageError
from curation.interrupts import interrupts_delayed
from curation.storage.atomic import make_folder
from curation.storage.databases.checked_tables import CheckedTable, RowDamagedError, add_checksum_function
from curation.storage.databases.damage import SQLITE_ERRORS, is_damage, mend, move_aside
from curation.storage.locks import hold_file_lock

__all__ = [
    "ANALYSES",
    "CHIPS",
    "FACE_ATTRIBUTES",
    "FILES",
    "FILE_FAULTS",
    "GROUPINGS",
    "LOOKS",
    "MEASURES",
    "SCHEMA_VERSION",
    "SPOILT_FACES",
    "TABLES",
    "UPGRADES",
    "AnalysisDatabase",
    "use_rollback_journal",
    "use_write_ahead_log",
]

logger = logging.getLogger(__name__)

T = TypeVar("T")

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
FILES = CheckedTable("files", ("path",), ("size_bytes", "mtime_ns", "sha256"))
ANALYSES = CheckedTable("analyses", ("sha256", "key"), ("width", "height", "faces", "embeddings", "beside"))
"""`beside` is 1 if the photo has a row in `looks`, and 2 if it has one in `file_faults` too."""
CHIPS = CheckedTable("chips", ("sha256", "key", "face_index"), ("jpeg",), order=("rowid",))
MEASURES = CheckedTable("measures", ("sha256", "key"), ("value",))
GROUPINGS = CheckedTable("groupings", ("key",), ("labels", "evidence"), order=("number",))
SPOILT_FACES = CheckedTable("spoilt_faces", ("sha256", "key"), ("embeddings",))
LOOKS = CheckedTable("looks", ("sha256",), ("miniature", "capture_time", "time_source", "clock"))
FACE_ATTRIBUTES = CheckedTable("face_attributes", ("sha256", "key"), ("value",))
FILE_FAULTS = CheckedTable("file_faults", ("sha256",), ("faults",))
TABLES = (FILES, ANALYSES, CHIPS, MEASURES, GROUPINGS, SPOILT_FACES, LOOKS, FACE_ATTRIBUTES, FILE_FAULTS)
"""All tables with something in them; each row has a checksum."""

_VERSION_8 = f"""
ALTER TABLE analyses ADD COLUMN beside INTEGER NOT NULL DEFAULT 0;
UPDATE analyses SET beside = (sha256 IN (SELECT sha256 FROM looks)) *
    (1 + (sha256 IN (SELECT sha256 FROM file_faults)));
{"".join(table.upgrade() for table in TABLES)}
CREATE TABLE store_facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL, checksum INTEGER) WITHOUT ROWID;
"""
UPGRADES = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5, _VERSION_6, _VERSION_7, _VERSION_8)
"""The statements that bring a store from each version to the next, starting with an empty file.

Never change one that was released: a change of the schema is a new step, which keeps the content of old stores.
"""
SCHEMA_VERSION = len(UPGRADES)
_CHECKSUMS_SINCE = 8
_FACTS = CheckedTable("store_facts", ("name",), ("value",))
_TRIES = 2


class AnalysisDatabase:
    """An open SQLite file with the current schema. May be used from several threads, and open in several processes."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file; unless `read_only`, create it if it is missing and replace it if it is damaged.

        Raises:
            StorageError: If it cannot be opened or was written by a newer version.
        """
        self.path = path
        self._is_read_only = read_only
        self._guard = threading.Lock()
        self.mended = 0
        """How often damage was mended through this object."""
        make_folder(path.parent)
        try:
            self._connection = self._opened(read_only)
        except SQLITE_ERRORS as error:
            if read_only or not is_damage(error):
                raise self._error(error) from error
            self._begin_anew(error)

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Call a function with the connection, for one thread at a time; damage that it finds is mended.

        What is lost is then missing, as if it had never been kept, and the function is called once more.

        Args:
            work: May begin a transaction, which is rolled back if it fails.

        Raises:
            StorageError: If SQLite fails.
        """
        with interrupts_delayed(), self._guard:
            for left in reversed(range(_TRIES)):
                try:
                    return work(self._connection)
                except SQLITE_ERRORS as error:
                    self._roll_back()
                    if left == 0 or not is_damage(error):
                        raise self._error(error) from error
                    error.__traceback__ = None  # it holds cursors, whose statements would hold the file
                    self._mend(error, work)
            raise AssertionError  # the last try returns or raises

    def renew(self, reason: str) -> None:
        """Put the file together anew from the rows that are whole, although SQLite finds nothing wrong with it.

        Raises:
            StorageError: If that fails.
        """
        asked = 0

        def find(base: sqlite3.Connection) -> None:
            nonlocal asked
            asked += 1
            if asked < _TRIES + 1:  # by `run`, and once more under the lock
                raise RowDamagedError(reason)

        self.run(find)

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
            add_checksum_function(connection)
            self._upgrade(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version >= _CHECKSUMS_SINCE and _FACTS.get(connection, "version") != (version,):
            raise RowDamagedError("its version is not the one that it was written with")
        if version > SCHEMA_VERSION:
            raise StorageError(
                f"{self.path} was written by a newer version of Curation; update, or name another io.state_dir"
            )
        if version > 0:  # fails for a file of another program, before anything in it is changed
            connection.execute("SELECT path, sha256 FROM files LIMIT 1").fetchone()
            connection.execute("SELECT faces FROM analyses LIMIT 1").fetchone()
        if 0 < version < _CHECKSUMS_SINCE:
            # Rows get their checksums now: this is the last moment to see that they are damaged.
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise RowDamagedError(str(found))
        _apply(connection, version)
        connection.execute("COMMIT")
        connection.execute("SELECT labels FROM groupings LIMIT 1").fetchone()

    def _roll_back(self) -> None:
        with suppress(*SQLITE_ERRORS):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _mend(self, error: BaseException, work: Callable[[sqlite3.Connection], object]) -> None:
        """Replace the content by what of it is whole; `work` tells whether another process has done that meanwhile."""
        if self._is_read_only:
            # Whoever only reads still wants to go on, and another connection may write.
            database = AnalysisDatabase(self.path)
            try:
                database._mend(error, work)
            finally:
                database.close()
            return
        self.mended += 1
        with hold_file_lock(self._mending_lock()):
            try:
                work(self._connection)
            except SQLITE_ERRORS:
                self._roll_back()
            else:
                return
            try:
                aside, kept = mend(self.path, self._connection, str(error), _create, TABLES)
            except SQLITE_ERRORS as again:
                logger.info("%s cannot be mended: %s", self.path, again)
                self._connection.close()
                self._begin_anew(error)
                return
        logger.warning(
            "%s is damaged (%s): %d rows of it are whole and are kept, what is missing is made again; the damaged file "
            "is kept as %s",
            *(self.path, error, kept, aside or "no copy: the disk has no room"),
        )

    def _begin_anew(self, error: BaseException) -> None:
        """Replace a file that cannot be opened, by what of it is whole if anything is."""
        try:
            with hold_file_lock(self._mending_lock()):
                try:
                    self._connection = self._opened(False)  # another process may have done it
                except SQLITE_ERRORS as still:
                    if not is_damage(still):
                        raise
                    still.__traceback__ = None
                    said = self._replaced(error)
                    self._connection = self._opened(False)
                    logger.warning("%s is damaged (%s); %s", self.path, error, said)
        except SQLITE_ERRORS as again:
            raise self._error(again) from again

    def _replaced(self, error: BaseException) -> str:
        with suppress(*SQLITE_ERRORS), closing(self._connect("rw")) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            aside, kept = mend(self.path, connection, str(error), _create, TABLES, only_with_copy=True)
            if aside is not None:
                return f"it is kept as {aside.name}; {kept} rows of it are whole, what is missing is made again"
        aside = move_aside(self.path, str(error))
        return f"it is renamed to {aside.name}, and all photos are analysed again"

    def _mending_lock(self) -> Path:
        return self.path.with_name(f".{self.path.name}.mending")

    def _error(self, error: BaseException) -> StorageError:
        return StorageError(
            f"the analysis store {self.path} cannot be used ({error}); check that its disk is not full and that you "
            "may write there, or name another io.state_dir"
        )


def _create(connection: sqlite3.Connection) -> None:
    _apply(connection, 0)


def _apply(connection: sqlite3.Connection, version: int) -> None:
    """Bring a store from a version to the current one."""
    for upgrade in UPGRADES[version:]:
        for statement in filter(str.strip, upgrade.split(";")):
            connection.execute(statement)
    if version < SCHEMA_VERSION:
        _FACTS.put(connection, [("version", SCHEMA_VERSION)])
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


class _Use:
    """See `AnalysisDatabase.use`. If Ctrl-C could leave the lock taken, `close` would wait for it forever."""

    def __init__(
        self,
        guard: threading.Lock,
        connection: sqlite3.Connection,
        explain: Callable[[BaseException], StorageError],
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
            if isinstance(error, SQLITE_ERRORS):
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
