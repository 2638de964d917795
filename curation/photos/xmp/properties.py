"""Where one fact about a photo stands in its file: a table of properties and all their places.

A fact has one primary place, where it is always written. Every other place is brought into agreement **if it is
in the file already**: who put it there reads it there. New ones are made only for a program that needs them, see
`curation.photos.xmp.for_programs`. What each program reads is said in docs/files.md and docs/export.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from curation.photos.xmp.names import (
    ACDSEE,
    ACDSEE_REGIONS,
    DC,
    DIGIKAM,
    EXPRESSION_MEDIA,
    GETTY,
    IPTC_EXT,
    LIGHTROOM,
    MEDIA_PRO,
    MICROSOFT_PHOTO,
    MP,
    MWG_REGIONS,
    PHOTO_MECHANIC,
    XMP,
    XMP_DM,
    qualified,
)

__all__ = ["PLACES", "UNCHANGED_PLACES", "Fact", "Form", "Holder", "Place", "places_of"]


class Fact(Enum):
    """What is said about a photo."""

    STARS = "stars"
    FLAG = "picked or rejected"
    KEYWORDS = "people as keywords"
    PEOPLE = "people"
    LABEL = "colour label"
    REGIONS = "faces"


class Holder(Enum):
    """The block of metadata in which a place is."""

    XMP = "XMP"
    EXIF = "EXIF"
    IPTC = "IPTC"


class Form(Enum):
    """How a fact is written in a place."""

    STARS_OR_REJECTED = "-1 to 5"
    STARS = "0 to 5"
    PERCENT = "0, 1, 25, 50, 75, 99"
    THIRD_OF_FOUR = "tagged:colour:stars:frame"
    PICK = "-1, 0, 1"
    PICK_LABEL = "0 none, 1 rejected, 2 pending, 3 accepted"
    TRUE_OR_FALSE = "True or False"
    NAMES = "a list of names"
    NAMES_IN_A_LINE = "names with semicolons between them"
    TREE_WITH_SLASHES = "a list of paths, People/Anna"
    TREE_WITH_BARS = "a list of paths, People|Anna"
    NAMES_OR_SLASHES = "a list of names or paths"
    TEXT = "a text"
    COLOUR_NUMBER = "the number of a colour"
    STRUCTURE = "boxes with names"


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a fact.

    Attributes:
        fact: Which.
        holder: In which block of metadata.
        key: In XMP the qualified name of the property; in EXIF the number of the tag of the first directory; in IPTC
            the number of the data set of record 2.
        title: Its name as people who know the standard write it.
        form: How the fact is written there.
        is_primary: Whether the fact is written there in any case; else only where it is in the file already, or for
            a program that needs it.
        readers: Programs that look there, those that look there first at the beginning.
    """

    fact: Fact
    holder: Holder
    key: str | int
    title: str
    form: Form
    readers: tuple[str, ...]
    is_primary: bool = False


_ALL = ("most programs",)

