"""Whether a WebP file is whole: its chunks lie in the file, and its decoder needs every byte of them.

Flat parts of a picture may be coded as zeros, so that zeros alone prove nothing. But an encoder writes no byte that the
decoder does not need, and zeros in place of a picture say much less than the picture did: where zeros are found, the
picture is decoded once more without the last bytes. If that succeeds, the bytes are not those that were written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from curation.domain.files.health import FileFault
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.colour_profiles import profile_fault
from curation.photos.whole.findings import cut, damaged, upper_part, zeroed
from curation.photos.whole.zero_runs import first_zeros, zero_runs

__all__ = ["webp_faults"]

_HEADER_BYTES = 12
_CHUNK_BYTES = 8
_FRAME_BYTES = 16
# Shorter runs are found in many whole pictures, and cost a second decoding each.
_ZEROS = 24
# Encoders leave up to two bytes that no decoder asks for, in pictures without loss none. What is decoded has an even
# number of bytes, since a byte that fills up an odd number would be taken for a part of the picture.
_NEEDED_BYTES = {b"VP8 ": 4, b"VP8L": 2}
_PICTURES = (b"VP8 ", b"VP8L")
_BESIDE = {b"EXIF": "its EXIF part", b"XMP ": "its XMP part"}
_MOST_CHUNKS = 100_000
_MOST_RUNS = 1000


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    body: int
    end: int


def webp_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a WebP file.

    Raises:
        OSError: If it cannot be read.
    """
    data = file.read()
    told = _CHUNK_BYTES + int.from_bytes(data[4:8], "little")
    chunks, stopped = _chunks(data, _HEADER_BYTES, min(told, len(data)))
    frame = next((chunk for chunk in chunks if chunk.kind == b"ANMF"), None)
    inner = [] if frame is None else _chunks(data, frame.body + _FRAME_BYTES, min(frame.end, len(data)))[0]
    shown = [*chunks, *inner]
    picture = next((chunk for chunk in shown if chunk.kind in _PICTURES), None)
    if picture is None:
        missing = max(told, chunks[-1].end if chunks else 0) - len(data)
        return (cut("its picture", missing, good="nothing") if missing > 0 else damaged("it holds no picture"),)
    if picture.end > len(data):
        share = max(0, len(data) - picture.body) / (picture.end - picture.body)
        return (cut("its picture", picture.end - len(data), good=upper_part(share)),)
    broken = _picture_fault(data, picture)
    if broken is not None:
        return (broken,)
    faults: list[FileFault] = []
    for chunk in shown:
        if chunk.kind == b"ICCP":
            profile = profile_fault(data, chunk.body, chunk.end)
            faults.extend([] if profile is None else [profile])
        elif chunk.kind in _BESIDE and chunk.end <= len(data) and not data[chunk.body : chunk.end].strip(b"\0"):
            faults.append(zeroed(_BESIDE[chunk.kind], chunk.body, chunk.end, is_seen=False))
        elif chunk.kind == b"ALPH" and chunk.end <= len(data):
            faults.extend(_transparency_faults(data, chunk, picture))
    last = max(chunk.end for chunk in chunks)
    if last > len(data) or told > len(data) + 1:
        faults.append(cut("what comes with its picture", max(last, told) - len(data), is_seen=False))
    elif stopped is not None:
        faults.append(damaged(f"behind its picture, from byte {stopped:,} on, lies something unknown", is_seen=False))
    return tuple(faults)


def _chunks(data: bytes, start: int, end: int) -> tuple[list[_Chunk], int | None]:
    """The chunks of a part of a file, and the first place where there should be one and is none."""
    found: list[_Chunk] = []
    at = start
    while at + _CHUNK_BYTES <= end and len(found) < _MOST_CHUNKS:
        kind = data[at : at + 4]
        if not all(32 <= letter < 127 for letter in kind):
            return found, at
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append(_Chunk(kind, at + _CHUNK_BYTES, at + _CHUNK_BYTES + size))
        at += _CHUNK_BYTES + size + size % 2
    return found, None


