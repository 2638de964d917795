"""EXIF and IPTC blocks by grammar: directories with loops, lies about counts, types and offsets, and data sets."""

from __future__ import annotations

import random
import struct

__all__ = ["hostile_exif", "hostile_iptc", "sane_exif", "sane_iptc"]

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_TEXTS = (
    b"2026:06:20 21:14:03\0", b"0000:00:00 00:00:00\0", b"    :  :     :  :  \0", b"9999:99:99 99:99:99\0", b"",
    b"\0", b"Canon\0", b"NIKON CORPORATION\0", b"\xff\xfe\0", b"+99:99\0", b"-00:00\0", b"x" * 40_000, b"12\0",
    b"\xe4\xf6\xfc\0", b"2026-06-20T21:14:03Z\0", b"2026:06:20\0", b"Anna;Bob\0", b"A\0n\0n\0a\0;\0\0\xd8\0\0",
)  # fmt: skip
_TAGS = (
    0x010F, 0x0110, 0x0112, 0x011A, 0x0131, 0x0132, 0x02BC, 0x4746, 0x4749, 0x8769, 0x8825, 0x9003, 0x9004, 0x9290,
    0x9291, 0x9010, 0x9011, 0x9C9E, 0x9C9C, 0x829A, 0x829D, 0x8827, 0x920A, 0xA405, 0xA432, 0xA434, 0x927C, 0xA005,
    0x0201, 0x0202, 0x0001, 0x0007, 0x001D, 0x83BB, 0x8649, 0x014A, 0x0111, 0x0117, 0xC4A5, 0xA001, 0xA20B, 0x0000,
)  # fmt: skip


def sane_exif(chance: random.Random) -> bytes:
    """A block as cameras write it, from the header of its TIFF structure on."""
    order = chance.choice("<>")
    number = struct.pack(order + "H", chance.choice((0, 1, 3, 5)))
    entries = [
        (0x010F, 2, b"Made\0"),
        (0x0110, 2, b"Camera %d\0" % chance.randrange(99)),
        (0x0112, 3, struct.pack(order + "H", 1)),
        (0x0131, 2, b"Program 1.0\0"),
        (0x0132, 2, b"2026:06:20 21:14:03\0"),
    ]
    if chance.random() < 0.5:
        entries.append((0x4746, 3, number))
    if chance.random() < 0.5:
        entries.append((0x9C9E, 1, "Bob;Zoë\0".encode("utf-16-le")))
    inner = [
        (0x829A, 5, struct.pack(order + "II", 1, 250)),
        (0x9003, 2, b"2026:06:20 21:14:03\0"),
        (0x927C, 7, chance.randbytes(chance.choice((8, 300)))),
    ]
    return _block(order, entries, inner)


def _block(order: str, entries: list[tuple[int, int, bytes]], inner: list[tuple[int, int, bytes]]) -> bytes:
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    first = len(header)
    # The directory of the exposure lies behind the first one and its values.
    whole = _directory(order, [*entries, (0x8769, 4, bytes(4))], first)
    pointer = struct.pack(order + "I", first + len(whole))
    whole = _directory(order, [*entries, (0x8769, 4, pointer)], first)
    return header + whole + _directory(order, inner, first + len(whole))


