"""Changing tags of the first directory of a TIFF structure without moving anything else (TIFF 6.0; BigTIFF).

TIFF files, DNGs and EXIF blocks are such structures, full of offsets, also in parts that nobody knows. So nothing is
moved: short values are changed where they are, longer ones are added at the end, and if there are new tags, so is the
whole directory, and the header then points to it. The old bytes stay where they were.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import Edit

__all__ = ["BYTE", "SHORT", "UNDEFINED", "Entry", "TiffDirectory", "Value"]

BYTE: Final = 1
SHORT: Final = 3
UNDEFINED: Final = 7
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_MAX_ENTRIES = 1000
_MAX_VALUE_BYTES = 128 * 2**20
_MAX_OFFSET = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Value:
    """A value that a tag gets.

    Attributes:
        kind: Type of its items, as TIFF numbers them.
        content: The items, in the byte order of the file.
    """

    kind: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a directory.

    Attributes:
        tag: Its number.
        kind: Type of its items.
        count: How many items there are.
        place: Offset of the entry itself, from the beginning of the structure.
        raw: All bytes of the entry.
    """

    tag: int
    kind: int
    count: int
    place: int
    raw: bytes

    @property
    def size_bytes(self) -> int:
        """Of all items."""
        return _SIZES.get(self.kind, 0) * self.count


class TiffDirectory:
    """The first directory of a TIFF structure."""

    def __init__(self, file: BinaryIO) -> None:
        """Read it.

        Args:
            file: The structure is all of the file.

        Raises:
            PhotoUnreadableError: If it is none, or it is damaged.
            OSError: If the file cannot be read.
        """
        self._file = file
        self._size_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        header = file.read(16)
        self.order = {b"II": "<", b"MM": ">"}.get(header[:2], "")
        if not self.order or len(header) < 8:
            raise PhotoUnreadableError("it has no TIFF structure")
        (magic,) = struct.unpack_from(self.order + "H", header, 2)
        self._is_big = magic == 43
        if magic not in (42, 43) or (self._is_big and header[4:8] != struct.pack(self.order + "HH", 8, 0)):
            raise PhotoUnreadableError("its TIFF structure is of an unknown kind")
        # Widths: of offsets and counts, of the number of entries, and of an entry.
        self._wide = "Q" if self._is_big else "I"
        self._number = "Q" if self._is_big else "H"
        self._entry_bytes = 20 if self._is_big else 12
        self._inline_bytes = 8 if self._is_big else 4
        try:
            (offset,) = struct.unpack_from(self.order + self._wide, header, self._header_place)
            self.entries = self._read(offset)
        except struct.error as error:
            raise PhotoUnreadableError("its first directory is cut off") from error

    @property
    def _header_place(self) -> int:
        return 8 if self._is_big else 4

    def _read(self, offset: int) -> tuple[Entry, ...]:
        if offset >= self._size_bytes:
            raise PhotoUnreadableError("its first directory is cut off")
        self._file.seek(offset)
        width = struct.calcsize(self._number)
        (count,) = struct.unpack(self.order + self._number, self._file.read(width))
        if count > _MAX_ENTRIES:
            raise PhotoUnreadableError("its first directory is damaged")
        content = self._file.read(count * self._entry_bytes)
        (self._next,) = struct.unpack(self.order + self._wide, self._file.read(struct.calcsize(self._wide)))
        found = []
        for number in range(count):
            at = number * self._entry_bytes
            raw = content[at : at + self._entry_bytes]
            tag, kind, items = struct.unpack_from(self.order + "HH" + self._wide, raw)
            found.append(Entry(tag, kind, items, offset + width + at, raw))
        return tuple(found)

    def entries_of(self, tag: int) -> tuple[Entry, ...]:
        """The entries of a tag: one, unless the file has it twice."""
        return tuple(entry for entry in self.entries if entry.tag == tag)

    def values(self, tag: int) -> list[bytes]:
        """The values of a tag: none, one, or several if the file has it twice.

        Raises:
            PhotoUnreadableError: If one leads out of the file.
        """
        return [self._value(entry) for entry in self.entries_of(tag)]

    def number(self, tag: int) -> int | None:
        """The first item of a tag of whole numbers; None if there is none."""
        for entry in self.entries_of(tag):
            code = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}.get(entry.kind)
            content = self._value(entry) if code else b""
            if code and len(content) >= struct.calcsize(code):
                return int(struct.unpack_from(self.order + code, content)[0])
        return None

    def _value(self, entry: Entry) -> bytes:
        if entry.size_bytes <= self._inline_bytes:
            return entry.raw[-self._inline_bytes :][: entry.size_bytes]
        if entry.size_bytes > _MAX_VALUE_BYTES or self._offset(entry) >= self._size_bytes:
            raise PhotoUnreadableError("one of its tags is too large, or leads out of the file")
        self._file.seek(self._offset(entry))
        content = self._file.read(entry.size_bytes)
        if len(content) < entry.size_bytes:
            raise PhotoUnreadableError("one of its tags leads out of the file")
        return content

    def _offset(self, entry: Entry) -> int:
        offset: int = struct.unpack(self.order + self._wide, entry.raw[-self._inline_bytes :])[0]
        return offset

    def edits(self, changes: Mapping[int, Value | None]) -> list[Edit]:
        """What is to be replaced in the file, so that some tags have other values.

        Args:
            changes: The new values by tag; None takes a tag away.

        Returns:
            In the order of the file. A tag that was there twice is there once.

        Raises:
            PhotoUnreadableError: If the file would become too large for its kind.
        """
        found = {tag: self.entries_of(tag) for tag in changes}
        is_rewritten = any(len(found[tag]) != (value is not None) for tag, value in changes.items())
        edits: list[Edit] = []
        added = bytearray(self._size_bytes % 2)
        entries = {entry.place: (entry.tag, entry.raw) for entry in self.entries if entry.tag not in changes}
        for tag, value in changes.items():
            if value is None:
                continue
            old = found[tag][0] if found[tag] else None
            size = len(value.content)
            field = value.content.ljust(self._inline_bytes, b"\0")
            if size > self._inline_bytes:
                if old is not None and old.size_bytes == size and not is_rewritten:
                    place = self._offset(old)
                    edits.append(Edit(place, place + size, value.content))
                    field = old.raw[-self._inline_bytes :]
                else:
                    field = struct.pack(self.order + self._wide, self._end(added))
                    added += value.content + b"\0" * (size % 2)
            head = struct.pack(self.order + "HH" + self._wide, tag, value.kind, size // _SIZES[value.kind])
            raw = head + field
            if is_rewritten:
                entries[-tag] = (tag, raw)
            elif old is not None:
                edits.append(Edit(old.place, old.place + self._entry_bytes, raw))
        if is_rewritten:
            at = struct.pack(self.order + self._wide, self._end(added))
            edits.append(Edit(self._header_place, self._header_place + len(at), at))
            ordered = [raw for _, raw in sorted(entries.values(), key=lambda entry: entry[0])]
            added += struct.pack(self.order + self._number, len(ordered)) + b"".join(ordered)
            added += struct.pack(self.order + self._wide, self._next)
        if len(added) > self._size_bytes % 2:
            self._end(added)
            edits.append(Edit(self._size_bytes, self._size_bytes, bytes(added)))
        return sorted(edits)

    def _end(self, added: bytes | bytearray) -> int:
        """Where the next added byte stands."""
        place = self._size_bytes + len(added)
        if not self._is_big and place > _MAX_OFFSET:
            raise PhotoUnreadableError("it is too large: its kind of TIFF ends at 4 GB")
        return place
