"""Whether a GIF file is whole: its blocks up to the trailer, and as many pixels in its codes as it says."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.files.health import FileFault
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.findings import cut, damaged, upper_part, zeroed
from curation.photos.whole.zero_runs import first_zeros

__all__ = ["gif_faults"]

_HEADER_BYTES = 13
_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_IMAGE_BYTES = 10
_MOST_BLOCKS = 1_000_000
# A code of zeros is one pixel of the first colour; packed, a run of them takes fewer and fewer codes.
_ZEROS = 12
_MOST_CODES = 4096
# Colours that are not used are black, too, but stand at the end.
_PALETTE_ZEROS = 60


@dataclass(frozen=True, slots=True)
class _Picture:
    """The first picture of a file.

    Attributes:
        pixels: How many it has.
        code_bits: Of its first codes.
        start: Where its codes begin in the file.
        end: The place behind them.
        codes: Its codes, joined.
        is_whole: Whether they end as they must.
    """

    pixels: int
    code_bits: int
    start: int
    end: int
    codes: bytes
    is_whole: bool


def gif_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a GIF file.

    Raises:
        OSError: If it cannot be read.
    """
    data = file.read()
    at = _HEADER_BYTES + _palette_bytes(data[10] if len(data) > 10 else 0)
    first: _Picture | None = None
    for _ in range(_MOST_BLOCKS):
        block = data[at] if at < len(data) else -1
        if block == _TRAILER:
            break
        if block == _EXTENSION:
            at, is_whole = _behind_parts(data, at + 2)
        elif block == _IMAGE and at + _IMAGE_BYTES < len(data):
            picture = _picture(data, at)
            first = first or picture
            at, is_whole = picture.end, picture.is_whole
        else:
            return _stopped(data, at, first)
        if not is_whole:
            return _stopped(data, len(data), first)
    if first is None:
        return ()
    palette = first_zeros(data, _PALETTE_ZEROS, _HEADER_BYTES, _HEADER_BYTES + _palette_bytes(data[10]))
    if palette is not None and palette[1] < _HEADER_BYTES + _palette_bytes(data[10]):
        return (*_code_faults(data, first), zeroed("its colours", *palette, is_seen=False, sure=False))
    return _code_faults(data, first)


def _stopped(data: bytes, at: int, first: _Picture | None) -> tuple[FileFault, ...]:
    """The faults of a file whose blocks cannot be followed to the trailer."""
    is_there = first is not None and first.is_whole
    faults = _code_faults(data, first) if first is not None and first.is_whole else ()
    if faults:
        return faults
    what = "what follows its picture" if is_there else "its picture"
    good = ""
    if first is not None and not is_there:
        good = upper_part(_pixels(first.codes, first.code_bits)[0] / max(1, first.pixels))
    if at >= len(data):
        return (cut(what, 0, good=good, is_seen=not is_there),)
    run = first_zeros(data, _ZEROS, max(0, at - _ZEROS))
    if run is not None and run[0] <= at and not (is_there and run[1] == len(data)):  # some programs fill up files
        return (zeroed(what, *run, good=good, is_seen=not is_there),)
    if is_there:
        return ()  # decoders stop there, too, and the picture is whole
    return (damaged(f"from byte {at:,} on it makes no sense", good=good),)


def _code_faults(data: bytes, picture: _Picture) -> tuple[FileFault, ...]:
    run = first_zeros(picture.codes, _ZEROS)
    if run is None:
        return ()
    found, is_ended = _pixels(picture.codes, picture.code_bits)
    if found == picture.pixels and is_ended:
        return ()
    place = first_zeros(data, _ZEROS, picture.start, picture.end)
    good = upper_part(run[0] / max(1, len(picture.codes)))
    return (zeroed("its picture", *(place or (picture.start, picture.end)), good=good),)


def _palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _behind_parts(data: bytes, at: int) -> tuple[int, bool]:
    """The place behind parts of up to 255 bytes each, and whether their end was found."""
    while at < len(data):
        size = data[at]
        if size == 0:
            return at + 1, True
        at += 1 + size
    return len(data), False


def _picture(data: bytes, at: int) -> _Picture:
    width, height = (int.from_bytes(data[at + k : at + k + 2], "little") for k in (5, 7))
    start = at + _IMAGE_BYTES + _palette_bytes(data[at + 9])
    code_bits = data[start] if start < len(data) else 8
    end, is_whole = _behind_parts(data, start + 1)
    parts: list[bytes] = []
    place = start + 1
    while place < end and data[place]:
        parts.append(data[place + 1 : place + 1 + data[place]])
        place += 1 + data[place]
    return _Picture(width * height, code_bits, start + 1, end, b"".join(parts), is_whole)


def _pixels(codes: bytes, code_bits: int) -> tuple[int, bool]:
    """How many pixels there are in LZW codes, and whether the code that ends them was found."""
    if not 1 <= code_bits <= 11:
        return 0, False
    clear, stop = 1 << code_bits, (1 << code_bits) + 1
    lengths: list[int] = []
    width, before, total = code_bits + 1, 0, 0
    bits, held, at = 0, 0, 0
    while True:
        while held < width:
            if at >= len(codes):
                return total, False
            bits |= codes[at] << held
            held += 8
            at += 1
        code = bits & (1 << width) - 1
        bits >>= width
        held -= width
        if code == stop:
            return total, True
        if code == clear:
            lengths, width, before = [], code_bits + 1, 0
            continue
        if code > stop + len(lengths) + (1 if before else 0):
            return total, False
        if before and stop + 1 + len(lengths) < _MOST_CODES:
            lengths.append(before + 1)
            if stop + 1 + len(lengths) == 1 << width and width < 12:
                width += 1
        before = 1 if code < clear else lengths[code - stop - 1]
        total += before
