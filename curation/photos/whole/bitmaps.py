"""Whether files of plain pixels are whole: BMP and PNM."""

from __future__ import annotations

import re
from dataclasses import dataclass

from curation.domain.files.health import FileFault
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.findings import cut, upper_part, zeroed
from curation.photos.whole.plain_pixels import PlainPixels, find_hole
from curation.photos.whole.zero_runs import first_zeros

__all__ = ["bmp_faults", "pnm_faults"]

_CORE_HEADER = 12
_PLAIN, _RLE8, _RLE4, _BIT_FIELDS, _ALPHA_FIELDS = 0, 1, 2, 3, 6
# In packed BMP rows two zeros end a row, so that 32 of them in a row are 16 empty rows.
_PACKED_ZEROS = 32
_HEADER_ZEROS = 64
_MOST_HEADER_BYTES = 4096
_PNM_NUMBERS = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])+([0-9.+-]+)")


def bmp_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a BMP file.

    Raises:
        OSError: If it cannot be read.
    """
    data = file.read()
    header = _bmp_header(data)
    if header is None:
        return ()  # its decoder says more
    if header.compression in (_RLE8, _RLE4):
        run = first_zeros(data, _PACKED_ZEROS, header.offset)
        return () if run is None else (zeroed("its picture", *run, is_seen=False, sure=False),)
    if header.compression not in (_PLAIN, _BIT_FIELDS, _ALPHA_FIELDS):
        return ()
    stride = (header.width * header.bits + 31) // 32 * 4
    row_bytes = (header.width * header.bits + 7) // 8
    rows = abs(header.height)
    needed = header.offset + stride * rows - (stride - row_bytes)
    if needed > len(data):
        share = max(0, len(data) - header.offset) / max(1, needed - header.offset)
        good = upper_part(share)
        return (cut("its picture", needed - len(data), good=good if header.height < 0 else _lower(good)),)
    if header.bits < 8:
        return ()
    pixel_bytes = header.bits // 8
    pixels = PlainPixels(header.offset, rows, stride, row_bytes, pixel_bytes, min(pixel_bytes, 3))
    return _hole_faults(data, pixels, is_upside_down=header.height > 0, is_palette=header.bits == 8)


def pnm_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a PBM, PGM, PPM or PFM file.

    Raises:
        OSError: If it cannot be read.
    """
    data = file.read()
    form = data[1:2]
    if form in b"123":
        run = first_zeros(data, 1)
        return () if run is None else (zeroed("its picture", *run, good=upper_part(run[0] / len(data))),)
    numbers: list[float] = []
    at = 2
    for _ in range(2 if form == b"4" else 3):
        found = _PNM_NUMBERS.match(data, at, at + _MOST_HEADER_BYTES)
        if found is None:
            return ()  # its decoder says more
        at = found.end()
        try:
            numbers.append(float(found[1]))
        except ValueError:
            return ()
    if not all(0 < number < 2**31 for number in numbers[:2]):
        return ()
    width, height = int(numbers[0]), int(numbers[1])
    start = at + 1
    is_float = form in b"Ff"
    channels = 3 if form in b"6F" else 1
    sample_bytes = 4 if is_float else 1 if form == b"4" or numbers[2] < 256 else 2
    row_bytes = (width + 7) // 8 if form == b"4" else width * channels * sample_bytes
    missing = start + row_bytes * height - len(data)
    if missing > 0:
        good = upper_part(max(0, len(data) - start) / (row_bytes * height))
        return (cut("its picture", missing, good=_lower(good) if is_float else good),)
    if form == b"4":
        return ()  # zeros are white paper
    pixel_bytes = channels * sample_bytes
    pixels = PlainPixels(start, height, row_bytes, row_bytes, pixel_bytes, pixel_bytes, sample_bytes)
    return _hole_faults(data, pixels, is_upside_down=is_float, is_palette=False)


@dataclass(frozen=True, slots=True)
class _BmpHeader:
    offset: int
    width: int
    height: int
    bits: int
    compression: int


def _bmp_header(data: bytes) -> _BmpHeader | None:
    def number(at: int, width: int, *, signed: bool = False) -> int:
        return int.from_bytes(data[at : at + width], "little", signed=signed)

    if len(data) < 26:
        return None
    offset, size = number(10, 4), number(14, 4)
    if size == _CORE_HEADER:
        header = _BmpHeader(offset, number(18, 2), number(20, 2), number(24, 2), _PLAIN)
    elif size >= 40 and len(data) >= 54:
        header = _BmpHeader(offset, number(18, 4), number(22, 4, signed=True), number(28, 2), number(30, 4))
    else:
        return None
    is_usable = (
        header.width > 0 and header.height != 0 and header.bits in (1, 2, 4, 8, 16, 24, 32) and offset >= 14 + size
    )
    return header if is_usable else None


def _hole_faults(data: bytes, pixels: PlainPixels, *, is_upside_down: bool, is_palette: bool) -> tuple[FileFault, ...]:
    hole = find_hole(data, pixels)
    if hole is None:
        return ()
    good = ""
    if hole.end >= pixels.end:
        good = upper_part((hole.start - pixels.start) / (pixels.end - pixels.start))
        good = _lower(good) if is_upside_down else good
    # In a picture with a palette zero may be any colour.
    sure = hole.sure and not is_palette
    return (zeroed("its picture", hole.start, hole.end, good=good, is_seen=sure, sure=sure),)


def _lower(good: str) -> str:
    return good.replace("upper", "lower")
