"""Whether a JPEG 2000 file is whole: its boxes, its tiles up to the end of the code, and no holes in them."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.files.health import FileFault
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.findings import cut, damaged, upper_part, zeroed
from curation.photos.whole.iso.boxes import top_boxes
from curation.photos.whole.zero_runs import first_zeros

__all__ = ["jpeg2000_faults"]

_START, _TILE, _DATA, _END = b"\xff\x4f", b"\xff\x90", b"\xff\x93", b"\xff\xd9"
_SIZE, _CODING = b"\xff\x51", b"\xff\x52"
_TILE_HEADER_BYTES = 12
# Each packet without news is one zero; a file that has more packets than this may have more zeros in a row.
_ZEROS = 64
_MOST_TILES = 65536


@dataclass(frozen=True, slots=True)
class _Header:
    """What the main header of the code says.

    Attributes:
        end: The place behind it.
        tiles: How many there are.
        packets: The most that one tile can have.
    """

    end: int
    tiles: int
    packets: int


def jpeg2000_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a JPEG 2000 file.

    Raises:
        OSError: If it cannot be read.
    """
    data = file.read()
    start, end = 0, len(data)
    if not data.startswith(_START):
        boxes = top_boxes(lambda at, count: data[at : at + count], len(data))
        code = next((box for box in boxes if box.kind == b"jp2c"), None)
        if code is None:
            last = boxes[-1].end if boxes else 0
            missing = last - len(data)
            return (cut("its picture", missing, good="nothing") if missing > 0 else damaged("its picture is missing"),)
        start, end = code.body, code.end
    header = _header(data, start)
    if header is None:
        return ()  # its decoder says more
    return _tile_faults(data, start, end, header)


def _tile_faults(data: bytes, start: int, end: int, header: _Header) -> tuple[FileFault, ...]:
    at = header.end
    tiles: set[int] = set()
    longest = max(_ZEROS, header.packets + _ZEROS // 4)
    while data[at : at + 2] == _TILE and at + _TILE_HEADER_BYTES <= len(data) and len(tiles) < _MOST_TILES:
        size = int.from_bytes(data[at + 6 : at + 10], "big")
        stop = at + size if size else max(at + _TILE_HEADER_BYTES, min(end, len(data)) - 2)
        if stop > len(data):
            share = (len(data) - header.end) / (max(end, stop) - header.end)
            return (cut("its picture", max(end, stop) - len(data), good=_part(share, header)),)
        if size and size < _TILE_HEADER_BYTES:
            break
        body = data.find(_DATA, at, stop)
        run = first_zeros(data, longest, max(at, body), stop)
        if run is not None:
            share = (run[0] - header.end) / max(1, min(end, len(data)) - header.end)
            return (zeroed("its picture", *run, good=_part(share, header)),)
        tiles.add(int.from_bytes(data[at + 4 : at + 6], "big"))
        at = stop
    if len(tiles) < header.tiles:
        share = len(tiles) / header.tiles
        if at >= len(data) - 1:
            return (cut("its picture", max(0, end - len(data)), good=_part(share, header)),)
        run = first_zeros(data, _ZEROS // 4, at)
        if run is not None and run[0] == at:
            return (zeroed("its picture", *run, good=_part(share, header)),)
        return (damaged(f"its picture makes no sense from byte {at:,} on", good=_part(share, header)),)
    if data[at : at + 2] != _END:
        # All tiles are there: only what would say so, or what follows the picture, is missing.
        return (cut("what follows its picture", max(0, end - len(data)), is_seen=False),)
    return ()


def _part(share: float, header: _Header) -> str:
    """One tile is stored from coarse to fine, so that nothing can be said of a part of it."""
    return upper_part(share) if header.tiles > 1 else ""


def _header(data: bytes, start: int) -> _Header | None:
    at = start + 2
    tiles, sizes, coding = 1, (1, 1, 1), (1, 0, 15, 15)
    while data[at : at + 2] != _TILE:
        if at + 4 > len(data) or data[at] != 0xFF:
            return None
        marker, length = data[at : at + 2], int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if marker == _SIZE and len(body) >= 36:
            width, height, left, top, tile_width, tile_height, tile_left, tile_top = (
                int.from_bytes(body[k : k + 4], "big") for k in range(2, 34, 4)
            )
            if min(tile_width, tile_height) < 1:
                return None
            tiles = -(-(width - tile_left) // tile_width) * -(-(height - tile_top) // tile_height)
            sizes = (min(tile_width, width - left), min(tile_height, height - top), int.from_bytes(body[34:36], "big"))
        elif marker == _CODING and len(body) >= 10:
            levels = body[5]
            exponents = body[10 : 11 + levels] if body[0] & 1 else b""
            coding = (
                int.from_bytes(body[2:4], "big"),
                levels,
                min((value & 15 for value in exponents), default=15),
                min((value >> 4 for value in exponents), default=15),
            )
        at += 2 + length
    layers, levels, across, down = coding
    precincts = -(-max(1, sizes[0]) // (1 << across)) * -(-max(1, sizes[1]) // (1 << down))
    return _Header(at, max(1, tiles), layers * (levels + 1) * sizes[2] * precincts)
