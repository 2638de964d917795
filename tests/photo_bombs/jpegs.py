"""JPEGs that cost much: scans, arithmetic coding, markers without end."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from io import BytesIO

import numpy as np
from PIL import Image

__all__ = ["arithmetic", "dnl_rubbish", "huge_baseline", "jpeg_with", "many_scans", "restart_rubbish", "segment"]


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _dqt() -> bytes:
    return segment(0xDB, b"\0" + b"\1" * 64)


def _sof(marker: int, width: int, height: int, components: int = 1) -> bytes:
    factors = b"".join(bytes([number + 1, 0x11, 0]) for number in range(components))
    return segment(marker, struct.pack(">BHHB", 8, height, width, components) + factors)


def _dht(kind: int, codes: Mapping[int, bytes]) -> bytes:
    """A Huffman table; `codes` maps lengths to symbols."""
    counts = bytes(len(codes.get(length, b"")) for length in range(1, 17))
    return segment(0xC4, bytes([kind]) + counts + b"".join(codes.get(length, b"") for length in range(1, 17)))


def _sos(first: int, last: int, high: int, low: int, components: int = 1) -> bytes:
    body = bytes([components]) + b"".join(bytes([number + 1, 0]) for number in range(components))
    return segment(0xDA, body + bytes([first, last, high << 4 | low]))


def _packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0") if bits else b""


def many_scans(width: int, height: int, scans: int, *, is_wide: bool = False) -> bytes:
    """A progressive JPEG, all grey, with one scan of its brightness and many that each refine one coefficient.

    With `is_wide` each of them refines all coefficients once more, which is the most work, and not quite allowed.
    """
    blocks = -(-width // 8) * -(-height // 8)
    runs, left = "", blocks
    while left:
        length = max(n for n in range(15) if 2**n <= left)
        taken = min(left, 2 ** (length + 1) - 1)
        runs += (
            f"{length:04b}1" if False else _EOB_CODES[length] + (f"{taken - 2**length:0{length}b}" if length else "")
        )
        left -= taken
    empty = _packed(runs)
    out = bytearray(b"\xff\xd8" + _dqt() + _sof(0xC2, width, height))
    out += _dht(0x00, {1: b"\0"}) + _dht(0x10, {4: bytes(n << 4 for n in range(15))})
    out += _sos(0, 0, 0, 0) + bytes(-(-blocks // 8))
    rounds = [(low, k) for low in range(13, -1, -1) for k in range(1, 64)]
    for low, k in [] if is_wide else rounds[: scans - 1]:
        out += _sos(k, k, 0 if low == 13 else low + 1, low) + empty
    for _ in range(scans - 1 if is_wide else 0):
        out += _sos(1, 63, 1, 0) + empty
    return bytes(out + b"\xff\xd9")


_EOB_CODES = tuple(f"{n:04b}" for n in range(15))


def _real_progressive(width: int, height: int) -> bytes:
    out = BytesIO()
    noise = np.random.default_rng(3).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(noise).save(out, "JPEG", progressive=True, quality=30)
    return out.getvalue()


def arithmetic(width: int, height: int, marker: int = 0xC9, components: int = 3) -> bytes:
    """An arithmetic coded JPEG without data: its decoder reads zeros for ever, and does not complain."""
    out = b"\xff\xd8" + _dqt() + _sof(marker, width, height, components)
    return out + _sos(0, 63 if marker == 0xC9 else 0, 0, 0, components) + bytes(64) + b"\xff\xd9"


def huge_baseline(width: int, height: int) -> bytes:
    blocks = -(-width // 8) * -(-height // 8)
    out = b"\xff\xd8" + _dqt() + _sof(0xC0, width, height) + _dht(0, {1: b"\0"}) + _dht(0x10, {1: b"\0"})
    return out + _sos(0, 63, 0, 0) + bytes(-(-blocks // 4)) + b"\xff\xd9"


def jpeg_with(segments: bytes) -> bytes:
    out = BytesIO()
    Image.new("RGB", (320, 240), (90, 120, 70)).save(out, "JPEG")
    return b"\xff\xd8" + segments + out.getvalue()[2:]


def restart_rubbish(markers: int) -> bytes:
    out = BytesIO()
    Image.effect_noise((320, 240), 60).save(out, "JPEG", restart_marker_blocks=1)
    whole = out.getvalue()
    at = whole.find(b"\xff\xda")
    return whole[: at + 300] + b"\xff\xd0\xff\xd3\x5a" * markers + whole[at + 300 :]


def dnl_rubbish(markers: int) -> bytes:
    out = BytesIO()
    Image.effect_noise((320, 240), 60).save(out, "JPEG")
    whole = out.getvalue()
    return whole[:-2] + segment(0xDC, b"\0\xf0") * markers + whole[-2:]
