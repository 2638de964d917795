"""The parts of a JPEG file (ITU-T T.81, annex B): frame, tables, scans, restart intervals."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

__all__ = ["JpegComponent", "JpegFrame", "JpegScan", "JpegStructure", "read_structure"]

_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_SOF_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_ARITHMETIC = frozenset(range(0xC9, 0xD0)) - {0xCC}
_DHT, _DAC, _EOI, _SOS, _DQT, _DNL, _DRI = 0xC4, 0xCC, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD
_APP0, _APP14, _COM = 0xE0, 0xEE, 0xFE
_TABLES = frozenset({_DHT, _DAC, _DQT})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_RESTARTS = frozenset(range(0xD0, 0xD8))
# What may stand between the scans of one picture.
_BETWEEN_SCANS = frozenset({_DHT, _DAC, _EOI, _SOS, _DQT, _DNL, _DRI, _COM, *range(0xE0, 0xF0)})
_MAX_PARTS = 5000
_MAX_PIECES = 500_000  # restart intervals of one scan; of rubbish there can be millions, each an object of its own


@dataclass(frozen=True, slots=True)
class JpegComponent:
    """A component of the frame: its number, its sampling factors, and its quantisation table."""

    number: int
    h: int
    v: int
    table: int


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """The frame header.

    Attributes:
        marker: Second byte of its marker, 0xC0 to 0xCF, which tells the process.
        precision: Bits of a sample.
        width: In pixels.
        height: In pixels.
        components: In the order of the header.
    """

    marker: int
    precision: int
    width: int
    height: int
    components: tuple[JpegComponent, ...]

    @property
    def is_progressive(self) -> bool:
        """Whether each scan only refines the picture."""
        return self.marker in _PROGRESSIVE

    @property
    def is_arithmetic(self) -> bool:
        """Whether it is coded arithmetically: such a decoder never notices that data is missing."""
        return self.marker in _ARITHMETIC


@dataclass(frozen=True, slots=True)
class JpegScan:
    """One scan.

    Attributes:
        before: The segments between the previous scan and this one; empty for the first, see `JpegStructure.head`.
        tables: All segments with tables that stand before it, in their order.
        first_symbols: The first symbol of each Huffman table in force, by class and number; its code is all zeros.
        header: Its SOS segment with the marker.
        components: Numbers of its components, and their Huffman tables (DC, AC).
        start: Where its data begins in the file.
        pieces: Its coded data, cut at the restart markers.
        interval: MCUs of a restart interval; 0 without any.
    """

    before: bytes
    tables: bytes
    first_symbols: dict[tuple[int, int], int]
    header: bytes
    components: tuple[tuple[int, int, int], ...]
    start: int
    pieces: tuple[bytes, ...]
    interval: int


@dataclass(frozen=True, slots=True)
class JpegStructure:
    """One picture of a JPEG file.

    Attributes:
        head: Everything before the first scan header, without bytes that belong to no segment.
        frame: The frame header.
        scans: In the order of the file.
        end: Where the last scan's data ends in the file.
        has_end: Whether the end marker is there.
        stray: Bytes behind the first scan that belong to no segment and to no scan, as where a scan's header is lost.
    """

    head: bytes
    frame: JpegFrame
    scans: tuple[JpegScan, ...]
    end: int
    has_end: bool
    stray: int

    @property
    def has_all_scans(self) -> bool:
        """Whether its scans give all coefficients of all components in full; sequential ones always do."""
        if not self.frame.is_progressive:
            return len({number for scan in self.scans for number, _, _ in scan.components}) == len(
                self.frame.components
            )
        full: dict[int, set[int]] = {component.number: set() for component in self.frame.components}
        for scan in self.scans:
            first, last, bits = scan.header[-3:]
            for number, _, _ in scan.components:
                if bits & 15 == 0:
                    full[number].update(range(first, last + 1))
        return all(len(found) == 64 for found in full.values())

    def mcus(self, scan: JpegScan) -> int:
        """Number of MCUs of one of its scans: of blocks, where it has one component."""
        frame = self.frame
        h_max = max(component.h for component in frame.components)
        v_max = max(component.v for component in frame.components)
        if len(scan.components) == 1:
            one = next(c for c in frame.components if c.number == scan.components[0][0])
            return -(-_ceil(frame.width * one.h, h_max) // 8) * -(-_ceil(frame.height * one.v, v_max) // 8)
        return -(-frame.width // (8 * h_max)) * -(-frame.height // (8 * v_max))


def _ceil(over: int, under: int) -> int:
    return -(-over // under)


def read_structure(data: bytes) -> JpegStructure | None:
    """Take the first picture of a JPEG file apart, as far as it goes.

    Warnings that decoders have about its segments are mended on the way: bytes between segments are left out, numbers
    of versions that mean nothing are set to what they have to be.

    Args:
        data: The whole file.

    Returns:
        None if there is no frame and scan, if a segment contradicts itself, or if there are far too many intervals.
    """
    head = bytearray(data[:2])
    between, tables = bytearray(), bytearray()
    first_symbols: dict[tuple[int, int], int] = {}
    frame: JpegFrame | None = None
    scans: list[JpegScan] = []
    interval, at, end, has_end, stray = 0, 2, len(data), False, 0
    for _ in range(_MAX_PARTS):
        found = _MARKER.search(data, at)
        if found is None:
            break
        stray += max(0, found.start() - at) if scans else 0
        marker, at = found[1][0], found.end()
        if marker in _STANDALONE:
            continue
        if marker == _EOI:
            has_end = True
            break
        length = int.from_bytes(data[at : at + 2], "big")
        if marker == 0xD8 or length < 2 or at + length > len(data):
            break
        body = data[at + 2 : at + length]
        at += length
        if marker in _SOF_MARKERS:
            if frame is not None:
                return None
            frame = _frame(marker, body)
            if frame is None:
                return None
        if marker == _SOS:
            if frame is None:
                return None
            components = _scan_components(body, frame)
            if components is None:
                return None
            is_single = not frame.is_progressive and len(components) == len(frame.components)
            found_pieces = _pieces(data, at, is_single=is_single)
            if found_pieces is None:
                return None
            pieces, end = found_pieces
            if not frame.is_progressive:
                body = body[:-3] + b"\0\x3f\0"  # a sequential scan holds all coefficients
            scan_before = bytes(between) if scans else b""
            head += b"" if scans else between
            header = _segment(_SOS, body)
            symbols = dict(first_symbols)
            scans.append(JpegScan(scan_before, bytes(tables), symbols, header, components, at, pieces, interval))
            between, at = bytearray(), end
            continue
        segment = _segment(marker, _mended(marker, body, frame))
        between += segment
        if marker in _TABLES:
            tables += segment
        if marker == _DHT:
            _note_first_symbols(body, first_symbols)
        if marker == _DRI and len(body) >= 2:
            interval = int.from_bytes(body[:2], "big")
    if frame is None or not scans:
        return None
    return JpegStructure(bytes(head), frame, tuple(scans), end, has_end, stray)


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _mended(marker: int, body: bytes, frame: JpegFrame | None) -> bytes:
    """A segment whose version decoders do not warn about."""
    if marker == _APP0 and body.startswith(b"JFIF\0") and len(body) > 6:
        return body[:5] + b"\1" + body[6:]
    if marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12 and body[11] > 2:
        count = 3 if frame is None else len(frame.components)
        return body[:11] + (b"\2" if count == 4 else b"\1") + body[12:]
    return body


def _frame(marker: int, body: bytes) -> JpegFrame | None:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        return None
    precision, height, width, count = struct.unpack(">BHHB", body[:6])
    components = tuple(
        JpegComponent(body[k], body[k + 1] >> 4, body[k + 1] & 15, body[k + 2]) for k in range(6, 6 + 3 * count, 3)
    )
    fits = width and height and components and all(1 <= c.h <= 4 and 1 <= c.v <= 4 for c in components)
    return JpegFrame(marker, precision, width, height, components) if fits else None


def _scan_components(body: bytes, frame: JpegFrame) -> tuple[tuple[int, int, int], ...] | None:
    count = body[0] if body else 0
    if not 1 <= count <= 4 or len(body) < 1 + 2 * count + 3:
        return None
    found = tuple((body[k], body[k + 1] >> 4, body[k + 1] & 15) for k in range(1, 1 + 2 * count, 2))
    known = {component.number for component in frame.components}
    return found if all(number in known for number, _, _ in found) else None


def _note_first_symbols(body: bytes, symbols: dict[tuple[int, int], int]) -> None:
    at = 0
    while at + 17 <= len(body):
        count = sum(body[at + 1 : at + 17])
        if count and at + 17 < len(body):
            symbols[body[at] >> 4, body[at] & 15] = body[at + 17]
        at += 17 + count


def _pieces(data: bytes, start: int, *, is_single: bool) -> tuple[tuple[bytes, ...], int] | None:
    """A scan's data cut at its restart markers, and where it ends; None if there are more than any picture has.

    Where the picture has one scan only, whatever stands in it before the end marker is taken for rubbish in its data.
    """
    pieces: list[bytes] = []
    at, end = start, len(data)
    for found in _MARKER.finditer(data, start):
        marker = found[1][0]
        if marker in _RESTARTS:
            if len(pieces) >= _MAX_PIECES:
                return None
            pieces.append(data[at : found.start()])
            at = found.end()
        elif marker == _EOI or (not is_single and marker in _BETWEEN_SCANS):
            end = found.start()
            break
    return (*pieces, data[at:end]), end
