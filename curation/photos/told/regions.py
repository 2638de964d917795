"""Named faces in XMP: regions of the Metadata Working Group, of Microsoft, of ACDSee and of the IPTC.

- `mwg-rs:Regions` (Guidelines 2.0, section 5.9): centre and size; digiKam, Picasa, Lightroom, Apple and most others.
- `MP:RegionInfo` (Windows people tagging): left upper corner and size.
- `acdsee-rs:Regions`: as the first, with two areas; the one that is shown counts.
- `Iptc4xmpExt:ImageRegion` (IPTC 2019.1): rectangles with relative measures, and `Iptc4xmpExt:PersonInImage` in them.
"""

from __future__ import annotations

from collections.abc import Iterator

from curation.domain.faces.regions import Area
from curation.domain.told.names import person_name
from curation.domain.told.places import FileRegion, RegionList
from curation.photos.told.structs import Struct, structs_of
from curation.photos.xmp.names import IPTC_EXT, MP, MP_REGION, MPRI, MWG_REGIONS, ST_AREA, ST_DIM, qualified
from curation.photos.xmp.packet import XmpPacket

__all__ = ["region_lists", "region_names"]

_ACDSEE = "http://ns.acdsee.com/regions/"
_ACDSEE_AREA = "http://ns.acdsee.com/sType/Area#"
_ACDSEE_DIM = "http://ns.acdsee.com/sType/Dimensions#"

_MWG = qualified(MWG_REGIONS, "Regions")
_MICROSOFT = qualified(MP, "RegionInfo")
_ACDSEE_REGIONS = qualified(_ACDSEE, "Regions")
_IPTC = qualified(IPTC_EXT, "ImageRegion")
_SIDES = 4
_MOST_REGIONS = 500
_SUGGESTED = ("suggestion", "suggested")


def region_lists(packet: XmpPacket, program: str, microsoft: str) -> list[RegionList]:
    """The lists of named faces, the most trusted form first; regions without a name or of other things are left out.

    Args:
        packet: Of a file.
        program: Who wrote the packet; empty if it is not known.
        microsoft: The same for the form of Microsoft.
    """
    out = []
    for name, names, area, dim, areas in (
        (_MWG, MWG_REGIONS, ST_AREA, ST_DIM, ("Area",)),
        (_ACDSEE_REGIONS, _ACDSEE, _ACDSEE_AREA, _ACDSEE_DIM, ("DLYArea", "ALGArea")),
    ):
        element = packet.element(name)
        if element is not None:
            out.append(_listed(Struct(element), names, area, dim, areas, program))
    element = packet.element(_MICROSOFT)
    if element is not None:
        out.append(RegionList(tuple(_microsoft(Struct(element)))[:_MOST_REGIONS], program=microsoft))
    element = packet.element(_IPTC)
    if element is not None:
        out.append(RegionList(tuple(_iptc(structs_of(element)))[:_MOST_REGIONS], program=program))
    return [one for one in out if one.regions]


def region_names(packet: XmpPacket) -> tuple[str, ...]:
    """The names of all regions of faces, also of those without a place."""
    element = packet.element(_MWG)
    found = [] if element is None else _faces(Struct(element), MWG_REGIONS)
    element = packet.element(_MICROSOFT)
    names = [person_name(struct.text(qualified(MWG_REGIONS, "Name"))) for struct in found]
    if element is not None:
        listed = Struct(element).structs(qualified(MPRI, "Regions"))
        names += [person_name(struct.text(qualified(MP_REGION, "PersonDisplayName"))) for struct in listed]
    return tuple(dict.fromkeys(name for name in names if name))


def _faces(regions: Struct, namespace: str) -> list[Struct]:
    listed = regions.structs(qualified(namespace, "RegionList"))
    return [one for one in listed if one.text(qualified(namespace, "Type")).lower() in ("", "face")]


def _listed(
    regions: Struct, names: str, area_names: str, dim_names: str, areas: tuple[str, ...], program: str
) -> RegionList:
    dimensions = regions.struct(qualified(names, "AppliedToDimensions"))
    width, height = (
        (None, None) if dimensions is None else (dimensions.number(qualified(dim_names, side)) for side in "wh")
    )
    found = []
    for one in _faces(regions, names):
        name = person_name(one.text(qualified(names, "Name")))
        if not name or one.text(qualified(names, "NameAssignType")).lower() in _SUGGESTED:
            continue
        for wanted in areas:
            area = one.struct(qualified(names, wanted))
            place = None if area is None else _area(area, area_names, width, height)
            if place is not None:
                found.append(FileRegion(name, place))
                break
    return RegionList(tuple(found[:_MOST_REGIONS]), width, height, program)


def _area(area: Struct, namespace: str, width: float | None, height: float | None) -> Area | None:
    x, y, w, h = (area.number(qualified(namespace, side)) for side in "xywh")
    if x is None or y is None or w is None or h is None or w <= 0 or h <= 0:
        return None
    if area.text(qualified(namespace, "unit")).lower().startswith("pixel"):
        if not width or not height:
            return None
        x, y, w, h = x / width, y / height, w / width, h / height
    return _inside(Area(x, y, w, h))


def _microsoft(info: Struct) -> Iterator[FileRegion]:
    for one in info.structs(qualified(MPRI, "Regions")):
        name = person_name(one.text(qualified(MP_REGION, "PersonDisplayName")))
        try:
            sides = [float(part) for part in one.text(qualified(MP_REGION, "Rectangle")).split(",")]
        except ValueError:
            continue
        if not name or len(sides) != _SIDES or min(sides[2:]) <= 0:
            continue
        x, y, w, h = sides
        area = _inside(Area(x + w / 2, y + h / 2, w, h))
        if area is not None:
            yield FileRegion(name, area)


def _iptc(regions: Iterator[Struct]) -> Iterator[FileRegion]:
    for one in regions:
        bounds = one.struct(qualified(IPTC_EXT, "RegionBoundary"))
        name = person_name(one.text(qualified(IPTC_EXT, "PersonInImage")))
        if bounds is None or not name or bounds.text(qualified(IPTC_EXT, "rbUnit")).lower() != "relative":
            continue
        x, y, w, h = (bounds.number(qualified(IPTC_EXT, side)) for side in ("rbX", "rbY", "rbW", "rbH"))
        if x is None or y is None or w is None or h is None or w <= 0 or h <= 0:
            continue
        area = _inside(Area(x + w / 2, y + h / 2, w, h))
        if area is not None:
            yield FileRegion(name, area)


def _inside(area: Area) -> Area | None:
    """The area; None if it cannot be one: not numbers, or its middle outside of the picture."""
    is_there = 0 <= area.x <= 1 and 0 <= area.y <= 1 and area.w <= 1.5 and area.h <= 1.5
    return area if is_there else None
