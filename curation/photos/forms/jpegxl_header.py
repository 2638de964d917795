"""The header of a JPEG XL picture: its size, turning and colours.

See ISO/IEC 18181-1 (2022), annexes D and E, and 18181-2 for the container.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import BinaryIO

from curation.photos.colours.cicp import SRGB_PRIMARIES, Cicp, Primaries, primaries_of
from curation.photos.colours.made_profiles import gamma_profile, transfer_profile

__all__ = ["JpegXlHeader", "read_jpegxl_header"]

_CODESTREAM = b"\xff\x0a"
_MAX_HEADER_BYTES = 4096
_MAX_BOXES = 10_000
_MAX_EXIF_BYTES = 4 * 2**20
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIDE = ((1, 9), (1, 13), (1, 18), (1, 30))
_ENUM = ((0, 0), (1, 0), (2, 4), (18, 6))
_CUSTOM = 2
_GREY, _XYB = 1, 2
_DCI = 11  # of white points
_P3 = 11  # of primaries
_DCI_P3, _DISPLAY_P3 = 11, 12  # of H.273
_UNSPECIFIED = 2


@dataclass(frozen=True, slots=True)
class JpegXlHeader:
    """What the header says.

    Attributes:
        width: Of the upright picture in pixels.
        height: Of the upright picture in pixels.
        cicp: Its colours by code points; None if they are told otherwise.
        made_profile: A profile for colours that have no code points; None likewise.
        has_icc: Whether they are told by an ICC profile, which is compressed within the picture.
        is_xyb: Whether the picture is stored in the colours of the eye, and its decoder chooses those it gives.
        exif: The EXIF block; empty if there is none.
        packed_exif: The same, compressed by Brotli.
        has_jpeg: Whether it is a JPEG that was packed without loss.
    """

    width: int
    height: int
    cicp: Cicp | None = None
    made_profile: bytes | None = None
    has_icc: bool = False
    is_xyb: bool = True
    exif: bytes = b""
    packed_exif: bytes = b""
    has_jpeg: bool = False


def read_jpegxl_header(file: BinaryIO) -> JpegXlHeader:
    """Read the header.

    Args:
        file: At its start.

    Raises:
        ValueError: If it is none, or is cut off.
        OSError: If it cannot be read.
    """
    codestream, boxes = _parts(file)
    if not codestream.startswith(_CODESTREAM):
        raise ValueError("there is no picture in the file")
    exif = boxes.get(b"Exif", b"")
    try:
        header = _metadata(_Bits(codestream[2:]))
    except IndexError as error:
        raise ValueError("the header is cut off") from error
    return replace(
        header,
        exif=exif[4 + int.from_bytes(exif[:4], "big") :],
        packed_exif=boxes.get(b"brob", b""),
        has_jpeg=b"jbrd" in boxes,
    )


def _parts(file: BinaryIO) -> tuple[bytes, dict[bytes, bytes]]:
    """The beginning of the codestream, and the boxes beside it that are used."""
    start = file.read(_MAX_HEADER_BYTES)
    if start.startswith(_CODESTREAM):
        return start, {}
    file.seek(0)
    codestream = b""
    boxes: dict[bytes, bytes] = {}
    for _ in range(_MAX_BOXES):
        at = file.tell()
        header = file.read(16)
        if len(header) < 8:
            break
        size, head, kind = int.from_bytes(header[:4], "big"), 8, header[4:8]
        if size == 1:
            size, head = int.from_bytes(header[8:], "big"), 16
        file.seek(at + head)
        length = size - head if size else _MAX_EXIF_BYTES
        if length < 0:
            break
        if kind in (b"jxlc", b"jxlp") and len(codestream) < _MAX_HEADER_BYTES:
            part = file.read(min(length, _MAX_HEADER_BYTES))
            codestream += part if kind == b"jxlc" else part[4:]
        elif kind == b"jbrd":
            boxes[kind] = b""
        elif kind == b"Exif" and length <= _MAX_EXIF_BYTES:
            boxes.setdefault(kind, file.read(length))
        elif kind == b"brob" and length <= _MAX_EXIF_BYTES and file.read(4) == b"Exif":
            boxes.setdefault(kind, file.read(length - 4))
        if size == 0:
            break
        file.seek(at + size)
    return codestream, boxes


class _Bits:
    """A stream of bits, the lowest of each byte first; IndexError at its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for place in range(count):
            value |= (self._data[self._at >> 3] >> (self._at & 7) & 1) << place
            self._at += 1
        return value

    def flag(self) -> bool:
        return self.take(1) == 1

    def one_of(self, *ways: tuple[int, int]) -> int:
        """A number written in one of four ways: what is added, and how many bits follow."""
        added, count = ways[self.take(2)]
        return added + self.take(count)


