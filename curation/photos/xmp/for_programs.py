"""Properties that single programs read besides those that all read; docs/export.md has the sources."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from curation.domain.choosing.export import PhotoDescription
from curation.domain.choosing.programs import Program
from curation.domain.judging.picks import Pick
from curation.photos.xmp.agreeing import PERCENT_OF_STARS, add_to_tree
from curation.photos.xmp.microsoft_regions import merge_microsoft_regions
from curation.photos.xmp.names import DARKTABLE, DIGIKAM, LIGHTROOM, MICROSOFT_PHOTO, XMP_DM, qualified
from curation.photos.xmp.packet import XmpPacket

__all__ = ["describe_for", "has_own_label"]

_LIGHTROOM_PICK = qualified(XMP_DM, "pick")
_HIERARCHY = qualified(LIGHTROOM, "hierarchicalSubject")
_TAGS = qualified(DIGIKAM, "TagsList")
_PICK_LABEL = qualified(DIGIKAM, "PickLabel")
_COLOUR_LABEL = qualified(DIGIKAM, "ColorLabel")
_DARKTABLE_COLOURS = qualified(DARKTABLE, "colorlabels")
_WINDOWS_RATING = qualified(MICROSOFT_PHOTO, "Rating")
_WINDOWS_KEYWORDS = qualified(MICROSOFT_PHOTO, "LastKeywordXMP")

_LIGHTROOM_PICKS: Mapping[Pick, str] = MappingProxyType({Pick.PICKED: "1", Pick.REJECTED: "-1"})
_DIGIKAM_PICKS: Mapping[Pick, str] = MappingProxyType({Pick.PICKED: "3", Pick.REJECTED: "1"})
_NO_LABEL = "0"
_DIGIKAM_COLOURS = ("", "red", "orange", "yellow", "green", "blue", "magenta", "gray", "black", "white")


def has_own_label(packet: XmpPacket, description: PhotoDescription) -> bool:
    """Whether the packet has a colour label of the description's program that `xmp:Label` would hide."""
    if description.program is Program.DARKTABLE:
        return bool(packet.values(_DARKTABLE_COLOURS))
    if description.program is Program.DIGIKAM:
        return (packet.text(_COLOUR_LABEL) or _NO_LABEL).strip() != _NO_LABEL
    return False


def describe_for(packet: XmpPacket, description: PhotoDescription, *, label: str | None) -> None:
    """Add what only the program reads that a description is for; nothing if it is for no program in particular.

    The program's own list of tags starts with the keywords that are there, because it hides them.

    Args:
        packet: Is changed; has the keywords as they were.
        description: Of the photo.
        label: The colour label that was set; None if it stayed as it was.
    """
    program = description.program
    if program is Program.LIGHTROOM and description.pick is not None:
        packet.set_text(_LIGHTROOM_PICK, _LIGHTROOM_PICKS[description.pick])
    if program in (Program.LIGHTROOM, Program.DARKTABLE) and description.tags:
        add_to_tree(packet, _HIERARCHY, "|", description.tags, ordered=False)
    if program in (Program.DIGIKAM, Program.IMMICH) and description.tags:
        add_to_tree(packet, _TAGS, "/", description.tags, ordered=True)
    if program is Program.DIGIKAM:
        if description.pick is not None:
            packet.set_text(_PICK_LABEL, _DIGIKAM_PICKS[description.pick])
        if label and label.lower() in _DIGIKAM_COLOURS:
            packet.set_text(_COLOUR_LABEL, str(_DIGIKAM_COLOURS.index(label.lower())))
    if program is Program.WINDOWS:
        if description.rating is not None and description.rating > 0:
            packet.set_text(_WINDOWS_RATING, str(PERCENT_OF_STARS[description.rating]))
        packet.add_to_bag(_WINDOWS_KEYWORDS, description.tags)
        merge_microsoft_regions(packet, description.regions)
