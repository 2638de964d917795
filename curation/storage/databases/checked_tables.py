"""Tables whose rows carry a checksum of their key and their values, so that damage is noticed when they are read.

SQLite itself notices damage of its own structures only: a changed byte in a value, or a page of another place, would be
taken for what was written.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["CHECKSUM_FUNCTION", "CheckedTable", "RowDamagedError", "add_checksum_function", "row_checksum"]

CHECKSUM_FUNCTION = "row_checksum"
"""The name of `row_checksum` in SQL, for upgrades."""


class RowDamagedError(sqlite3.DatabaseError):
    """A row is not what was written. Handled like damage that SQLite finds."""


def row_checksum(table: str, *values: object) -> int:
    """A signed number of 64 bits that depends on the table and on all values of a row, with their types.

    Args:
        table: Its name.
        *values: Texts, bytes, whole numbers, floats or None, as SQLite gives them back.
    """
    parts = [table.encode()]
    for value in values:
        raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        parts += (f"|{type(value).__name__}:{len(raw)}:".encode(), raw)
    return int.from_bytes(hashlib.blake2b(b"".join(parts), digest_size=8).digest(), "big", signed=True)


def add_checksum_function(connection: sqlite3.Connection) -> None:
    """Let SQL call `row_checksum`."""
    connection.create_function(CHECKSUM_FUNCTION, -1, row_checksum, deterministic=True)


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """A table with a column `checksum` after all others.

    Attributes:
        name: Of the table.
        keys: Columns that name a row.
        values: The other columns, without the checksum; their order after `keys` is that of the checksum.
        order: Columns in whose order the rows lie in the file.
    """

    name: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    order: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns but the checksum."""
        return (*self.keys, *self.values)

    def put(self, connection: sqlite3.Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows, each with the values of `columns`; rows with the same key are replaced."""
        columns = (*self.columns, "checksum")
        connection.executemany(
            f"INSERT OR REPLACE INTO {self.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            [(*row, row_checksum(self.name, *row)) for row in rows],
        )

    def get(self, connection: sqlite3.Connection, *key: Any) -> tuple[Any, ...] | None:
        """The values of a row, without its key; None if there is none.

        Raises:
            RowDamagedError: If the row is damaged.
        """
        where = " AND ".join(f"{name} = ?" for name in self.keys)
        row = next(self.select(connection, f"WHERE {where}", key), None)
        return None if row is None else row[len(self.keys) :]

    def delete(self, connection: sqlite3.Connection, *key: Any) -> None:
        """Delete a row, if there is one."""
        where = " AND ".join(f"{name} = ?" for name in self.keys)
        connection.execute(f"DELETE FROM {self.name} WHERE {where}", key)

    def select(
        self, connection: sqlite3.Connection, condition: str = "", values: Sequence[Any] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """The values of `columns` of all rows that a condition names.

        Raises:
            RowDamagedError: If a row is damaged.
        """
        query = f"SELECT {', '.join(self.columns)}, checksum FROM {self.name} {condition}"
        for row in connection.execute(query, values).fetchall():  # no statement stays open when one is damaged
            if not self.is_whole(row):
                raise RowDamagedError(f"a row of the table {self.name} has a wrong checksum")
            yield row[:-1]

    def is_whole(self, row: Sequence[Any]) -> bool:
        """Whether a row with its checksum at the end is as it was written."""
        return bool(row[-1] == row_checksum(self.name, *row[:-1]))

    def upgrade(self) -> str:
        """The statements that give the checksum to a table that has none; every row is taken for right."""
        return (
            f"ALTER TABLE {self.name} ADD COLUMN checksum INTEGER;\n"
            f"UPDATE {self.name} SET checksum = {CHECKSUM_FUNCTION}('{self.name}', {', '.join(self.columns)});\n"
        )
