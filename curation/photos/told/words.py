"""What one source says of a photo: a packet of XMP, the ratings of EXIF, the keywords of IPTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from curation.domain.judging.picks import MAX_RATING, Pick
from curation.domain.told.names import person_name, person_of_tag
from curation.domain.told.places import RegionList
from curation.photos.told.regions import region_lists, region_names
from curation.photos.told.tiff_tags import PERCENT_TAG, RATING_TAG
from curation.photos.xmp.names import (
    DARKTABLE,
    DIGIKAM,
    IPTC_EXT,
    LIGHTROOM,
    MICROSOFT_PHOTO,
    XMP,
    XMP_DM,
    qualified,
)
from curation.photos.xmp.packet import XmpPacket

__all__ = ["SourceWords", "stars_of_percent", "words_of_exif", "words_of_keywords", "words_of_packet"]

_ACDSEE = "http://ns.acdsee.com/iptc/1.0/"
_PHOTO_MECHANIC = "http://ns.camerabits.com/photomechanic/1.0/"
_MEDIA_PRO = "http://ns.iview-media.com/mediapro/1.0/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_CAMERA_RAW = "http://ns.adobe.com/camera-raw-settings/1.0/"

_RATING = qualified(XMP, "Rating")
_LABEL = qualified(XMP, "Label")
_TOOL = qualified(XMP, "CreatorTool")
_LIGHTROOM_PICK = qualified(XMP_DM, "pick")
_PERCENT = qualified(MICROSOFT_PHOTO, "Rating")
_SIDECAR_FOR = qualified(_PHOTOSHOP, "SidecarForExtension")
_NAME_LISTS = (qualified(IPTC_EXT, "PersonInImage"), qualified(_MEDIA_PRO, "People"))
_TAG_LISTS = (
    (qualified(DIGIKAM, "TagsList"), "/|"),
    (qualified(LIGHTROOM, "hierarchicalSubject"), "|"),
    (qualified(MICROSOFT_PHOTO, "LastKeywordXMP"), "/"),
)
# Flags go before the rating -1, and marks for anything behind it.
_FLAGS = 2
_PICKS: tuple[tuple[str, Mapping[str, Pick], str], ...] = (
    (_LIGHTROOM_PICK, {"1": Pick.PICKED, "-1": Pick.REJECTED}, "Lightroom"),
    (qualified(DIGIKAM, "PickLabel"), {"3": Pick.PICKED, "1": Pick.REJECTED}, "digiKam"),
    (qualified(XMP_DM, "good"), {"true": Pick.PICKED, "false": Pick.REJECTED}, "Lightroom"),
    (qualified(_PHOTO_MECHANIC, "Tagged"), {"true": Pick.PICKED}, "Photo Mechanic"),
    (qualified(_ACDSEE, "tagged"), {"true": Pick.PICKED}, "ACDSee"),
)
_DATES = tuple(qualified(XMP, name) for name in ("MetadataDate", "ModifyDate"))
_DIGIKAM_COLOURS = ("", "Red", "Orange", "Yellow", "Green", "Blue", "Magenta", "Gray", "Black", "White")
_DARKTABLE_COLOURS = ("Red", "Yellow", "Green", "Blue", "Purple")
_PERCENT_FROM = (13, 38, 63, 88)  # the least percent of 2, 3, 4 and 5 stars
_MAX_LABEL_CHARS = 40
_MAX_NAMES = 200
_WHOLE_RATING = 0.01
# The programs that say of themselves who wrote a packet, by words in xmp:CreatorTool.
_TOOLS = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        ("lightroom", "Lightroom"),
        ("bridge", "Bridge"),
        ("digikam", "digiKam"),
        ("showfoto", "digiKam"),
        ("darktable", "darktable"),
        ("rawtherapee", "RawTherapee"),
        ("picasa", "Picasa"),
        ("capture one", "Capture One"),
        ("photo mechanic", "Photo Mechanic"),
        ("acdsee", "ACDSee"),
        ("photo gallery|microsoft", "Windows"),
        ("photos [0-9]|iphoto|aperture", "Apple Photos"),
        ("photoshop", "Photoshop"),
        ("curation", "Curation"),
    )
)


@dataclass(frozen=True, slots=True)
class SourceWords:
    """What one source says; None and empty parts are not said.

    Attributes:
        rating: 1 to 5 stars, 0 for "no stars".
        pick: Picked or rejected.
        is_judged: Whether the source has a flag for that, be it "neither".
        label: The colour label.
        names: Names without a place.
        regions: Named faces.
        program: Who wrote it; empty if it is not known.
        written: When it was written; None if it does not say.
        only_for: The extension of the file that a sidecar says it belongs to, lower case; empty if it does not say.
        pick_program: Who set the pick, if it is a flag; empty for the rating -1, and for marks of whole sources.
    """

    rating: int | None = None
    pick: Pick | None = None
    is_judged: bool = False
    label: str | None = None
    names: tuple[str, ...] = ()
    regions: tuple[RegionList, ...] = field(default=())
    program: str = ""
    written: datetime | None = None
    only_for: str = ""
    pick_program: str = ""


def words_of_packet(packet: XmpPacket) -> SourceWords:
    """What a packet says.

    Of several properties for one thing the first that is there decides, in the order of docs/files.md.
    """
    program = _program(packet)
    stars, is_rejected = _stars(packet)
    pick, pick_program = _pick(packet, is_rejected=is_rejected)
    is_judged = pick is not None or packet.text(_LIGHTROOM_PICK) is not None
    names = [person_name(name) for place in _NAME_LISTS for name in packet.values(place)]
    names += [person_of_tag(tag, separators) for place, separators in _TAG_LISTS for tag in packet.values(place)]
    names += region_names(packet)
    return SourceWords(
        stars,
        pick,
        is_judged,
        _label(packet),
        tuple(dict.fromkeys(name for name in names if name))[:_MAX_NAMES],
        tuple(region_lists(packet, program, program or "Windows")),
        program,
        _written(packet),
        (packet.text(_SIDECAR_FOR) or "").strip().lower(),
        pick_program,
    )


def words_of_exif(ratings: Mapping[int, int]) -> SourceWords:
    """What the two tags for ratings say."""
    stars = ratings.get(RATING_TAG)
    if stars is not None and 0 <= stars <= MAX_RATING:
        return SourceWords(rating=stars)
    percent = ratings.get(PERCENT_TAG)
    return SourceWords(rating=None if percent is None else stars_of_percent(percent))


def words_of_keywords(keywords: tuple[str, ...]) -> SourceWords:
    """The people among the keywords of IPTC, which are told only by their hierarchy: `People/Anna`, `People|Anna`."""
    names = (person_of_tag(keyword) for keyword in keywords)
    return SourceWords(names=tuple(dict.fromkeys(name for name in names if name))[:_MAX_NAMES])


def stars_of_percent(percent: float) -> int | None:
    """Stars of a rating in percent as Windows counts: 1, 25, 50, 75, 99; None if it is no such rating."""
    if not 0 <= percent <= 100:
        return None
    if percent == 0:
        return 0
    return 1 + sum(percent >= least for least in _PERCENT_FROM)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text.strip())
    except ValueError:
        return None


def _stars(packet: XmpPacket) -> tuple[int | None, bool]:
    """The stars, and whether the rating is that of rejected photos (-1)."""
    rating = _number(packet.text(_RATING))
    is_rejected = rating is not None and -1 - _WHOLE_RATING <= rating < 0
    if is_rejected:
        return 0, True
    if rating is not None and 0 <= rating <= MAX_RATING:
        return round(rating), False
    percent = _number(packet.text(_PERCENT))
    stars = None if percent is None else stars_of_percent(percent)
    if stars is None:
        other = _number(packet.text(qualified(_ACDSEE, "rating")))
        stars = None if other is None or not 0 <= other <= MAX_RATING else round(other)
    return stars, False


def _pick(packet: XmpPacket, *, is_rejected: bool) -> tuple[Pick | None, str]:
    """The pick, and who set it. "Neither" of one program does not hide what another one said."""
    for place, (name, meanings, program) in enumerate(_PICKS):
        if place == _FLAGS and is_rejected:
            return Pick.REJECTED, ""
        said = meanings.get((packet.text(name) or "").strip().lower())
        if said is not None:
            return said, program
    return None, ""


def _label(packet: XmpPacket) -> str | None:
    text = packet.text(_LABEL)
    if text is not None and text.strip():
        plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
        return plain[:_MAX_LABEL_CHARS]
    for name, colours in (
        (qualified(DIGIKAM, "ColorLabel"), _DIGIKAM_COLOURS),
        (qualified(DARKTABLE, "colorlabels"), _DARKTABLE_COLOURS),
    ):
        for value in packet.values(name)[:1]:
            if value.isdecimal() and int(value) < len(colours):
                return colours[int(value)]
    return None if text is None else ""


def _program(packet: XmpPacket) -> str:
    tool = packet.text(_TOOL) or ""
    for pattern, name in _TOOLS:
        if pattern.search(tool):
            return name
    for namespace, names, program in (
        (DIGIKAM, ("TagsList", "PickLabel", "ColorLabel"), "digiKam"),
        (DARKTABLE, ("xmp_version", "colorlabels", "history_end"), "darktable"),
        (_PHOTO_MECHANIC, ("Tagged", "Prefs"), "Photo Mechanic"),
        (_ACDSEE, ("rating", "categories", "tagged"), "ACDSee"),
        (LIGHTROOM, ("hierarchicalSubject",), "Lightroom"),
        (_CAMERA_RAW, ("Version",), "Camera Raw"),
        (MICROSOFT_PHOTO, ("Rating", "LastKeywordXMP"), "Windows"),
    ):
        if any(packet.text(qualified(namespace, name)) is not None for name in names):
            return program
    return ""


def _written(packet: XmpPacket) -> datetime | None:
    found = [time for name in _DATES if (time := _time(packet.text(name))) is not None]
    return max(found, default=None)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text.strip())
        # A time without a zone is compared as if it were UTC: of one photo, most programs write the same form.
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
