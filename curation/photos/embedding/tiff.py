"""The description of a photo inside a TIFF or a DNG: XMP, and EXIF and IPTC where they say the same.

XMP in tag 700 (XMP specification, part 3, section 1.1.3.2), IPTC in tag 33723, resources of Photoshop in tag 34377.
Nothing of the file is moved, see `TiffDirectory`: the picture keeps its bytes and its place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO, Final

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import DescribedCopy
from curation.photos.embedding.exif_facts import exif_changes, exif_told
from curation.photos.embedding.iptc import (
    IPTC,
    XMP,
    Resource,
    keywords_in,
    parse_resources,
    with_keywords,
    with_names,
    write_resources,
)
from curation.photos.embedding.own_packet import OwnPacket, described, join_packets
from curation.photos.embedding.tiff_directory import BYTE, UNDEFINED, TiffDirectory, Value

__all__ = ["described_tiff", "own_of_tiff"]

_PACKET: Final = 700
_IPTC: Final = 33723
_RESOURCES: Final = 34377
_DNG_VERSION: Final = 50706
_LONG: Final = 4
_OLD_IPTC = (
    "its IPTC data is damaged or turned round, and was not changed: programs that read keywords there see the old ones"
)


def described_tiff(file: BinaryIO, description: PhotoDescription, *, is_dng: bool = False) -> DescribedCopy | None:
    """A copy of a TIFF or a DNG that contains a photo's description.

    Args:
        file: The whole file.
        description: Of the photo.
        is_dng: Whether it must be a DNG: other RAW files are never changed.

    Returns:
        The copy; None if the file already contains the description, or the description is empty.

    Raises:
        PhotoUnreadableError: If its first directory or its packet is damaged, so that something could be lost.
        OSError: If the file cannot be read.
    """
    directory, own, resources = _read(file, is_dng=is_dng)
    if description.is_silent:
        return None
    is_changed, notes = described(own, description)
    changes = exif_changes(directory, description)
    notes += _settle_iptc(directory, resources, description, changes)
    if not is_changed and not changes:
        return None
    if is_changed:
        changes[_PACKET] = Value(BYTE, own.packet.to_packet())
    return DescribedCopy(tuple(directory.edits(changes)), notes)


def own_of_tiff(file: BinaryIO) -> OwnPacket:
    """What a TIFF, a DNG or another RAW file of this structure says already.

    Raises:
        PhotoUnreadableError: If its first directory or its packet is damaged.
        OSError: If the file cannot be read.
    """
    return _read(file, is_dng=False)[1]


def _read(file: BinaryIO, *, is_dng: bool) -> tuple[TiffDirectory, OwnPacket, tuple[Resource, ...]]:
    directory = TiffDirectory(file)
    if is_dng and not directory.entries_of(_DNG_VERSION):
        raise PhotoUnreadableError("it is called a DNG, and is none")
    blocks = directory.values(_RESOURCES)
    resources = parse_resources(blocks[0]) if blocks else ()
    packets = [*directory.values(_PACKET), *(each.content for each in resources if each.number == XMP)]
    told = exif_told(directory)
    iptc = [*directory.values(_IPTC), *(each.content for each in resources if each.number == IPTC)]
    keywords = next((words for each in iptc if (words := keywords_in(each))), told.keywords)
    own = join_packets([(packet, None) for packet in packets], told=replace(told, keywords=keywords))
    return directory, own, resources


def _settle_iptc(
    directory: TiffDirectory,
    resources: tuple[Resource, ...],
    description: PhotoDescription,
    changes: dict[int, Value | None],
) -> tuple[str, ...]:
    """Add the changes of IPTC and resources; returns notes."""
    notes: tuple[str, ...] = ()
    outside: bytes | None = None
    kept = tuple(each for each in resources if each.number != XMP)
    try:
        values = directory.values(_IPTC)
        if values:
            kind = directory.entries_of(_IPTC)[0].kind
            content, notes = with_keywords(values[0], description.tags)
            if content != values[0]:
                outside = content.rstrip(b"\0")
                padded = outside + b"\0" * (-len(outside) % 4 if kind == _LONG else 0)
                changes[_IPTC] = Value(kind if kind in (BYTE, UNDEFINED, _LONG) else UNDEFINED, padded)
        kept, more = with_names(kept, description.tags, outside=outside)
    except PhotoUnreadableError:
        return (*notes, _OLD_IPTC)
    if kept != resources:
        kind = directory.entries_of(_RESOURCES)[0].kind
        changes[_RESOURCES] = Value(kind if kind in (BYTE, UNDEFINED) else UNDEFINED, write_resources(kept))
    return tuple(dict.fromkeys(notes + more))
