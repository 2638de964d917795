"""Face regions in XMP: `mwg-rs:Regions` of the Metadata Working Group (Guidelines 2.0, section 5.9).

A structure of AppliedToDimensions and a RegionList; each region has a Name, a Type and an Area, which is given by
its centre and size in normalised coordinates of the stored picture. Programs write structures in three ways:
with `rdf:parseType="Resource"`, with a nested `rdf:Description`, or as attributes; all are read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from lxml import etree

from curation.domain.faces.regions import Area, FaceRegion, StoredPicture, overlap
from curation.photos.xmp.names import MWG_REGIONS, RDF, ST_AREA, ST_DIM, plain_text, qualified, same_text
from curation.photos.xmp.packet import XmpPacket, array_items, new_element

__all__ = ["merge_regions", "other_picture"]

_REGIONS = qualified(MWG_REGIONS, "Regions")
_LIST = qualified(MWG_REGIONS, "RegionList")
_DIMENSIONS = qualified(MWG_REGIONS, "AppliedToDimensions")
_AREA = qualified(MWG_REGIONS, "Area")
_NAME = qualified(MWG_REGIONS, "Name")
_TYPE = qualified(MWG_REGIONS, "Type")
_DESCRIPTION = qualified(RDF, "Description")
_PARSE_TYPE = qualified(RDF, "parseType")

# Boxes of the same face from two programs overlap at least this much; if both have the same name, less is enough.
_SAME_FACE = 0.5
_SAME_NAMED_FACE = 0.1

_OTHER_PICTURE = "its face regions belong to a picture of another shape ({} x {}); they are unchanged, none was added"
_OTHER_NAMES = "{} named differently in its face regions; those names were not changed"


def merge_regions(packet: XmpPacket, picture: StoredPicture, regions: Sequence[FaceRegion]) -> tuple[str, ...]:
    """Add face regions to a packet.

    An existing region keeps its name; one without a name gets ours. If the existing regions belong to a picture of
    another shape (cropped, or with turned pixels), none is added, because ours would not match them.

    Args:
        packet: Is changed.
        picture: How the file stores the picture.
        regions: The named faces in it.

    Returns:
        Notes on what could not be added, in sentences.
    """
    other = other_picture(packet, picture)
    if other is not None:
        return (_OTHER_PICTURE.format(f"{other[0]:g}", f"{other[1]:g}"),)
    element = packet.element(_REGIONS)
    if element is None:
        element = packet.add_element(_REGIONS)
        element.set(_PARSE_TYPE, "Resource")
    struct = _fields(element)
    if _child(struct, _DIMENSIONS) is None:
        _write_dimensions(new_element(struct, _DIMENSIONS, attributes_of=ST_DIM), picture)
    region_list = _child(struct, _LIST)
    if region_list is None:
        region_list = new_element(struct, _LIST)
    found = array_items(region_list)
    array, items = found if found is not None else (new_element(region_list, qualified(RDF, "Bag")), [])
    known = [_fields(item) for item in items]
    other_names = 0
    for region in regions:
        same = next(_matches(known, region), None)
        if same is None:
            _write_region(new_element(array, qualified(RDF, "li")), region)
            continue
        known.remove(same)  # a region belongs to one face only
        name = _text(same, _NAME)
        if not name:
            _set_text(same, _NAME, region.name)
            if not _text(same, _TYPE):
                _set_text(same, _TYPE, "Face")
        elif same_text(name) != same_text(region.name):
            other_names += 1
    if not other_names:
        return ()
    return (_OTHER_NAMES.format("a face is" if other_names == 1 else f"{other_names} faces are"),)


def other_picture(packet: XmpPacket, picture: StoredPicture) -> tuple[float, float] | None:
    """Width and height of the picture to which the packet's regions belong, if it has another shape than this one."""
    element = packet.element(_REGIONS)
    dimensions = None if element is None else _child(_fields(element), _DIMENSIONS)
    if dimensions is None:
        return None
    width, height = (_number(_fields(dimensions), qualified(ST_DIM, side)) for side in "wh")
    if width and height and width > 0 and height > 0 and not picture.shows_same(width, height):
        return width, height
    return None


def _matches(known: Sequence[etree._Element], region: FaceRegion) -> Iterator[etree._Element]:
    """The regions that probably show the same face, the likeliest first."""
    rated = []
    for place, fields in enumerate(known):
        area = _area(fields)
        if area is None or _text(fields, _TYPE) not in ("", "Face"):
            continue
        same_name = same_text(_text(fields, _NAME)) == same_text(region.name)
        share = overlap(area, region.area)
        if share >= (_SAME_NAMED_FACE if same_name else _SAME_FACE):
            rated.append((same_name, share, -place))
    return (known[-place] for _, _, place in sorted(rated, reverse=True))


def _write_dimensions(element: etree._Element, picture: StoredPicture) -> None:
    _set_prefixed(element, ST_DIM, {"w": str(picture.width), "h": str(picture.height), "unit": "pixel"})


def _write_region(item: etree._Element, region: FaceRegion) -> None:
    item.set(_PARSE_TYPE, "Resource")
    new_element(item, _NAME).text = plain_text(region.name)
    new_element(item, _TYPE).text = "Face"
    area = region.area
    numbers = {side: f"{value:.6f}" for side, value in zip("xywh", area, strict=True)}
    _set_prefixed(new_element(item, _AREA, attributes_of=ST_AREA), ST_AREA, numbers | {"unit": "normalized"})


def _set_prefixed(element: etree._Element, namespace: str, values: dict[str, str]) -> None:
    for name, value in values.items():
        element.set(qualified(namespace, name), value)


def _fields(element: etree._Element) -> etree._Element:
    """The element that contains a structure's fields: itself, or the nested description."""
    inner = next((child for child in element if child.tag == _DESCRIPTION), None)
    return element if inner is None else inner


def _child(fields: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in fields if child.tag == name), None)


def _text(fields: etree._Element, name: str) -> str:
    value = fields.get(name)
    if value is None:
        child = _child(fields, name)
        value = None if child is None else child.text
    return str(value or "").strip()


def _set_text(fields: etree._Element, name: str, value: str) -> None:
    child = _child(fields, name)
    if child is not None:
        child.text = plain_text(value)
    elif name in fields.attrib or fields.tag == _DESCRIPTION:
        fields.set(name, plain_text(value))
    else:
        new_element(fields, name).text = plain_text(value)


def _number(fields: etree._Element, name: str) -> float | None:
    try:
        number = float(_text(fields, name))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _area(fields: etree._Element) -> Area | None:
    element = _child(fields, _AREA)
    if element is None:
        return None
    x, y, w, h = (_number(_fields(element), qualified(ST_AREA, side)) for side in "xywh")
    if x is None or y is None or not w or not h or w < 0 or h < 0:
        return None
    return Area(x, y, w, h)
