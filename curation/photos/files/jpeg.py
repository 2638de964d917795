"""JPEG files: reading the header, and strict decoding at full or reduced size.

simplejpeg (libjpeg-turbo) rejects every truncated or damaged file in its strict mode, where other
decoders fill the missing part with grey. Its strict mode also rejects a few files that are complete; those are
decoded nevertheless, see `_decode_leniently`.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from io import BytesIO
from typing import BinaryIO

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.colours.exif_colours import block_tells_adobe_rgb
from curation.photos.files.exif import NO_FACTS, ExifFacts, read_exif_block
from curation.photos.files.reasons import reason_of

__all__ = ["JPEG_DIVISORS", "JPEG_MAGIC", "JpegHeader", "decode_jpeg", "read_jpeg_header"]

JPEG_MAGIC = b"\xff\xd8\xff"
JPEG_DIVISORS = (1, 2, 4, 8)
"""Sizes at which the decoder can decode (DCT scaling), as divisors of the full size."""

_EOI = b"\xff\xd9"
_SOS = b"\xff\xda"
_SOF_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE_MARKERS = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_STANDALONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
_MAX_HEADER_SEGMENTS = 2000
# Each scan of a progressive file processes the whole picture again, so a few bytes can take seconds.
# Encoders write about 10 scans, at most about 70 with one per coefficient.
_MAX_SCANS = 500
# For a picture in several scans, libjpeg holds all coefficients in memory, whatever size it decodes at.
_MAX_COEFFICIENT_BYTES = 900_000_000
# For the few files that only Pillow decodes: at any size it takes 7 bytes per pixel.
_MAX_PILLOW_MEGAPIXELS = 120
# Warnings of libjpeg about oddities outside the picture's data. Between restart markers
# (d0 to d7) extraneous bytes do mean damage.
_HARMLESS = re.compile(
    r"extraneous bytes before marker 0x(?!d[0-7])|JFIF|Adobe|Invalid SOS parameters|Inconsistent progression"
)
_DAMAGED = re.compile(r"corrupt|premature|huffman|bogus|invalid", re.IGNORECASE)
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
        is_adobe_rgb: Whether its EXIF says that its colours are Adobe RGB.
    """

    width: int
    height: int
    facts: ExifFacts
    icc_profile: bytes | None
    components: int
    single_scan: bool
    is_adobe_rgb: bool = False


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
    is_adobe_rgb = False
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
            found = _header(frame, scan[0] if scan else 0, facts or NO_FACTS, _joined(icc_parts, icc_count))
            return replace(found, is_adobe_rgb=is_adobe_rgb)
        if marker not in _SOF_MARKERS and marker not in (0xE1, 0xE2):
            file.seek(length, 1)
            continue
        body = file.read(length)
        if marker in _SOF_MARKERS and len(body) >= 6 and frame is None:
            frame = (marker, body)
        elif marker == 0xE1 and facts is None and body.startswith(b"Exif\0"):
            facts = read_exif_block(body[6:])
            is_adobe_rgb = block_tells_adobe_rgb(body)
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
            icc_parts[body[12]] = body[14:]
            icc_count = body[13]
    raise PhotoUnreadableError("the file is cut off or damaged: the JPEG ends before its picture begins")


def _next_marker(file: BinaryIO) -> int | None:
    """The next marker's code; fill bytes and, as in decoders, stray bytes before it are skipped."""
    stray = 0
    byte = file.read(1)
    while byte and stray < 65536:
        if byte == b"\xff":
            code = file.read(1)
            while code == b"\xff":
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


def _header(frame: tuple[int, bytes], scan_components: int, facts: ExifFacts, icc: bytes | None) -> JpegHeader:
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
        PhotoUnreadableError: If the file is cut off or damaged.
    """
    if not header.single_scan and data.count(_SOS) > _MAX_SCANS:
        raise PhotoUnreadableError("the file is damaged: the JPEG has too many scans")
    try:
        return _decode(data, header, divisor, strict=True)
    except ValueError as error:
        array = _decode_leniently(data, header, divisor, str(error))
        if array is None:
            raise PhotoUnreadableError(f"the file is cut off or damaged ({error})") from error
        return array


def _decode(data: bytes, header: JpegHeader, divisor: int, *, strict: bool) -> NDArray[np.uint8]:
    array: NDArray[np.uint8] = simplejpeg.decode_jpeg(
        data,
        colorspace="RGB",
        min_width=-(-header.width // divisor),
        min_height=-(-header.height // divisor),
        min_factor=divisor,
        strict=strict,
    )
    return array


def _decode_leniently(data: bytes, header: JpegHeader, divisor: int, warning: str) -> NDArray[np.uint8] | None:
    """Decode a file that strict mode rejected, if the picture is complete nevertheless; None if it is not."""
    if "Premature end of JPEG file" in warning:
        # A file that lacks only its end marker can be decoded strictly once that is added. A progressive file
        # may lack whole scans, which would go unnoticed.
        if not header.single_scan or data.endswith(_EOI):
            return None
        try:
            return _decode(data + _EOI, header, divisor, strict=True)
        except ValueError:
            return None
    if _HARMLESS.search(warning):
        try:
            array = _decode(data, header, divisor, strict=False)
        except ValueError:  # it still rejects oddities before the picture's data
            array = _decode_with_pillow(data, divisor)
    elif _DAMAGED.search(warning):
        return None
    else:
        array = _decode_with_pillow(data, divisor)
    # libjpeg reports only its first warning, so a harmless one may hide damage, which then shows as missing blocks
    # at the lower right.
    corner = array[-8:, -8:].astype(np.int16)
    return None if np.abs(corner - _FILL_GREY).max() <= 1 else array


def _decode_with_pillow(data: bytes, divisor: int) -> NDArray[np.uint8]:
    from curation.photos.files.pillow_files import open_pillow

    try:
        with open_pillow(BytesIO(data), ("JPEG",), max_megapixels=_MAX_PILLOW_MEGAPIXELS) as image:
            image.draft("RGB", (image.width // divisor, image.height // divisor))
            return np.array(image.convert("RGB"))
    except Exception as error:  # Pillow's plugins raise all kinds of exceptions for damaged files
        raise PhotoUnreadableError(reason_of(error)) from error
