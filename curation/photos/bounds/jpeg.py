"""How much work the scans of a JPEG are.

Each scan of a progressive file goes through the whole picture again, and a scan that changes nothing takes a few bytes:
half a megabyte can take minutes. Encoders write 5 to 20 scans, at most about 70 with one for each coefficient.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from curation.errors import PhotoTooLargeError

__all__ = ["MOST_SCANS", "require_bounded_scans"]

MOST_SCANS: Final = 100
"""More than any encoder writes."""

_MOST_SCANNED: Final = 6e9
"""Samples of the picture times scans: some 15 seconds. 250 megapixels in colour, in ten scans, take half of it."""
_ARITHMETIC_SHARE: Final = 0.1  # arithmetic coding takes ten times as long, and its decoder never runs out of data
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_EOI, _SOS, _SOF = 0xD9, 0xDA, frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_ARITHMETIC = frozenset({0xC9, 0xCA})


class _Frame(NamedTuple):
    """What is needed of a frame header: the sampling factors by the number of the component."""

    is_arithmetic: bool
    pixels: int
    factors: dict[int, int]

    def samples(self, components: list[int]) -> float:
        largest = max(self.factors.values(), default=1) or 1
        return sum(self.pixels * self.factors.get(number, largest) / largest for number in components)


def require_bounded_scans(data: bytes) -> None:
    """Refuse a JPEG whose scans are more work than a picture of its size can be.

    Only the first picture counts: behind it may be others, or a film.

    Args:
        data: The whole file.

    Raises:
        PhotoTooLargeError: If there are too many scans, or too many for its size; the message says how many.
    """
    frame: _Frame | None = None
    scans, scanned, at = 0, 0.0, 2
    while (found := _MARKER.search(data, at)) is not None:
        marker, at = found[1][0], found.end()
        if marker in (0x01, 0xD8):
            continue
        if marker == _EOI:
            break
        length = int.from_bytes(data[at : at + 2], "big")
        body = data[at + 2 : at + length]
        if marker in _SOF and frame is None and len(body) >= 6:
            frame = _frame(marker, body)
        elif marker == _SOS and frame is not None and body:
            scans += 1
            scanned += frame.samples(list(body[1 : 1 + 2 * body[0] : 2]))
            if scans > MOST_SCANS:
                raise PhotoTooLargeError(
                    f"a JPEG of more than {MOST_SCANS} scans, which no camera and no program writes: save it again, "
                    "as a baseline JPEG"
                )
            if scanned > _MOST_SCANNED * (_ARITHMETIC_SHARE if frame.is_arithmetic else 1):
                kind = "an arithmetic coded" if frame.is_arithmetic else "a progressive"
                raise PhotoTooLargeError(
                    f"{kind} JPEG of {frame.pixels / 1e6:,.0f} megapixels in {scans} scans or more takes too long to "
                    "decode: save it again, as a baseline JPEG"
                )
        at += max(2, length) if marker != _SOS else length


def _frame(marker: int, body: bytes) -> _Frame:
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    factors = {body[at]: (body[at + 1] >> 4) * (body[at + 1] & 15) for at in range(6, len(body) - 2, 3)}
    return _Frame(marker in _ARITHMETIC, width * height, factors)
