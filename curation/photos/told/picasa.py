"""Picasa's .picasa.ini, one for each folder: stars and named faces.

Facts from the public descriptions of the file and from the converter that comes with exiftool:
`faces=rect64(HEX),ID;...` has the corners of a face as four numbers of 16 bits, written as one hexadecimal number
without leading zeros; names stand in `[Contacts2]` as `ID=Name;;`, in older files only in Picasa's contacts.xml.
Regions of JPEGs refer to the stored picture, those of RAW files to the upright one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from curation.domain.faces.regions import Area
from curation.domain.judging.picks import Pick
from curation.domain.told.names import person_name
from curation.domain.told.places import FileRegion, RegionList
from curation.photos.files.formats import RAW_EXTENSIONS
from curation.photos.told.words import SourceWords

__all__ = ["PicasaFolder", "contacts_of", "parse_picasa"]

_FACE = re.compile(r"rect64\(([0-9a-fA-F]{1,16})\),([0-9a-fA-F]+)")
_SECTION = re.compile(r"^\[(.+)\]\s*$")
_CONTACTS = frozenset({"contacts", "contacts2"})
_TURNED = re.compile(r"rotate\((\d)\)")
_NOT_TURNED = "0"
_SIDE = 0xFFFF
_MAX_LINES = 500_000
_EDITED = "it was cropped or turned in Picasa, so that the faces that Picasa marked there are not used"


@dataclass(frozen=True, slots=True)
class PicasaFolder:
    """The entries of a .picasa.ini by file name in lower case, and the names of its contacts."""

    photos: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)

    def words(self, name: str, contacts: Mapping[str, str]) -> tuple[SourceWords | None, tuple[str, ...]]:
        """What it says of a photo, and notes.

        Args:
            name: Of the photo's file.
            contacts: More names by id, from contacts.xml.
        """
        entry = self.photos.get(name.casefold())
        if entry is None:
            return None, ()
        people = {**contacts, **self.contacts}
        found = [
            (person_name(people.get(who.lower(), "")), area)
            for rectangle, who in _FACE.findall(entry.get("faces", ""))
            if (area := _area(rectangle)) is not None
        ]
        regions = tuple(FileRegion(who, area) for who, area in found if who)
        notes: tuple[str, ...] = ()
        turned = _TURNED.search(entry.get("rotate", ""))
        if regions and ((turned and turned[1] != _NOT_TURNED) or "crop" in entry or "crop" in entry.get("filters", "")):
            regions, notes = (), (_EDITED,)
        pick = Pick.PICKED if entry.get("star", "").strip().lower() == "yes" else None
        names = tuple(dict.fromkeys(who for who, _ in found if who))
        if pick is None and not names:
            return None, notes
        is_raw = name.rpartition(".")[2].lower() in RAW_EXTENSIONS
        listed = (RegionList(regions, program="Picasa", is_upright=is_raw),) if regions else ()
        return SourceWords(pick=pick, names=names, regions=listed, program="Picasa"), notes


def parse_picasa(content: bytes) -> PicasaFolder:
    """Read a .picasa.ini; lines that are not understood are passed over."""
    photos: dict[str, dict[str, str]] = {}
    contacts: dict[str, str] = {}
    section = ""
    for line in content.decode("utf-8-sig", "replace").splitlines()[:_MAX_LINES]:
        head = _SECTION.match(line.strip())
        if head is not None:
            section = head[1].strip().casefold()
            continue
        key, equals, value = line.partition("=")
        if not equals or not section:
            continue
        if section in _CONTACTS:
            name = person_name(value.split(";")[0]) if section == "contacts2" else ""
            if name:
                contacts[key.strip().lower()] = name
        else:
            photos.setdefault(section, {})[key.strip().lower()] = value.strip()
    return PicasaFolder(photos, contacts)


def contacts_of(content: bytes) -> dict[str, str]:
    """The names in Picasa's contacts.xml by id; none if it is damaged."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return {}
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return {}
    out: dict[str, str] = {}
    for contact in root.iter("contact"):
        name = person_name(contact.get("display") or contact.get("name"))
        if contact.get("id") and name:
            out[str(contact.get("id")).lower()] = name
    return out


def _area(rectangle: str) -> Area | None:
    number = int(rectangle, 16)
    left, top, right, bottom = ((number >> shift & _SIDE) / _SIDE for shift in (48, 32, 16, 0))
    if right <= left or bottom <= top:
        return None
    return Area((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
