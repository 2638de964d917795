"""Whether the strips and tiles of a TIFF file are there, and hold what they should."""

from __future__ import annotations

import zlib
from io import BytesIO

from curation.domain.files.health import FaultKind, FileFault
from curation.errors import PhotoError
from curation.photos.files.jpeg import decode_jpeg, read_jpeg_header
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.findings import upper_part, zeroed
from curation.photos.whole.plain_pixels import find_hole
from curation.photos.whole.tiff.structure import NO_COMPRESSION, Directory, Extent, read_directories

__all__ = ["cut_parts", "tiff_faults"]

_LZW, _JPEG, _DEFLATE, _PACKBITS, _OLD_DEFLATE, _ZSTD = 5, 7, 8, 32773, 32946, 50000
# So many zeros that an encoder writes something shorter for what they would stand for.
_ZERO_RUNS = {_LZW: 32, _ZSTD: 64}
# Some programs write LZW that compresses nothing, 9 bits for each byte: there black is zeros.
_LITERAL_SHARES = (1.12, 1.14)
# Elsewhere zeros are white, or any colour of a palette.
_ZERO_IS_BLACK = frozenset({1, 2})
_MAX_CHECKED_BYTES = 2**30
_PACKED_ZEROS = 32
_LAST_ZEROS = 64
_MAX_PACKETS = 20_000_000
_JPEG_END = b"\xff\xd9"
_WORTH_NAMING = 0.01
_MOST_UNPACKED = 4  # times what the largest part of a picture needs
# How often, on average, the bytes of a file may be parts of one picture: some programs write equal parts once.
_MOST_SHARED = 20


