"""JPEG files: reading the header, and strict decoding at full or reduced size.

simplejpeg (libjpeg-turbo) rejects truncated and damaged files in its strict mode, where other decoders fill the missing
part with grey. Its strict mode also rejects files that are complete, but odd: those are put in order and decoded once
more, see `_decode_in_order`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import BinaryIO

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from curation.domain.files.health import FaultKind
from curation.errors import PhotoDamagedError, PhotoTooLargeError, PhotoUnreadableError
from curation.photos.bounds.jpeg import require_bounded_scans
from curation.photos.colours.exif_colours import block_tells_adobe_rgb
from curation.photos.files.exif import NO_FACTS, ExifFacts, read_exif_block
from curation.photos.files.reasons import reason_of
from curation.photos.whole.jpeg.blocks import MIN_ZERO_RUN, joined, whole_intervals, without_padding, zero_run
from curation.photos.whole.jpeg.damage import damage
from curation.photos.whole.jpeg.structure import JpegStructure, read_structure

__all__ = ["JPEG_DIVISORS", "JPEG_MAGIC", "JpegHeader", "decode_jpeg", "read_jpeg_header"]

JPEG_MAGIC = b"\xff\xd8\xff"
JPEG_DIVISORS = (1, 2, 4, 8)
"""Sizes at which the decoder can decode (DCT scaling), as divisors of the full size."""

_EOI = b"\xff\xd9"
_SOF_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ARITHMETIC_MARKERS = frozenset(range(0xC9, 0xD0)) - {0xCC}
_PROGRESSIVE_MARKERS = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_STANDALONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
_MAX_HEADER_SEGMENTS = 2000
# For a picture in several scans, libjpeg holds all coefficients in memory, whatever size it decodes at.
_MAX_COEFFICIENT_BYTES = 900_000_000
# For the few files that only Pillow decodes: at any size it takes 7 bytes per pixel.
_MAX_PILLOW_MEGAPIXELS = 120
# Warnings of libjpeg that say nothing of the picture's blocks, or that it gives instead of all others.
_ORDER_OF_SCANS = "Inconsistent progression"
_WARNING = re.compile(r"corrupt|premature|huffman|bogus|invalid|JFIF|Adobe", re.IGNORECASE)
_MIN_TAIL_ZEROS = 2
_MAX_STRAY_BYTES = 16
_MAX_STRAY_HEADER_BYTES = 65536  # before one marker
_FILL_GREY = 128  # the colour of missing data in libjpeg, whose coefficients are all zero


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What a JPEG file's header says.

    Attributes:
        width: As stored, before the photo is turned upright.
        height: As stored, before the photo is turned upright.
        facts: From its EXIF.
        icc_profile: The embedded colour profile; None if there is none or a part of it is missing.
        components: 1 for grey, 3 for colour, 4 for CMYK.
        single_scan: Whether the whole picture is in one scan (not progressive).
        scan_offset: Where the picture's first data stand in the file.
        is_adobe_rgb: Whether its EXIF says that its colours are Adobe RGB.
        is_arithmetic: Whether it is coded arithmetically: its decoder never runs out of data.
    """

    width: int
    height: int
    facts: ExifFacts
    icc_profile: bytes | None
    components: int
    single_scan: bool
    scan_offset: int = 0
    exif: bytes = b""
    mcu_height: int = 8
    is_adobe_rgb: bool = False
    is_arithmetic: bool = False


def read_jpeg_header(file: BinaryIO) -> JpegHeader:
    """Read the segments up to the picture data; the file is at its start.

    Raises:
        PhotoUnreadableError: If there is no frame header, or no picture data after it.
        PhotoTooLargeError: If it is progressive and so large that decoding at any size needs too much memory.
        OSError: If the file itself cannot be read.
    """
    facts: ExifFacts | None = None
    icc_parts: dict[int, bytes] = {}
    icc_count = 0
    frame: tuple[int, bytes] | None = None
    is_adobe_rgb, exif = False, b""
    file.seek(2)
    for _ in range(_MAX_HEADER_SEGMENTS):
        marker = _next_marker(file)
        if marker is None or marker == 0xD9:
            break
        if marker in _STANDALONE_MARKERS:
            continue
        size = file.read(2)
        length = struct.unpack(">H", size)[0] - 2 if len(size) == 2 else -1
        if length < 0:
            break
        if marker == 0xDA:
            if frame is None:
                break
            scan = file.read(1)
            offset = file.tell() - 1 + length
            found = _header(frame, scan[0] if scan else 0, facts or NO_FACTS, _joined(icc_parts, icc_count), offset)
            return replace(found, is_adobe_rgb=is_adobe_rgb, exif=exif)
        if marker not in _SOF_MARKERS and marker not in (0xC4, 0xDB, 0xE1, 0xE2):
            file.seek(length, 1)
            continue
        body = file.read(length)
        if marker in _SOF_MARKERS and len(body) >= 6 and frame is None:
            frame = (marker, body)
        elif marker == 0xDB:
            _require_steps(body)
        elif marker == 0xC4:
            _require_codes(body)
        elif marker == 0xE1 and facts is None and body.startswith(b"Exif\0"):
            exif = body
            facts = read_exif_block(body[6:])
            is_adobe_rgb = block_tells_adobe_rgb(body)
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
            icc_parts[body[12]] = body[14:]
            icc_count = body[13]
    raise PhotoUnreadableError("the file is cut off or damaged: the JPEG ends before its picture begins")


