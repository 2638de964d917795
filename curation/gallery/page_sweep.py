"""Reading a damaged gallery page by page, where the way to its rows (header, schema, roots of tables) is lost.

A leaf of a table's tree is a table's tree by itself. So SQLite is given a file with a first page of our own, in which
one page after the other is the root of every table: it reads each leaf as if that were all there is. What it reads is
taken for a row of a table only if the row's own checksum says so. SQLCipher does the same with encrypted pages, given
the salt that the file begins with.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from curation.gallery.checked_rows import CHIPS, EVENTS, EXEMPLARS, PEOPLE, TABLES
from curation.storage.databases.checked_tables import CheckedTable

__all__ = ["swept_rows"]

# SQLite's file format, https://www.sqlite.org/fileformat2.html, sections 1.6 and 4.1.
_TABLE_LEAF, _INDEX_LEAF = 13, 10
_LOG_HEADER, _FRAME_HEADER = 32, 24
_FILL_BYTES = 2**24
_SCHEMA = (
    "CREATE TABLE people (number INTEGER PRIMARY KEY, person_id TEXT, name TEXT, name_key TEXT, category TEXT,"
    " added TEXT, last_seen TEXT, checksum INTEGER)",
    "CREATE TABLE person_events (person INTEGER NOT NULL, event TEXT NOT NULL, checksum INTEGER,"
    " PRIMARY KEY (person, event)) WITHOUT ROWID",
    "CREATE TABLE exemplars (number INTEGER PRIMARY KEY, exemplar_id TEXT, person INTEGER, embedder TEXT, engine TEXT,"
    " quality REAL, yaw_deg REAL, vector BLOB, event TEXT, photo_sha256 TEXT, x INTEGER, y INTEGER, w INTEGER,"
    " h INTEGER, added TEXT, checksum INTEGER)",
    "CREATE TABLE chips (exemplar INTEGER PRIMARY KEY, jpeg BLOB, checksum INTEGER)",
)
"""The tables as they lie in the file, without what refers to other pages (indexes, triggers, keys of other tables)."""

Row = tuple[Any, ...]


def swept_rows(
    damaged: Path,
    connect: Callable[[Path], Any],
    errors: tuple[type[BaseException], ...],
    *,
    is_encrypted: bool = False,
) -> Mapping[str, list[Row]]:
    """All whole rows in any page of a damaged file, by the name of their table, without their checksums.

    Args:
        damaged: The file, with its log (`-wal`) beside it; both are only read. A file is made beside them.
        connect: Opens a file, with the key and the salt of the damaged one if it is encrypted.
        errors: What reading may raise.
        is_encrypted: Whether types of pages cannot be seen from outside.
    """
    place = damaged.with_name("swept")
    place.unlink(missing_ok=True)
    kinds = _prepared(damaged, place, connect)
    found: dict[str, dict[Row, Row]] = {table.name: {} for table in TABLES}
    reader = _Reader(place, connect, errors)
    with closing(reader):
        for page, kind in kinds.items():
            for table in TABLES if is_encrypted else _tables_of(kind):
                whole = [row for row in reader.rows(page, table) if table.is_whole(row)]
                for row in whole:
                    found[table.name].setdefault(row[: len(table.keys)], row[:-1])
                if whole:
                    break  # a page belongs to one table
    return {name: [rows[key] for key in sorted(rows)] for name, rows in found.items()}


def _tables_of(kind: int) -> tuple[CheckedTable, ...]:
    return {_TABLE_LEAF: (PEOPLE, EXEMPLARS, CHIPS), _INDEX_LEAF: (EVENTS,)}.get(kind, ())


def _prepared(damaged: Path, place: Path, connect: Callable[[Path], Any]) -> dict[int, int]:
    """Make a file of our tables with the pages of the damaged one behind its first; gives the type of each page."""
    with closing(connect(place)) as connection:
        page_bytes = int(connection.execute("PRAGMA page_size").fetchone()[0])  # SQLCipher gives a text
        log = _newest_of(Path(f"{damaged}-wal"), page_bytes)
        pages = max(-(-damaged.stat().st_size // page_bytes), *log, 1)
        connection.execute("PRAGMA journal_mode = OFF").fetchone()
        connection.execute("PRAGMA synchronous = OFF")
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("CREATE TABLE filled (content BLOB)")
        while int(connection.execute("PRAGMA page_count").fetchone()[0]) < pages:
            connection.execute("INSERT INTO filled VALUES (zeroblob(?))", (min(_FILL_BYTES, pages * page_bytes),))
    kinds = {}
    with place.open("r+b") as to, damaged.open("rb") as file, _log_file(damaged) as frames:
        for page in range(2, pages + 1):
            source, start = (frames, log[page]) if page in log else (file, (page - 1) * page_bytes)
            source.seek(start)
            content = source.read(page_bytes).ljust(page_bytes, b"\0")
            to.seek((page - 1) * page_bytes)
            to.write(content)
            kinds[page] = content[0]
    return kinds


class _Reader:
    """Reads pages of the prepared file as if each were a whole table."""

    def __init__(self, place: Path, connect: Callable[[Path], Any], errors: tuple[type[BaseException], ...]) -> None:
        self._place = place
        self._connect = connect
        self._errors = errors
        self._connection = self._opened()
        self._root = 0

    def close(self) -> None:
        self._connection.close()

    def rows(self, page: int, table: CheckedTable) -> list[Row]:
        """What can be read of a page from its beginning, and, if that is not all, from its end."""
        columns = ", ".join((*table.columns, "checksum"))
        out: list[Row] = []
        for direction in ("ASC", "DESC"):
            order = ", ".join(f"{key} {direction}" for key in table.keys)
            try:
                self._take_as_root(page)
                out.extend(self._connection.execute(f"SELECT {columns} FROM {table.name} ORDER BY {order}"))
            except self._errors:
                # After one page that is not signed, SQLCipher gives up all others, too.
                self._connection.close()
                self._connection = self._opened()
                continue
            break
        return out

    def _take_as_root(self, page: int) -> None:
        if self._root == page:
            return
        self._connection.execute("PRAGMA writable_schema = ON")
        self._connection.execute("UPDATE sqlite_master SET rootpage = ?", (page,))
        self._connection.execute("PRAGMA writable_schema = RESET")
        self._root = page

    def _opened(self) -> Any:
        connection = self._connect(self._place)
        connection.execute("PRAGMA journal_mode = OFF").fetchone()
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        return connection


def _log_file(damaged: Path) -> BinaryIO:
    log = Path(f"{damaged}-wal")
    return (log if log.is_file() else damaged).open("rb")


def _newest_of(log: Path, page_bytes: int) -> dict[int, int]:
    """Where in a write-ahead log the newest content of each page lies that a finished transaction wrote."""
    newest: dict[int, int] = {}
    unfinished: dict[int, int] = {}
    if not log.is_file():
        return newest
    with log.open("rb") as file:
        salts = file.read(_LOG_HEADER)[16:24]
        while len(frame := file.read(_FRAME_HEADER)) == _FRAME_HEADER:
            page, pages_then = struct.unpack(">II", frame[:8])
            start = file.tell()
            # What is left of an earlier use of the log has other salts.
            if frame[8:16] != salts or len(file.read(page_bytes)) < page_bytes:
                break
            unfinished[page] = start
            if pages_then:
                newest |= unfinished
                unfinished = {}
    return newest
