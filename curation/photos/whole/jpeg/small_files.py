"""Restart intervals of a JPEG as small JPEGs of their own, which are decoded without any tolerance."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

import simplejpeg

from curation.photos.whole.jpeg.structure import JpegStructure

__all__ = ["SmallFiles"]

_EXTRA = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_EOI = b"\xff\xd9"
_MAX_SIDE = 65_500
# A Huffman table with one code, a single 0, for a block that has the same brightness as the one before.
_FLAT_TABLE = b"\xff\xc4\0\x14\0\1" + bytes(15) + b"\0"


class SmallFiles:
    """The restart intervals of one scan."""

    def __init__(
        self, structure: JpegStructure, index: int, sizes: Sequence[int], earlier: Sequence[Sequence[bytes]]
    ) -> None:
        """Take a scan.

        Args:
            structure: The picture.
            index: Of the scan.
            sizes: MCUs of each interval.
            earlier: The data of the scans before it, by interval, without padding; a progressive picture needs them.
        """
        self._frame = structure.frame
        self._scan = structure.scans[index]
        self._sizes = sizes
        self._is_ac = structure.frame.is_progressive and self._scan.header[-3] > 0
        self._before = [
            (scan, pieces)
            for scan, pieces in zip(structure.scans, earlier, strict=False)
            if self._is_ac and scan.header[-3] and scan.components[0][0] == self._scan.components[0][0]
        ]

    @property
    def is_progressive(self) -> bool:
        """Whether later scans build on this one."""
        return self._frame.is_progressive

    def extra_bytes(self, number: int, piece: bytes) -> int | None:
        """Bytes that are left when an interval is decoded of some data.

        Args:
            number: Of the interval.
            piece: The data.

        Returns:
            None if the data do not hold all blocks. A few bytes that the decoder has read ahead are not counted.
        """
        small = self._small_file(number, piece)
        if small is None:
            return None
        try:
            simplejpeg.decode_jpeg(small, colorspace="RGB", min_factor=8, min_width=1, min_height=1, strict=True)
        except ValueError as error:
            found = _EXTRA.search(str(error))
            return None if found is None else int(found[1])
        return 0

    def _small_file(self, number: int, piece: bytes) -> bytes | None:
        """A JPEG with the MCUs of one interval, in as few rows as fit; None if that is not possible."""
        frame, mcus = self._frame, self._sizes[number]
        by_number = {component.number: component for component in frame.components}
        own = [by_number[component] for component, _, _ in self._scan.components]
        factors = [(1, 1)] if len(own) == 1 else [(component.h, component.v) for component in own]
        mcu_width, mcu_height = 8 * max(h for h, _ in factors), 8 * max(v for _, v in factors)
        rows = next((r for r in range(1, mcus + 1) if mcus % r == 0 and mcus // r * mcu_width <= _MAX_SIDE), mcus)
        width, height = mcus // rows * mcu_width, rows * mcu_height
        if height > _MAX_SIDE:
            return None
        body = struct.pack(">BHHB", frame.precision, height, width, len(own))
        for component, (h, v) in zip(own, factors, strict=True):
            body += bytes([component.number, h << 4 | v, component.table])
        before = b""
        if frame.is_progressive and (self._is_ac or self._scan.header[-1] >> 4):
            blocks = mcus * sum(h * v for h, v in factors)
            before = self._flat_scan(blocks)
        for scan, pieces in self._before:
            if len(pieces) != len(self._sizes):
                return None
            before += scan.tables + scan.header + pieces[number]
        start = bytes([0xFF, frame.marker]) + struct.pack(">H", len(body) + 2) + body
        # Tables of earlier scans may have taken the numbers of this one's.
        tables = self._scan.tables
        again = tables if before else b""
        return b"".join((b"\xff\xd8", tables, start, before, again, self._scan.header, piece, _EOI))

    def _flat_scan(self, blocks: int) -> bytes:
        """A first scan of blocks without brightness, on which a later scan can build."""
        scan = self._scan
        low = 0 if self._is_ac else scan.header[-1] >> 4
        count = len(scan.components)
        body = bytes([count]) + b"".join(bytes([number, 0]) for number, _, _ in scan.components) + bytes([0, 0, low])
        return _FLAT_TABLE + b"\xff\xda" + struct.pack(">H", len(body) + 2) + body + bytes(-(-blocks // 8))
