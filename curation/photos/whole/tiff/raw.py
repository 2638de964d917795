"""Whether RAW files are whole: a preview that can be seen says nothing of the sensor's data behind it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from curation.domain.files.health import FaultKind, FileFault
from curation.errors import PhotoUnreadableError
from curation.photos.files.jpeg import read_jpeg_header
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.plain_pixels import PlainPixels, find_hole
from curation.photos.whole.tiff.pictures import needed_parts
from curation.photos.whole.tiff.structure import NO_COMPRESSION, Directory, Extent, read_directories

__all__ = ["MIN_PREVIEW_LONG_SIDE_PX", "quick_raw_faults", "raw_faults"]

MIN_PREVIEW_LONG_SIDE_PX = 800
"""Smaller previews show too little of the faces of a group; some cameras store only 160 x 120 pixels."""

_RAF = b"FUJIFILMCCD-RAW"
_RAF_PLACES = (84, 92, 100)  # of the preview, of the header of the sensor's data, of the data
_X3F, _X3F_DIRECTORY = b"FOVb", b"SECd"
_RW2 = b"IIU\0"
_CR3 = b"ftypcrx "
_CFA, _LINEAR_RAW = 32803, 34892
_JPEG_COMPRESSIONS = frozenset({6, 7})
_PREVIEW_PHOTOMETRICS = frozenset({2, 6})
_JPEG_START = b"\xff\xd8\xff"
_JPEG_HEADER_BYTES = 2**18
_MAX_BOXES = 1000
_MAX_ENTRIES = 10_000
_SECTOR_BYTES = 512
_LONGEST_FLAT_BYTES = 2**16
_LONGEST_TAIL_BYTES = 4096
_LOOK_BYTES = 2**24
_MAX_PLAIN_BYTES = 2**30
_ZEROS = re.compile(rb"\0{512,}")


@dataclass(slots=True)
class _Parts:
    """What a RAW file says it holds.

    Attributes:
        sensor: The parts of the sensor's data.
        previews: JPEGs, one extent each.
        sensor_size: Of the sensor in pixels; zeros if the file does not say it in a way that is read here.
        plain: How the sensor's data lie in the file, if they are not compressed and rows follow each other.
        is_plain: Whether the sensor's data are not compressed.
        is_missing: Whether it names a directory behind its end.
    """

    sensor: list[Extent] = field(default_factory=list)
    previews: list[Extent] = field(default_factory=list)
    sensor_size: tuple[int, int] = (0, 0)
    plain: tuple[PlainPixels, ...] = ()
    is_plain: bool = False
    is_missing: bool = False


def raw_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a RAW file; a fault is seen only where no preview shows the photo.

    Raises:
        OSError: If the file cannot be read.
    """
    size = file.size_bytes
    with file.open() as opened:
        parts = _read_parts(opened, size)
        if parts is None:
            return ()
        shown = _shown_preview(opened, parts, size)
        fault = _fault(opened, parts, size, shown)
    return () if fault is None else (fault,)


