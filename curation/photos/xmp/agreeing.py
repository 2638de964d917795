"""Bringing all places of a fact in a packet into agreement with what the user said; the table is in `properties`.

Only what the user spoke of is changed. Whoever gave neither a star nor a pick leaves what the file says as it was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from curation.domain.choosing.export import PhotoDescription
from curation.domain.choosing.programs import Program
from curation.domain.judging.picks import MAX_RATING, Pick
from curation.photos.xmp.names import DARKTABLE, DC, DIGIKAM, LIGHTROOM, XMP, qualified, same_text
from curation.photos.xmp.packet import XmpPacket
from curation.photos.xmp.properties import UNCHANGED_PLACES, Fact, Form, Holder, Place, places_of

__all__ = [
    "PERCENT_OF_STARS",
    "add_to_tree",
    "settle_label",
    "settle_names",
    "settle_stars",
    "show_keywords",
    "stars_in",
    "stars_of_percent",
]

_RATING = qualified(XMP, "Rating")
_LABEL = qualified(XMP, "Label")
_SUBJECT = qualified(DC, "subject")
_HIERARCHY = qualified(LIGHTROOM, "hierarchicalSubject")
_COLOUR_LABEL = qualified(DIGIKAM, "ColorLabel")
_DARKTABLE_COLOURS = qualified(DARKTABLE, "colorlabels")

_PEOPLE = "People"  # under which digiKam and Lightroom put the names of people
PERCENT_OF_STARS: Mapping[int, int] = MappingProxyType({0: 0, 1: 1, 2: 25, 3: 50, 4: 75, 5: 99})
"""The scale of Microsoft for 0 to 5 stars."""
_PICK_FORMS: Mapping[Form, Mapping[Pick, str]] = MappingProxyType(
    {
        Form.PICK: {Pick.PICKED: "1", Pick.REJECTED: "-1"},
        Form.PICK_LABEL: {Pick.PICKED: "3", Pick.REJECTED: "1"},
        Form.TRUE_OR_FALSE: {Pick.PICKED: "True", Pick.REJECTED: "False"},
    }
)
# What says "rejected" without a doubt; "False" may only mean that nobody looked.
_SAYS_REJECTED: Mapping[Form, str] = MappingProxyType({Form.PICK: "-1", Form.PICK_LABEL: "1"})
_PREFS_FIELDS = 4
_COLOURS = ("", "red", "orange", "yellow", "green", "blue", "magenta", "gray", "black", "white")  # digiKam's numbers
_DARKTABLE_NUMBERS = ("red", "yellow", "green", "blue", "purple")


def stars_of_percent(percent: float) -> int:
    """The stars nearest to a value of Microsoft's scale."""
    return min(PERCENT_OF_STARS, key=lambda stars: abs(PERCENT_OF_STARS[stars] - percent))


def stars_in(packet: XmpPacket) -> int | None:
    """The stars that a packet says beside `xmp:Rating`; None if it says none."""
    for place in places_of(Fact.STARS, Holder.XMP):
        number = None if place.is_primary else _number(packet.text(str(place.key)))
        if number is None or number <= 0:
            continue
        if place.form is Form.PERCENT:
            return stars_of_percent(number)
        if number <= MAX_RATING:
            return round(number)
    return None


def settle_stars(packet: XmpPacket, description: PhotoDescription, *, told: int | None = None) -> tuple[str, ...]:
    """Set stars and rejection everywhere where the packet has them, and in `xmp:Rating` in any case.

    A photo that was picked, without stars, stops being rejected: `xmp:Rating` -1 becomes the stars that the file says
    elsewhere, or 0, which is none.

    Args:
        packet: Is changed.
        description: Of the photo.
        told: The stars that the file says outside of the packet; None for none.

    Returns:
        Notes on what still says otherwise.
    """
    rating, pick = description.rating, description.pick
    rated = _number(packet.text(_RATING))
    if rating is not None:
        packet.set_text(_RATING, str(rating))
    elif pick is Pick.PICKED and rated is not None and rated < 0:
        packet.set_text(_RATING, str(stars_in(packet) or told or 0))
    for place in places_of(Fact.STARS, Holder.XMP):
        if not place.is_primary and packet.has(str(place.key)):
            _settle_other_stars(packet, place, rating, pick)
    notes = []
    for place in places_of(Fact.FLAG, Holder.XMP):
        key, form = str(place.key), place.form
        if place.is_primary or not packet.has(key):
            continue
        if pick is not None:
            packet.set_text(key, _PICK_FORMS[form][pick])
        elif rating is not None and rating > 0 and (packet.text(key) or "").strip() == _SAYS_REJECTED.get(form):
            notes.append(f"its {place.title} still says rejected, for {place.readers[0]}: you gave stars, but no pick")
    return tuple(notes)


def _settle_other_stars(packet: XmpPacket, place: Place, rating: int | None, pick: Pick | None) -> None:
    key = str(place.key)
    if place.form is Form.THIRD_OF_FOUR:
        fields = (packet.text(key) or "").split(":")
        if len(fields) != _PREFS_FIELDS:
            return
        if pick is not None:
            fields[0] = "1" if pick is Pick.PICKED else "0"
        if rating is not None:
            fields[2] = str(max(0, rating))
        packet.set_text(key, ":".join(fields))
        return
    number = _number(packet.text(key))
    stars = None if rating is None else max(0, rating)
    if stars is None and pick is Pick.PICKED and number is not None and number < 0:
        stars = 0
    if stars is None:
        return
    packet.set_text(key, str(PERCENT_OF_STARS[stars] if place.form is Form.PERCENT else stars))


