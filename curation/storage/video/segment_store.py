"""What was found in segments of films, kept so that no second of a film is looked at twice.

A SQLite file in `io.state_dir`. A film is known by its size and the first, the middle and the last MiB of its content:
reading 20 GB to know a film takes longer than looking up what was found in it. So a change in the middle of a file that
changes neither its size nor these parts is noticed only by the file's time, which is compared first. Rows have a
checksum; a damaged one is deleted, and the segment is looked at again. The rows that were not used for the longest
time go when there are too many.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from curation.disk.answers import in_time
from curation.domain.film.clip import ClipFacts
from curation.domain.film.tracking.segments import AnalysedSegment
from curation.errors import ClipUnreadableError, StorageError
from curation.interrupts import interrupts_delayed
from curation.regular_files import open_regular
from curation.storage.analysis_database import use_rollback_journal, use_write_ahead_log
from curation.storage.atomic import make_folder
from curation.storage.databases.damage import SQLITE_ERRORS, is_damage, mend, move_aside
from curation.storage.file_stamps import FileStamp
from curation.storage.video.segment_rows import pack_facts, pack_segment, unpack_facts, unpack_segment

__all__ = ["FACTS_VERSION", "MAX_BYTES", "SCHEMA_VERSION", "STORE_NAME", "UPGRADES", "SegmentStore", "film_content"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

STORE_NAME = "films.sqlite"
FACTS_VERSION = 1
"""Raise it when the facts of files are told in another way, or segments begin elsewhere."""

MAX_BYTES = 2 * 1024**3
"""Of all rows together; an hour of film takes 20 to 100 MB."""

_BUSY_TIMEOUT_S = 30.0
_ANSWER_LIMIT_S = 60.0  # for three MiB
_PIECE_BYTES = 1024**2

_VERSION_1 = """
CREATE TABLE films (path BLOB PRIMARY KEY, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE facts (content TEXT PRIMARY KEY, version INTEGER NOT NULL, told TEXT NOT NULL, checksum TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE segments (content TEXT NOT NULL, key TEXT NOT NULL, segment TEXT NOT NULL, findings BLOB NOT NULL,
    checksum TEXT NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (content, key, segment));
CREATE INDEX segments_by_use ON segments (used);
"""
UPGRADES = (_VERSION_1,)
"""The statements that bring a store from each version to the next; never change one that was released."""
SCHEMA_VERSION = len(UPGRADES)


def film_content(stamp: FileStamp) -> str:
    """What a film is known by: a SHA-256 of its size, its first, middle and last MiB, in hex.

    Raises:
        ClipUnreadableError: If the file cannot be read.
    """
    try:
        return in_time(stamp.path, lambda: _content(stamp), limit_s=_ANSWER_LIMIT_S)
    except OSError as error:
        raise ClipUnreadableError(f"the film cannot be read: {error.strerror or error}") from error


def _content(stamp: FileStamp) -> str:
    digest = hashlib.sha256(str(stamp.size_bytes).encode())
    with open_regular(stamp.path) as file:
        for start in (0, max(0, stamp.size_bytes // 2 - _PIECE_BYTES // 2), stamp.size_bytes - _PIECE_BYTES):
            file.seek(max(0, start))
            digest.update(file.read(_PIECE_BYTES))
    return digest.hexdigest()


class SegmentStore:
    """The store of one state folder. May be used from several threads, and open in several processes."""

    def __init__(self, state_dir: Path, *, max_bytes: int = MAX_BYTES) -> None:
        """Open the store; create it if it is missing, and replace it if it is damaged.

        Raises:
            StorageError: If it cannot be opened or was written by a newer version.
        """
        self.path = state_dir / STORE_NAME
        self._max_bytes = max_bytes
        self._guard = threading.Lock()
        make_folder(state_dir)
        try:
            self._connection = self._opened()
        except SQLITE_ERRORS as error:
            if not is_damage(error):
                raise self._error(error) from error
            self._begin_anew(error)

    def close(self) -> None:
        """Close the file."""
        with interrupts_delayed(), self._guard:
            self._connection.close()

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def content(self, stamp: FileStamp, read: Callable[[FileStamp], str] = film_content) -> str:
        """What a film is known by; read from the file only if its size or time changed since.

        Args:
            stamp: Of the film.
            read: Reads it from the file.

        Raises:
            ClipUnreadableError: If the file cannot be read.
            StorageError: If the store fails.
        """
        path = os.fsencode(stamp.path)
        query = "SELECT content FROM films WHERE path = ? AND size_bytes = ? AND mtime_ns = ?"
        row = self._use(lambda base: base.execute(query, (path, stamp.size_bytes, stamp.mtime_ns)).fetchone())
        if row is not None:
            return str(row[0])
        content = read(stamp)
        values = (path, stamp.size_bytes, stamp.mtime_ns, content)
        self._use(lambda base: base.execute("INSERT OR REPLACE INTO films VALUES (?, ?, ?, ?)", values))
        return content

    def facts(self, content: str) -> tuple[ClipFacts, tuple[Fraction, ...]] | None:
        """What the file of a film tells, and where its segments begin; None if it is not known.

        Raises:
            StorageError: If the store fails.
        """
        query = "SELECT told, checksum FROM facts WHERE content = ? AND version = ?"
        row = self._use(lambda base: base.execute(query, (content, FACTS_VERSION)).fetchone())
        if row is None:
            return None
        try:
            if _checksum(str(row[0]).encode()) != row[1]:
                raise ValueError("its checksum is wrong")
            return unpack_facts(str(row[0]))
        except ValueError as error:
            logger.warning("what was kept of a film's file is damaged (%s); the file is read again", error)
            return None

    def save_facts(self, content: str, facts: ClipFacts, starts: Sequence[Fraction]) -> None:
        """Keep what the file of a film tells.

        Raises:
            StorageError: If the store fails.
        """
        told = pack_facts(facts, starts)
        values = (content, FACTS_VERSION, told, _checksum(told.encode()))
        self._use(lambda base: base.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", values))

    def segment(self, content: str, key: str, segment: str) -> AnalysedSegment | None:
        """What was found in a segment, or None; a damaged row is deleted.

        Args:
            content: Of the film, see `content`.
            key: Names everything else that the findings depend on.
            segment: Names the segment: where it begins and ends.

        Raises:
            StorageError: If the store fails.
        """
        name = (content, key, segment)
        where = "WHERE content = ? AND key = ? AND segment = ?"

        def read(base: sqlite3.Connection) -> tuple[bytes, str] | None:
            row: tuple[bytes, str] | None = base.execute(
                f"SELECT findings, checksum FROM segments {where}", name
            ).fetchone()
            if row is not None:
                base.execute(f"UPDATE segments SET used = {_NEXT_USE} {where}", name)
            return row

        row = self._use(read)
        if row is None:
            return None
        try:
            if not isinstance(row[0], bytes) or _checksum(row[0]) != row[1]:
                raise ValueError("its checksum is wrong")
            return unpack_segment(row[0])
        except ValueError as error:
            logger.warning("what was kept of a segment of a film is damaged (%s); it is looked at again", error)
            self._use(lambda base: base.execute(f"DELETE FROM segments {where}", name))
            return None

    def save(self, content: str, key: str, segment: str, findings: AnalysedSegment) -> None:
        """Keep what was found in a segment; rows that were not used for the longest time are deleted if it is too much.

        Raises:
            StorageError: If the store fails.
        """
        packed = pack_segment(findings)
        values = (content, key, segment, packed, _checksum(packed))

        def write(base: sqlite3.Connection) -> None:
            base.execute("BEGIN IMMEDIATE")
            base.execute(f"INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?, ?, {_NEXT_USE})", values)
            (total,) = base.execute("SELECT coalesce(sum(length(findings)), 0) FROM segments").fetchone()
            if total > self._max_bytes:
                self._evict(base, int(total))
            base.execute("COMMIT")

        self._use(write)

    def forget(self, content: str) -> None:
        """Delete everything that is known of a film; nothing happens if nothing is.

        Raises:
            StorageError: If the store fails.
        """

        def write(base: sqlite3.Connection) -> None:
            base.execute("DELETE FROM segments WHERE content = ?", (content,))
            base.execute("DELETE FROM facts WHERE content = ?", (content,))
            base.execute("DELETE FROM films WHERE content = ?", (content,))

        self._use(write)

    def _evict(self, base: sqlite3.Connection, total: int) -> None:
        """Delete the oldest rows, but never the one that was written just now."""
        rows = base.execute("SELECT rowid, length(findings) FROM segments ORDER BY used, rowid").fetchall()
        for row, size in rows[:-1]:
            if total <= self._max_bytes:
                return
            base.execute("DELETE FROM segments WHERE rowid = ?", (row,))
            total -= size

    def _use(self, function: Callable[[sqlite3.Connection], T]) -> T:
        with interrupts_delayed(), self._guard:
            try:
                return function(self._connection)
            except SQLITE_ERRORS as error:
                with suppress(*SQLITE_ERRORS):
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                if not is_damage(error):
                    raise self._error(error) from error
                error.__traceback__ = None  # it holds cursors, whose statements would hold the file
                self._mend(error)
            try:
                return function(self._connection)
            except SQLITE_ERRORS as error:
                raise self._error(error) from error

    def _opened(self) -> sqlite3.Connection:
        connection = self._connect()
        try:
            try:
                journal = use_write_ahead_log(connection)
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorname", "") in ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL"):
                    raise
                connection.close()
                connection = self._connect()
                journal = use_rollback_journal(connection)
            connection.execute(f"PRAGMA synchronous = {'NORMAL' if journal == 'wal' else 'FULL'}")
            self._upgrade(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)

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
        if version < SCHEMA_VERSION:
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
        connection.execute("SELECT content FROM films LIMIT 1").fetchone()
        connection.execute("SELECT used FROM segments LIMIT 1").fetchone()

    def _mend(self, error: BaseException) -> None:
        """Empty a damaged file where it is, as other processes may have it open; a copy stays beside."""
        try:
            mend(self.path, self._connection, str(error), _create, ())
        except SQLITE_ERRORS:
            self._connection.close()
            self._begin_anew(error)
        else:
            logger.warning("%s is damaged (%s); films are looked at again", self.path, error)

    def _begin_anew(self, error: BaseException) -> None:
        aside = move_aside(self.path, str(error))
        logger.warning(
            "%s is damaged (%s); it is renamed to %s, and films are looked at again", self.path, error, aside.name
        )
        try:
            self._connection = self._opened()
        except SQLITE_ERRORS as again:
            raise self._error(again) from again

    def _error(self, error: BaseException) -> StorageError:
        return StorageError(
            f"the store of films {self.path} cannot be used ({error}); check that its disk is not full and that you "
            "may write there, or name another io.state_dir"
        )


_NEXT_USE = "(SELECT coalesce(max(used), 0) + 1 FROM segments)"


def _checksum(packed: bytes) -> str:
    return hashlib.sha256(packed).hexdigest()


def _create(connection: sqlite3.Connection) -> None:
    for upgrade in UPGRADES:
        for statement in filter(str.strip, upgrade.split(";")):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