def quick_raw_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What of `raw_faults` can be told from a few KB: whether the file is cut off, or its end was never written.

    For RAW files that are not looked at themselves, because a picture of the same shot is.

    Raises:
        OSError: If the file cannot be read.
    """
    size = file.size_bytes
    with file.open() as opened:
        parts = _read_parts(opened, size)
        if parts is None:
            return ()
        shown = _shown_preview(opened, parts, size)
        fault = _fault(opened, parts, size, shown, only_end=True)
    return () if fault is None else (fault,)


def _fault(
    file: BinaryIO, parts: _Parts, size: int, shown: tuple[int, int] | None, *, only_end: bool = False
) -> FileFault | None:
    good = "" if shown is None else f"the preview of {shown[0]} x {shown[1]} pixels"
    is_seen = shown is None
    total = sum(part.size for part in parts.sensor)
    missing = sum(min(part.size, max(0, part.offset + part.size - size)) for part in parts.sensor)
    if missing and total:
        share = max(1, round(100 * missing / total))
        reason = f"the RAW file is cut off: {share} % of the sensor's data are missing"
        return FileFault(FaultKind.CUT, reason, good, is_seen)
    behind = any(part.offset + part.size > size for part in parts.previews)
    if parts.is_missing or behind:
        return FileFault(FaultKind.CUT, "the RAW file is cut off: a part that it names is missing", good, is_seen)
    if only_end:
        ends = () if parts.is_plain else parts.sensor[-1:]
        if not any(_ends_in_zeros(file, part) for part in ends):
            return None
        reason = "the end of the sensor's data in the RAW file was never written and is zeros"
        return FileFault(FaultKind.ZEROED, reason, good, is_seen)
    zeros = _plain_holes(file, parts.plain) if parts.is_plain else sum(_holes_of(file, part) for part in parts.sensor)
    if zeros:
        share = max(1, round(100 * zeros / total))
        reason = f"{share} % of the sensor's data in the RAW file were never written and are zeros"
        return FileFault(FaultKind.ZEROED, reason, good, is_seen)
    return None


def _shown_preview(file: BinaryIO, parts: _Parts, size: int) -> tuple[int, int] | None:
    """Width and height of the largest preview that lies in the file and is large enough to be shown."""
    found: list[tuple[int, int]] = []
    for part in parts.previews:
        if part.offset + part.size > size:
            continue
        file.seek(part.offset)
        start = file.read(min(part.size, _JPEG_HEADER_BYTES))
        if not start.startswith(_JPEG_START):
            continue
        try:
            header = read_jpeg_header(BytesIO(start))
        except PhotoUnreadableError:
            continue
        found.append((header.width, header.height))
    largest = max(found, key=max, default=(0, 0))
    enough = min(MIN_PREVIEW_LONG_SIDE_PX, max(parts.sensor_size) or MIN_PREVIEW_LONG_SIDE_PX)
    return largest if max(largest) >= enough else None


def _read_parts(file: BinaryIO, size: int) -> _Parts | None:
    start = file.read(16)
    if start.startswith(_RAF):
        return _raf_parts(file)
    if start.startswith(_X3F):
        return _x3f_parts(file, size)
    if start[4:12] == _CR3:
        return _cr3_parts(file, size)
    file.seek(0)
    directories = read_directories(file)
    return _tiff_parts(directories, start) if directories else None


def _tiff_parts(directories: Sequence[Directory], start: bytes) -> _Parts:
    found = _Parts(is_missing=any(directory.is_missing for directory in directories))
    pictures = [directory for directory in directories if directory.parts]
    sensors = [directory for directory in pictures if directory.photometric in (_CFA, _LINEAR_RAW)]
    if not sensors:
        sensors = [directory for directory in pictures if not _is_preview(directory)]
    sensor = max(sensors, key=lambda one: sum(part.size for part in one.parts), default=None)
    if start.startswith(_RW2):
        # These name one place, and not how much is there.
        offset = next((one.sensor_offset for one in directories if one.sensor_offset), 0)
        found.sensor = [Extent(offset, 1)] if offset else []
    elif sensor is not None:
        found.sensor = needed_parts(sensor)
        found.sensor_size = (sensor.width, sensor.height)
        found.is_plain = sensor.compression == NO_COMPRESSION
        # Where there are more bytes than pixels take, rows are filled up in a way that is not known.
        if found.sensor == list(sensor.parts):
            found.plain = sensor.plain_pixels
    for directory in directories:
        if directory.jpeg is not None:
            found.previews.append(directory.jpeg)
        if directory is not sensor and len(directory.parts) == 1 and directory.compression in _JPEG_COMPRESSIONS:
            found.previews.append(directory.parts[0])
    return found


def _is_preview(directory: Directory) -> bool:
    return directory.is_reduced or directory.photometric in _PREVIEW_PHOTOMETRICS


def _raf_parts(file: BinaryIO) -> _Parts | None:
    extents = []
    for place in _RAF_PLACES:
        file.seek(place)
        content = file.read(8)
        if len(content) < 8:
            return None
        extents.append(Extent(*struct.unpack(">II", content)))
    preview, header, sensor = extents
    found = _Parts(sensor=[part for part in (sensor,) if part.offset and part.size])
    found.previews = [part for part in (preview,) if part.offset and part.size]
    if header.offset and not found.sensor:
        found.sensor = [header]
    return found


def _x3f_parts(file: BinaryIO, size: int) -> _Parts | None:
    """Sigma's files end with the place of their directory; without it nothing of them can be read."""
    file.seek(max(0, size - 4))
    (at,) = struct.unpack("<I", file.read(4).ljust(4, b"\0"))
    file.seek(min(at, size))
    head = file.read(12)
    if not head.startswith(_X3F_DIRECTORY) or len(head) < 12:
        return _Parts(is_missing=True)
    count = min(struct.unpack("<I", head[8:])[0], _MAX_ENTRIES)
    found = _Parts()
    for _ in range(count):
        entry = file.read(12)
        if len(entry) == 12:
            found.sensor.append(Extent(*struct.unpack("<II", entry[:8])))
    return found


