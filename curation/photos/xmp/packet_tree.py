"""The bytes of an XMP packet as a tree of elements, whatever they are."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from curation.errors import PhotoUnreadableError
from curation.photos.xmp.names import MICROSOFT_PHOTO

__all__ = ["MAX_PACKET_BYTES", "packet_tree"]

MAX_PACKET_BYTES: Final = 64 * 2**20
"""Larger packets are not read; those with depth maps have a few megabytes."""

_WITHOUT_SLASH = re.compile(
    rb"(xmlns:[\w.-]+\s*=\s*[\"'])" + re.escape(MICROSOFT_PHOTO.rstrip("/").encode()) + rb"([\"'])"
)
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")


def packet_tree(content: bytes) -> etree._Element:
    """The root of a packet or a sidecar file.

    Raises:
        PhotoUnreadableError: If it is no XML, has a document type, or is too large.
    """
    if len(content) > MAX_PACKET_BYTES:
        raise PhotoUnreadableError("its XMP packet is too large")
    if not content.startswith(_WIDE_MARKS):
        content = content.strip(b"\0 \t\r\n")
    # Packets have no document type. Its entities could make a document grow without limit, or read other files.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PhotoUnreadableError(f"its XMP packet is damaged ({error})") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise PhotoUnreadableError("its XMP packet has a document type, which is not allowed")
    usual = _usual_namespaces(content)
    return etree.fromstring(usual, parser) if usual != content else root


def _usual_namespaces(content: bytes) -> bytes:
    """The packet with Microsoft's namespace as we know it.

    Old Windows, and ExifTool, write it without a slash at its end; it is the same one to all readers.
    """
    if MICROSOFT_PHOTO.encode() in content:
        return content  # two declarations of one namespace would be refused by Adobe's toolkit
    return _WITHOUT_SLASH.sub(lambda found: found[1] + MICROSOFT_PHOTO.encode() + found[2], content)
