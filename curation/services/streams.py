"""Reading streams of Redis: one form for the answers of both versions of its protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Entry", "entries_of", "entries_read", "text_of"]

Entry = tuple[str, Mapping[bytes, bytes]]
"""Id and fields of an entry of a stream."""


def entries_of(answer: Iterable[Any] | None) -> list[Entry]:
    """The entries of an answer to XRANGE, or of the part of XAUTOCLAIM; those deleted meanwhile are skipped."""
    return [(text_of(entry_id), fields) for entry_id, fields in answer or () if fields]


def entries_read(answer: Any) -> list[Entry]:
    """The entries of an answer to XREAD or XREADGROUP that asked for one stream.

    Version 2 of the protocol answers with pairs of name and entries, version 3 with a map of lists of entries.
    """
    if not answer:
        return []
    if isinstance(answer, Mapping):
        return [entry for part in next(iter(answer.values())) for entry in entries_of(part)]
    return entries_of(answer[0][1])


def text_of(value: bytes | str | None) -> str:
    """A name, a number or a sentence as it stands in Redis; what is no UTF-8 is replaced."""
    if value is None:
        return ""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
