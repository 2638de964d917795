"""Reading tables of a FlatBuffers file by the numbers of their fields; nothing is trusted to lie inside of the file.

A table begins with the signed distance back to its list of fields (vtable), whose entries are distances forward from
the table, 0 for a field that is left out. Strings, vectors and tables are stored elsewhere: their place is the place of
the field plus the number that is stored there. A vector begins with its length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["BrokenBufferError", "Table", "root_table"]

_MAX_ITEMS = 100_000
"""Of a vector of tables; the known networks have some hundred."""


class BrokenBufferError(Exception):
    """The bytes are no such file; the message says why. Never leaves the room."""


class Table:
    """A table of a file."""

    def __init__(self, data: bytes, place: int) -> None:
        """Find the table's list of fields."""
        self._data = data
        self._place = place
        self._fields = place - self._number("<i", place)
        self._size = self._number("<H", self._fields)

    def integer(self, field: int, form: str = "<i", default: int = 0) -> int:
        """A number; `form` is that of the module struct."""
        place = self._of(field)
        return default if place is None else self._number(form, place)

    def text(self, field: int) -> str:
        """A string; empty if it is left out."""
        return self.content(field).decode("utf-8", "backslashreplace")

    def content(self, field: int) -> bytes:
        """A vector of bytes; empty if it is left out."""
        place, length = self._vector(field, 1)
        return self._data[place : place + length]

    def integers(self, field: int) -> list[int]:
        """A vector of 32 bit integers; empty if it is left out."""
        place, length = self._vector(field, 4)
        numbers: NDArray[np.int32] = np.frombuffer(self._data, dtype="<i4", count=length, offset=place)
        return [int(number) for number in numbers]

    def table(self, field: int) -> Table | None:
        """Another table; None if it is left out."""
        place = self._of(field)
        return None if place is None else Table(self._data, place + self._number("<I", place))

    def tables(self, field: int) -> Iterator[Table]:
        """A vector of tables; empty if it is left out."""
        place, length = self._vector(field, 4)
        if length > _MAX_ITEMS:
            raise BrokenBufferError(f"it has a list of {length} tables")
        for start in range(place, place + 4 * length, 4):
            yield Table(self._data, start + self._number("<I", start))

    def _of(self, field: int) -> int | None:
        entry = 4 + 2 * field
        if entry + 2 > self._size:
            return None
        distance = self._number("<H", self._fields + entry)
        return self._place + distance if distance else None

    def _vector(self, field: int, item_bytes: int) -> tuple[int, int]:
        """Where a vector's first item is, and its length."""
        place = self._of(field)
        if place is None:
            return 0, 0
        start = place + self._number("<I", place)
        length = self._number("<I", start)
        if start + 4 + length * item_bytes > len(self._data):
            raise BrokenBufferError(f"it ends before a list of {length} items does")
        return start + 4, length

    def _number(self, form: str, place: int) -> int:
        if place < 0 or place + struct.calcsize(form) > len(self._data):
            raise BrokenBufferError("it refers to a place outside of itself")
        return int(struct.unpack_from(form, self._data, place)[0])


def root_table(data: bytes, identifier: bytes) -> Table:
    """The first table of a file.

    Args:
        data: The whole file.
        identifier: The four letters that its kind of file has at byte 4.

    Raises:
        BrokenBufferError: If it has others, or is cut off.
    """
    if len(data) < 8 or data[4:8] != identifier:
        raise BrokenBufferError(f"it does not begin as such a file, with {identifier.decode()} at its fifth byte")
    return Table(data, struct.unpack_from("<I", data)[0])
