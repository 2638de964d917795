"""How many packets the code of a JPEG 2000 picture has: its decoder looks at each, though an empty one is a single bit.

A packet is one layer of one resolution of one component of one tile (ISO/IEC 15444-1, annexes A and B).
"""

from __future__ import annotations

import os
from typing import BinaryIO, Final, NamedTuple

from curation.errors import PhotoTooLargeError

__all__ = ["require_bounded_packets"]

_MOST_PACKETS: Final = (
    3_000_000  # 48 megapixels in colour, in tiles of 256 pixels, 12 layers and 6 resolutions are 160,000
)
_MOST_PARTS: Final = 100_000
_START_BYTES: Final = 2**16
_SIZE, _CODING, _PART, _DATA = 0xFF51, 0xFF52, 0xFF90, 0xFF93


class _Size(NamedTuple):
    tiles: int
    components: int


def require_bounded_packets(file: BinaryIO) -> None:
    """Refuse a picture whose tiles and layers are far more than those of any picture.

    Args:
        file: At its start.

    Raises:
        PhotoTooLargeError: If there are.
        OSError: If it cannot be read.
    """
    start = file.read(_START_BYTES)
    at = 0 if start.startswith(b"\xff\x4f") else start.find(b"\xff\x4f\xff\x51")
    if at < 0:
        return  # its decoder says more
    end = file.seek(0, os.SEEK_END)
    size: _Size | None = None
    usual = packets = 0
    at += 2
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(12)
        marker, length = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:4], "big")
        if len(head) < 4 or length < 2:
            break
        if marker == _SIZE:
            size = _size(file, at)
        elif marker == _CODING and size is not None:
            usual = _packets(head, size)
        elif marker == _PART and size is not None:
            part = int.from_bytes(head[6:10], "big")
            packets += _own_packets(file, at + 12, size) or usual
            at += part if part >= 12 else end
            if at >= end:
                break
            continue
        at += 2 + length
        if size is not None and max(packets, usual * size.tiles) > _MOST_PACKETS:
            break
    if size is not None and max(packets, usual * size.tiles) > _MOST_PACKETS:
        raise PhotoTooLargeError(
            f"a JPEG 2000 picture of {size.tiles:,} tiles with so many layers that it takes too long to decode: save "
            "it again with fewer"
        )


def _size(file: BinaryIO, at: int) -> _Size:
    file.seek(at + 4)
    body = file.read(36)
    wide, high, left, top, tile_wide, tile_high, tile_left, tile_top = (
        int.from_bytes(body[place : place + 4], "big") for place in range(2, 34, 4)
    )
    del left, top
    across = -(-(wide - tile_left) // max(1, tile_wide))
    return _Size(
        max(1, across) * max(1, -(-(high - tile_top) // max(1, tile_high))), int.from_bytes(body[34:36], "big")
    )


def _packets(head: bytes, size: _Size) -> int:
    """Of one tile, by the header of its coding."""
    layers, levels = int.from_bytes(head[6:8], "big"), head[9] if len(head) > 9 else 0
    return layers * (min(levels, 32) + 1) * size.components


def _own_packets(file: BinaryIO, at: int, size: _Size) -> int:
    """Of a tile whose part has a header of its own for its coding; 0 for others."""
    for _ in range(64):
        file.seek(at)
        head = file.read(12)
        marker, length = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:4], "big")
        if marker == _CODING:
            return _packets(head, size)
        if marker == _DATA or len(head) < 4 or length < 2:
            return 0
        at += 2 + length
    return 0
