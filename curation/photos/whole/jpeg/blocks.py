"""Whether all blocks of a JPEG are there, although its decoder warns.

libjpeg tells only its first warning, and warns of bytes too many just as of bytes too few. So the restart intervals
are judged one by one: each is decoded as a small JPEG of its own, without any tolerance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from curation.photos.whole.jpeg.small_files import SmallFiles
from curation.photos.whole.jpeg.structure import JpegScan, JpegStructure
from curation.photos.whole.zero_runs import zeros_end

__all__ = ["MIN_ZERO_RUN", "joined", "whole_intervals", "without_padding", "zero_run"]

MIN_ZERO_RUN = 64
"""So many zero bytes in a row are no coded picture, unless they stand for flat blocks."""

_MARKER = re.compile(rb"\xff+[^\x00\xff]")
# A decoder reads ahead, and does not count what it has read.
_READ_AHEAD_BYTES = 12
_MAX_LONE_PADDING_BYTES = 16
# Judging one takes about 50 microseconds, in a progressive picture up to twenty times that.
_MAX_INTERVALS = 200_000
_MAX_PROGRESSIVE_INTERVALS = 5_000
_MAX_SAMPLES = 64
_DRI = b"\xff\xdd\0\4"
_MIN_REFINING_ZEROS = 512
_FEW_ZEROS = 0.03
_EOI = b"\xff\xd9"


def joined(
    structure: JpegStructure, pieces: Sequence[Sequence[bytes]] | None = None, *, restarts: bool = True
) -> bytes:
    """The picture as a file of its own, with its restart markers numbered as they have to be.

    Args:
        structure: The picture.
        pieces: Data for each scan instead of its own.
        restarts: False leaves the restart intervals out, for a file that says it has some and has none.
    """
    parts = [structure.head]
    for scan, own in zip(structure.scans, pieces or [scan.pieces for scan in structure.scans], strict=True):
        parts.append(scan.before)
        if not restarts:
            parts.append(_DRI + b"\0\0")
        parts.append(scan.header)
        for number, piece in enumerate(own):
            if number:
                parts.append(bytes([0xFF, 0xD0 + (number - 1) % 8]))
            parts.append(piece)
    parts.append(_EOI)
    return b"".join(parts)


def without_padding(structure: JpegStructure) -> list[tuple[bytes, ...]]:
    """The data of each scan without bytes that repeat before a marker, as some encoders write them."""
    return [tuple(_stripped(piece) for piece in _expected(structure, scan)) for scan in structure.scans]


def _stripped(piece: bytes) -> bytes:
    found = _MARKER.search(piece)
    if found is not None:
        piece = piece[: found.start()]
    run = _tail_run(piece)
    return piece[: len(piece) - run] if run > 1 or piece.endswith(b"\0") else piece


def _tail_run(piece: bytes) -> int:
    """How often the last byte repeats at the end."""
    return len(piece) - len(piece.rstrip(piece[-1:])) if piece else 0


def _expected(structure: JpegStructure, scan: JpegScan) -> tuple[bytes, ...]:
    """The pieces of a scan; without a last one that is only padding, after a restart marker at the very end."""
    if not scan.interval:
        return scan.pieces
    count = -(-structure.mcus(scan) // scan.interval)
    last = scan.pieces[-1]
    return scan.pieces[:-1] if len(scan.pieces) == count + 1 and _tail_run(last) == len(last) else scan.pieces


def whole_intervals(structure: JpegStructure) -> list[tuple[bytes, ...]] | None:
    """The data of each scan, if all its blocks are there and only padding stands between its restart intervals.

    Returns:
        None if blocks are missing, or if there is more data than padding, as where another file's data begins.
    """
    if structure.frame.is_arithmetic:
        return None
    scans: list[tuple[bytes, ...]] = []
    for index, scan in enumerate(structure.scans):
        pieces = _expected(structure, scan)
        mcus = structure.mcus(scan)
        interval = scan.interval or mcus
        most = _MAX_PROGRESSIVE_INTERVALS if structure.frame.is_progressive else _MAX_INTERVALS
        if len(pieces) != -(-mcus // interval) or len(pieces) > most:
            return None
        sizes = [min(interval, mcus - number * interval) for number in range(len(pieces))]
        judge = SmallFiles(structure, index, sizes, scans)
        found = [_judged(judge, number, piece) for number, piece in enumerate(pieces)]
        judged = [one for one in found if one is not None]
        if len(judged) < len(found) or not _are_padding(pieces, [extra for _, extra in judged], judge):
            return None
        scans.append(tuple(own for own, _ in judged))
    return scans


def _judged(judge: SmallFiles, number: int, piece: bytes) -> tuple[bytes, int] | None:
    """A restart interval without padding where that is possible, and how many bytes it has too many."""
    found = _MARKER.search(piece)
    own = piece if found is None else piece[: found.start()]
    extra = judge.extra_bytes(number, own)
    if extra is None:
        return None
    total = extra + len(piece) - len(own)
    if extra and judge.extra_bytes(number, own[: len(own) - extra]) is not None:
        own = own[: len(own) - extra]
    # Where scans build on each other, the one after has to be decoded without a warning of this one.
    for _ in range(_READ_AHEAD_BYTES if judge.is_progressive else 0):
        if not own or judge.extra_bytes(number, own[:-1]) is None:
            break
        own = own[:-1]
    return own, total


def _are_padding(pieces: Sequence[bytes], extras: Sequence[int], judge: SmallFiles) -> bool:
    """Whether the bytes too many of the intervals are padding.

    Padding either repeats one byte, or an encoder writes about as much of it into most intervals; the data of another
    file leaves some in a single one.
    """
    odd = [
        (number, extra)
        for number, (piece, extra) in enumerate(zip(pieces, extras, strict=True))
        if extra and not 0 <= _tail_run(piece) - extra <= _READ_AHEAD_BYTES
    ]
    if not odd:
        return True
    last = len(pieces) - 1
    if all(number == last and extra <= _MAX_LONE_PADDING_BYTES for number, extra in odd):
        return True
    # Some bytes of padding are not counted: a decoder has read them already.
    looked_at = range(0, last, max(1, last // _MAX_SAMPLES))
    padded = sum(1 for k in looked_at if _is_odd(judge, k, pieces[k], extras[k]))
    most = 2 * median(extra for _, extra in odd) + _READ_AHEAD_BYTES
    return len(looked_at) > 1 and 2 * padded >= len(looked_at) and all(extra <= most for _, extra in odd)


def _is_odd(judge: SmallFiles, number: int, piece: bytes, extra: int) -> bool:
    """Whether an interval has bytes too many that are not all the same."""
    has_extra = extra > 0 or judge.extra_bytes(number, piece[:-2]) is not None
    return has_extra and _tail_run(piece) <= max(2, extra // 2)


def zero_run(data: bytes, structure: JpegStructure) -> int | None:
    """Where a run of zero bytes begins that no encoder writes; None if there is none.

    A picture whose Huffman tables give flat blocks a code of zeros may hold long runs; there they lead to too many
    blocks, which the decoder finds out.

    Args:
        data: The whole file.
        structure: Of its picture.
    """
    for scan in structure.scans:
        end = scan.start + sum(len(piece) + 2 for piece in scan.pieces) - 2
        at = data.find(bytes(MIN_ZERO_RUN), scan.start, end)
        if at >= 0 and not _zeros_are_flat(structure, scan):
            return at
        at = data.find(bytes(_MIN_REFINING_ZEROS), scan.start, end) if at >= 0 else -1
        if at >= 0 and structure.frame.is_progressive and scan.header[-3] and scan.header[-1] >> 4:
            # Bits that refine a picture of stripes may all be zeros, but then they are so in most of its scan.
            others = data[scan.start : at] + data[zeros_end(data, at, end) : end]
            if others.count(0) < _FEW_ZEROS * len(others):
                return at
    return None


def _zeros_are_flat(structure: JpegStructure, scan: JpegScan) -> bool:
    """Whether zeros may be coded blocks without detail: the shortest code of the AC tables ends a block."""
    if structure.frame.is_progressive and (scan.header[-3] == 0 or scan.header[-1] >> 4):
        return True  # DC, or bits that refine coefficients, are not coded by tables alone
    if structure.frame.is_arithmetic:
        return False
    return all(scan.first_symbols.get((1, ac), 0) == 0 for _, _, ac in scan.components)
