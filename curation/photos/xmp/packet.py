"""XMP packets as trees: reading them, changing single properties, writing them; everything else is preserved.

Adobe's XMP specification, part 1 (the data model and its RDF) and part 3 (packets in files). A property may be an
element or an attribute of any of several `rdf:Description`s; all these forms are supported, and unknown content is
not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from itertools import chain
from typing import Final

from lxml import etree

from curation.errors import PhotoUnreadableError
from curation.photos.xmp.names import (
    DC,
    DIGIKAM,
    IPTC_EXT,
    MWG_REGIONS,
    NAMESPACES,
    PROGRAM_NAMESPACES,
    RDF,
    TIFF,
    XMP,
    XMP_META,
    XMP_NOTE,
    plain_text,
    qualified,
    same_text,
)
from curation.photos.xmp.packet_tree import MAX_PACKET_BYTES, packet_tree

__all__ = ["MAX_PACKET_BYTES", "XmpPacket", "array_items", "new_element"]

_MOST_PROPERTIES: Final = 5_000
"""Of a packet; more are not read. Programs write some hundred; long lists, such as the names of a document's
ancestors, are one property."""

_RDF_ROOT = qualified(RDF, "RDF")
_DESCRIPTION = qualified(RDF, "Description")
_ABOUT = qualified(RDF, "about")
_VALUE = qualified(RDF, "value")
_LI = qualified(RDF, "li")
_BAG = qualified(RDF, "Bag")
_SEQ = qualified(RDF, "Seq")
_ARRAYS = (_BAG, _SEQ, qualified(RDF, "Alt"))
_HAS_EXTENDED = qualified(XMP_NOTE, "HasExtendedXMP")
# Attributes of rdf:Description that are not properties.
_SYNTAX = frozenset({*(qualified(RDF, name) for name in ("about", "ID", "nodeID")), "about", "ID"})
# Properties that most programs read stay in the part that all programs read, the short ones in any case.
_SHORT = frozenset({qualified(XMP, "Rating"), qualified(XMP, "Label"), qualified(TIFF, "Orientation"), _HAS_EXTENDED})
_SOUGHT = _SHORT | {
    qualified(DC, "subject"),
    qualified(IPTC_EXT, "PersonInImage"),
    qualified(MWG_REGIONS, "Regions"),
}
_LISTS_OF_NAMES = frozenset({qualified(DC, "subject"), qualified(DIGIKAM, "TagsList")})  # also where they are sequences

_PACKET_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'.encode()
_PACKET_TAIL = b'\n<?xpacket end="w"?>'
_FILE_HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'


class XmpPacket:
    """A packet whose properties can be read and changed."""

    def __init__(self, root: etree._Element) -> None:
        """Wrap a tree; use `empty` and `parse`.

        Raises:
            PhotoUnreadableError: If it contains no rdf:RDF, or far more properties than any program writes.
        """
        rdf = next(root.iter(_RDF_ROOT), None)
        if rdf is None:
            raise PhotoUnreadableError("its XMP packet contains no rdf:RDF")
        # Each look for a property goes through all of them.
        if sum(1 + len(each) + len(each.attrib) for each in rdf) > _MOST_PROPERTIES:
            raise PhotoUnreadableError(f"its XMP packet has more than {_MOST_PROPERTIES:,} properties")
        self._root = root
        self._rdf = rdf
        self._own: etree._Element | None = None

    @classmethod
    def empty(cls) -> XmpPacket:
        """A packet without properties."""
        root = etree.Element(qualified(XMP_META, "xmpmeta"), nsmap={"x": XMP_META})
        etree.SubElement(root, _RDF_ROOT, nsmap={"rdf": RDF})
        return cls(root)

    @classmethod
    def parse(cls, content: bytes, extended: bytes | None = None) -> XmpPacket:
        """Read a packet or a sidecar file.

        Args:
            content: With or without the `xpacket` instructions around it.
            extended: The rest, which did not fit into the first segment of a JPEG.

        Raises:
            PhotoUnreadableError: If it is not XML that contains an rdf:RDF.
        """
        packet = cls(packet_tree(content))
        if extended is not None:
            packet._take_over(cls(packet_tree(extended)))
        return packet

    def has(self, name: str) -> bool:
        """Whether there is a property of this qualified name, even an empty one."""
        return any(name in each.attrib for each in self._descriptions()) or self.element(name) is not None

    def text(self, name: str) -> str | None:
        """A simple property's value by its qualified name; None if there is none."""
        for description in self._descriptions():
            value = description.get(name)
            if value is not None:
                return str(value)
        element = self.element(name)
        if element is None:
            return None
        owner, attribute = _value_place(element)
        return str(owner.get(attribute)) if attribute is not None else str(owner.text or "")

    def element(self, name: str) -> etree._Element | None:
        """A property's element by its qualified name; None if there is none, or if it is an attribute."""
        return next((child for each in self._descriptions() for child in each if child.tag == name), None)

    def set_text(self, name: str, value: str) -> None:
        """Set a simple property's value, wherever the property is."""
        places = [(each, True) for each in self._descriptions() if name in each.attrib]
        places += [(child, False) for each in self._descriptions() for child in each if child.tag == name]
        for place, is_attribute in places[1:]:
            _remove(place, name if is_attribute else None)
        if not places:
            self.add_element(name).text = plain_text(value)
        elif places[0][1]:
            places[0][0].set(name, plain_text(value))
        else:
            owner, attribute = _value_place(places[0][0])
            if attribute is not None:
                owner.set(attribute, plain_text(value))
            elif owner is places[0][0]:
                tail = owner.tail
                owner.clear()
                owner.text, owner.tail = plain_text(value), tail
            else:
                del owner[:]
                owner.text = plain_text(value)

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a list by its qualified name; empty if there is none."""
        element = self.element(name)
        if element is None:
            text = self.text(name)
            return (text,) if text else ()
        found = array_items(element)
        if found is None:
            text = (element.text or "").strip()
            return (text,) if text else ()
        return tuple((item.text or "").strip() for item in found[1])

    def add_to_bag(self, name: str, values: Iterable[str], *, ordered: bool = False) -> None:
        """Add to a list those values that it does not contain, also in another form of Unicode or with more spaces.

        Args:
            name: The qualified name of the list.
            values: To add.
            ordered: Whether a new list is a sequence.
        """
        wanted = [plain_text(value) for value in values]
        if not wanted:
            return
        element = self.element(name)
        lone = next((each for each in self._descriptions() if name in each.attrib), None)
        if element is None:
            element = self.add_element(name)
        bag = next((child for child in element if child.tag in _ARRAYS), None)
        if bag is None:
            # A list of one value that was written as plain text.
            text = (element.text or "").strip()
            element.text = None
            bag = new_element(element, _SEQ if ordered else _BAG)
            if text:
                new_element(bag, _LI).text = text
        if lone is not None:
            new_element(bag, _LI).text = str(lone.attrib.pop(name))
        known = {same_text(item.text or "") for item in bag if item.tag == _LI}
        for value in wanted:
            if same_text(value) not in known:
                new_element(bag, _LI).text = value
                known.add(same_text(value))

    def add_element(self, name: str) -> etree._Element:
        """Add an empty property by its qualified name, in our own rdf:Description."""
        if self._own is None:
            about = next((each.get(_ABOUT, each.get("about")) for each in self._descriptions()), None)
            prefixes = {prefix: uri for prefix, uri in NAMESPACES.items() if uri not in (RDF, XMP_NOTE)}
            self._own = etree.SubElement(self._rdf, _DESCRIPTION, nsmap=self._as_declared(prefixes))
            self._own.set(_ABOUT, about or "")
        namespace = etree.QName(name).namespace
        if namespace in self._own.nsmap.values():
            return new_element(self._own, name)
        usual = {prefix: uri for prefix, uri in PROGRAM_NAMESPACES.items() if uri == namespace}
        return etree.SubElement(self._own, name, nsmap=self._as_declared(usual))

    def _as_declared(self, prefixes: Mapping[str, str]) -> dict[str, str]:
        """Namespaces by the prefixes that they have in this packet: Adobe's toolkit refuses two for one namespace.

        Old programs write `xap` for `xmp`, for example.
        """
        declared: dict[str, str] = {}
        for element in self._root.iter(tag=etree.Element):
            for prefix, uri in element.nsmap.items():
                if prefix is not None:
                    declared.setdefault(uri, prefix)
        return {declared.get(uri, prefix): uri for prefix, uri in prefixes.items()}

    @property
    def rest_name(self) -> str | None:
        """The name of the packet's rest, which is in other segments of a JPEG; None if it has none."""
        return self.text(_HAS_EXTENDED)

    def to_packet(self) -> bytes:
        """The bytes for embedding, in UTF-8."""
        return _PACKET_HEAD + self._serialised() + _PACKET_TAIL

    def to_file(self) -> bytes:
        """The content of a sidecar file, in UTF-8."""
        return _FILE_HEAD + self._serialised() + b"\n"

    def split(self, max_bytes: int, digest: Callable[[bytes], str]) -> tuple[bytes, bytes | None]:
        """The bytes for embedding, and a rest if they are too many (XMP specification, part 3, section 1.1.3.1).

        Args:
            max_bytes: Of the first part.
            digest: Returns the name by which the first part refers to the rest.

        Raises:
            PhotoUnreadableError: If the first part cannot be made short enough.
        """
        whole = self.to_packet()
        if len(whole) <= max_bytes:
            return whole, None
        movable = self._movable()
        # The shortest rest that makes the first part short enough: the first part only shrinks as more is moved.
        fewest, most = 1, len(movable)
        found = None
        while fewest <= most:
            count = (fewest + most) // 2
            tried = self._parted(chain.from_iterable(movable[:count]), digest)
            if len(tried[0]) <= max_bytes:
                found, most = tried, count - 1
            else:
                fewest = count + 1
        if found is None:
            raise PhotoUnreadableError("its description does not fit into its XMP packet")
        return found

    def _movable(self) -> list[list[int]]:
        """The numbers of the properties that may be moved into the rest, those of one name together.

        The first are moved first. What stands in both parts would count once when they are joined again.
        """
        groups: dict[str, list[int]] = {}
        sizes: dict[str, int] = {}
        for number, found in enumerate(self._properties()):
            name = _name(*found)
            groups.setdefault(name, []).append(number)
            sizes[name] = sizes.get(name, 0) + _size(*found)
        by_size = sorted(groups, key=lambda name: sizes[name], reverse=True)
        last = [name for name in by_size if name in _SOUGHT and name not in _SHORT]
        return [groups[name] for name in (*(name for name in by_size if name not in _SOUGHT), *last)]

    def _parted(self, moved: Iterable[int], digest: Callable[[bytes], str]) -> tuple[bytes, bytes]:
        """The bytes of both parts if these properties, by their numbers, are in the rest."""
        short, rest = XmpPacket(deepcopy(self._root)), XmpPacket.empty()
        about = next((each.get(_ABOUT) for each in short._descriptions()), None)
        target = new_element(rest._rdf, _DESCRIPTION)
        target.set(_ABOUT, about or "")
        places = list(short._properties())
        for number in moved:
            _move(*places[number], target)
        extended = rest._serialised()
        short.set_text(_HAS_EXTENDED, digest(extended))
        return short.to_packet(), extended

    def _serialised(self) -> bytes:
        content: bytes = etree.tostring(self._root, encoding="UTF-8", xml_declaration=False, with_tail=False)
        return content

    def _descriptions(self) -> Iterator[etree._Element]:
        return (child for child in self._rdf if child.tag == _DESCRIPTION)

    def _properties(self) -> Iterator[tuple[etree._Element, str | None]]:
        """Each property: the description and the attribute's name, or the element and None."""
        for description in self._descriptions():
            yield from ((description, str(name)) for name in description.attrib if name not in _SYNTAX)
            yield from ((child, None) for child in description if isinstance(child.tag, str))

    def join(self, other: XmpPacket) -> bool:
        """Take over what another packet of the same photo says: missing properties, and the items of lists.

        Where both say something else in a property that is no list, this one counts.

        Returns:
            Whether the other packet said anything else.
        """
        before = {_name(*found): _said(*found) for found in self._properties()}
        told = {_name(*found): _said(*found) for found in other._properties()}
        told.pop(_HAS_EXTENDED, None)
        lists = [packet._arrays() for packet in (self, other)]
        for name in lists[0].keys() & lists[1].keys():
            if told.get(name) != before[name]:
                self._join_list(name, other, [found[name] for found in lists])
        self._take_over(other)
        return any(before.get(name) != said for name, said in told.items())

    def _arrays(self) -> dict[str, etree._Element]:
        """The properties that are lists, by name; of several of one name the first counts."""
        first: dict[str, etree._Element] = {}
        for owner, name in self._properties():
            if name is None:
                first.setdefault(str(owner.tag), owner)
        return {name: owner for name, owner in first.items() if array_items(owner) is not None}

    def _join_list(self, name: str, other: XmpPacket, elements: Iterable[etree._Element]) -> None:
        """Add the items of a list of texts."""
        for element in elements:
            found = array_items(element)
            if found is None or any(len(item) for item in found[1]):
                return
            if found[0].tag != _BAG and name not in _LISTS_OF_NAMES:
                return
        self.add_to_bag(name, (each for each in other.values(name) if each))

    def _take_over(self, rest: XmpPacket) -> None:
        """Add the properties of the packet's rest; the packet then has no rest any more."""
        known = {_name(owner, name) for owner, name in self._properties()}
        moved = [found for found in rest._properties() if _name(*found) not in known]
        if moved:
            target = new_element(self._rdf, _DESCRIPTION)
            first = next(self._descriptions())
            target.set(_ABOUT, first.get(_ABOUT, first.get("about", "")))
            for owner, name in moved:
                _move(owner, name, target)
        for owner, name in list(self._properties()):
            if _name(owner, name) == _HAS_EXTENDED:
                _remove(owner, name)


