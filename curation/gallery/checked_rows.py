"""The tables of the embedded gallery, whose rows carry checksums: reading them, and signing what was written.

SQLite notices damage of its own structures only. A changed byte in a name or a vector would be somebody else's, and a
page that a disk never wrote, or wrote long ago, is a whole page for it: so the file also counts its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from curation.storage.databases.checked_tables import CHECKSUM_FUNCTION, CheckedTable, RowDamagedError

__all__ = [
    "CHIPS",
    "COUNTING",
    "EVENTS",
    "EXEMPLARS",
    "PEOPLE",
    "TABLES",
    "RowCount",
    "counted",
    "damaged_rows",
    "person_row",
    "rows_there",
    "select",
    "sign",
]

PEOPLE = CheckedTable("people", ("number",), ("person_id", "name", "name_key", "category", "added", "last_seen"))
EVENTS = CheckedTable("person_events", ("person", "event"), ())
EXEMPLARS = CheckedTable(
    "exemplars",
    ("number",),
    (
        "exemplar_id",
        "person",
        "embedder",
        "engine",
        "quality",
        "yaw_deg",
        "vector",
        "event",
        "photo_sha256",
        "x",
        "y",
        "w",
        "h",
        "added",
    ),
)
CHIPS = CheckedTable("chips", ("exemplar",), ("jpeg",))
TABLES = (PEOPLE, EVENTS, EXEMPLARS, CHIPS)
_READ_ROWS = 10_000
_LOW = 0xFFFF_FFFF
"""Of a checksum as much as can be summed up without leaving the 64 bits of SQLite's numbers."""


def _counting(table: str) -> str:
    def then(event: str, found: str, total: str) -> str:
        does = f"UPDATE row_counts SET found = {found}, total = ({total}) & {_LOW} WHERE name = '{table}'"
        return f"CREATE TRIGGER {table}_{event} AFTER {event} ON {table} BEGIN {does}; END;\n"

    old, new = (f"coalesce({row}.checksum & {_LOW}, 0)" for row in ("old", "new"))
    return (
        f"INSERT INTO row_counts SELECT '{table}', count(*), coalesce(sum(checksum & {_LOW}), 0) & {_LOW} FROM {table};"
        + then("insert", "found + 1", f"total + {new}")
        + then("delete", "found - 1", f"total - {old}")
        + then("update", "found", f"total - {old} + {new}")
    )


COUNTING = (
    "CREATE TABLE row_counts (name TEXT PRIMARY KEY, found INTEGER NOT NULL, total INTEGER NOT NULL) WITHOUT ROWID;"
    + "".join(_counting(table.name) for table in TABLES)
)
"""The statements that let a file count the rows of each table, and the sum of their checksums, from then on."""


@dataclass(frozen=True, slots=True)
class RowCount:
    """The rows of a table.

    Attributes:
        rows: How many.
        total: The sum of the low halves of their checksums, of which the low 32 bits count.
    """

    rows: int
    total: int


def counted(connection: Any, table: CheckedTable) -> RowCount | None:
    """What a file has counted of a table; None if that is not known."""
    row = connection.execute("SELECT found, total FROM row_counts WHERE name = ?", (table.name,)).fetchone()
    return None if row is None else RowCount(*row)


def rows_there(connection: Any, table: CheckedTable) -> RowCount:
    """The rows of a table that are there."""
    query = f"SELECT count(*), coalesce(sum(checksum & {_LOW}), 0) & {_LOW} FROM {table.name}"
    return RowCount(*connection.execute(query).fetchone())


def select(
    connection: Any, table: CheckedTable, condition: str = "", values: Sequence[Any] = ()
) -> Iterator[tuple[Any, ...]]:
    """The values of `table.columns` of the rows that a condition names.

    Raises:
        RowDamagedError: If one is not what was written.
    """
    columns = ", ".join(f"{table.name}.{name}" for name in (*table.columns, "checksum"))
    found = connection.execute(f"SELECT {columns} FROM {table.name} {condition}", values)
    while rows := found.fetchmany(_READ_ROWS):
        for row in rows:
            if not table.is_whole(row):
                raise RowDamagedError(f"a row of the table {table.name} has a wrong checksum")
            yield row[:-1]


def person_row(connection: Any, column: str, value: object) -> tuple[Any, ...] | None:
    """The row of the person whose column (`number`, `person_id` or `name_key`) has a value; None if nobody's has.

    Raises:
        RowDamagedError: If it is not what was written, or an index leads to somebody else.
    """
    for row in select(connection, PEOPLE, f"WHERE {column} = ?", (value,)):
        if row[PEOPLE.columns.index(column)] != value:
            raise RowDamagedError(f"the index of the column {column} leads to another row")
        return row
    return None


def sign(connection: Any, table: CheckedTable, condition: str, values: Sequence[Any]) -> None:
    """Give rows that were just written their checksum. Rows that are changed must have been read as whole before."""
    signed = f"{CHECKSUM_FUNCTION}('{table.name}', {', '.join(table.columns)})"
    connection.execute(f"UPDATE {table.name} SET checksum = {signed} WHERE {condition}", values)


def damaged_rows(connection: Any, table: CheckedTable) -> int:
    """How many rows are not what was written."""
    found = connection.execute(f"SELECT {', '.join(table.columns)}, checksum FROM {table.name}")
    damaged = 0
    while rows := found.fetchmany(_READ_ROWS):
        damaged += sum(not table.is_whole(row) for row in rows)
    return damaged