def _size(bits: _Bits) -> tuple[int, int]:
    is_small = bits.flag()

    def side() -> int:
        return 8 * (1 + bits.take(5)) if is_small else bits.one_of(*_SIDE)

    height = side()
    ratio = bits.take(3)
    if ratio == 0:
        return side(), height
    times, parts = _RATIOS[ratio - 1]
    return height * times // parts, height


def _metadata(bits: _Bits) -> JpegXlHeader:
    width, height = _size(bits)
    if bits.flag():  # everything is as usual
        return JpegXlHeader(width, height)
    orientation = _extra_fields(bits) if bits.flag() else 1
    _skip_depth(bits)
    bits.take(1)
    for _ in range(bits.one_of((0, 0), (1, 0), (2, 4), (1, 12))):
        _skip_extra_channel(bits)
    if orientation >= 5:
        width, height = height, width
    return _with_colours(JpegXlHeader(width, height, is_xyb=bits.flag()), bits)


def _extra_fields(bits: _Bits) -> int:
    orientation = 1 + bits.take(3)
    if bits.flag():
        _size(bits)
    if bits.flag():  # a preview
        ways = ((16, 0), (32, 0), (1, 5), (33, 9)) if bits.flag() else ((1, 6), (65, 8), (321, 10), (1345, 12))
        bits.one_of(*ways)
        if bits.take(3) == 0:
            bits.one_of(*ways)
    if bits.flag():  # an animation
        bits.one_of((100, 0), (1000, 0), (1, 10), (1, 30))
        bits.one_of((1, 0), (1001, 0), (1, 8), (1, 10))
        bits.one_of((0, 0), (0, 3), (0, 16), (0, 32))
        bits.take(1)
    return orientation


def _skip_depth(bits: _Bits) -> None:
    if bits.flag():  # floats
        bits.one_of((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
    else:
        bits.one_of((8, 0), (10, 0), (12, 0), (1, 6))


def _skip_extra_channel(bits: _Bits) -> None:
    if bits.flag():  # opacity in 8 bits
        return
    kind = bits.one_of(*_ENUM)
    _skip_depth(bits)
    bits.one_of((0, 0), (3, 0), (4, 0), (1, 3))
    bits.take(8 * bits.one_of((0, 0), (0, 4), (16, 5), (48, 10)))
    if kind == 0:
        bits.take(1)
    elif kind == 2:  # a spot colour
        bits.take(64)
    elif kind == 5:  # a colour filter
        bits.one_of((1, 0), (0, 2), (3, 4), (19, 8))


def _with_colours(header: JpegXlHeader, bits: _Bits) -> JpegXlHeader:
    if bits.flag():  # sRGB
        return header
    has_icc, space = bits.flag(), bits.one_of(*_ENUM)
    if has_icc:
        return replace(header, has_icc=True)
    if space == _XYB:
        return header
    white_kind = bits.one_of(*_ENUM)
    white = _place(bits) if white_kind == _CUSTOM else None
    kind, places = 1, None
    if space != _GREY:
        kind = bits.one_of(*_ENUM)
        places = [_place(bits) for _ in range(3)] if kind == _CUSTOM else None
    gamma = bits.take(24) / 1e7 if bits.flag() else None
    transfer = _UNSPECIFIED if gamma is not None else bits.one_of(*_ENUM)
    if kind == _P3:
        kind = _DCI_P3 if white_kind == _DCI else _DISPLAY_P3
    cicp = Cicp(_UNSPECIFIED if kind == _CUSTOM else kind, transfer)
    if cicp.is_hdr or (gamma is None and places is None and white is None):
        return replace(header, cicp=cicp)
    named = primaries_of(cicp)
    red, green, blue = places or named[:3]
    primaries = SRGB_PRIMARIES if space == _GREY else Primaries(red, green, blue, white or named.white)
    name = "of a JPEG XL picture"
    try:
        if gamma is None:
            return replace(header, made_profile=transfer_profile(primaries, transfer, name))
        return replace(header, made_profile=gamma_profile(primaries, 1 / gamma, name))
    except (ValueError, ZeroDivisionError):  # nonsense in the file: it is shown as it is
        return header


def _place(bits: _Bits) -> tuple[float, float]:
    ways = ((0, 19), (524288, 19), (1048576, 20), (2097152, 21))

    def coordinate() -> float:
        value = bits.one_of(*ways)
        return (-(value + 1) // 2 if value & 1 else value // 2) / 1e6

    return coordinate(), coordinate()
