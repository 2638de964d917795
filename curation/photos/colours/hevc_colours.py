"""The colours that a coded HEVC picture tells by itself, in the parameters of its sequence.

See ITU-T H.265, 7.3.2.2 and E.2.1. Some encoders write them nowhere else.
"""

from __future__ import annotations

from curation.photos.colours.cicp import Cicp

__all__ = ["hevc_colours"]

_SPS = 33
_MAX_NUMBER_BITS = 32
_UNSPECIFIED = 2


class _Bits:
    """A stream of bits; IndexError at its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | (self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1)
            self._at += 1
        return value

    def skip(self, count: int) -> None:
        self._at += count

    def golomb(self) -> int:
        """An unsigned number in Exp-Golomb code; a signed one has as many bits."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > _MAX_NUMBER_BITS:
                raise ValueError("not an Exp-Golomb code")
        return (1 << zeros) - 1 + self.take(zeros)


def hevc_colours(configuration: bytes) -> Cicp | None:
    """What the box `hvcC` of a picture says of its colours; None if it says nothing, or is broken."""
    try:
        for unit in _units(configuration):
            if unit[0] >> 1 & 0x3F == _SPS:
                return _told(_Bits(unit[2:].replace(b"\0\0\3", b"\0\0")))
    except (IndexError, ValueError):
        return None
    return None


def _units(configuration: bytes) -> list[bytes]:
    units = []
    at = 23
    for _ in range(configuration[22]):
        count = int.from_bytes(configuration[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(configuration[at : at + 2], "big")
            units.append(configuration[at + 2 : at + 2 + size])
            at += 2 + size
    return units


def _told(bits: _Bits) -> Cicp | None:
    bits.skip(4)
    layers = bits.take(3)
    bits.skip(1)
    _skip_profile(bits, layers)
    bits.golomb()
    if bits.golomb() == 3:  # chroma at full size
        bits.skip(1)
    bits.golomb(), bits.golomb()
    if bits.take(1):
        for _ in range(4):
            bits.golomb()
    bits.golomb(), bits.golomb()
    poc_bits = bits.golomb() + 4
    for _ in range(layers + 1 if bits.take(1) else 1):
        bits.golomb(), bits.golomb(), bits.golomb()
    for _ in range(6):
        bits.golomb()
    if bits.take(1) and bits.take(1):
        _skip_scaling_lists(bits)
    bits.skip(2)
    if bits.take(1):
        bits.skip(8)
        bits.golomb(), bits.golomb()
        bits.skip(1)
    _skip_reference_sets(bits)
    if bits.take(1):
        for _ in range(bits.golomb()):
            bits.skip(poc_bits + 1)
    bits.skip(2)
    return _of_usability(bits) if bits.take(1) else None


def _of_usability(bits: _Bits) -> Cicp | None:
    if bits.take(1) and bits.take(8) == 255:  # the shape of pixels
        bits.skip(32)
    if bits.take(1):
        bits.skip(1)
    if not bits.take(1):
        return None
    bits.skip(4)
    if not bits.take(1):
        return None
    told = Cicp(bits.take(8), bits.take(8))
    return None if told == (_UNSPECIFIED, _UNSPECIFIED) else told


def _skip_profile(bits: _Bits, layers: int) -> None:
    bits.skip(88 + 8)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.skip(2 * (8 - layers))
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)


def _skip_scaling_lists(bits: _Bits) -> None:
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if not bits.take(1):
                bits.golomb()
                continue
            if size > 1:
                bits.golomb()
            for _ in range(min(64, 1 << (4 + 2 * size))):
                bits.golomb()


def _skip_reference_sets(bits: _Bits) -> None:
    pictures: list[int] = []
    count = bits.golomb()
    if count > 64:
        raise ValueError("too many sets of reference pictures")
    for number in range(count):
        if number and bits.take(1):  # told by the set before it
            bits.skip(1)
            bits.golomb()
            kept = 0
            for _ in range(pictures[-1] + 1):
                is_used = bits.take(1)
                kept += 1 if is_used or bits.take(1) else 0
            pictures.append(kept)
            continue
        before, after = bits.golomb(), bits.golomb()
        if before + after > 32:
            raise ValueError("too many reference pictures")
        for _ in range(before + after):
            bits.golomb()
            bits.skip(1)
        pictures.append(before + after)
