"""Directories of TIFF files (TIFF 6.0; BigTIFF), and the places in the file that they name."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from curation.photos.whole.plain_pixels import PlainPixels

__all__ = ["NO_COMPRESSION", "Directory", "Extent", "read_directories"]

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_COUNTS, _PLANAR = 273, 277, 278, 279, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_COUNTS = 322, 323, 324, 325
_SUB_DIRECTORIES, _JPEG_OFFSET, _JPEG_COUNT = 330, 513, 514
_SUBFILE_TYPE, _RAW_OFFSET, _JPEG_TABLES = 254, 280, 347
_COLOUR_MAP, _SAMPLE_FORMAT = 320, 339
_WANTED = frozenset(
    {
        _SUBFILE_TYPE,
        _WIDTH,
        _HEIGHT,
        _BITS,
        _COMPRESSION,
        _PHOTOMETRIC,
        _STRIP_OFFSETS,
        _SAMPLES,
        _ROWS_PER_STRIP,
        _STRIP_COUNTS,
        _PLANAR,
        _RAW_OFFSET,
        _JPEG_TABLES,
        _TILE_WIDTH,
        _TILE_HEIGHT,
        _TILE_OFFSETS,
        _TILE_COUNTS,
        _SUB_DIRECTORIES,
        _JPEG_OFFSET,
        _JPEG_COUNT,
        _COLOUR_MAP,
        _SAMPLE_FORMAT,
    }
)
# Without these the pixels of a picture are read as something else.
_NEEDED = frozenset({_BITS, _STRIP_OFFSETS, _STRIP_COUNTS, _TILE_OFFSETS, _TILE_COUNTS, _COLOUR_MAP, _SAMPLE_FORMAT})
_CUT = -1  # no tag: the tags of `_NEEDED` whose numbers lie behind the end of the file
_FORMATS = {1: "B", 7: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MAX_ENTRIES = 1000  # of one directory; cameras write fewer than 100
_MAX_DIRECTORIES = 200
_MAX_VALUES = 2_000_000
_LARGEST_OFFSET = 2**62
# RW2 (0x55) and ORF ("RO", "RS") are TIFF with another magic number.
_MAGIC_NUMBERS = frozenset({42, 0x55, 0x4F52, 0x5352})
_BIG = 43
_SMALLEST_DIRECTORY_BYTES = 18
NO_COMPRESSION = 1


@dataclass(frozen=True, slots=True)
class Extent:
    """A part of a file: where it begins, and how many bytes it has."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory, which describes one picture.

    Attributes:
        values: The numbers of each tag that is used.
        is_main: Whether it is the first of the file, which programs show.
        is_missing: Whether it lies outside the file.
    """

    values: Mapping[int, tuple[int, ...]]
    is_main: bool
    is_missing: bool = False

    def one(self, tag: int, default: int = 0) -> int:
        """The first number of a tag."""
        found = self.values.get(tag)
        return found[0] if found else default

    @property
    def is_cut(self) -> bool:
        """Whether numbers that tell how its pixels are stored lie behind the end of the file."""
        return _CUT in self.values

    @property
    def width(self) -> int:
        """In pixels; 0 if it describes no picture."""
        return self.one(_WIDTH)

    @property
    def height(self) -> int:
        """In pixels; 0 if it describes no picture."""
        return self.one(_HEIGHT)

    @property
    def compression(self) -> int:
        """Its code; 1 for none."""
        return self.one(_COMPRESSION, NO_COMPRESSION)

    @property
    def photometric(self) -> int:
        """What its samples mean: 32803 for a sensor's."""
        return self.one(_PHOTOMETRIC, -1)

    @property
    def is_reduced(self) -> bool:
        """Whether it says that it is a smaller copy of another picture."""
        return bool(self.one(_SUBFILE_TYPE) & 1)

    @property
    def jpeg(self) -> Extent | None:
        """A whole JPEG beside the picture's strips, as EXIF keeps thumbnails and RAW files previews."""
        offset, size = self.one(_JPEG_OFFSET), self.one(_JPEG_COUNT)
        return Extent(offset, size) if offset and size else None

    @property
    def parts(self) -> tuple[Extent, ...]:
        """Its strips or tiles as the file lists them; without their sizes, those that follow from the picture's."""
        offsets = self.values.get(_TILE_OFFSETS if self.is_tiled else _STRIP_OFFSETS, ())
        counts = self.values.get(_TILE_COUNTS if self.is_tiled else _STRIP_COUNTS, ())
        if len(counts) < len(offsets):
            known = self.plain_sizes() if self.compression == NO_COMPRESSION else ()
            counts = known if len(known) == len(offsets) else (*counts, *[1] * (len(offsets) - len(counts)))
        return tuple(Extent(offset, count) for offset, count in zip(offsets, counts, strict=False))

    @property
    def is_tiled(self) -> bool:
        """Whether its parts are tiles."""
        return _TILE_OFFSETS in self.values

    @property
    def rows_per_part(self) -> int:
        """Rows of a strip or tile."""
        if self.is_tiled:
            return self.one(_TILE_HEIGHT)
        return min(self.one(_ROWS_PER_STRIP, self.height) or self.height, self.height)

    @property
    def parts_per_row(self) -> int:
        """How many tiles lie beside each other; 1 for strips; 0 if colours lie apart, and parts are not in order."""
        if self.one(_PLANAR, 1) == 2 and self.one(_SAMPLES, 1) > 1:
            return 0
        return -(-self.width // self.one(_TILE_WIDTH)) if self.is_tiled and self.one(_TILE_WIDTH) else 1

    @property
    def jpeg_tables(self) -> bytes:
        """Tables that its JPEG strips share, as an abbreviated JPEG; empty if there are none, or they are no bytes."""
        tables = self.values.get(_JPEG_TABLES, ())
        return bytes(tables) if all(0 <= one < 256 for one in tables) else b""

    @property
    def sensor_offset(self) -> int:
        """Where Panasonic's files say that the sensor's data begin."""
        return self.one(_RAW_OFFSET)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of a strip or tile without compression; 0 where rows do not fill bytes alike."""
        bits = self.values.get(_BITS, (1,))
        samples = self.one(_SAMPLES, 1)
        each = sum(bits) if len(bits) == samples else bits[0] * samples
        if self.one(_PLANAR, 1) == 2:
            each = bits[0]
        if self.photometric == 6 and samples == 3:
            return 0  # colours may be stored at a lower resolution
        return -(-(self.one(_TILE_WIDTH) or self.width) * each // 8)

    @property
    def plain_pixels(self) -> tuple[PlainPixels, ...]:
        """How the pixels of its strips or tiles lie in the file, if they are not compressed; else none.

        Strips that follow each other are one.
        """
        row, bits = self.row_bytes, self.values.get(_BITS, (1,))
        plain, parts = self.plain_sizes(), self.parts
        if self.compression != NO_COMPRESSION or len(plain) != len(parts) or len(set(bits)) != 1:
            return ()
        samples = 1 if self.one(_PLANAR, 1) == 2 else self.one(_SAMPLES, 1)
        pixel_bits = bits[0] * samples
        packed = next((count for count in (1, 2, 4, 8) if pixel_bits * count % 8 == 0), 8)
        pixel = pixel_bits * packed // 8
        colours = min(samples, 3 if self.photometric in (2, 6) else 1)
        lit = pixel if packed > 1 else max(1, colours * bits[0] // 8)
        found: list[PlainPixels] = []
        for part, size in zip(parts, plain, strict=True):
            one = PlainPixels(part.offset, size // row, row, row, pixel, lit, max(1, bits[0] // 8))
            if found and found[-1].end == one.start and not self.is_tiled and samples == self.one(_SAMPLES, 1):
                before = found.pop()
                one = replace(before, rows=before.rows + one.rows)
            found.append(one)
        return tuple(found)

    def plain_sizes(self) -> tuple[int, ...]:
        """Bytes that each strip or tile holds without compression; empty if that cannot be told."""
        row = self.row_bytes
        if not row or not self.width or not self.height:
            return ()
        planes = self.one(_SAMPLES, 1) if self.one(_PLANAR, 1) == 2 else 1
        if self.is_tiled:
            tile_width, tile_height = self.one(_TILE_WIDTH), self.one(_TILE_HEIGHT)
            if not tile_width or not tile_height:
                return ()
            count = -(-self.width // tile_width) * -(-self.height // tile_height)
            return (row * tile_height,) * min(count * planes, _MAX_VALUES)
        rows = self.rows_per_part
        full, rest = divmod(self.height, rows)
        if full * planes > _MAX_VALUES:
            return ()
        return ((row * rows,) * full + ((row * rest,) if rest else ())) * planes


def read_directories(file: BinaryIO, *, has_pages: bool = False) -> list[Directory]:
    """All directories of a TIFF structure: those that follow each other, and those below them.

    Whatever is damaged is left out; a directory that lies outside the file has no values.

    Args:
        file: At its start.
        has_pages: Whether a directory that follows another one is missed where it lies not far behind the end of the
            file, or is zeros; else whatever does not lead to a directory is taken for rubbish.

    Raises:
        OSError: If the file itself cannot be read.
    """
    header = file.read(16)
    if len(header) < 8 or header[:2] not in (b"II", b"MM"):
        return []
    order = "<" if header[:2] == b"II" else ">"
    (magic,) = struct.unpack(order + "H", header[2:4])
    is_big = magic == _BIG and len(header) == 16
    if not is_big and magic not in _MAGIC_NUMBERS:
        return []
    first = struct.unpack(order + "Q", header[8:16])[0] if is_big else struct.unpack(order + "I", header[4:8])[0]
    return list(_walked(file, first, order, is_big=is_big, has_pages=has_pages))


def _walked(file: BinaryIO, first: int, order: str, *, is_big: bool, has_pages: bool) -> Iterator[Directory]:
    waiting, seen = [(first, True)], set[int]()
    while waiting and len(seen) < _MAX_DIRECTORIES:
        at, is_named = waiting.pop(0)
        if not at or at in seen or at > _LARGEST_OFFSET:
            continue
        values, following = _read(file, at, order, is_big=is_big)
        # Some cameras write rubbish behind their last directory.
        if values or is_named or (has_pages and _is_lost_page(file, at)):
            yield Directory(values, is_main=not seen, is_missing=not values)
        seen.add(at)
        waiting += [*((below, True) for below in values.get(_SUB_DIRECTORIES, ())), (following, False)]


def _is_lost_page(file: BinaryIO, at: int) -> bool:
    """Whether a page was there, going by where its directory should be: near the end of what is left, or in zeros."""
    size = file.seek(0, os.SEEK_END)
    if at % 2 or at < _SMALLEST_DIRECTORY_BYTES:
        return False
    if at > size - _SMALLEST_DIRECTORY_BYTES:
        return at < 2 * size
    file.seek(at)
    return not any(file.read(_SMALLEST_DIRECTORY_BYTES))


def _read(file: BinaryIO, at: int, order: str, *, is_big: bool) -> tuple[dict[int, tuple[int, ...]], int]:
    """A directory's values, and where the next one is; nothing, and 0, if it is not in the file."""
    count_form, entry_form, word = ("Q", "HHQ", "Q") if is_big else ("H", "HHI", "I")
    entry_size, word_size = (20, 8) if is_big else (12, 4)
    file.seek(at)
    head = file.read(struct.calcsize(count_form))
    if len(head) < struct.calcsize(count_form):
        return {}, 0
    count = min(struct.unpack(order + count_form, head)[0], _MAX_ENTRIES)
    block = file.read(entry_size * count + word_size)
    values: dict[int, tuple[int, ...]] = {}
    for position in range(0, min(len(block) - entry_size + 1, entry_size * count), entry_size):
        tag, kind, number = struct.unpack_from(order + entry_form, block, position)
        form = _FORMATS.get(kind)
        if tag not in _WANTED or form is None or not 0 < number <= _MAX_VALUES:
            continue
        content = block[position + entry_size - word_size : position + entry_size]
        size = struct.calcsize(order + form) * number
        if size > word_size:
            (offset,) = struct.unpack(order + word, content)
            if offset > _LARGEST_OFFSET:
                continue
            file.seek(offset)
            content = file.read(size)
        if len(content) >= size:
            values[tag] = struct.unpack(f"{order}{number}{form}", content[:size])
        elif tag in _NEEDED:
            values[_CUT] = (*values.get(_CUT, ()), tag)
    following = block[entry_size * count :]
    return values, struct.unpack(order + word, following)[0] if len(following) == word_size else 0
