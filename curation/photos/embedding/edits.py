"""How a copy of a file differs from its original: ranges of bytes that are replaced. All else is copied as it is."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["DescribedCopy", "Edit", "contents", "edited"]


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Bytes of the original that are replaced; nothing is replaced, only inserted, if `start` is `end`.

    Attributes:
        start: Offset of the first replaced byte.
        end: Offset behind the last one.
        content: What stands there in the copy.
    """

    start: int
    end: int
    content: bytes


@dataclass(frozen=True, slots=True)
class DescribedCopy:
    """A copy of a photo that contains its description.

    Attributes:
        edits: In the order of the file; they do not overlap.
        notes: What other programs will not see, in sentences that begin with "its", "it" or a number.
    """

    edits: tuple[Edit, ...]
    notes: tuple[str, ...] = ()


def contents(file: BinaryIO, edits: Sequence[Edit], chunk_bytes: int) -> Iterator[bytes]:
    """The bytes of a copy, in parts.

    Args:
        file: The original.
        edits: In its order.
        chunk_bytes: The longest part that is read at once.

    Raises:
        OSError: If the original cannot be read.
    """
    file.seek(0)
    place = 0
    for edit in edits:
        while place < edit.start:
            chunk = file.read(min(chunk_bytes, edit.start - place))
            if not chunk:
                return
            place += len(chunk)
            yield chunk
        if edit.content:
            yield edit.content
        place = edit.end
        file.seek(place)
    while chunk := file.read(chunk_bytes):
        yield chunk


def edited(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The content with the edits, for blocks that are in memory."""
    return b"".join(contents(io.BytesIO(content), sorted(edits), max(1, len(content))))
