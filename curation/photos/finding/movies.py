"""What the header of a QuickTime or MP4 film says: its length, when it was taken, and which photo it belongs to.

Layout: ISO/IEC 14496-12 (boxes, `mvhd`); Apple's QuickTime File Format (`keys` and `ilst` of the metadata).
"""

from __future__ import annotations

import mmap
import re
import struct
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from curation.domain.files.shot_memory import MovieFacts
from curation.regular_files import open_regular

__all__ = ["has_content_id", "movie_facts", "read_movie_facts"]

_MAX_BOXES = 200
_MAX_MOVIE_BYTES = 4 * 2**20  # of the box `moov`; those of short films have some 10 KiB
_EPOCH_S = 2_082_844_800  # from 1904, from which QuickTime counts, to 1970
_MAX_SECONDS = 1e7
_CONTENT_ID = b"com.apple.quicktime.content.identifier"
_UUID = re.compile(rb"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}")


def read_movie_facts(path: Path) -> MovieFacts:
    """The facts of a film; nothing for one that is broken, or of another container."""
    try:
        with open_regular(path) as file:
            return movie_facts(file)
    except OSError:
        return MovieFacts()


def movie_facts(file: BinaryIO) -> MovieFacts:
    """The same of a file that is open.

    Raises:
        OSError: If it cannot be read.
    """
    try:
        movie = _box(file, b"moov", file.seek(0, 2))
        return MovieFacts() if movie is None else _facts(movie)
    except (struct.error, ValueError, OverflowError):
        return MovieFacts()


def has_content_id(path: Path, content_id: str) -> bool:
    """Whether a photo holds the id of a film, as Apple's cameras write it into their notes."""
    try:
        with open_regular(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(content_id.encode("ascii")) >= 0
    except (OSError, ValueError):  # an empty file cannot be mapped
        return False


def _box(file: BinaryIO, wanted: bytes, end: int) -> bytes | None:
    """The content of the first box of a kind at this level; None if there is none."""
    position = 0
    for _ in range(_MAX_BOXES):
        file.seek(position)
        header = file.read(16)
        if len(header) < 8:
            return None
        size, kind = struct.unpack(">I4s", header[:8])
        head = 8
        if size == 1:
            if len(header) < 16:
                return None
            size, head = struct.unpack(">Q", header[8:])[0], 16
        size = size or end - position
        if size < head:
            return None
        if kind == wanted:
            file.seek(position + head)
            return file.read(min(size - head, _MAX_MOVIE_BYTES))
        position += size
        if position >= end:
            return None
    return None


def _facts(movie: bytes) -> MovieFacts:
    header = _box(BytesIO(movie), b"mvhd", len(movie))
    duration, made = None, None
    if header:
        form, start = (">QQIQ", 4) if header[0] == 1 else (">IIII", 4)
        created, _, scale, length = struct.unpack_from(form, header, start)
        if scale and 0 < length / scale < _MAX_SECONDS:
            duration = length / scale
        # Cameras whose clock was not set write 0; some programs count from 1970.
        made = created - _EPOCH_S if created > _EPOCH_S else None
    content_id = ""
    if _CONTENT_ID in movie:
        found = _UUID.search(movie, movie.index(_CONTENT_ID))
        content_id = "" if found is None else found[0].decode("ascii")
    return MovieFacts(duration, made, content_id)
