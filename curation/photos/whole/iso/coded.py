"""Whether coded pictures look like coded pictures: HEVC unit by unit, AV1 unit by unit."""

from __future__ import annotations

from collections.abc import Callable

from curation.photos.whole.zero_runs import first_zeros

__all__ = ["CODINGS", "broken_av1", "broken_hevc"]

# In front of the third of three zeros HEVC puts a 3, so that no start code appears by chance. A few encoders leave
# zeros at the end of a unit.
_HEVC_ZEROS = 8
_HEVC_END_ZEROS = 16
_HEVC_PICTURES = 32  # kinds of units below this one are slices
# AV1 writes as many bits as there is news. Of drawings with large areas of one colour up to 73 bytes in a row were
# zeros, in 58,000 of the whole picture; the limits leave room for four times as many.
_AV1_ZEROS = 128
_AV1_ZEROS_SHARE = 1 / 200
_AV1_MOST_ZEROS = 1024
_AV1_PICTURES = frozenset({3, 4, 6})  # frame header, tiles, frame
_MOST_SIZE_BYTES = 8


def broken_hevc(coded: bytes, length_bytes: int) -> tuple[int, int] | None:
    """The first place in the HEVC units of a picture where none can be.

    Args:
        coded: Units, each behind its size.
        length_bytes: Of each size.

    Returns:
        The place and the one behind it, relative to `coded`; None if all units are as they must be.
    """
    at = 0
    while at < len(coded):
        size = int.from_bytes(coded[at : at + length_bytes], "big")
        start, end = at + length_bytes, at + length_bytes + size
        if size < 2 or end > len(coded) or coded[start] & 0x80:
            return _zeros_or_place(coded, at)
        run = first_zeros(coded, _HEVC_ZEROS, start, end)
        is_end = run is not None and run[1] == end and run[1] - run[0] <= _HEVC_END_ZEROS
        if run is not None and not is_end and coded[start] >> 1 < _HEVC_PICTURES:
            return run
        at = end
    return None if coded else (0, 0)


def broken_av1(coded: bytes, length_bytes: int = 0) -> tuple[int, int] | None:
    """The first place in the AV1 units of a picture where none can be; as for `broken_hevc`."""
    at = 0
    while at < len(coded):
        head = coded[at]
        if head & 0x81:  # a forbidden and a reserved bit
            return _zeros_or_place(coded, at)
        start = at + 1 + (head >> 2 & 1)
        end = len(coded)
        if head & 2:
            size, start = _leb128(coded, start)
            end = start + size
        if end > len(coded) or (end == start and head >> 3 & 15 in _AV1_PICTURES) or head >> 3 & 15 == 0:
            return _zeros_or_place(coded, at)
        if head >> 3 & 15 in _AV1_PICTURES:
            run = first_zeros(coded, _av1_zeros(len(coded)), start, end)
            if run is not None:
                return run
        at = end
    return None if coded else (0, 0)


CODINGS: dict[bytes, Callable[[bytes, int], tuple[int, int] | None]] = {
    b"hvc1": broken_hevc,
    b"hev1": broken_hevc,
    b"av01": broken_av1,
}
"""How pictures of a kind of items are looked at."""


def _av1_zeros(size: int) -> int:
    """How many zeros in a row a picture of so many bytes cannot have."""
    return max(_AV1_ZEROS, min(int(size * _AV1_ZEROS_SHARE), _AV1_MOST_ZEROS))


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place behind it."""
    value = 0
    for count in range(_MOST_SIZE_BYTES):
        if at + count >= len(data):
            break
        byte = data[at + count]
        value |= (byte & 0x7F) << 7 * count
        if not byte & 0x80:
            return value, at + count + 1
    return len(data), len(data)


def _zeros_or_place(coded: bytes, at: int) -> tuple[int, int]:
    """The zeros around a place that makes no sense, else the place alone."""
    run = first_zeros(coded, _HEVC_ZEROS, max(0, at - 4), min(len(coded), at + 4 + 4 * _HEVC_ZEROS))
    if run is None:
        return at, at
    longer = first_zeros(coded, _HEVC_ZEROS, run[0])
    return longer if longer is not None else run
