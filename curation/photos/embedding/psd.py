"""The description of a photo inside a PSD: the image resources with XMP, IPTC and EXIF. Layers keep their bytes."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO, Final

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import DescribedCopy, Edit
from curation.photos.embedding.exif_facts import ExifBlock
from curation.photos.embedding.iptc import (
    IPTC,
    XMP,
    Resource,
    keywords_in,
    parse_resources,
    with_names,
    write_resources,
)
from curation.photos.embedding.own_packet import OwnPacket, described, join_packets
from curation.photos.xmp.description import Told

__all__ = ["described_psd", "own_of_psd"]

_HEADER_BYTES: Final = 26
_EXIF: Final = 0x0422
_MAX_BYTES: Final = 256 * 2**20
_OLD_IPTC = "its IPTC data is damaged and was not changed: programs that read keywords there see the old ones"


def described_psd(file: BinaryIO, description: PhotoDescription) -> DescribedCopy | None:
    """A copy of a PSD that contains a photo's description.

    Args:
        file: The whole file.
        description: Of the photo.

    Returns:
        The copy; None if the file already contains the description, or the description is empty.

    Raises:
        PhotoUnreadableError: If its resources or its packet are damaged, so that something could be lost.
        OSError: If the file cannot be read.
    """
    resources, start, end = _resources(file)
    exif, own = _read(resources)
    if description.is_silent:
        return None
    block, notes = exif.described(description)
    changed = [
        each if each.number != _EXIF or block is None else Resource(each.signature, each.number, each.name, block)
        for each in resources
    ]
    try:
        with_iptc, more = with_names(changed, description.tags)
        changed, notes = list(with_iptc), notes + more
    except PhotoUnreadableError:
        notes += (_OLD_IPTC,)
    is_changed, more = described(own, description)
    if is_changed:
        kept = [each for each in changed if each.number != XMP]
        place = sum(each.number < XMP for each in kept)
        changed = [*kept[:place], Resource(b"8BIM", XMP, b"\0\0", own.packet.to_packet()), *kept[place:]]
    if changed == list(resources):
        return None
    content = write_resources(changed)
    return DescribedCopy((Edit(start, end, struct.pack(">I", len(content)) + content),), notes + more)


def own_of_psd(file: BinaryIO) -> OwnPacket:
    """What a PSD says already.

    Raises:
        PhotoUnreadableError: If its resources or its packet are damaged.
        OSError: If the file cannot be read.
    """
    return _read(_resources(file)[0])[1]


def _read(resources: tuple[Resource, ...]) -> tuple[ExifBlock, OwnPacket]:
    """EXIF, and the packet."""
    exif = ExifBlock(next((each.content for each in resources if each.number == _EXIF), None))
    keywords = [word for each in resources if each.number == IPTC for word in keywords_in(each.content)]
    packets = [*(each.content for each in resources if each.number == XMP), *exif.packets]
    told = Told(exif.told.stars, tuple(keywords) or exif.told.keywords)
    return exif, join_packets([(packet, None) for packet in packets], told=told)


def _resources(file: BinaryIO) -> tuple[tuple[Resource, ...], int, int]:
    """The image resources, and where their block with its length begins and ends."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    header = file.read(_HEADER_BYTES + 4)
    if header[:4] != b"8BPS" or len(header) < _HEADER_BYTES + 4:
        raise PhotoUnreadableError("it is not a PSD")
    start = _HEADER_BYTES + 4 + int.from_bytes(header[_HEADER_BYTES:], "big")
    file.seek(start)
    length = int.from_bytes(file.read(4), "big")
    end = start + 4 + length
    if end > size or length > _MAX_BYTES:
        raise PhotoUnreadableError("its resources are cut off")
    return parse_resources(file.read(length)), start, end
