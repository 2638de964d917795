"""The description of a photo inside a JPEG: XMP, and EXIF and IPTC where they say the same."""

from __future__ import annotations

from typing import BinaryIO

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import DescribedCopy, Edit
from curation.photos.embedding.exif_facts import ExifBlock
from curation.photos.embedding.iptc import IPTC, XMP, keywords_in, parse_resources, with_names, write_resources
from curation.photos.embedding.own_packet import OwnPacket, described, join_packets
from curation.photos.xmp.description import Told
from curation.photos.xmp.jpeg_segments import MAX_XMP_BYTES, JpegSegments, read_segments, rest_name, with_xmp
from curation.photos.xmp.packet import XmpPacket

__all__ = ["described_jpeg", "own_of_jpeg"]

_APP1, _APP13 = 0xE1, 0xED
_EXIF = b"Exif\0\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_OLD_IPTC = "its IPTC data is damaged and was not changed: programs that read keywords there see the old ones"


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
    is_changed, notes = described(jpeg.own, description)
    changed, more = jpeg.other_blocks(description)
    if not is_changed and not changed:
        return None
    content, rest = jpeg.own.packet.split(MAX_XMP_BYTES, rest_name)
    head = with_xmp(jpeg.segments, content, rest, changed=changed)
    return DescribedCopy((Edit(0, jpeg.segments.data_offset, head),), notes + more)


def own_of_jpeg(file: BinaryIO) -> OwnPacket:
    """What a JPEG, which is at its start, says already.

    Raises:
        PhotoUnreadableError: If its header or its packet is damaged.
        OSError: If the file cannot be read.
    """
    return _Jpeg(file).own


class _Jpeg:
    """The parts of a JPEG that say something about the photo."""

    def __init__(self, file: BinaryIO) -> None:
        self.segments: JpegSegments = read_segments(file, lambda content: XmpPacket.parse(content).rest_name)
        found = self.segments.segments
        self._faults: tuple[str, ...] = ()
        self._exif_at = next((place for place, each in enumerate(found) if each.begins(_APP1, _EXIF)), None)
        self._exif = ExifBlock(None if self._exif_at is None else found[self._exif_at].body[len(_EXIF) :])
        self._photoshop = [place for place, each in enumerate(found) if each.begins(_APP13, _PHOTOSHOP)]
        try:
            blocks = [found[place].body[len(_PHOTOSHOP) :] for place in self._photoshop]
            self._resources = parse_resources(b"".join(blocks))
        except PhotoUnreadableError:
            self._resources, self._photoshop = (), []
            self._faults = (_OLD_IPTC,)
        packets = [(each.content, each.rest) for each in self.segments.packets]
        packets += [(content, None) for content in self._exif.packets]
        packets += [(each.content, None) for each in self._resources if each.number == XMP]
        keywords = [word for each in self._resources if each.number == IPTC for word in keywords_in(each.content)]
        told = Told(self._exif.told.stars, tuple(keywords) or self._exif.told.keywords)
        self.own: OwnPacket = join_packets(packets, damaged=self.segments.damaged, told=told)

    def other_blocks(self, description: PhotoDescription) -> tuple[dict[int, bytes | None], tuple[str, ...]]:
        """New bodies of the segments of EXIF and IPTC, by their places; and notes."""
        changed: dict[int, bytes | None] = {}
        if description.is_silent:
            return changed, ()
        block, notes = self._exif.described(description)
        if block is not None and self._exif_at is not None:
            changed[self._exif_at] = _EXIF + block
        try:
            resources, more = with_names(self._resources, description.tags)
        except PhotoUnreadableError:
            resources, more = self._resources, (_OLD_IPTC,)
        resources = tuple(each for each in resources if each.number != XMP)
        if resources != self._resources:
            first, *others = self._photoshop
            changed[first] = _PHOTOSHOP + write_resources(resources)
            changed |= dict.fromkeys(others)
        return changed, self._faults + notes + more