def _picture_fault(data: bytes, picture: _Chunk) -> FileFault | None:
    """What is wrong with a picture that lies in the file with all its bytes."""
    coded = data[picture.body : picture.end]
    if picture.kind == b"VP8L":
        parts: tuple[_Part, ...] = (_Part(0, len(coded), lambda count: coded[:-count]),)
    else:
        try:
            parts = _vp8_parts(coded)
        except ValueError as error:
            run = first_zeros(coded, _ZEROS)
            if run is not None:
                return zeroed("its picture", picture.body + run[0], picture.body + run[1], good="nothing")
            return damaged(str(error), good="nothing")
    for part in parts:
        runs = zero_runs(coded, _ZEROS, part.start, part.end, most=_MOST_RUNS)
        if not runs:
            continue
        run = max(runs, key=lambda one: one[1] - one[0])
        needed = _NEEDED_BYTES[picture.kind] + (len(coded) - _NEEDED_BYTES[picture.kind]) % 2
        if part.end - part.start > needed and _decodes((picture.kind, part.without(needed))):
            good = upper_part((run[0] - part.start) / (part.end - part.start)) if part is parts[-1] else "nothing"
            return zeroed("its picture", picture.body + run[0], picture.body + run[1], good=good)
    return None


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a coded picture that is decoded to its end.

    Attributes:
        start: Where it begins in the coded picture.
        end: The place behind it.
        without: Makes the picture without that many bytes at the end of the part.
    """

    start: int
    end: int
    without: Callable[[int], bytes]


def _vp8_parts(coded: bytes) -> tuple[_Part, ...]:
    """The parts of a VP8 frame: how blocks are predicted, then one to eight with their coefficients.

    Raises:
        ValueError: If one of them does not lie within the frame; the message says so, for the user.
    """
    if len(coded) < 10 or coded[3:6] != b"\x9d\x01\x2a" or coded[0] & 1:
        raise ValueError("its picture does not begin like one")
    first_size = int.from_bytes(coded[:3], "little") >> 5
    first_end = 10 + first_size
    if first_end > len(coded):
        raise ValueError("the first part of its picture is longer than the whole")
    count = _coefficient_parts(coded[10:first_end])
    at = first_end + 3 * (count - 1)
    if at > len(coded):
        raise ValueError("a part of its picture is longer than the whole")

    def without_first(size: int) -> bytes:
        tag = (int.from_bytes(coded[:3], "little") & 0x1F) | (first_size - size) << 5
        return tag.to_bytes(3, "little") + coded[3 : first_end - size] + coded[first_end:]

    parts = [_Part(10, first_end, without_first)]
    for number in range(count):
        table = first_end + 3 * number
        is_last = number == count - 1
        size = len(coded) - at if is_last else int.from_bytes(coded[table : table + 3], "little")
        if at + size > len(coded):
            raise ValueError("a part of its picture is longer than the whole")
        parts.append(_Part(at, at + size, _shortened(coded, at + size, None if is_last else table)))
        at += size
    return tuple(parts)


def _shortened(coded: bytes, end: int, table: int | None) -> Callable[[int], bytes]:
    def without(count: int) -> bytes:
        if table is None:
            return coded[: end - count]
        size = int.from_bytes(coded[table : table + 3], "little") - count
        return coded[:table] + size.to_bytes(3, "little") + coded[table + 3 : end - count] + coded[end:]

    return without


def _coefficient_parts(first: bytes) -> int:
    """How many parts with coefficients follow, as the header of a VP8 frame says (RFC 6386, section 9)."""
    bits = _Bits(first)
    bits.number(2)  # colour space, clamping
    if bits.number(1):  # segments
        changes_map, changes_values = bits.number(1), bits.number(1)
        if changes_values:
            bits.number(1)
            for width in (7, 7, 7, 7, 6, 6, 6, 6):
                if bits.number(1):
                    bits.number(width + 1)
        if changes_map:
            for _ in range(3):
                if bits.number(1):
                    bits.number(8)
    bits.number(1 + 6 + 3)  # the loop filter
    if bits.number(1) and bits.number(1):
        for _ in range(8):
            if bits.number(1):
                bits.number(7)
    return 1 << bits.number(2)


class _Bits:
    """The arithmetic decoder of VP8, for bits that are as likely 0 as 1."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._value = int.from_bytes(data[:2].ljust(2, b"\0"), "big")
        self._at = 2
        self._range = 255
        self._shifted = 0

    def number(self, width: int) -> int:
        value = 0
        for _ in range(width):
            value = value << 1 | self._bit()
        return value

    def _bit(self) -> int:
        split = 1 + ((self._range - 1) * 128 >> 8)
        bit = int(self._value >= split << 8)
        if bit:
            self._range -= split
            self._value -= split << 8
        else:
            self._range = split
        while self._range < 128:
            self._value <<= 1
            self._range <<= 1
            self._shifted += 1
            if self._shifted == 8:
                self._shifted = 0
                self._value |= self._data[self._at] if self._at < len(self._data) else 0
                self._at += 1
        return bit


def _transparency_faults(data: bytes, chunk: _Chunk, picture: _Chunk) -> list[FileFault]:
    """Transparency is packed like a picture without loss, or stored plainly, where zeros are legal."""
    packed, coded = data[chunk.body : chunk.end], data[picture.body : picture.end]
    run = first_zeros(packed, _ZEROS, 1)
    needed = _NEEDED_BYTES[b"VP8L"] + len(packed) % 2
    if run is None or packed[0] & 3 == 0 or len(packed) <= needed or picture.kind != b"VP8 ":
        return []
    width, height = (int.from_bytes(coded[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    header = b"\x10\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    if not _decodes((b"VP8X", header), (b"ALPH", packed[:-needed]), (picture.kind, coded)):
        return []
    return [zeroed("its transparency", chunk.body + run[0], chunk.body + run[1], is_seen=False)]


def _decodes(*chunks: tuple[bytes, bytes]) -> bool:
    """Whether Pillow decodes a WebP file of these chunks."""
    from PIL import Image

    body = b"".join(
        kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2) for kind, content in chunks
    )
    webp = b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body
    try:
        with Image.open(BytesIO(webp), formats=("WEBP",)) as image:
            image.load()
    except Exception:  # Pillow raises whatever it stumbles on
        return False
    return True
