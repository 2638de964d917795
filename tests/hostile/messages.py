"""Messages of Protocol Buffers by the rules of their wire format, right and wrong; metadata; entries of the queue."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping

from tests.service_roles import picture

__all__ = ["hostile_entry", "hostile_message", "hostile_metadata"]

_TEXTS = (
    b"", b"a", b"request-1", b"\xff\xfe", b"\0", b"\xed\xa0\x80", b"x" * 70_000, b"../../etc/passwd", b"a\nb", b"age",
    b"openvino", b"missing", b"unknown", "ä\u202e".encode(), b"=1+1", b"%s%n", b"{}", b"9" * 500, b"\xd9\xa3",
)  # fmt: skip
_FIELDS = (1, 1, 1, 2, 3, 10, 11, 12, 13, 14, 99, 536_870_911, 0)


def hostile_message(chance: random.Random) -> bytes:
    """The bytes of a request, more often right than not."""
    if chance.random() < 0.3:
        sane = _length_field(1, _picture(chance)) + _length_field(10, b"an-id") + _length_field(11, b"a-request")
        if chance.random() < 0.5:
            sane += _length_field(12, _length_field(1, b"age") + _length_field(2, chance.choice(_TEXTS)))
        return sane if chance.random() < 0.5 else _damaged(sane, chance)
    out = b"".join(_field(chance, 0) for _ in range(chance.choice((0, 1, 2, 5, 40))))
    return _damaged(out, chance) if chance.random() < 0.3 else out


def _picture(chance: random.Random) -> bytes:
    return chance.choice((b"faces 1", b"faces 0", b"", b"no picture", picture(chance.randrange(5))))


def _field(chance: random.Random, depth: int) -> bytes:
    number = chance.choice(_FIELDS)
    match chance.randrange(8):
        case 0:
            return _varint(number << 3) + _varint(chance.choice((0, 1, 2**31, 2**63, 2**64 - 1)))
        case 1:
            return _varint(number << 3 | 1) + chance.randbytes(8)
        case 2:
            return _varint(number << 3 | 5) + chance.randbytes(4)
        case 3:  # groups, which nobody uses any more
            inner = _field(chance, depth + 1) if depth < 90 else b""
            return _varint(number << 3 | 3) * chance.choice((1, 1, 200)) + inner + _varint(number << 3 | 4)
        case 4:
            inner = b"".join(_field(chance, depth + 1) for _ in range(2)) if depth < 6 else b""
            return _length_field(number, inner)
        case 5:
            return _length_field(number, _picture(chance))
        case 6:
            return chance.choice((b"\x80" * 11, b"\x06", b"\x07", _varint(number << 3 | 2) + _varint(2**40)))
        case _:
            return _length_field(number, chance.choice(_TEXTS))


def _length_field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _damaged(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return chance.choice((content[:at], content[:at] + chance.randbytes(2) + content[at:], content + content[at:]))


def hostile_metadata(chance: random.Random) -> list[tuple[str, str | bytes]]:
    """Metadata of a call that a client library agrees to send."""
    keys = (
        "authorization",
        "x-request-id",
        "grpc-previous-rpc-attempts",
        "user-agent",
        "a",
        "error-detail",
        "retry-after",
    )
    values = ("", "Bearer", "Bearer x", "x" * 4000, "9" * 300, "~!@#$%", "a, b; c=d", " ")
    out: list[tuple[str, str | bytes]] = [
        (chance.choice(keys), chance.choice(values)) for _ in range(chance.choice((0, 0, 1, 5, 30)))
    ]
    if chance.random() < 0.3:
        out.append(("error-detail-bin", chance.randbytes(chance.choice((0, 9, 900)))))
    return out


def hostile_entry(chance: random.Random) -> tuple[Mapping[bytes, bytes], bytes | None]:
    """An entry of the stream of pictures as another program may add it, and the picture's bytes, if there are any."""
    content = chance.choice((b"faces 1", b"", b"other bytes", chance.randbytes(9), None))
    sha256 = hashlib.sha256(content or b"").hexdigest().encode()
    fields = {b"sha256": sha256, b"name": b"a.jpg", b"request_id": b"r", b"pushed": b"now", b"bytes": b"7"}
    for name in list(fields):
        if chance.random() < 0.3:
            fields[name] = chance.choice((*_TEXTS, b"-1", b"1e9", b"0x10", b"nan", b"9" * 17, b"0"))
        if chance.random() < 0.1:
            del fields[name]
    if chance.random() < 0.2:
        fields[chance.choice(_TEXTS)] = chance.choice(_TEXTS)
    return fields or {b"nothing": b""}, content
