"""Adding a photo's description to its XMP packet, without losing anything that other programs wrote there."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.choosing.export import PhotoDescription
from curation.photos.xmp.agreeing import settle_label, settle_names, settle_stars, show_keywords
from curation.photos.xmp.for_programs import describe_for, has_own_label
from curation.photos.xmp.microsoft_regions import merge_microsoft_regions
from curation.photos.xmp.names import MP, TIFF, XMP, qualified
from curation.photos.xmp.packet import XmpPacket
from curation.photos.xmp.regions import merge_regions, other_picture

__all__ = ["NOTHING_TOLD", "Told", "describe", "described_sidecar"]

_LABEL = qualified(XMP, "Label")
_ORIENTATION = qualified(TIFF, "Orientation")
_MICROSOFT_REGIONS = qualified(MP, "RegionInfo")


@dataclass(frozen=True, slots=True)
class Told:
    """What a file says outside of its packet, in EXIF and IPTC.

    Attributes:
        stars: 1 to 5; None for none.
        keywords: A new list of keywords starts with them, because it hides them.
    """

    stars: int | None = None
    keywords: tuple[str, ...] = ()


NOTHING_TOLD = Told()
"""Of files that say nothing outside of their packet."""


def describe(packet: XmpPacket, description: PhotoDescription, told: Told = NOTHING_TOLD) -> tuple[str, ...]:
    """Add a photo's description to its packet, and bring every other place of the same facts into agreement.

    - `xmp:Rating` is set if the user rated or rejected the photo, or picked one that the file calls rejected; otherwise
      it stays. So do other ratings and pick labels, see `settle_stars`.
    - `xmp:Label` is set if there is none.
    - Names are added to those in `dc:subject` and `Iptc4xmpExt:PersonInImage`, and in the lists of other programs that
      are there, see `settle_names`.
    - Face regions are added, see `merge_regions`, and `tiff:Orientation` if there is none.
    - What only the program reads that the description is for, see `describe_for`.

    Args:
        packet: Is changed.
        description: Of the photo.
        told: What the file says outside of its packet.

    Returns:
        Notes on what could not be added, in sentences that begin with "its" or a number.
    """
    notes = settle_stars(packet, description, told=told.stars)
    has_label = (packet.text(_LABEL) or "").strip() or has_own_label(packet, description)
    label = None if has_label else description.label
    if label:
        packet.set_text(_LABEL, label)
    if description.tags:
        show_keywords(packet, told.keywords)
    describe_for(packet, description, label=label)
    shown = packet.text(_LABEL)
    notes += settle_label(packet, shown if shown == description.label else None, description.program)
    notes += settle_names(packet, description)
    if description.picture is None or not description.regions:
        return notes
    if packet.text(_ORIENTATION) is None:
        packet.set_text(_ORIENTATION, str(description.picture.orientation))
    if packet.has(_MICROSOFT_REGIONS) and other_picture(packet, description.picture) is None:
        merge_microsoft_regions(packet, description.regions)
    return notes + merge_regions(packet, description.picture, description.regions)


def described_sidecar(
    existing: bytes | None,
    description: PhotoDescription,
    *,
    inside: XmpPacket | None = None,
    told: Told = NOTHING_TOLD,
) -> tuple[bytes, tuple[str, ...]]:
    """The content of a sidecar file that contains a photo's description.

    Args:
        existing: Content of the existing sidecar; None if there is none.
        description: Of the photo.
        inside: The photo's own packet, with which a new sidecar starts, because programs that read sidecars may ignore
            it; is changed.
        told: What the photo says outside of its packet.

    Returns:
        The content, the same bytes if it already contains the description; and the notes, see `describe`.

    Raises:
        PhotoUnreadableError: If the sidecar is damaged.
    """
    packet = (inside or XmpPacket.empty()) if existing is None else XmpPacket.parse(existing)
    before = packet.to_file()
    notes = describe(packet, description, told)
    content = packet.to_file()
    return (existing if existing is not None and content == before else content), notes