def _value_place(element: etree._Element) -> tuple[etree._Element, str | None]:
    """Where a simple property has its value: the element and the attribute, None for its text.

    A property with qualifiers has it in an rdf:value beside them, which may be an attribute.
    """
    inner = next(element.iter(_VALUE), None)
    if inner is not None:
        return inner, None
    owner = next((each for each in element.iter(element.tag, _DESCRIPTION) if _VALUE in each.attrib), None)
    return (element, None) if owner is None else (owner, _VALUE)


def array_items(element: etree._Element) -> tuple[etree._Element, list[etree._Element]] | None:
    """The list in a property and its items; None if it contains none."""
    array = next((child for child in element if child.tag in _ARRAYS), None)
    return None if array is None else (array, [item for item in array if item.tag == _LI])


def new_element(parent: etree._Element, name: str, *, attributes_of: str = "") -> etree._Element:
    """Add a child, with the usual prefixes for its namespace and for that of its attributes."""
    namespaces = (etree.QName(name).namespace, attributes_of)
    known = {uri for prefix, uri in parent.nsmap.items() if prefix is not None}
    usual = (*NAMESPACES.items(), *PROGRAM_NAMESPACES.items())
    prefixes = {prefix: uri for prefix, uri in usual if uri in namespaces and uri not in known}
    return etree.SubElement(parent, name, nsmap=prefixes)