def _require_codes(body: bytes) -> None:
    """Refuse Huffman tables that were overwritten with zeros: each symbol has one code."""
    at = 0
    while at + 17 <= len(body):
        count = sum(body[at + 1 : at + 17])
        if body.count(0, at + 17, at + 17 + count) > 1:
            raise _emptied_table()
        at += 17 + count


def _emptied_table() -> PhotoDamagedError:
    text = "the file is damaged: a table without which its picture cannot be decoded was overwritten with zeros"
    return PhotoDamagedError(text, kind=FaultKind.ZEROED.value)


def _require_steps(body: bytes) -> None:
    """Refuse tables of quantisation steps that were overwritten with zeros; decoders show grey without a word."""
    at = 0
    while at < len(body):
        size = 128 if body[at] >> 4 else 64
        table = body[at + 1 : at + 1 + size]
        steps = table if size == 64 else [a | b for a, b in zip(table[::2], table[1::2], strict=False)]
        if 0 in steps:
            raise _emptied_table()
        at += 1 + size


def _next_marker(file: BinaryIO) -> int | None:
    """The next marker's code; fill bytes and, as in decoders, stray bytes before it are skipped."""
    stray = 0
    byte = file.read(1)
    while byte and stray < _MAX_STRAY_HEADER_BYTES:
        if byte == b"\xff":
            code = file.read(1)
            while code == b"\xff" and stray < _MAX_STRAY_HEADER_BYTES:
                stray += 1
                code = file.read(1)
            if not code:
                return None
            if code != b"\0":
                return code[0]
        stray += 1
        byte = file.read(1)
    return None


def _joined(parts: dict[int, bytes], count: int) -> bytes | None:
    if not parts or sorted(parts) != list(range(1, count + 1)):
        return None
    return b"".join(parts[number] for number in sorted(parts))


def _header(
    frame: tuple[int, bytes], scan_components: int, facts: ExifFacts, icc: bytes | None, scan_offset: int
) -> JpegHeader:
    marker, body = frame
    height, width, components = struct.unpack(">HHB", body[1:6])
    if width == 0 or height == 0:
        raise PhotoUnreadableError(f"the file is damaged: its size is {width} x {height} pixels")
    factors = [(body[i] >> 4, body[i] & 15) for i in range(7, min(len(body), 6 + 3 * components), 3)]
    h_max = max((h for h, _ in factors), default=1) or 1
    v_max = max((v for _, v in factors), default=1) or 1
    samples = sum(width * height * h * v / (h_max * v_max) for h, v in factors)
    single_scan = marker not in _PROGRESSIVE_MARKERS and scan_components == components
    coefficient_bytes = 0 if single_scan else int(2 * samples)
    if coefficient_bytes > _MAX_COEFFICIENT_BYTES:
        raise PhotoTooLargeError(
            f"a progressive JPEG of {width} x {height} pixels needs too much memory: save it as a baseline JPEG"
        )
    return JpegHeader(
        width=width,
        height=height,
        facts=facts,
        icc_profile=icc,
        components=components,
        single_scan=single_scan,
        scan_offset=scan_offset,
        mcu_height=8 * v_max,
        is_arithmetic=marker in _ARITHMETIC_MARKERS,
    )


def decode_jpeg(data: bytes, header: JpegHeader, divisor: int) -> NDArray[np.uint8]:
    """Decode a JPEG completely or not at all.

    Args:
        data: The whole file.
        header: Of the same file.
        divisor: One of `JPEG_DIVISORS`; the result has ceil(side / divisor) pixels a side.

    Returns:
        (H, W, 3) uint8 RGB as stored (not turned), in the file's own colour space. CMYK is
        converted to RGB, grey is repeated in all channels.

    Raises:
        PhotoDamagedError: If blocks are missing, or some are not those of this picture.
        PhotoUnreadableError: If it cannot be decoded for another reason.
        PhotoTooLargeError: If its scans are more work than a picture of its size can be.
    """
    if not header.single_scan or header.is_arithmetic:
        require_bounded_scans(data)
    try:
        array = _decode(data, header, divisor)
    except ValueError as error:
        return _decode_in_order(data, header, divisor, str(error))
    # Zeros that were never written can decode to as many blocks as stood there.
    zeros = data.find(bytes(MIN_ZERO_RUN), header.scan_offset)
    if zeros >= 0:
        structure = read_structure(data)
        if structure is not None and zero_run(data, structure) is not None:
            raise damage(data, structure, "")
    return array


