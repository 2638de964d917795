"""The items of a HEIF or AVIF file: pictures, tiles, thumbnails, maps and metadata, and where their bytes lie."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from curation.photos.whole.iso.boxes import Box, BoxError, Fields, child_boxes

__all__ = ["Item", "ItemList", "read_items"]

_IN_FILE, _IN_IDAT, _IN_ITEMS = range(3)
_MOST_ITEMS = 100_000
_MOST_EXTENTS = 500_000  # of all items; their numbers can have no width, so that the size of the file is no limit


@dataclass(frozen=True, slots=True)
class Item:
    """One item.

    Attributes:
        id: Its number.
        kind: Four letters: `hvc1` (HEVC), `av01` (AV1), `grid` (of tiles), `Exif` and others.
        extents: Its bytes in the file, in order, as (start, end); an end may lie behind the end of the file.
        length_bytes: Of the size in front of each of its HEVC units; 4 for all else.
    """

    id: int
    kind: bytes
    extents: tuple[tuple[int, int], ...]
    length_bytes: int = 4

    @property
    def size(self) -> int:
        """Of all its bytes."""
        return sum(end - start for start, end in self.extents)

    def size_within(self, end: int) -> int:
        """Its bytes that lie before the end of the file."""
        return sum(max(0, min(stop, end) - start) for start, stop in self.extents)

    def content(self, data: bytes) -> bytes:
        """Its bytes, as far as the file goes."""
        return b"".join(data[start:end] for start, end in self.extents)


@dataclass(frozen=True, slots=True)
class ItemList:
    """All items of a file.

    Attributes:
        items: By their numbers.
        primary: The number of the picture that is shown; None if the file names none.
        derived: Of which items one is made, in order: the tiles of a grid.
        profiles: The colour profiles in the file, as (start, end).
    """

    items: Mapping[int, Item]
    primary: int | None
    derived: Mapping[int, tuple[int, ...]]
    profiles: tuple[tuple[int, int], ...]

    def shown(self) -> tuple[int, ...]:
        """The items of which the shown picture consists, each once: itself, its tiles, and what they are made of.

        Raises:
            BoxError: If one of them is not in the file.
        """
        found: dict[int, None] = {}
        waiting = deque([] if self.primary is None else [self.primary])
        while waiting:
            one = waiting.popleft()
            if one in found:
                continue
            if one not in self.items:
                raise BoxError("a part of its picture is not in its list of parts", 0)
            found[one] = None
            waiting.extend(self.derived.get(one, ()))
        return tuple(found)


def read_items(data: bytes, meta: Box) -> ItemList:
    """Read the items of a file from its `meta` box.

    Args:
        data: The file.
        meta: The box.

    Raises:
        BoxError: If the lists in it contradict themselves.
    """

    def read(at: int, count: int) -> bytes:
        return data[at : at + count]

    parts: dict[bytes, Box] = {}
    for box in child_boxes(read, meta.body + 4, min(meta.end, len(data))):
        parts.setdefault(box.kind, box)
    for needed in (b"iinf", b"iloc"):
        if needed not in parts:
            raise BoxError("its list of parts is missing", meta.start)
    kinds = _kinds(data, parts[b"iinf"])
    places = _places(data, parts[b"iloc"])
    derived, sources = _references(data, parts.get(b"iref"))
    lengths, profiles = _properties(data, parts.get(b"iprp"), kinds)
    missing = [number for number in places if number not in kinds]
    if missing or (places and 0 in places):
        raise BoxError("its list of places names a part that is not in its list of parts", parts[b"iloc"].start)
    idat = parts.get(b"idat")
    items: dict[int, Item] = {}
    for number, kind in kinds.items():
        method, extents = places.get(number, (_IN_FILE, ()))
        resolved = _resolved(method, extents, idat, sources.get(number, ()), places, len(data))
        items[number] = Item(number, kind, resolved, lengths.get(number, 4))
    primary = None
    if b"pitm" in parts:
        fields = Fields(data, parts[b"pitm"].body, parts[b"pitm"].end)
        primary = fields.number(2 if fields.version() == 0 else 4)
        if primary not in items:
            raise BoxError("the picture that it shows is not in its list of parts", parts[b"pitm"].start)
    return ItemList(items, primary, derived, profiles)


def _kinds(data: bytes, iinf: Box) -> dict[int, bytes]:
    fields = Fields(data, iinf.body, iinf.end)
    count = fields.number(2 if fields.version() == 0 else 4)
    kinds: dict[int, bytes] = {}
    for box in child_boxes(lambda at, n: data[at : at + n], fields.at, iinf.end):
        if box.kind != b"infe":
            continue
        entry = Fields(data, box.body, box.end)
        version = entry.version()
        number = entry.number(4 if version == 3 else 2)
        entry.number(2)
        kinds[number] = entry.kind() if version >= 2 else b"mime"
    if len(kinds) < min(count, _MOST_ITEMS):
        raise BoxError("parts are missing in its list of parts", iinf.start)
    return kinds


_Extents = tuple[tuple[int, int], ...]


def _places(data: bytes, iloc: Box) -> dict[int, tuple[int, _Extents]]:
    fields = Fields(data, iloc.body, iloc.end)
    version = fields.version()
    widths = fields.number(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = widths >> 12, widths >> 8 & 15, widths >> 4 & 15, widths & 15
    wide = 4 if version == 2 else 2
    places: dict[int, tuple[int, _Extents]] = {}
    total = 0
    for _ in range(fields.number(wide)):
        number = fields.number(wide)
        method = fields.number(2) & 15 if version in (1, 2) else _IN_FILE
        fields.number(2)
        base = fields.number(base_bytes)
        extents: list[tuple[int, int]] = []
        count = fields.number(2)
        total += count
        if total > _MOST_EXTENTS:
            raise BoxError("its parts consist of too many pieces", iloc.start)
        for _ in range(count):
            if version in (1, 2):
                fields.number(index_bytes)
            offset, length = fields.number(offset_bytes), fields.number(length_bytes)
            extents.append((base + offset, length))
        places[number] = (method, tuple(extents))
    return places


def _resolved(
    method: int,
    extents: _Extents,
    idat: Box | None,
    sources: tuple[int, ...],
    places: Mapping[int, tuple[int, _Extents]],
    size: int,
) -> _Extents:
    """Places in the file; a length of 0 means all there is."""
    if method == _IN_FILE:
        return tuple((start, start + length if length else max(start, size)) for start, length in extents)
    if method == _IN_IDAT and idat is not None:
        found = tuple(
            (idat.body + start, idat.body + start + length if length else idat.end) for start, length in extents
        )
        if any(end > idat.end for _, end in found):
            raise BoxError("a part lies behind the end of the box that should hold it", idat.start)
        return found
    if method == _IN_ITEMS and sources:
        held = places.get(sources[0], (_IN_IDAT, ()))
        if held[0] == _IN_FILE:
            return tuple(_slice(held[1], start, length, size) for start, length in extents)
    raise BoxError("the place of one of its parts is not in the file", 0)


def _slice(held: _Extents, start: int, length: int, size: int) -> tuple[int, int]:
    """A part of an item that itself lies in one piece in the file."""
    if len(held) != 1:
        raise BoxError("the place of one of its parts cannot be followed", 0)
    first, whole = held[0]
    whole = whole or max(0, size - first)
    end = start + length if length else whole
    if end > whole:
        raise BoxError("a part lies behind the end of the part that should hold it", first)
    return first + start, first + end


def _references(data: bytes, iref: Box | None) -> tuple[dict[int, tuple[int, ...]], dict[int, tuple[int, ...]]]:
    """Of what each item is made, and in which items their bytes lie."""
    derived: dict[int, tuple[int, ...]] = {}
    sources: dict[int, tuple[int, ...]] = {}
    if iref is None:
        return derived, sources
    wide = 2 if Fields(data, iref.body, iref.end).version() == 0 else 4
    for box in child_boxes(lambda at, n: data[at : at + n], iref.body + 4, iref.end):
        fields = Fields(data, box.body, box.end)
        number = fields.number(wide)
        to = tuple(fields.number(wide) for _ in range(fields.number(2)))
        if box.kind == b"dimg":
            derived[number] = to
        elif box.kind == b"iloc":
            sources[number] = to
    return derived, sources


def _properties(
    data: bytes, iprp: Box | None, known: Iterable[int]
) -> tuple[dict[int, int], tuple[tuple[int, int], ...]]:
    """The bytes of size in front of HEVC units of each item, and where colour profiles lie."""
    lengths: dict[int, int] = {}
    profiles: list[tuple[int, int]] = []
    if iprp is None:
        return lengths, ()

    def read(at: int, count: int) -> bytes:
        return data[at : at + count]

    hevc: dict[int, int] = {}
    known = set(known)
    groups = list(child_boxes(read, iprp.body, iprp.end))
    for box in groups:
        if box.kind != b"ipco":
            continue
        for place, one in enumerate(child_boxes(read, box.body, box.end), start=1):
            if one.kind == b"hvcC" and one.end - one.body > 21:
                hevc[place] = (data[one.body + 21] & 3) + 1
            elif one.kind == b"colr" and data[one.body : one.body + 4] in (b"prof", b"rICC"):
                profiles.append((one.body + 4, one.end))
    for box in groups:
        if box.kind == b"ipma":
            for number, properties in _associations(data, box):
                if number not in known:
                    raise BoxError("its list of properties names a part that is not there", box.start)
                for place in properties:
                    if place in hevc:
                        lengths[number] = hevc[place]
    return lengths, tuple(profiles)


def _associations(data: bytes, ipma: Box) -> list[tuple[int, tuple[int, ...]]]:
    fields = Fields(data, ipma.body, ipma.end)
    head = fields.number(4)
    wide, narrow = (2 if head >> 24 == 0 else 4), not head & 1
    found: list[tuple[int, tuple[int, ...]]] = []
    for _ in range(fields.number(4)):
        number = fields.number(wide)
        count = fields.number(1)
        found.append(
            (number, tuple(fields.number(1) & 0x7F if narrow else fields.number(2) & 0x7FFF for _ in range(count)))
        )
    return found