def _name(owner: etree._Element, attribute: str | None) -> str:
    return str(owner.tag) if attribute is None else attribute


def _size(owner: etree._Element, attribute: str | None) -> int:
    return len(etree.tostring(owner)) if attribute is None else len(attribute) + len(str(owner.get(attribute)))


def _said(owner: etree._Element, attribute: str | None) -> str:
    """What a property says, the same for an attribute, an element, and any spaces between its parts."""
    if attribute is not None:
        return str(owner.get(attribute)).strip()
    if not len(owner) and not owner.attrib:
        return (owner.text or "").strip()
    return "".join(etree.tostring(owner, method="c14n", exclusive=True, with_tail=False).decode().split())


def _remove(owner: etree._Element, attribute: str | None) -> None:
    if attribute is not None:
        del owner.attrib[attribute]
        return
    parent = owner.getparent()
    assert parent is not None  # a property's element is in a description
    owner.clear()  # without its items it is taken out at once, with 100,000 of them in seconds
    parent.remove(owner)


def _move(owner: etree._Element, attribute: str | None, target: etree._Element) -> None:
    """Move a property into another description; an attribute becomes an element."""
    if attribute is None:
        target.append(deepcopy(owner))
        _remove(owner, None)
        return
    prefix = {name: uri for name, uri in owner.nsmap.items() if name and uri == etree.QName(attribute).namespace}
    etree.SubElement(target, attribute, nsmap=prefix).text = str(owner.get(attribute))
    del owner.attrib[attribute]
