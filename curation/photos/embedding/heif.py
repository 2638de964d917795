"""The description of a photo inside a HEIC or AVIF: XMP, and EXIF where it says the same (ISO 23008-12, annex A).

XMP is an item of its own. What is new stands in a box of its own behind the box `meta`, which grows; all places behind
it are moved on, and the coded pictures keep their bytes. The end of the file stays the end: films of phones are found
from there.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import DescribedCopy, Edit
from curation.photos.embedding.exif_facts import ExifBlock
from curation.photos.embedding.item_boxes import (
    IN_FILE,
    Box,
    Extent,
    Item,
    Location,
    box,
    boxes,
    item_infos,
    locations,
    write_locations,
)
from curation.photos.embedding.own_packet import OwnPacket, described, join_packets
from curation.photos.xmp.packet import MAX_PACKET_BYTES

__all__ = ["described_heif", "own_of_heif"]

_XMP_TYPE = b"application/rdf+xml"
_IN_META: Final = 1  # construction method of items that lie in the box idat
_MAX_META_BYTES: Final = 64 * 2**20
_FILMS = (b"moov", b"moof", b"mfra", b"sidx")  # they name places in the file that are not moved here


def described_heif(file: BinaryIO, description: PhotoDescription) -> DescribedCopy | None:
    """A copy of a HEIC or AVIF that contains a photo's description.

    Args:
        file: The whole file.
        description: Of the photo.

    Returns:
        The copy; None if the file already contains the description, or the description is empty.

    Raises:
        PhotoUnreadableError: If its boxes or its packet are damaged, or it is a film, too.
        OSError: If the file cannot be read.
    """
    heif = _Heif(file)
    own = heif.own()
    if description.is_silent:
        return None
    new: dict[int, bytes] = {}
    block, notes = heif.exif.described(description)
    if block is not None and heif.exif_item is not None:
        new[heif.exif_item.number] = heif.exif_head + block
    is_changed, more = described(own, description)
    if is_changed:
        first, *others = [item.number for item in heif.packets] or [max(each.number for each in heif.items) + 1]
        new[first] = own.packet.to_packet()
        heif.forget(others)
    if not new:
        return None
    return DescribedCopy((heif.with_items(new),), notes + more)


def own_of_heif(file: BinaryIO) -> OwnPacket:
    """What a HEIC or AVIF says already.

    Raises:
        PhotoUnreadableError: If its boxes or its packet are damaged.
        OSError: If the file cannot be read.
    """
    return _Heif(file).own()


@dataclass(frozen=True, slots=True)
class _Place:
    start: int
    end: int


class _Heif:
    """The items of a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size_bytes = file.seek(0, io.SEEK_END)
        self._is_film = False
        self._forgotten: frozenset[int] = frozenset()
        self._meta_at = self._find_meta()
        file.seek(self._meta_at.start)
        self._read_bytes = 0
        self._meta = file.read(self._meta_at.end - self._meta_at.start)
        (whole,) = boxes(self._meta, 0, len(self._meta))
        self._children = list(boxes(self._meta, whole.body + 4, len(self._meta)))
        self._head = self._meta[whole.body : whole.body + 4]
        self.items: list[Item] = item_infos(self._meta, self._child(b"iinf"))
        self._locations = {each.number: each for each in locations(self._meta, self._child(b"iloc"))}
        if not self.items:
            raise PhotoUnreadableError("it has no items")
        self.exif_item = next((item for item in self.items if item.kind == b"Exif"), None)
        content = b"" if self.exif_item is None else self.content_of(self.exif_item)
        start = 4 + int.from_bytes(content[:4], "big")
        self.exif_head = content[:start]
        self.exif = ExifBlock(content[start:] or None)

    @property
    def packets(self) -> list[Item]:
        """The items with XMP packets."""
        return [item for item in self.items if item.kind == b"mime" and item.content_type == _XMP_TYPE]

    def own(self) -> OwnPacket:
        """What the file says already."""
        packets = [*(self.content_of(item) for item in self.packets), *self.exif.packets]
        return join_packets([(packet, None) for packet in packets], told=self.exif.told)

    def content_of(self, item: Item) -> bytes:
        """The bytes of an item.

        Raises:
            PhotoUnreadableError: If it leads out of the file.
        """
        place = self._locations.get(item.number)
        if place is None or place.reference or place.method not in (IN_FILE, _IN_META):
            raise PhotoUnreadableError("its metadata lies in an unknown place")
        # Its parts may all be the same bytes of the file, and so may items.
        self._read_bytes += sum(extent.length for extent in place.extents)
        if self._read_bytes > MAX_PACKET_BYTES:
            raise PhotoUnreadableError("its metadata is too large")
        parts = []
        start = self._meta_at.start + self._child(b"idat").body if place.method == _IN_META else 0
        for extent in place.extents:
            if extent.offset > self._size_bytes:
                raise PhotoUnreadableError("its metadata leads out of the file")
            self._file.seek(start + extent.offset)
            parts.append(self._file.read(extent.length))
            if len(parts[-1]) < extent.length:
                raise PhotoUnreadableError("its metadata leads out of the file")
        return b"".join(parts)

    def forget(self, numbers: Collection[int]) -> None:
        """Take items out of the lists; their bytes stay where they are."""
        self._forgotten = frozenset(numbers)

    def with_items(self, new: dict[int, bytes]) -> Edit:
        """What replaces the box `meta`, so that some items have another content.

        Args:
            new: Their content by number; an unknown number is a new item with a packet.

        Raises:
            PhotoUnreadableError: If places would be wrong.
        """
        if self._is_film:
            raise PhotoUnreadableError("it is a film, too, whose places would be wrong")
        contents = list(new.values())
        data = box(b"mdat", b"".join(contents))
        is_wide = self._size_bytes + 2 * len(self._meta) + len(data) > 0xFFFF_FFFF
        old_length = self._meta_at.end - self._meta_at.start
        length = len(self._with_places(new, {}, 0, is_wide=is_wide))
        places, at = {}, self._meta_at.start + length + 8
        for content in contents:
            places[content] = at
            at += len(content)
        meta = self._with_places(new, places, length - old_length + len(data), is_wide=is_wide)
        return Edit(self._meta_at.start, self._meta_at.end, meta + data)

    def _find_meta(self) -> _Place:
        found: list[_Place] = []
        at = 0
        while at + 8 <= self._size_bytes:
            self._file.seek(at)
            size, kind = struct.unpack(">I4s", self._file.read(8))
            if size == 1:
                size = int.from_bytes(self._file.read(8), "big")
            end = self._size_bytes if size == 0 else at + size
            if end > self._size_bytes or end < at + 8:
                raise PhotoUnreadableError("its boxes are cut off")
            if kind == b"meta":
                found.append(_Place(at, end))
            self._is_film = self._is_film or kind in _FILMS
            at = end
        if len(found) != 1 or found[0].end - found[0].start > _MAX_META_BYTES:
            raise PhotoUnreadableError("its list of items is missing or too large")
        return found[0]

    def _child(self, kind: bytes) -> Box:
        found = next((child for child in self._children if child.kind == kind), None)
        if found is None:
            raise PhotoUnreadableError(f"its box {kind.decode()} is missing")
        return found

    def _with_places(self, new: dict[int, bytes], places: dict[bytes, int], farther: int, *, is_wide: bool) -> bytes:
        """The box `meta` with new items, with everything behind it `farther` away."""
        gone = self._forgotten.union(new)
        moved = [self._moved(each, farther) for each in self._locations.values() if each.number not in gone]
        for number, content in new.items():
            moved.append(Location(number, IN_FILE, 0, (Extent(places.get(content, 0), len(content)),)))
        added = [number for number in new if number not in {item.number for item in self.items}]
        changed = {b"iloc": write_locations(moved, is_wide=is_wide)}
        if added or self._forgotten:
            changed[b"iinf"] = self._with_infos(added)
            changed[b"iref"] = self._with_references(added)
        out = bytearray(self._head)
        for child in self._children:
            out += changed.pop(child.kind, self._meta[child.start : child.end])
        return box(b"meta", bytes(out) + b"".join(changed.values()))

    def _moved(self, place: Location, farther: int) -> Location:
        if place.method != IN_FILE or place.reference:
            return place
        extents = []
        for extent in place.extents:
            if not extent.length:
                raise PhotoUnreadableError("one of its items has no length")
            if extent.offset >= self._meta_at.end:
                extents.append(replace(extent, offset=extent.offset + farther))
            elif extent.offset + extent.length <= self._meta_at.start:
                extents.append(extent)
            else:
                raise PhotoUnreadableError("one of its items lies in its list of items")
        return replace(place, extents=tuple(extents))

    def _with_infos(self, added: list[int]) -> bytes:
        found = self._child(b"iinf")
        version = self._meta[found.body]
        width = 2 if version == 0 else 4
        at = found.body + 4
        infos = zip(self.items, boxes(self._meta, at + width, found.end), strict=True)
        kept = [self._meta[each.start : each.end] for item, each in infos if item.number not in self._forgotten]
        out = bytearray(self._meta[found.body : at] + (len(kept) + len(added)).to_bytes(width, "big") + b"".join(kept))
        for number in added:
            is_long = number > 0xFFFF
            head = bytes([3 if is_long else 2, 0, 0, 0]) + number.to_bytes(4 if is_long else 2, "big")
            out += box(b"infe", head + b"\0\0mime\0" + _XMP_TYPE + b"\0")
        return box(b"iinf", bytes(out))

    def _with_references(self, added: list[int]) -> bytes:
        """The box `iref`, which says what the packets describe: the picture."""
        found = next((child for child in self._children if child.kind == b"iref"), None)
        body = b"\0\0\0\0" if found is None else self._meta[found.body : found.body + 4]
        width = 2 if body[0] == 0 else 4
        for each in () if found is None else boxes(self._meta, found.body + 4, found.end):
            if int.from_bytes(self._meta[each.body : each.body + width], "big") not in self._forgotten:
                body += self._meta[each.start : each.end]
        main = self._child(b"pitm")
        picture = self._meta[main.body + 4 : main.end]
        for number in added:
            if number >= 1 << 8 * width:
                raise PhotoUnreadableError("it has too many items")
            target = int.from_bytes(picture, "big").to_bytes(width, "big")
            body += box(b"cdsc", number.to_bytes(width, "big") + b"\0\1" + target)
        return box(b"iref", body)
