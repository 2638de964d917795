"""Names in IPTC keywords, the oldest place for them, and the image resources of Photoshop that hold them.

IPTC-NAA Information Interchange Model 4.2: data sets of record 2, of which 2:25 is one keyword; 1:90 says in which
characters they are. They are changed only where there are keywords already.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.errors import PhotoUnreadableError
from curation.photos.xmp.names import same_text

__all__ = [
    "IPTC",
    "IPTC_DIGEST",
    "XMP",
    "Resource",
    "keywords_in",
    "parse_resources",
    "with_keywords",
    "with_names",
    "write_resources",
]

IPTC = 0x0404
"""The number of the resource with IPTC data."""
IPTC_DIGEST = 0x0425
"""The resource with the MD5 of the IPTC data, by which programs see whether another one changed it."""
XMP = 0x0424
"""The resource with an XMP packet."""

_MAX_RESOURCES = 20_000
_SIGNATURES = (b"8BIM", b"MeSa", b"PHUT", b"AgHg", b"DCSR")
_MARK = 0x1C
_KEYWORD = (2, 25)
_CHARSET = (1, 90)
_UTF_8 = b"\x1b%G"
_MAX_KEYWORD_BYTES = 64
_TOO_LONG = "its IPTC keywords hold 64 bytes each: {} is in XMP only"
_OTHER_LETTERS = "its IPTC keywords are in Latin letters: {} is in XMP only"


@dataclass(frozen=True, slots=True)
class Resource:
    """An image resource of Photoshop.

    Attributes:
        signature: Four letters.
        number: Which resource it is.
        name: As it stands in the file, with its length and its padding.
        content: Without padding.
    """

    signature: bytes
    number: int
    name: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class _DataSet:
    key: tuple[int, int]
    head: bytes
    content: bytes


def parse_resources(content: bytes) -> tuple[Resource, ...]:
    """The image resources of a block; padding at its end is ignored.

    Raises:
        PhotoUnreadableError: If the block is damaged.
    """
    found: list[Resource] = []
    at = 0
    while content[at : at + 4].strip(b"\0"):
        signature = content[at : at + 4]
        name_bytes = content[at + 6] + 1 if at + 6 < len(content) else 0
        name_bytes += name_bytes % 2
        start = at + 6 + name_bytes + 4
        if signature not in _SIGNATURES or start > len(content):
            raise PhotoUnreadableError("its Photoshop resources are damaged")
        (number,) = struct.unpack_from(">H", content, at + 4)
        (size,) = struct.unpack_from(">I", content, start - 4)
        if start + size > len(content):
            raise PhotoUnreadableError("its Photoshop resources are cut off")
        if len(found) >= _MAX_RESOURCES:
            raise PhotoUnreadableError("it has too many Photoshop resources")
        found.append(Resource(signature, number, content[at + 6 : start - 4], content[start : start + size]))
        at = start + size + size % 2
    return tuple(found)


def write_resources(resources: Sequence[Resource]) -> bytes:
    """The inverse of `parse_resources`."""
    out = bytearray()
    for each in resources:
        out += each.signature + struct.pack(">H", each.number) + each.name + struct.pack(">I", len(each.content))
        out += each.content + b"\0" * (len(each.content) % 2)
    return bytes(out)


def with_names(
    resources: Sequence[Resource], names: Sequence[str], *, outside: bytes | None = None
) -> tuple[tuple[Resource, ...], tuple[str, ...]]:
    """Add names to the IPTC keywords in image resources, and make the digest agree.

    Args:
        resources: Of a photo.
        names: To add, where there are keywords.
        outside: The photo's IPTC data if it stands outside of the resources, as in TIFF, with the names already; the
            digest is about that.

    Returns:
        The resources, the same if nothing is to be changed; and notes on names that did not fit.
    """
    changed = list(resources)
    notes: tuple[str, ...] = ()
    digested = outside
    for place, each in enumerate(resources):
        if each.number != IPTC:
            continue
        content, notes = with_keywords(each.content, names)
        changed[place] = Resource(each.signature, each.number, each.name, content)
        digested = digested or content
    if digested is not None and (changed != list(resources) or outside is not None):
        digest = hashlib.md5(digested, usedforsecurity=False).digest()
        changed = [
            Resource(each.signature, each.number, each.name, digest) if each.number == IPTC_DIGEST else each
            for each in changed
        ]
    return tuple(changed), notes


def with_keywords(content: bytes, names: Sequence[str]) -> tuple[bytes, tuple[str, ...]]:
    """Add names to IPTC keywords, if there are any.

    Args:
        content: IPTC data.
        names: To add; those that are there in any form of Unicode are not added.

    Returns:
        The data, the same if nothing is to be added; and notes on names that did not fit.

    Raises:
        PhotoUnreadableError: If the data is damaged.
    """
    sets = list(_data_sets(content))
    tail = content[sum(len(each.head) + len(each.content) for each in sets) :]
    if tail.strip(b"\0"):
        raise PhotoUnreadableError("its IPTC data is damaged")
    last = max((place for place, each in enumerate(sets) if each.key == _KEYWORD), default=None)
    if last is None:
        return content, ()
    is_marked = any(each.key == _CHARSET and each.content == _UTF_8 for each in sets)
    encoding = _encoding(sets)
    known = {same_text(each.content.decode(encoding, "replace")) for each in sets if each.key == _KEYWORD}
    added: list[_DataSet] = []
    notes = []
    for name in names:
        if same_text(name) in known:
            continue
        known.add(same_text(name))
        try:
            keyword = name.encode(encoding)
        except UnicodeEncodeError:
            notes.append(_OTHER_LETTERS.format(name))
            continue
        if len(keyword) > _MAX_KEYWORD_BYTES:
            notes.append(_TOO_LONG.format(name))
            continue
        added.append(_DataSet(_KEYWORD, struct.pack(">BBBH", _MARK, *_KEYWORD, len(keyword)), keyword))
    if not added:
        return content, tuple(notes)
    sets[last + 1 : last + 1] = added
    if encoding == "utf-8" and not is_marked and not all(each.content.isascii() for each in added):
        sets = [each for each in sets if each.key != _CHARSET]
        place = next((place for place, each in enumerate(sets) if each.key > _CHARSET), len(sets))
        sets.insert(place, _DataSet(_CHARSET, struct.pack(">BBBH", _MARK, *_CHARSET, len(_UTF_8)), _UTF_8))
    return b"".join(each.head + each.content for each in sets) + tail, tuple(notes)


def keywords_in(content: bytes) -> tuple[str, ...]:
    """The keywords of IPTC data; what is damaged counts as absent."""
    sets = list(_data_sets(content))
    encoding = _encoding(sets)
    words = (each.content.decode(encoding, "replace").strip() for each in sets if each.key == _KEYWORD)
    return tuple(word for word in words if word)


def _encoding(sets: Sequence[_DataSet]) -> str:
    if any(each.key == _CHARSET and each.content == _UTF_8 for each in sets):
        return "utf-8"
    return "utf-8" if _is_utf_8(b"".join(each.content for each in sets if each.key[0] == 2)) else "cp1252"


def _data_sets(content: bytes) -> Iterator[_DataSet]:
    at = 0
    while at + 5 <= len(content) and content[at] == _MARK:
        record, number, size = struct.unpack_from(">BBH", content, at + 1)
        start = at + 5
        if size & 0x8000:  # an extended data set: the length of its length
            width = size & 0x7FFF
            if width > 4:
                return
            size = int.from_bytes(content[start : start + width], "big")
            start += width
        if start + size > len(content):
            return
        yield _DataSet((record, number), content[at:start], content[start : start + size])
        at = start + size


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