def _cr3_parts(file: BinaryIO, size: int) -> _Parts:
    """Canon's files are films of one frame: the data of all tracks lie in one box, the sensor's last."""
    found = _Parts()
    at = 0
    for _ in range(_MAX_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        if length < 8:
            break
        if kind == b"mdat":
            found.sensor.append(Extent(at, length))
        elif kind == b"uuid" and at + length <= size:
            file.seek(at)
            _note_cr3_preview(file.read(min(length, _JPEG_HEADER_BYTES)), at, length, found)
        at += length
        if at >= size:
            break
    if not found.sensor:
        found.is_missing = True
    return found


def _note_cr3_preview(box: bytes, at: int, length: int, found: _Parts) -> None:
    start = box.find(_JPEG_START) if b"PRVW" in box[:64] else -1
    if start > 0:
        found.previews.append(Extent(at + start, length - start))


def _plain_holes(file: BinaryIO, regions: Sequence[PlainPixels]) -> int:
    """How many bytes of a sensor's plain data were surely never written."""
    if not regions or max(region.end for region in regions) > _MAX_PLAIN_BYTES:
        return 0
    file.seek(0)
    data = file.read()
    holes = [find_hole(data, region) for region in regions]
    return sum(hole.end - hole.start for hole in holes if hole is not None and hole.sure)


def _holes_of(file: BinaryIO, part: Extent) -> int:
    """How many bytes of a part of a sensor's compressed data were never written.

    They hold runs of zeros where the picture is flat, as in a white sky; what was never written ends where the data
    end, or begins and ends where the sectors of a disk do.
    """
    total, at, end = 0, part.offset, part.offset + part.size
    while at < end:
        file.seek(at)
        data = file.read(min(_LOOK_BYTES, end - at))
        if not data:
            break
        total += sum(stop - begin for begin, stop in _holes(data, at, end))
        at += len(data)
    return total


def _ends_in_zeros(file: BinaryIO, part: Extent) -> bool:
    """Whether the end of a part of a sensor's compressed data was never written."""
    if part.size < _LONGEST_TAIL_BYTES:
        return False
    file.seek(part.offset + part.size - _LONGEST_TAIL_BYTES)
    tail = file.read(_LONGEST_TAIL_BYTES)
    return len(tail) == _LONGEST_TAIL_BYTES and not tail.strip(b"\0")


def _holes(data: bytes, offset: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of zeros that were never written, in `data` that lie at `offset` in a part that ends at `end`."""
    for run in _ZEROS.finditer(data):
        begin, stop = run.span()
        is_tail = offset + stop >= end and stop - begin >= _LONGEST_TAIL_BYTES
        is_aligned = (offset + begin) % _SECTOR_BYTES == 0 and (offset + stop) % _SECTOR_BYTES == 0
        if is_tail or is_aligned or stop - begin >= _LONGEST_FLAT_BYTES:
            yield begin, stop
