"""Structures in XMP, in the three forms in which programs write them: nested, flat, or as attributes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lxml import etree

from curation.photos.xmp.names import RDF, qualified
from curation.photos.xmp.packet import array_items

__all__ = ["Struct", "structs_of"]

_DESCRIPTION = qualified(RDF, "Description")
_LI = qualified(RDF, "li")
_MOST_ITEMS = 2000


class Struct:
    """The fields of a structure."""

    def __init__(self, element: etree._Element) -> None:
        """Take the element of a property or of an item of a list."""
        inner = next((child for child in element if child.tag == _DESCRIPTION), None)
        self._outer = element
        self.element = element if inner is None else inner

    def text(self, name: str) -> str:
        """A simple field, also the first of several languages; empty if there is none."""
        for place in (self.element, self._outer):
            value = place.get(name)
            if value is not None:
                return str(value).strip()
        child = self._child(name)
        if child is None:
            return ""
        text = (child.text or "").strip()
        return text or str(next((item.text for item in child.iter(_LI) if item.text), "") or "").strip()

    def number(self, name: str) -> float | None:
        """A finite number; None if there is none."""
        try:
            number = float(self.text(name))
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def struct(self, name: str) -> Struct | None:
        """A field that is a structure itself; None if there is none."""
        child = self._child(name)
        return None if child is None else Struct(child)

    def structs(self, name: str) -> Iterator[Struct]:
        """The structures in a field that is a list."""
        child = self._child(name)
        return iter(()) if child is None else structs_of(child)

    def _child(self, name: str) -> etree._Element | None:
        return next((child for child in self.element if child.tag == name), None)


def structs_of(element: etree._Element) -> Iterator[Struct]:
    """The structures in a property that is a list."""
    found = array_items(element)
    return (Struct(item) for item in (() if found is None else found[1][:_MOST_ITEMS]))
