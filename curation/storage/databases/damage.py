"""Damage of an SQLite file that can be made again: what it is, keeping the damaged file beside, and mending it.

A damaged file is mended where it is: what can still be read and has the right checksum is put together in a new file,
whose pages then replace those of the damaged one in one transaction. So other processes that have the file open go on
with it. A copy of the damaged file stays beside it, `NAME.damaged`, with the reason in `NAME.damaged.txt`; an earlier
one makes way.
"""

from __future__ import annotations

import glob
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from curation.disk.temporaries import OwnFile, own_name
from curation.storage.atomic import explained
from curation.storage.databases.checked_tables import CheckedTable, RowDamagedError, add_checksum_function

__all__ = ["SQLITE_ERRORS", "is_damage", "mend", "move_aside"]

SQLITE_ERRORS: tuple[type[Exception], ...] = (sqlite3.Error, MemoryError, UnicodeDecodeError)
"""What using a file raises: a damaged length asks for more memory than there is, and what SQLite says of a table with a
damaged name is no text."""

logger = logging.getLogger(__name__)

_NAMES = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_TOOBIG", "SQLITE_FORMAT")
_WORDS_OF_DAMAGE = ("Could not decode", "unsupported file format", "malformed")
_WORDS = (
    *_WORDS_OF_DAMAGE,
    "no such table",
    "no such column",
    "no such index",
    "has no column",
    "already exists",
    "duplicate column",
)
"""What SQLite says if a file is not ours, or only a part of it is there."""


def is_damage(error: BaseException, *, of_schema: bool = True) -> bool:
    """Whether an error says that the file is damaged, and not that the disk is full, busy or away.

    Args:
        error: Of SQLite, or of a row.
        of_schema: Whether tables that are missing are damage too; not where a mistake of an upgrade may be the reason.
    """
    if isinstance(error, RowDamagedError | MemoryError | UnicodeDecodeError):
        return True
    if not isinstance(error, sqlite3.Error):
        return False
    name = str(getattr(error, "sqlite_errorname", "") or "")
    return name.startswith(_NAMES) or any(word in str(error) for word in (_WORDS if of_schema else _WORDS_OF_DAMAGE))


def move_aside(path: Path, reason: str) -> Path:
    """Rename a damaged file that cannot be opened any more, with its journals; returns its new path.

    Raises:
        StorageError: If it cannot be renamed.
    """
    aside = _make_way(path)
    try:
        # First: a new file must not be taken for the one that this log belongs to.
        for suffix in ("-wal", "-journal"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
        path.replace(aside)
    except OSError as error:
        raise explained(error, path, "renamed") from error
    _tell(aside, reason)
    return aside


def mend(
    path: Path,
    connection: sqlite3.Connection,
    reason: str,
    create: Callable[[sqlite3.Connection], None],
    tables: Sequence[CheckedTable],
    *,
    only_with_copy: bool = False,
) -> tuple[Path | None, int]:
    """Replace the content of a damaged file by what of it is whole.

    Args:
        path: Of the file.
        connection: To it, in no transaction.
        reason: What was found, for the note beside the copy.
        create: Makes the tables in a new file.
        tables: Whose rows are kept; all others are given up.
        only_with_copy: Whether the file may be another program's, so that nothing is changed without a copy of it.

    Returns:
        Where the copy of the damaged file is, None if the disk has no room for it; and how many rows were kept.

    Raises:
        sqlite3.Error: If the file cannot be replaced so.
        StorageError: If the new file cannot be made.
    """
    aside = _copied(path, connection, reason)
    if aside is None and only_with_copy:
        raise sqlite3.OperationalError("there is no room for a copy")
    try:
        own = OwnFile(lambda: path.with_name(own_name(path.name)))
    except OSError as error:
        raise explained(error, path, "written") from error
    with own, closing(sqlite3.connect(own.path, isolation_level=None)) as new:
        new.execute("PRAGMA synchronous = OFF")
        new.execute("PRAGMA journal_mode = OFF")
        add_checksum_function(new)
        create(new)
        kept = 0
        with closing(_reader(path)) as damaged:
            new.execute("BEGIN")
            for table in tables:
                kept += _rescue(damaged, new, table)
            new.execute("COMMIT")
        new.backup(connection)
    return aside, kept


def _reader(path: Path) -> sqlite3.Connection:
    reader = sqlite3.connect(path, isolation_level=None)
    # A text that cannot be decoded has a wrong checksum, and ends no reading.
    reader.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return reader


def _rescue(damaged: sqlite3.Connection, new: sqlite3.Connection, table: CheckedTable) -> int:
    """Copy the rows that are whole: those before the damage and, from the other end, those behind it."""
    before = new.total_changes
    seen: set[int] = set()
    for direction in ("", " DESC"):
        order = ", ".join(f"{name}{direction}" for name in table.order or table.keys)
        is_complete = False
        rows = _readable(damaged, f"SELECT {', '.join(table.columns)}, checksum FROM {table.name} ORDER BY {order}")
        for row in rows:
            if row is None:
                is_complete = True
                break
            if direction and hash(row[: len(table.keys)]) in seen and table.is_whole(row):
                break
            if table.is_whole(row):
                seen.add(hash(row[: len(table.keys)]))
                table.put(new, [row[:-1]])
        if is_complete:
            break
    return new.total_changes - before


def _readable(damaged: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...] | None]:
    """Rows as far as they can be read; then None if that was all."""
    try:
        rows = damaged.execute(query)
        while (row := rows.fetchone()) is not None:
            yield row
    except SQLITE_ERRORS as error:
        logger.debug("%s: %s", query, error)
        return
    yield None


def _copied(path: Path, connection: sqlite3.Connection, reason: str) -> Path | None:
    aside = _make_way(path)
    try:
        with OwnFile(lambda: path.with_name(own_name(aside.name))) as own:
            with closing(sqlite3.connect(own.path)) as copy:
                connection.backup(copy)
            own.path.replace(aside)
    except (OSError, sqlite3.Error, MemoryError, UnicodeDecodeError) as error:
        logger.info("%s cannot be kept as %s (%s)", path, aside, error)
        return None
    _tell(aside, reason)
    return aside


def _make_way(path: Path) -> Path:
    """Remove what was kept of earlier damage: that of a cache is of no use to anybody for long."""
    with suppress(OSError):
        for earlier in path.parent.glob(f"{glob.escape(path.name)}.damaged*"):
            earlier.unlink(missing_ok=True)
    return path.with_name(f"{path.name}.damaged")


def _tell(aside: Path, reason: str) -> None:
    note = f"{datetime.now().astimezone().isoformat(timespec='seconds')}: {reason}\n"
    with suppress(OSError):
        aside.with_name(f"{aside.name}.txt").write_text(note, encoding="utf-8")
