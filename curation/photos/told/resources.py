"""Photoshop's image resources, in which JPEG, TIFF and PSD keep IPTC and PSD its XMP; and the keywords of IPTC.

Adobe's file format specification (image resource blocks); IPTC-NAA Information Interchange Model 4.
"""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["RESOURCE_IPTC", "RESOURCE_XMP", "iptc_keywords", "resources_of"]

RESOURCE_IPTC: Final = 0x0404
RESOURCE_XMP: Final = 0x0424
_MAX_RESOURCES = 1000
_MAX_RECORDS = 5000
_KEYWORD = (2, 25)
_CHARACTER_SET = (1, 90)
_UTF_8 = b"\x1b%G"


def resources_of(content: bytes) -> dict[int, bytes]:
    """The resources by number; where the blocks are damaged, those before stand."""
    found: dict[int, bytes] = {}
    place = 0
    for _ in range(_MAX_RESOURCES):
        if content[place : place + 4] != b"8BIM" or place + 7 > len(content):
            break
        number = struct.unpack_from(">H", content, place + 4)[0]
        name_bytes = 1 + content[place + 6]
        size_at = place + 6 + name_bytes + name_bytes % 2
        if size_at + 4 > len(content):
            break
        size = struct.unpack_from(">I", content, size_at)[0]
        found.setdefault(number, content[size_at + 4 : size_at + 4 + size])
        place = size_at + 4 + size + size % 2
    return found


def iptc_keywords(record: bytes) -> tuple[str, ...]:
    """The keywords (2:25) of an IPTC record, in the order of the file."""
    keywords: list[bytes] = []
    is_utf_8 = False
    place = 0
    for _ in range(_MAX_RECORDS):
        if record[place : place + 1] != b"\x1c" or place + 5 > len(record):
            break
        kind = (record[place + 1], record[place + 2])
        size = struct.unpack_from(">H", record, place + 3)[0]
        if size & 0x8000:  # an extended data set, which keywords never need
            break
        value = record[place + 5 : place + 5 + size]
        if kind == _CHARACTER_SET:
            is_utf_8 = value == _UTF_8
        elif kind == _KEYWORD:
            keywords.append(value)
        place += 5 + size
    return tuple(_text(value, is_utf_8=is_utf_8) for value in keywords)


def _text(value: bytes, *, is_utf_8: bool) -> str:
    """Most programs write UTF-8 without saying so; what is not UTF-8 is Windows' western alphabet."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8" if is_utf_8 else "cp1252", "replace")
