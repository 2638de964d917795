"""Whether a PNG file is whole: each of its chunks has a checksum, which decoders look at only in part."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from curation.domain.files.health import FileFault
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.findings import cut, damaged, upper_part, zeroed
from curation.photos.whole.zero_runs import first_zeros

__all__ = ["png_faults", "without_broken_notes"]

_SIGNATURE_BYTES = 8
_OVERHEAD_BYTES = 12
_MOST_CHUNKS = 1_000_000
_ZEROS = 32
_PICTURE = (b"IHDR", b"PLTE", b"IDAT")
_MOST_NOTE_BYTES = 2**24
_NAMES = {b"iCCP": "its colour profile", b"eXIf": "its EXIF part", b"fdAT": "a picture of its animation"}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@dataclass(frozen=True, slots=True)
class _Broken:
    """The first chunk that is not as it must be.

    Attributes:
        kind: Its four letters; empty if it is none.
        start: Where it begins.
        missing: Bytes of it that lie behind the end of the file.
    """

    kind: bytes
    start: int
    missing: int = 0


def png_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a PNG file.

    Raises:
        OSError: If it cannot be read.
    """
    data = file.read()
    packed: list[tuple[int, int]] = []
    header = b""
    beside: list[FileFault] = []
    at = _SIGNATURE_BYTES
    for _ in range(_MOST_CHUNKS):
        kind = data[at + 4 : at + 8]
        end = at + _OVERHEAD_BYTES + int.from_bytes(data[at : at + 4], "big")
        if not kind.isalpha() or len(kind) < 4:
            return (*_broken_faults(data, header, packed, _Broken(b"", at)), *beside)
        if end > len(data):
            return (*_broken_faults(data, header, packed, _Broken(kind, at, end - len(data))), *beside)
        if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            if kind in _PICTURE:
                return (*_broken_faults(data, header, packed, _Broken(kind, at)), *beside)
            if not beside:
                beside.append(
                    _fault(data, _Broken(kind, at), end, _NAMES.get(kind, "a part beside its picture"), is_seen=False)
                )
        if kind == b"IHDR":
            header = data[at + 8 : end - 4]
        elif kind == b"IDAT":
            packed.append((at + 8, end - 4))
        elif kind == b"IEND":
            break
        at = end
    return tuple(beside)


def without_broken_notes(file: PhotoFile) -> bytes | None:
    """A PNG file without the parts before its picture that programs may pass over and whose checksums do not agree.

    Args:
        file: The file. Of one without such a part, only what stands before the picture is read.

    Returns:
        None if there is no such part.

    Raises:
        OSError: If it cannot be read.
    """
    broken: list[tuple[int, int]] = []
    with file.open() as opened:
        at = len(opened.read(_SIGNATURE_BYTES))
        for _ in range(_MOST_CHUNKS):
            head = opened.read(8)
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if len(kind) < 4 or not kind.isalpha() or kind == b"IDAT" or size > _MOST_NOTE_BYTES:
                break
            body = opened.read(size + 4)
            if len(body) < size + 4:
                break
            may_be_passed_over = kind[:1].islower()
            if may_be_passed_over and zlib.crc32(body[:-4], zlib.crc32(kind)) != int.from_bytes(body[-4:], "big"):
                broken.append((at, at + _OVERHEAD_BYTES + size))
            at += _OVERHEAD_BYTES + size
    if not broken:
        return None
    data = bytearray(file.read())
    for start, end in reversed(broken):
        del data[start:end]
    return bytes(data)


def _broken_faults(data: bytes, header: bytes, packed: list[tuple[int, int]], broken: _Broken) -> tuple[FileFault, ...]:
    """The fault of a file whose chunks cannot be followed to their end."""
    rest = [(broken.start + 8, len(data))] if broken.missing and broken.kind == b"IDAT" else []
    share = _unpacked_share(data, header, [*packed, *rest])
    if share >= 1 and broken.kind not in _PICTURE:
        return (_fault(data, broken, len(data), "what follows its picture", is_seen=False),)
    return (_fault(data, broken, len(data), "its picture", is_seen=True, good=upper_part(share)),)


def _fault(data: bytes, broken: _Broken, end: int, what: str, *, is_seen: bool, good: str = "") -> FileFault:
    if broken.missing or broken.start >= len(data):
        return cut(what, broken.missing, good=good, is_seen=is_seen)
    run = first_zeros(data, _ZEROS, broken.start, end)
    if run is not None:
        return zeroed(what, *run, good=good, is_seen=is_seen)
    return damaged(
        f"the checksum of {what} does not agree with it, from byte {broken.start:,} on", good=good, is_seen=is_seen
    )


def _unpacked_share(data: bytes, header: bytes, packed: list[tuple[int, int]]) -> float:
    """How much of the picture comes out of whole chunks; 1 for all of it."""
    if len(header) < 13 or not packed:
        return 0.0
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    row_bytes = 1 + (width * header[8] * _CHANNELS.get(header[9], 1) + 7) // 8
    total = row_bytes * height  # a little more for an interlaced picture, which does not matter here
    unpacker = zlib.decompressobj()
    found = 0
    try:
        for start, end in packed:
            waiting = data[start:end]
            while waiting and not unpacker.eof:
                found += len(unpacker.decompress(waiting, 2**20))
                waiting = unpacker.unconsumed_tail
    except zlib.error:
        return min(0.99, found / max(1, total))
    return 1.0 if unpacker.eof else min(0.99, found / max(1, total))
