"""The XMP packet that a photo has already: one, or several that contradict each other and become one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.xmp.description import NOTHING_TOLD, Told, describe
from curation.photos.xmp.packet import XmpPacket

__all__ = ["OwnPacket", "described", "join_packets"]

_TWICE = "it had its XMP packet twice: the copy has it once"
_JOINED = "it had {} XMP packets that did not agree: the copy has one, where they differed with what the first said"
_DAMAGED = "it had another XMP packet, which is damaged and was left out of the copy; the original still has it"


@dataclass(frozen=True, slots=True, eq=False)
class OwnPacket:
    """What a photo has of XMP.

    Attributes:
        packet: All of it, joined; empty if there is none.
        is_single: Whether there is one packet at most.
        notes: What joining means for readers, in sentences.
        told: What the photo says outside of its packet.
    """

    packet: XmpPacket
    is_single: bool
    notes: tuple[str, ...]
    told: Told = NOTHING_TOLD


def join_packets(
    contents: Iterable[tuple[bytes, bytes | None]], *, damaged: int = 0, told: Told = NOTHING_TOLD
) -> OwnPacket:
    """Read the packets of a photo, and join them to one.

    The first one counts where they differ, as it does for Adobe's reader and for exiv2; others take the last one, so
    that none must be left.

    Args:
        contents: The packets in the order of the file, each with its rest in other segments of a JPEG.
        damaged: How many more there are that were found to be damaged.
        told: What the photo says outside of its packet.

    Raises:
        PhotoUnreadableError: If there are packets, and all are damaged.
    """
    packets: list[XmpPacket] = []
    faults: list[PhotoUnreadableError] = []
    for content, rest in contents:
        try:
            packets.append(XmpPacket.parse(content, rest))
        except PhotoUnreadableError as error:
            faults.append(error)
    if not packets:
        if faults:
            raise faults[0]
        return OwnPacket(XmpPacket.empty(), True, (), told)
    first, *others = packets
    differ = [first.join(other) for other in others]
    damaged += len(faults)
    notes = []
    if others:
        notes.append(_JOINED.format(len(packets)) if any(differ) else _TWICE)
    if damaged:
        notes.append(_DAMAGED)
    return OwnPacket(first, not others and not damaged, tuple(notes), told)


def described(own: OwnPacket, description: PhotoDescription) -> tuple[bool, tuple[str, ...]]:
    """Add a description to a photo's packet.

    Args:
        own: Its packet is changed.
        description: Of the photo.

    Returns:
        Whether anything is to be written, and the notes.
    """
    before = own.packet.to_packet()
    notes = describe(own.packet, description, own.told)
    changed = own.packet.to_packet() != before or not (own.is_single or description.is_silent)
    return changed, own.notes + notes
