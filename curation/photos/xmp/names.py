"""The namespaces of XMP that are written, and the characters that its text may contain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "ACDSEE",
    "ACDSEE_REGIONS",
    "DARKTABLE",
    "DC",
    "DIGIKAM",
    "EXPRESSION_MEDIA",
    "GETTY",
    "IPTC_EXT",
    "LIGHTROOM",
    "MEDIA_PRO",
    "MICROSOFT_PHOTO",
    "MP",
    "MPRI",
    "MP_REGION",
    "MWG_REGIONS",
    "NAMESPACES",
    "PHOTO_MECHANIC",
    "PROGRAM_NAMESPACES",
    "RDF",
    "ST_AREA",
    "ST_DIM",
    "TIFF",
    "XMP",
    "XMP_DM",
    "XMP_META",
    "XMP_NOTE",
    "plain_text",
    "qualified",
    "same_text",
]

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP_META = "adobe:ns:meta/"
XMP = "http://ns.adobe.com/xap/1.0/"
XMP_NOTE = "http://ns.adobe.com/xmp/note/"
DC = "http://purl.org/dc/elements/1.1/"
TIFF = "http://ns.adobe.com/tiff/1.0/"
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
MWG_REGIONS = "http://www.metadataworkinggroup.com/schemas/regions/"
ST_AREA = "http://ns.adobe.com/xmp/sType/Area#"
ST_DIM = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
XMP_DM = "http://ns.adobe.com/xmp/1.0/DynamicMedia/"
LIGHTROOM = "http://ns.adobe.com/lightroom/1.0/"
DIGIKAM = "http://www.digikam.org/ns/1.0/"
DARKTABLE = "http://darktable.sf.net/"
MICROSOFT_PHOTO = "http://ns.microsoft.com/photo/1.0/"
MP = "http://ns.microsoft.com/photo/1.2/"
MPRI = "http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
MP_REGION = "http://ns.microsoft.com/photo/1.2/t/Region#"
ACDSEE = "http://ns.acdsee.com/iptc/1.0/"
ACDSEE_REGIONS = "http://ns.acdsee.com/regions/"
PHOTO_MECHANIC = "http://ns.camerabits.com/photomechanic/1.0/"
MEDIA_PRO = "http://ns.iview-multimedia.com/mediapro/1.0/"
EXPRESSION_MEDIA = "http://ns.microsoft.com/expressionmedia/1.0/"
GETTY = "http://xmp.gettyimages.com/gift/1.0/"

NAMESPACES: Mapping[str, str] = MappingProxyType(
    {
        "rdf": RDF,
        "xmp": XMP,
        "xmpNote": XMP_NOTE,
        "dc": DC,
        "tiff": TIFF,
        "Iptc4xmpExt": IPTC_EXT,
        "mwg-rs": MWG_REGIONS,
        "stArea": ST_AREA,
        "stDim": ST_DIM,
    }
)
"""By their usual prefixes; some readers recognise only the prefixes."""

PROGRAM_NAMESPACES: Mapping[str, str] = MappingProxyType(
    {
        "xmpDM": XMP_DM,
        "lr": LIGHTROOM,
        "digiKam": DIGIKAM,
        "MicrosoftPhoto": MICROSOFT_PHOTO,
        "MP": MP,
        "MPRI": MPRI,
        "MPReg": MP_REGION,
    }
)
"""The namespaces of single programs; declared only where one of their properties is written."""

# The complement of the characters that XML 1.0 allows, section 2.2.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def qualified(namespace: str, name: str) -> str:
    """A qualified name in lxml's notation."""
    return f"{{{namespace}}}{name}"


def plain_text(text: str) -> str:
    """The text, with characters that XML does not allow replaced."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def same_text(text: str) -> str:
    """The form in which texts of files are compared: forms of Unicode and spaces around and within make no difference.

    Upper and lower case do: a file's keyword `anna` and the name `Anna` are two keywords, as programs that tell them
    apart would otherwise find neither.
    """
    return unicodedata.normalize("NFC", " ".join(text.split()))
