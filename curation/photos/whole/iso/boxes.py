"""Boxes as of ISO/IEC 14496-12: a size, four letters for the kind, then the content, which may be boxes again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Box", "BoxError", "Fields", "ReadAt", "child_boxes", "top_boxes"]

ReadAt = Callable[[int, int], bytes]
"""Reads from a place, so many bytes; fewer at the end of the file."""

_HEADER_BYTES = 8
_LONG_HEADER_BYTES = 16
_MOST_BOXES = 100_000


class BoxError(ValueError):
    """The boxes of a file contradict themselves; the message says how, for the user.

    Attributes:
        at: The place in the file at which that was seen.
    """

    def __init__(self, message: str, at: int) -> None:
        """Say what is wrong, and where."""
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes:
        kind: Its four letters.
        start: Where its header begins.
        body: Where its content begins.
        end: The place behind it as its header says; that may lie behind the end of the file.
    """

    kind: bytes
    start: int
    body: int
    end: int


def top_boxes(read: ReadAt, size: int) -> list[Box]:
    """The boxes of a file, up to the first place that does not look like one: some programs append their own data.

    Args:
        read: Reads from the file.
        size: Of the file in bytes.
    """
    found: list[Box] = []
    at = 0
    while at < size and len(found) < _MOST_BOXES:
        box = _box_at(read, at, size)
        if box is None:
            break
        found.append(box)
        at = box.end
    return found


def child_boxes(read: ReadAt, start: int, end: int) -> Iterator[Box]:
    """The boxes that fill a part of a file completely.

    Raises:
        BoxError: If one of them does not end within it, or something else than a box lies there.
    """
    at = start
    count = 0
    while at < end:
        box = _box_at(read, at, end)
        if box is None or box.end > end or count >= _MOST_BOXES:
            if end - at < _HEADER_BYTES and not any(read(at, end - at)):
                return  # a few bytes of padding
            raise BoxError("a list of its parts is damaged", at)
        yield box
        at = box.end
        count += 1


def _box_at(read: ReadAt, at: int, end: int) -> Box | None:
    header = read(at, _LONG_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or at + _HEADER_BYTES > end:
        return None
    size, kind, body = int.from_bytes(header[:4], "big"), header[4:8], at + _HEADER_BYTES
    if not all(32 <= letter < 127 or letter == 0xA9 for letter in kind):
        return None
    if size == 0:
        return Box(kind, at, body, end)
    if size == 1:
        if len(header) < _LONG_HEADER_BYTES:
            return None
        size, body = int.from_bytes(header[8:16], "big"), at + _LONG_HEADER_BYTES
    return Box(kind, at, body, at + size) if at + size >= body else None


class Fields:
    """Numbers of any width, one after the other, in the content of a box."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        """Begin at `start`; nothing is read from `end` on."""
        self._data = data
        self.at = start
        self._end = min(end, len(data))

    def number(self, width: int) -> int:
        """The next number, of `width` bytes; 0 for a width of 0.

        Raises:
            BoxError: If it does not lie within the box.
        """
        if self.at + width > self._end:
            raise BoxError("a list of its parts ends too early", self.at)
        value = int.from_bytes(self._data[self.at : self.at + width], "big")
        self.at += width
        return value

    def version(self) -> int:
        """The version of a full box; its flags are passed over.

        Raises:
            BoxError: As for `number`.
        """
        return self.number(4) >> 24

    def kind(self) -> bytes:
        """The next four letters.

        Raises:
            BoxError: As for `number`.
        """
        return self.number(4).to_bytes(4, "big")
