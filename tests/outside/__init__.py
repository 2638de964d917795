"""Every file that lies outside of the program and that its code reads: a valid content of each, and its reader."""

from __future__ import annotations

from tests.outside import films_and_services, memories, said, tables
from tests.outside.reader import FileReader

__all__ = ["READERS", "FileReader"]

READERS: tuple[FileReader, ...] = (
    *said.READERS,
    *tables.READERS,
    *memories.READERS,
    *films_and_services.READERS,
)
