"""The description of a photo inside a JPEG: XMP, and EXIF and IPTC where they say the same."""

from __future__ import annotations

import io
from typing import BinaryIO

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import DescribedCopy, Edit, edited
from curation.photos.embedding.exif_facts import exif_changes, exif_stars
from curation.photos.embedding.iptc import XMP, parse_resources, with_names, write_resources
from curation.photos.embedding.own_packet import OwnPacket, described, join_packets
from curation.photos.embedding.tiff_directory import TiffDirectory
from curation.photos.xmp.jpeg_segments import MAX_XMP_BYTES, JpegSegments, read_segments, rest_name, with_xmp
from curation.photos.xmp.packet import XmpPacket

__all__ = ["described_jpeg", "packet_of_jpeg"]

_APP1, _APP13 = 0xE1, 0xED
_EXIF = b"Exif\0\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_PACKET_TAG = 700
_OLD_PLACE = "its {} is damaged and was not changed: programs that read stars or keywords there see the old ones"


def described_jpeg(file: BinaryIO, description: PhotoDescription) -> DescribedCopy | None:
    """A copy of a JPEG that contains a photo's description.

    Args:
        file: The JPEG, at its start.
        description: Of the photo.

    Returns:
        The copy; None if the file already contains the description, or the description is empty.

    Raises:
        PhotoUnreadableError: If its header or its packet is damaged, so that something could be lost.
        OSError: If the file cannot be read.
    """
    jpeg = _Jpeg(file)
    is_changed, notes = described(jpeg.own, description, jpeg.stars)
    changed, more = jpeg.other_blocks(description)
    if not is_changed and not changed:
        return None
    content, rest = jpeg.own.packet.split(MAX_XMP_BYTES, rest_name)
    head = with_xmp(jpeg.segments, content, rest, changed=changed)
    return DescribedCopy((Edit(0, jpeg.segments.data_offset, head),), notes + more)


def packet_of_jpeg(file: BinaryIO) -> XmpPacket:
    """The XMP packet of a JPEG, which is at its start; empty if it has none.

    Raises:
        PhotoUnreadableError: If its header or its packet is damaged.
        OSError: If the file cannot be read.
    """
    return _Jpeg(file).own.packet


class _Jpeg:
    """The parts of a JPEG that say something about the photo."""

    def __init__(self, file: BinaryIO) -> None:
        self.segments: JpegSegments = read_segments(file, lambda content: XmpPacket.parse(content).rest_name)
        self.stars: int | None = None
        self._exif: tuple[int, bytes, TiffDirectory] | None = None
        self._faults: list[str] = []
        packets = [(each.content, each.rest) for each in self.segments.packets]
        for place, segment in enumerate(self.segments.segments):
            if segment.begins(_APP1, _EXIF) and self._exif is None:
                block = segment.body[len(_EXIF) :]
                try:
                    directory = TiffDirectory(io.BytesIO(block))
                    self.stars = exif_stars(directory)
                    packets += [(value, None) for value in directory.values(_PACKET_TAG)]
                    self._exif = place, block, directory
                except PhotoUnreadableError:
                    self._faults.append(_OLD_PLACE.format("EXIF block"))
        self._photoshop = [
            place for place, each in enumerate(self.segments.segments) if each.begins(_APP13, _PHOTOSHOP)
        ]
        blocks = [self.segments.segments[place].body[len(_PHOTOSHOP) :] for place in self._photoshop]
        try:
            self._resources = parse_resources(b"".join(blocks))
        except PhotoUnreadableError:
            self._resources, self._photoshop = (), []
            self._faults.append(_OLD_PLACE.format("block of IPTC and Photoshop"))
        packets += [(each.content, None) for each in self._resources if each.number == XMP]
        self.own: OwnPacket = join_packets(packets, damaged=self.segments.damaged)

    def other_blocks(self, description: PhotoDescription) -> tuple[dict[int, bytes | None], tuple[str, ...]]:
        """New bodies of the segments of EXIF and IPTC, by their places; and notes."""
        changed: dict[int, bytes | None] = {}
        if description.is_empty:
            return changed, ()
        notes = tuple(self._faults)
        if self._exif is not None:
            place, block, directory = self._exif
            try:
                changes = exif_changes(directory, description)
                if directory.entries_of(_PACKET_TAG):
                    changes[_PACKET_TAG] = None  # it is in the one packet
                if changes:
                    changed[place] = _EXIF + edited(block, directory.edits(changes))
            except PhotoUnreadableError:
                notes += (_OLD_PLACE.format("EXIF block"),)
        try:
            resources, more = with_names(self._resources, description.tags)
        except PhotoUnreadableError:
            resources, more = self._resources, (_OLD_PLACE.format("IPTC data"),)
        resources = tuple(each for each in resources if each.number != XMP)
        if resources != self._resources:
            first, *others = self._photoshop
            changed[first] = _PHOTOSHOP + write_resources(resources)
            changed |= dict.fromkeys(others)
        return changed, notes + more
