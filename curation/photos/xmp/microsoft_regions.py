"""Face regions as programs of Microsoft read them: `MP:RegionInfo`, the people tags of Windows.

Each region has a name, and a rectangle by its left upper corner and its size as fractions of the stored picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from curation.domain.faces.regions import Area, FaceRegion, overlap
from curation.photos.xmp.names import MP, MP_REGION, MPRI, RDF, plain_text, qualified
from curation.photos.xmp.packet import XmpPacket, array_items, new_element

__all__ = ["merge_microsoft_regions"]

_INFO = qualified(MP, "RegionInfo")
_REGIONS = qualified(MPRI, "Regions")
_RECTANGLE = qualified(MP_REGION, "Rectangle")
_NAME = qualified(MP_REGION, "PersonDisplayName")
_DESCRIPTION = qualified(RDF, "Description")
_PARSE_TYPE = qualified(RDF, "parseType")
_SAME_FACE = 0.5
_SIDES = 4


def merge_microsoft_regions(packet: XmpPacket, regions: Sequence[FaceRegion]) -> None:
    """Add face regions to a packet; a region that is there keeps its name, and gets ours if it has none.

    Args:
        packet: Is changed.
        regions: The named faces.
    """
    if not regions:
        return
    element = packet.element(_INFO)
    if element is None:
        element = packet.add_element(_INFO)
        element.set(_PARSE_TYPE, "Resource")
    info = _fields(element)
    holder = next((child for child in info if child.tag == _REGIONS), None)
    if holder is None:
        holder = new_element(info, _REGIONS)
    found = array_items(holder)
    bag, items = found if found is not None else (new_element(holder, qualified(RDF, "Bag")), [])
    known = [_fields(item) for item in items]
    for region in regions:
        same = next((each for each in known if _shows(each, region.area)), None)
        if same is None:
            item = new_element(bag, qualified(RDF, "li"))
            item.set(_PARSE_TYPE, "Resource")
            new_element(item, _RECTANGLE).text = _rectangle(region.area)
            new_element(item, _NAME).text = plain_text(region.name)
            continue
        known.remove(same)
        if not _text(same, _NAME):
            child = next((each for each in same if each.tag == _NAME), None)
            (new_element(same, _NAME) if child is None else child).text = plain_text(region.name)
            if _NAME in same.attrib:
                del same.attrib[_NAME]


def _fields(element: etree._Element) -> etree._Element:
    inner = next((child for child in element if child.tag == _DESCRIPTION), None)
    return element if inner is None else inner


def _text(fields: etree._Element, name: str) -> str:
    value = fields.get(name)
    if value is None:
        value = next((child.text for child in fields if child.tag == name), None)
    return str(value or "").strip()


def _rectangle(area: Area) -> str:
    x, y, w, h = area
    return f"{max(0.0, x - w / 2):.6f}, {max(0.0, y - h / 2):.6f}, {w:.6f}, {h:.6f}"


def _shows(fields: etree._Element, area: Area) -> bool:
    try:
        sides = [float(part) for part in _text(fields, _RECTANGLE).split(",")]
    except ValueError:
        return False
    if len(sides) != _SIDES or min(sides[2:]) <= 0:
        return False
    x, y, w, h = sides
    return overlap(Area(x + w / 2, y + h / 2, w, h), area) >= _SAME_FACE