def settle_label(packet: XmpPacket, label: str | None, program: Program | None = None) -> tuple[str, ...]:
    """Bring colours of single programs into agreement with a label that was set.

    Args:
        packet: Is changed.
        label: What `xmp:Label` is by the user's pick; None if it is of the file, or there is none.
        program: The only one that will read it; None for no one in particular.

    Returns:
        Notes on colours that the user gave in a program that may read it; they stay.
    """
    wanted = (label or "").casefold()
    if wanted not in _COLOURS[1:]:
        return ()
    notes = []
    if packet.has(_COLOUR_LABEL):
        known = (packet.text(_COLOUR_LABEL) or "").strip() or "0"
        if known == "0":
            packet.set_text(_COLOUR_LABEL, str(_COLOURS.index(wanted)))
        elif known != str(_COLOURS.index(wanted)) and program in (None, Program.DIGIKAM):
            notes.append(f"its digiKam:ColorLabel has another colour, which stays: digiKam does not show {label}")
    colours = [_DARKTABLE_NUMBERS[int(each)] for each in packet.values(_DARKTABLE_COLOURS) if each in tuple("01234")]
    if colours and wanted not in colours and program in (None, Program.DARKTABLE):
        notes.append(f"its darktable:colorlabels has another colour, which stays: darktable does not show {label}")
    return tuple(notes)


def show_keywords(packet: XmpPacket, told: Sequence[str]) -> None:
    """Begin a list of keywords, where there is none, with those that it would hide.

    Args:
        packet: Is changed.
        told: Keywords that the file says outside of the packet.
    """
    if not packet.values(_SUBJECT):
        packet.add_to_bag(_SUBJECT, _keywords_elsewhere(packet) or told)


def settle_names(packet: XmpPacket, description: PhotoDescription) -> tuple[str, ...]:
    """Add names to every list of keywords and people that the packet has, in the form of each, none twice.

    The primary lists get them in any case. A name that is there in another form of Unicode, or with spaces around it,
    is there: the spelling of the file stays.

    Args:
        packet: Is changed.
        description: Of the photo.

    Returns:
        Notes on lists that cannot be changed.
    """
    for place in reversed(places_of(Fact.KEYWORDS, Holder.XMP)):  # the primary last: lists may start with its keywords
        key = str(place.key)
        if place.is_primary:
            packet.add_to_bag(key, description.tags)
        elif description.tags and packet.has(key):
            _add_keywords(packet, place, description.tags)
    for place in places_of(Fact.PEOPLE, Holder.XMP):
        if place.is_primary or packet.has(str(place.key)):
            packet.add_to_bag(str(place.key), description.names)
    said = {Fact.KEYWORDS: description.tags, Fact.PEOPLE: description.names, Fact.REGIONS: description.regions}
    return tuple(
        f"its {place.title} was not changed: {place.readers[0]} may not show the names"
        for place in UNCHANGED_PLACES
        if packet.has(str(place.key)) and said.get(place.fact)
    )


def _keywords_elsewhere(packet: XmpPacket) -> list[str]:
    """The keywords of the first list that has any: a new `dc:subject` would hide them."""
    for place in places_of(Fact.KEYWORDS, Holder.XMP):
        known = [] if place.is_primary else packet.values(str(place.key))
        separator = "|" if place.form is Form.TREE_WITH_BARS else "/"
        if known:
            return [each if place.form is Form.NAMES else each.rpartition(separator)[2] for each in known]
    return []


def _add_keywords(packet: XmpPacket, place: Place, tags: Sequence[str]) -> None:
    key = str(place.key)
    if place.form is Form.NAMES:
        packet.add_to_bag(key, tags)
    elif place.form is Form.TREE_WITH_BARS:
        add_to_tree(packet, key, "|", tags, ordered=False)
    elif place.form is Form.TREE_WITH_SLASHES:
        add_to_tree(packet, key, "/", tags, ordered=True)
    elif any("/" in each for each in packet.values(key)):
        add_to_tree(packet, key, "/", tags, ordered=False)
    else:
        packet.add_to_bag(key, tags)


def add_to_tree(packet: XmpPacket, name: str, separator: str, tags: Sequence[str], *, ordered: bool) -> None:
    """Add names to a list of paths, under "People"; a new list starts with the keywords that it would hide.

    Args:
        packet: Is changed.
        name: The qualified name of the list.
        separator: Of the parts of a path.
        tags: The names.
        ordered: Whether a new list is a sequence.
    """
    known = packet.values(name)
    if not known:
        known = _paths_elsewhere(packet, separator) or packet.values(_SUBJECT)
        packet.add_to_bag(name, known, ordered=ordered)
    # A name that is a keyword somewhere in the person's own hierarchy stays there.
    last = {same_text(each.rpartition(separator)[2]) for each in known} | {same_text(each) for each in known}
    wanted = (tag.replace(separator, " ") for tag in tags if same_text(tag) not in last)
    new = (f"{_PEOPLE}{separator}{tag}" for tag in wanted if same_text(tag) not in last)
    packet.add_to_bag(name, new, ordered=ordered)


def _paths_elsewhere(packet: XmpPacket, separator: str) -> tuple[str, ...]:
    """The paths of the first other list that has any, those of Lightroom first."""
    trees = (
        (place, "|" if place.form is Form.TREE_WITH_BARS else "/")
        for place in sorted(places_of(Fact.KEYWORDS, Holder.XMP), key=lambda place: place.key != _HIERARCHY)
        if place.form in (Form.TREE_WITH_BARS, Form.TREE_WITH_SLASHES)
    )
    found = (tuple(each.replace(old, separator) for each in packet.values(str(place.key))) for place, old in trees)
    return next((paths for paths in found if paths), ())


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None