def _decode(data: bytes, header: JpegHeader, divisor: int, *, strict: bool = True) -> NDArray[np.uint8]:
    array: NDArray[np.uint8] = simplejpeg.decode_jpeg(
        data,
        colorspace="RGB",
        min_width=-(-header.width // divisor),
        min_height=-(-header.height // divisor),
        min_factor=divisor,
        strict=strict,
    )
    return array


def _decode_in_order(data: bytes, header: JpegHeader, divisor: int, warning: str) -> NDArray[np.uint8]:
    """Decode a file that strict mode rejected, if the picture is complete nevertheless.

    Raises:
        PhotoDamagedError: If it is not.
        PhotoUnreadableError: If it cannot be decoded for another reason.
    """
    if _ORDER_OF_SCANS not in warning and not _WARNING.search(warning):
        return _decode_by_corner(data, None, divisor, warning)
    structure = read_structure(data)
    if structure is None or not _may_be_whole(structure):
        raise damage(data, structure, warning)
    if _ORDER_OF_SCANS in warning:
        return _decode_by_corner(data, header, divisor, warning)
    for candidate in _put_in_order(structure):
        try:
            array = _decode(candidate, header, divisor)
        except ValueError:
            continue
        return _without_zeros(array, candidate, data, structure)
    pieces = whole_intervals(structure)
    if pieces is None:
        raise damage(data, structure, warning)
    candidate = joined(structure, pieces)
    try:
        array = _decode(candidate, header, divisor, strict=False)
    except ValueError as error:  # some damage is refused without strictness, too
        raise damage(data, structure, str(error)) from error
    return _without_zeros(array, candidate, data, structure)


def _may_be_whole(structure: JpegStructure) -> bool:
    """Whether the end of the file does not say already that something is missing.

    Of a picture in several scans without an end, whole scans may be missing, which would go unnoticed.
    """
    if structure.has_end:
        return structure.stray <= _MAX_STRAY_BYTES and structure.has_all_scans
    is_single = len(structure.scans) == 1 and not structure.frame.is_progressive and not structure.frame.is_arithmetic
    return is_single and not structure.scans[0].pieces[-1].endswith(bytes(_MIN_TAIL_ZEROS))


def _put_in_order(structure: JpegStructure) -> Iterator[bytes]:
    """The picture as files that strict mode may accept, none of which has other blocks than the file itself."""
    yield joined(structure, without_padding(structure))
    yield joined(structure)
    if any(scan.interval for scan in structure.scans) and all(len(scan.pieces) == 1 for scan in structure.scans):
        yield joined(structure, restarts=False)


def _without_zeros(
    array: NDArray[np.uint8], candidate: bytes, data: bytes, structure: JpegStructure
) -> NDArray[np.uint8]:
    ordered = read_structure(candidate)
    if ordered is None or zero_run(candidate, ordered) is not None:
        raise damage(data, structure, "zeros in the picture's data")
    return array


def _decode_by_corner(data: bytes, header: JpegHeader | None, divisor: int, warning: str) -> NDArray[np.uint8]:
    """Decode without strictness, with Pillow if `header` is None; missing blocks then show at the lower right."""
    try:
        array = _decode_with_pillow(data, divisor) if header is None else _decode(data, header, divisor, strict=False)
    except ValueError as error:
        raise PhotoUnreadableError(f"the file is cut off or damaged ({warning})") from error
    corner = array[-8:, -8:].astype(np.int16)
    if np.abs(corner - _FILL_GREY).max() <= 1:
        raise PhotoDamagedError(f"the file is cut off or damaged ({warning})", kind=FaultKind.CUT.value)
    return array


def _decode_with_pillow(data: bytes, divisor: int) -> NDArray[np.uint8]:
    from curation.photos.files.pillow_files import open_pillow

    try:
        with open_pillow(BytesIO(data), ("JPEG",), max_megapixels=_MAX_PILLOW_MEGAPIXELS) as image:
            image.draft("RGB", (image.width // divisor, image.height // divisor))
            return np.array(image.convert("RGB"))
    except Exception as error:  # Pillow's plugins raise all kinds of exceptions for damaged files
        raise PhotoUnreadableError(reason_of(error)) from error
