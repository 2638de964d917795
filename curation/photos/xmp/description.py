"""Adding a photo's description to its XMP packet, without losing anything that other programs wrote there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from curation.domain.choosing.export import PhotoDescription
from curation.photos.xmp.for_programs import describe_for, has_own_label
from curation.photos.xmp.jpeg_segments import MAX_XMP_BYTES, JpegSegments, read_segments, rest_name, with_xmp
from curation.photos.xmp.names import DC, IPTC_EXT, TIFF, XMP, qualified
from curation.photos.xmp.packet import XmpPacket
from curation.photos.xmp.regions import merge_regions

__all__ = ["JpegHead", "describe", "described_jpeg", "described_sidecar", "sidecar_of_jpeg"]

_RATING = qualified(XMP, "Rating")
_LABEL = qualified(XMP, "Label")
_SUBJECT = qualified(DC, "subject")
_PERSONS = qualified(IPTC_EXT, "PersonInImage")
_ORIENTATION = qualified(TIFF, "Orientation")


def describe(packet: XmpPacket, description: PhotoDescription) -> tuple[str, ...]:
    """Add a photo's description to its packet.

    - `xmp:Rating` is set if the user rated or rejected the photo; otherwise it stays.
    - `xmp:Label` is set if there is none.
    - Names are added to those in `dc:subject` and `Iptc4xmpExt:PersonInImage`.
    - Face regions are added, see `merge_regions`, and `tiff:Orientation` if there is none.
    - What only the program reads that the description is for, see `describe_for`.

    Args:
        packet: Is changed.
        description: Of the photo.

    Returns:
        Notes on what could not be added, in sentences that begin with "its" or a number.
    """
    if description.rating is not None:
        packet.set_text(_RATING, str(description.rating))
    has_label = (packet.text(_LABEL) or "").strip() or has_own_label(packet, description)
    if description.label and not has_label:
        packet.set_text(_LABEL, description.label)
    describe_for(packet, description, label=None if has_label else description.label)
    packet.add_to_bag(_SUBJECT, description.tags)
    packet.add_to_bag(_PERSONS, description.names)
    if description.picture is None or not description.regions:
        return ()
    if packet.text(_ORIENTATION) is None:
        packet.set_text(_ORIENTATION, str(description.picture.orientation))
    return merge_regions(packet, description.picture, description.regions)


@dataclass(frozen=True, slots=True)
class JpegHead:
    """The new beginning of a JPEG file.

    Attributes:
        content: The new bytes before the picture data.
        data_offset: Where the picture data begins in the old file.
        notes: See `describe`.
    """

    content: bytes
    data_offset: int
    notes: tuple[str, ...]


def described_jpeg(file: BinaryIO, description: PhotoDescription) -> JpegHead | None:
    """The new beginning of a JPEG, whose packet contains the photo's description.

    Args:
        file: The JPEG, at its start.
        description: Of the photo.

    Returns:
        The beginning; None if the file already contains the description, or the description is empty.

    Raises:
        PhotoUnreadableError: If its header or its packet is damaged, so that something could be lost.
        OSError: If the file cannot be read.
    """
    segments, packet = _read(file)
    before = packet.to_packet()
    notes = describe(packet, description)
    if packet.to_packet() == before:
        return None
    content, rest = packet.split(MAX_XMP_BYTES, rest_name)
    return JpegHead(with_xmp(segments, content, rest), segments.data_offset, notes)


def sidecar_of_jpeg(file: BinaryIO, description: PhotoDescription) -> tuple[bytes, tuple[str, ...]]:
    """The content of a new sidecar of a JPEG: everything in the photo's own packet, and its description.

    Programs that read sidecars may ignore the photo's own packet.

    Args:
        file: The JPEG, at its start.
        description: Of the photo.

    Raises:
        PhotoUnreadableError: If its header or its packet is damaged.
        OSError: If the file cannot be read.
    """
    _, packet = _read(file)
    notes = describe(packet, description)
    return packet.to_file(), notes


def _read(file: BinaryIO) -> tuple[JpegSegments, XmpPacket]:
    segments = read_segments(file, lambda content: XmpPacket.parse(content).rest_name)
    if segments.packet is None:
        return segments, XmpPacket.empty()
    return segments, XmpPacket.parse(segments.packet, segments.rest)


def described_sidecar(existing: bytes | None, description: PhotoDescription) -> tuple[bytes, tuple[str, ...]]:
    """The content of a sidecar file that contains a photo's description.

    Args:
        existing: Content of the existing sidecar; None if there is none.
        description: Of the photo.

    Returns:
        The content, the same bytes if it already contains the description; and the notes, see `describe`.

    Raises:
        PhotoUnreadableError: If the sidecar is damaged.
    """
    packet = XmpPacket.empty() if existing is None else XmpPacket.parse(existing)
    before = packet.to_file()
    notes = describe(packet, description)
    content = packet.to_file()
    return (existing if existing is not None and content == before else content), notes