PLACES: Final[tuple[Place, ...]] = (
    Place(Fact.STARS, Holder.XMP, qualified(XMP, "Rating"), "xmp:Rating", Form.STARS_OR_REJECTED, _ALL, True),
    Place(Fact.STARS, Holder.EXIF, 0x4746, "EXIF Rating", Form.STARS, ("Windows", "cameras")),
    Place(Fact.STARS, Holder.EXIF, 0x4749, "EXIF RatingPercent", Form.PERCENT, ("Windows",)),
    Place(
        Fact.STARS,
        Holder.XMP,
        qualified(MICROSOFT_PHOTO, "Rating"),
        "MicrosoftPhoto:Rating",
        Form.PERCENT,
        ("Windows", "digiKam"),
    ),
    Place(Fact.STARS, Holder.XMP, qualified(ACDSEE, "rating"), "acdsee:rating", Form.STARS, ("ACDSee", "digiKam")),
    Place(
        Fact.STARS,
        Holder.XMP,
        qualified(PHOTO_MECHANIC, "Prefs"),
        "photomechanic:Prefs",
        Form.THIRD_OF_FOUR,
        ("Photo Mechanic",),
    ),
    Place(Fact.FLAG, Holder.XMP, qualified(XMP, "Rating"), "xmp:Rating", Form.STARS_OR_REJECTED, _ALL, True),
    Place(Fact.FLAG, Holder.XMP, qualified(XMP_DM, "pick"), "xmpDM:pick", Form.PICK, ("Lightroom",)),
    Place(Fact.FLAG, Holder.XMP, qualified(XMP_DM, "good"), "xmpDM:good", Form.TRUE_OR_FALSE, ("Premiere", "Bridge")),
    Place(Fact.FLAG, Holder.XMP, qualified(DIGIKAM, "PickLabel"), "digiKam:PickLabel", Form.PICK_LABEL, ("digiKam",)),
    Place(
        Fact.FLAG,
        Holder.XMP,
        qualified(PHOTO_MECHANIC, "Tagged"),
        "photomechanic:Tagged",
        Form.TRUE_OR_FALSE,
        ("Photo Mechanic",),
    ),
    Place(Fact.KEYWORDS, Holder.XMP, qualified(DC, "subject"), "dc:subject", Form.NAMES, _ALL, True),
    Place(
        Fact.KEYWORDS,
        Holder.XMP,
        qualified(DIGIKAM, "TagsList"),
        "digiKam:TagsList",
        Form.TREE_WITH_SLASHES,
        ("digiKam", "Immich"),
    ),
    Place(
        Fact.KEYWORDS,
        Holder.XMP,
        qualified(LIGHTROOM, "hierarchicalSubject"),
        "lr:hierarchicalSubject",
        Form.TREE_WITH_BARS,
        ("Lightroom", "darktable", "digiKam", "Immich"),
    ),
    Place(
        Fact.KEYWORDS,
        Holder.XMP,
        qualified(LIGHTROOM, "weightedFlatSubject"),
        "lr:weightedFlatSubject",
        Form.NAMES,
        ("Lightroom",),
    ),
    Place(
        Fact.KEYWORDS,
        Holder.XMP,
        qualified(MICROSOFT_PHOTO, "LastKeywordXMP"),
        "MicrosoftPhoto:LastKeywordXMP",
        Form.NAMES_OR_SLASHES,
        ("Windows", "digiKam"),
    ),
    Place(
        Fact.KEYWORDS,
        Holder.XMP,
        qualified(MICROSOFT_PHOTO, "LastKeywordIPTC"),
        "MicrosoftPhoto:LastKeywordIPTC",
        Form.NAMES_OR_SLASHES,
        ("Windows",),
    ),
    Place(Fact.KEYWORDS, Holder.XMP, qualified(ACDSEE, "keywords"), "acdsee:keywords", Form.NAMES, ("ACDSee",)),
    Place(
        Fact.KEYWORDS,
        Holder.XMP,
        qualified(MEDIA_PRO, "CatalogSets"),
        "mediapro:CatalogSets",
        Form.TREE_WITH_BARS,
        ("iView MediaPro", "digiKam"),
    ),
    Place(
        Fact.KEYWORDS,
        Holder.XMP,
        qualified(EXPRESSION_MEDIA, "CatalogSets"),
        "expressionmedia:CatalogSets",
        Form.TREE_WITH_BARS,
        ("Expression Media", "digiKam"),
    ),
    Place(Fact.KEYWORDS, Holder.IPTC, 25, "IPTC Keywords", Form.NAMES, ("older programs", "agencies", "Photos")),
    Place(Fact.KEYWORDS, Holder.EXIF, 0x9C9E, "EXIF XPKeywords", Form.NAMES_IN_A_LINE, ("Windows",)),
    Place(
        Fact.PEOPLE,
        Holder.XMP,
        qualified(IPTC_EXT, "PersonInImage"),
        "Iptc4xmpExt:PersonInImage",
        Form.NAMES,
        ("Lightroom", "Photo Mechanic", "Photos"),
        True,
    ),
    Place(Fact.PEOPLE, Holder.XMP, qualified(MEDIA_PRO, "People"), "mediapro:People", Form.NAMES, ("iView MediaPro",)),
    Place(
        Fact.PEOPLE,
        Holder.XMP,
        qualified(EXPRESSION_MEDIA, "People"),
        "expressionmedia:People",
        Form.NAMES,
        ("Expression Media",),
    ),
    Place(
        Fact.PEOPLE, Holder.XMP, qualified(GETTY, "Personality"), "GettyImagesGIFT:Personality", Form.NAMES, ("Getty",)
    ),
    Place(Fact.LABEL, Holder.XMP, qualified(XMP, "Label"), "xmp:Label", Form.TEXT, _ALL, True),
    Place(
        Fact.LABEL, Holder.XMP, qualified(DIGIKAM, "ColorLabel"), "digiKam:ColorLabel", Form.COLOUR_NUMBER, ("digiKam",)
    ),
    Place(Fact.REGIONS, Holder.XMP, qualified(MWG_REGIONS, "Regions"), "mwg-rs:Regions", Form.STRUCTURE, _ALL, True),
    Place(
        Fact.REGIONS, Holder.XMP, qualified(MP, "RegionInfo"), "MP:RegionInfo", Form.STRUCTURE, ("Windows", "digiKam")
    ),
)
"""All places that are known, by fact; the primary one of a fact comes first."""

UNCHANGED_PLACES: Final[tuple[Place, ...]] = (
    Place(Fact.KEYWORDS, Holder.XMP, qualified(ACDSEE, "categories"), "acdsee:categories", Form.TEXT, ("ACDSee",)),
    Place(
        Fact.PEOPLE,
        Holder.XMP,
        qualified(IPTC_EXT, "PersonInImageWDetails"),
        "Iptc4xmpExt:PersonInImageWDetails",
        Form.STRUCTURE,
        ("Some agencies",),
    ),
    Place(
        Fact.REGIONS, Holder.XMP, qualified(ACDSEE_REGIONS, "Regions"), "acdsee-rs:Regions", Form.STRUCTURE, ("ACDSee",)
    ),
)
"""Places that are not changed, as no other program writes them: where one is in a file, the report says so."""


def places_of(fact: Fact, holder: Holder) -> tuple[Place, ...]:
    """The places of a fact in one block of metadata, in the order of the table."""
    return tuple(place for place in PLACES if place.fact is fact and place.holder is holder)