def _directory(order: str, entries: list[tuple[int, int, bytes]], at: int) -> bytes:
    entries = sorted(entries)
    out = struct.pack(order + "H", len(entries))
    values = b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, kind, value in entries:
        out += struct.pack(order + "HHI", tag, kind, len(value) // _SIZES[kind])
        if len(value) <= 4:
            out += value.ljust(4, b"\0")
        else:
            out += struct.pack(order + "I", behind + len(values))
            values += value + b"\0" * (len(value) % 2)
    return out + bytes(4) + values


def hostile_exif(chance: random.Random) -> bytes:
    """A block with directories that point anywhere; now and then a sane one with changed bytes."""
    if chance.random() < 0.3:
        out = bytearray(sane_exif(chance))
        for _ in range(chance.choice((1, 2, 5))):
            at = chance.randrange(len(out))
            out[at : at + 4] = chance.choice(
                (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", chance.randbytes(1))
            )
        return bytes(out[: chance.choice((len(out), len(out), chance.randrange(len(out)) + 1))])
    order = chance.choice("<>")
    head = chance.choice((b"II*\0", b"II*\0", b"II+\0", b"IIU\0")) if order == "<" else b"MM\0*"
    length = chance.choice((60, 400, 4000, 30_000))
    out = bytearray(head + struct.pack(order + "I", chance.choice((8, 8, 8, 0, 4, length - 1, 2**32 - 1))))
    out += bytes(length - len(out))
    at = 8
    for _ in range(chance.choice((1, 2, 5, 30))):
        count = chance.choice((0, 1, 3, 10, 100))
        told = count if chance.random() < 0.85 else chance.choice((65_535, count + 1))
        body = struct.pack(order + "H", told) + b"".join(_entry(order, length, chance) for _ in range(count))
        body += struct.pack(order + "I", chance.choice((0, 0, 8, at, length - 2, 2**32 - 1)))
        out[at : at + len(body)] = body
        at = chance.choice((at + len(body), chance.randrange(8, length)))
    return bytes(out)


def _entry(order: str, length: int, chance: random.Random) -> bytes:
    kind = chance.choice((1, 2, 2, 3, 4, 5, 7, 9, 10, 12, 13, 0, 14, 65_535))
    count = chance.choice((0, 1, 1, 2, 4, 20, 65_535, 2**31, 2**32 - 1))
    value = chance.choice((0, 8, 1, chance.randrange(length), length, 2**31, 2**32 - 1))
    inline = chance.choice(_TEXTS)[:4].ljust(4, b"\0")
    place = struct.pack(order + "I", value) if chance.random() < 0.8 else inline
    return struct.pack(order + "HHI", chance.choice(_TAGS), kind, count) + place


def _data_set(record: int, number: int, value: bytes) -> bytes:
    return bytes((0x1C, record, number)) + struct.pack(">H", len(value)) + value


def sane_iptc(chance: random.Random) -> bytes:
    """Resources of Photoshop with an IPTC record: keywords, and others that must stay."""
    record = _data_set(1, 90, b"\x1b%G") + _data_set(2, 0, b"\0\4")
    record += b"".join(_data_set(2, 25, f"word {number} ä".encode()) for number in range(chance.randrange(4)))
    record += _data_set(2, 120, b"a caption that stays") + _data_set(2, 55, b"20260620")
    return _resource(0x0404, record) + _resource(0x03ED, bytes(16)) + _resource(0x0FA0, b"of a plug-in")


def _resource(number: int, value: bytes, name: bytes = b"\0\0") -> bytes:
    return b"8BIM" + struct.pack(">H", number) + name + struct.pack(">I", len(value)) + value + b"\0" * (len(value) % 2)


def hostile_iptc(chance: random.Random) -> bytes:
    """Resources whose lengths, names, records and data sets may lie."""
    record = b""
    for _ in range(chance.choice((0, 1, 5, 400))):
        value = chance.choice(_TEXTS)[:2000]
        number = chance.choice((0, 25, 25, 55, 60, 62, 63, 80, 120, 255))
        match chance.randrange(8):
            case 0:
                record += bytes((0x1C, 2, number)) + b"\x80\x04" + struct.pack(">I", len(value)) + value
            case 1:
                record += bytes((0x1C, 2, number)) + chance.choice((b"\x80\xff", b"\xff\xff", b"\x80\0", b"\x80\x08"))
            case 2:
                record += bytes((chance.choice((0, 0x1D)), 2, number)) + b"\0\0"
            case _:
                record += _data_set(chance.choice((1, 2, 2, 2, 3)), number, value)
    coding = chance.choice((b"", _data_set(1, 90, b"\x1b%G"), _data_set(1, 90, b"\x1b.A"), _data_set(1, 90, b"")))
    out = _resource(
        chance.choice((0x0404, 0x0404, 0x0424, 0)), coding + record, chance.choice((b"\0\0", b"\3abc", b"\xff"))
    )
    for _ in range(chance.choice((0, 0, 1, 50))):
        out += _resource(chance.choice((0x0404, 0x0424, 0x0FA0)), chance.randbytes(9))
    if chance.random() < 0.3:
        at = chance.randrange(len(out))
        out = out[:at] + chance.choice((b"", b"\xff\xff\xff\xff", b"8BIM")) + out[at + chance.randrange(4) :]
    return out