def tiff_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with the parts of a TIFF file; the first picture is the one that is shown.

    Raises:
        OSError: If the file cannot be read.
    """
    size = file.size_bytes
    with file.open() as opened:
        directories = read_directories(opened, has_pages=True)
    faults: list[FileFault] = []
    for directory in directories:
        fault = _cut_description(directory) or cut_parts(directory, size) or _shared_parts(directory, size)
        if fault is None and not faults:
            fault = _missing_directory(directory, file)
        if fault is None and directory.is_main and size <= _MAX_CHECKED_BYTES:
            fault = _broken_part(file, directory)
        if fault is not None:
            faults.append(fault)
            if directory.is_main:
                break
    return tuple(faults)


def _missing_directory(directory: Directory, file: PhotoFile) -> FileFault | None:
    if not directory.is_missing:
        return None
    if directory.is_main:  # many programs write it behind the picture
        with file.open() as opened:
            opened.seek(max(0, file.size_bytes - _LAST_ZEROS))
            is_written = bool(opened.read().strip(b"\0"))
        if is_written:
            return FileFault(FaultKind.CUT, "the file is cut off or damaged: the list of its parts is missing")
        return FileFault(FaultKind.ZEROED, "the end of the file was never written: the list of its parts is zeros")
    return FileFault(FaultKind.CUT, "the file is cut off: another picture that it names is missing", is_seen=False)


def _cut_description(directory: Directory) -> FileFault | None:
    if not directory.is_cut:
        return None
    what = "its picture" if directory.is_main else "another picture in it"
    reason = f"the file is cut off: how {what} is stored is missing at its end"
    return FileFault(FaultKind.CUT, reason, is_seen=directory.is_main)


def cut_parts(directory: Directory, size: int) -> FileFault | None:
    """The fault of a picture of which strips or tiles lie behind the end of a file of `size` bytes."""
    needed = needed_parts(directory)
    behind = [number for number, part in enumerate(needed) if part.offset + part.size > size]
    if not behind:
        return None
    total = sum(part.size for part in needed) or 1
    missing = sum(min(part.size, part.offset + part.size - size) for part in needed if part.offset + part.size > size)
    share = max(1, round(100 * missing / total))
    what = "its picture" if directory.is_main else "another picture in it"
    reason = f"the file is cut off: {share} % of the data of {what} are missing"
    first = needed[behind[0]]
    inside = max(0, size - first.offset) / (first.size or 1)
    good = _upper_part(directory, behind[0], inside) if directory.is_main else "the first picture"
    return FileFault(FaultKind.CUT, reason, good, is_seen=directory.is_main)


def _shared_parts(directory: Directory, size: int) -> FileFault | None:
    """The fault of a picture whose parts lie over one another, so that reading it takes many times the file."""
    if sum(part.size for part in directory.parts) <= _MOST_SHARED * size:
        return None
    reason = "the file is damaged: the parts of its picture lie over one another"
    return FileFault(FaultKind.DAMAGED, reason, is_seen=directory.is_main)


def needed_parts(directory: Directory) -> list[Extent]:
    """The strips or tiles of a picture; where they are plain, not more than its pixels take, whatever the file says."""
    parts = directory.parts
    plain = directory.plain_sizes() if directory.compression == NO_COMPRESSION else ()
    if len(plain) != len(parts):
        return list(parts)
    return [Extent(part.offset, min(part.size, own) or own) for part, own in zip(parts, plain, strict=True)]


def _upper_part(directory: Directory, first_broken: int, inside: float = 0.0) -> str:
    """What is good of a picture, of whose first broken part a share is there, nearly that much of its rows."""
    each = directory.parts_per_row
    if not each or not directory.height:
        return ""
    rows = directory.rows_per_part
    whole = first_broken // each * rows
    partly = min(rows, directory.height - whole) * inside if each == 1 else 0.0
    share = (whole + partly) / directory.height
    return f"the upper {int(share * 100)} % of the picture" if _WORTH_NAMING <= share < 1 else ""


def _broken_part(file: PhotoFile, directory: Directory) -> FileFault | None:
    """The fault of a picture with a strip or tile that does not hold what it should."""
    compression = directory.compression
    if compression == NO_COMPRESSION:
        return _hole(file, directory)
    if compression not in (_DEFLATE, _OLD_DEFLATE, _PACKBITS, _JPEG, *_ZERO_RUNS):
        return None
    plain = directory.plain_sizes()
    parts = directory.parts
    most = _MOST_UNPACKED * max(plain, default=0)
    with file.open() as opened:
        for number, part in enumerate(parts):
            opened.seek(part.offset)
            data = opened.read(part.size)
            wanted = plain[number] if len(plain) == len(parts) else 0
            if _is_broken(data, compression, wanted, directory, most):
                return _fault(directory, number, data)
    return None


def _hole(file: PhotoFile, directory: Directory) -> FileFault | None:
    """The fault of a picture without compression, a part of which was never written."""
    regions = directory.plain_pixels
    if not regions:
        return None
    data = file.read()
    perhaps: FileFault | None = None
    for region in regions:
        hole = find_hole(data, region)
        if hole is None:
            continue
        sure = hole.sure and directory.photometric in _ZERO_IS_BLACK
        at = (hole.start - region.start) / (region.end - region.start) if len(regions) == 1 else 0.0
        good = upper_part(at) if at >= _WORTH_NAMING and hole.end >= region.end else ""
        fault = zeroed("its picture", hole.start, hole.end, good=good, is_seen=sure, sure=sure)
        if sure:
            return fault
        perhaps = perhaps or fault
    return perhaps


def _fault(directory: Directory, number: int, data: bytes) -> FileFault:
    good = _upper_part(directory, number)
    if bytes(64) in data:
        reason = "a part of the file was never written and is zeros"
        return FileFault(FaultKind.ZEROED, reason, good)
    return FileFault(FaultKind.DAMAGED, "the file is damaged: a part of its picture is not what was written", good)


def _is_broken(data: bytes, compression: int, wanted: int, directory: Directory, most: int) -> bool:
    """Whether the data of a strip or tile, which should hold `wanted` bytes of pixels, cannot be right."""
    if compression in _ZERO_RUNS:
        smallest, largest = _LITERAL_SHARES
        is_literal = compression == _LZW and smallest * wanted < len(data) < largest * wanted
        return not is_literal and bytes(_ZERO_RUNS[compression]) in data
    if compression == _PACKBITS:
        return wanted > 0 and not _holds_packets(data, wanted)
    if compression == _JPEG:
        return not _holds_jpeg(data, directory.jpeg_tables)
    return not _holds_deflated(data, most)


def _holds_deflated(data: bytes, most: int) -> bool:
    """Whether compressed data are complete and agree with their own checksum.

    What unpacks to more than `most` bytes is not judged: its decoder stops when it has what it needs. 0 is no limit.
    """
    unpacking = zlib.decompressobj()
    at = count = 0
    waiting = b""
    try:
        while (waiting or at < len(data)) and not unpacking.eof:
            if not waiting:
                waiting, at = data[at : at + 2**16], at + 2**16
            count += len(unpacking.decompress(waiting, 2**20))
            waiting = unpacking.unconsumed_tail
            if most and count > most:
                return True
    except zlib.error:
        return False
    return unpacking.eof


def _holds_packets(data: bytes, wanted: int) -> bool:
    """Whether PackBits data hold exactly so many bytes, and nothing follows but what fills up a strip."""
    # Equal bytes are packed, unless a program packs nothing at all.
    if bytes(_PACKED_ZEROS) in data and len(data) != wanted + -(-wanted // 128):
        return False
    at = got = 0
    end = len(data)
    for _ in range(_MAX_PACKETS):
        if at >= end or got >= wanted:
            break
        code = data[at]
        if code < 128:
            at += code + 2
            got += code + 1
        elif code == 128:
            at += 1
        else:
            at += 2
            got += 257 - code
    else:
        return True  # too many to judge
    return got == wanted and end - 1 <= at <= end


def _holds_jpeg(data: bytes, tables: bytes) -> bool:
    """Whether a JPEG strip is whole, with the tables that all strips share."""
    if tables.endswith(_JPEG_END) and data[:2] == tables[:2]:
        data = tables[:-2] + data[2:]
    try:
        header = read_jpeg_header(BytesIO(data))
        decode_jpeg(data, header, 8)
    except PhotoError:
        return False
    return True
