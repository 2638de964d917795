"""The files that belong to a photo: moving parts, voice memos, and what programs write beside it.

`COMPANIONS` says who writes them and how they are named. XMP sidecars of the photo itself (NAME.xmp, NAME.EXT.xmp) are
not among them: exports merge their own words into those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from curation.domain.files.pairing import stem_key

__all__ = [
    "COMPANIONS",
    "COMPANION_EXTENSIONS",
    "COMPANION_FOLDERS",
    "Companion",
    "CompanionKind",
    "companion_names",
    "companions_of",
    "names_its_photo",
    "renamed_inside",
]


class CompanionKind(StrEnum):
    """What a companion is."""

    MOVIE = "movie"
    """The moving part of a photo; a film of the same name need not be one."""
    EDITED = "edited"
    """What the phone shows in place of the photo after it was edited; a photo or film of its own as well."""
    SOUND = "sound"
    EDITS = "edits"
    """How a program changes the photo when it shows it."""
    FACTS = "facts"


@dataclass(frozen=True, slots=True)
class _Rule:
    """How a companion is named.

    Attributes:
        kind: What it is.
        by: Who writes it.
        name: {stem} and {name} stand for those of the photo, {original} and {edited} for Apple's IMG_O1234 and
            IMG_E1234; `*` for the number of a version, or the end of a folder's name; a folder lies beside the photo.
    """

    kind: CompanionKind
    by: str
    name: str


def _rules(kind: CompanionKind, by: str, *names: str) -> Iterator[_Rule]:
    return (_Rule(kind, by, name) for name in names)


COMPANIONS: Sequence[_Rule] = (
    *_rules(CompanionKind.MOVIE, "Live Photos, and cameras that film around a photo", "{stem}.mov", "{stem}.mp4"),
    *_rules(CompanionKind.EDITS, "Apple Photos", "{stem}.aae", "{original}.aae", "{name}.aae"),
    *_rules(CompanionKind.EDITED, "Apple Photos", "{edited}.heic", "{edited}.jpg", "{edited}.jpeg", "{edited}.mov"),
    *_rules(CompanionKind.SOUND, "voice memos of Canon, Nikon, Sony and others", "{stem}.wav", "{stem}.mp3"),
    *_rules(CompanionKind.FACTS, "small pictures that cameras write", "{stem}.thm"),
    *_rules(CompanionKind.EDITS, "RawTherapee and ART", "{name}.pp3", "{name}.arp", "{stem}.pp3", "{name}.out.pp3"),
    *_rules(CompanionKind.EDITS, "darktable: second versions", "{stem}_*.{ext}.xmp"),
    *_rules(CompanionKind.EDITS, "DxO PhotoLab", "{name}.dop", "{name}.dxo"),
    *_rules(CompanionKind.EDITS, "ON1 Photo RAW", "{stem}.on1", "{name}.on1"),
    *_rules(CompanionKind.EDITS, "Capture One", "{name}.cos", "{stem}.cos", "CaptureOne/Settings*/{name}.cos"),
    *_rules(CompanionKind.EDITS, "Adobe Camera Raw: masks", "{stem}.acr"),
    *_rules(CompanionKind.EDITS, "Canon Digital Photo Professional", "{stem}.vrd", "{stem}.dr4", "{name}.dr4"),
    *_rules(CompanionKind.EDITS, "Nikon NX Studio", "NKSC_PARAM/{name}.nksc"),
    *_rules(CompanionKind.EDITS, "SILKYPIX", "SILKYPIX_DS/{name}.*.spd"),
    *_rules(CompanionKind.EDITS, "UFRaw", "{stem}.ufraw"),
    *_rules(CompanionKind.FACTS, "RED cameras", "{stem}.rmd", "{name}.rmd"),
    *_rules(CompanionKind.FACTS, "ExifTool", "{stem}.mie", "{name}.mie", "{stem}.exif"),
    *_rules(CompanionKind.FACTS, "Google Takeout", "{name}.json", "{name}.supplemental-metadata.json"),
)  # fmt: skip
"""Who writes what beside photos."""

COMPANION_FOLDERS = ("CaptureOne/Settings*", "NKSC_PARAM", "SILKYPIX_DS")
"""Folders beside photos in which programs keep what belongs to them."""

COMPANION_EXTENSIONS = frozenset(
    rule.name.rpartition(".")[2]
    for rule in COMPANIONS
    if rule.kind in (CompanionKind.EDITS, CompanionKind.SOUND, CompanionKind.FACTS)
)
"""Of files that are neither photos nor films."""

_APPLE = re.compile(r"(.*IMG_)(\d{4,}(?: ?\(\d+\))?)", re.IGNORECASE | re.DOTALL)
_NUMBERS = (*(f"{number:02}" for number in range(100)), *map(str, range(1, 21)))
_NAMES_ITS_PHOTO = frozenset({"xmp", "dop", "pp3", "arp", "on1", "nksc", "json", "aae"})


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that belongs to a photo.

    Attributes:
        name: Its path relative to the folder of the photo.
        kind: What it is.
        by: Who writes such files.
    """

    name: str
    kind: CompanionKind
    by: str
    _parts: tuple[str, str, str]

    def beside(self, photo: str) -> str:
        """Its name beside the photo under another name; the same rule as before holds.

        Args:
            photo: The name of the photo, without folders.
        """
        pattern, found, spelled = self._parts
        folder, slash, _ = self.name.rpartition("/")
        stem, extension = _split(photo)
        filled = _filled(pattern.rpartition("/")[2].replace("*", found), stem, extension)
        if filled is None:
            return self.name
        # The last extension as it is spelled: .MOV stays .MOV.
        return f"{folder}{slash}{filled.rpartition('.')[0]}.{spelled}"


def companion_names(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Names of files as `companions_of` finds them, in whatever case and form letters are written."""
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(names):
        found[stem_key(name)] = (*found.get(stem_key(name), ()), name)
    return found


def companions_of(photo: str, names: Mapping[str, Mapping[str, Sequence[str]]]) -> list[Companion]:
    """The files that may belong to a photo, by their names.

    Args:
        photo: Its name, without folders.
        names: From `companion_names`, by the folder in which the files lie, relative to that of the photo: "" is its
            own.
    """
    stem, extension = _split(photo)
    found: dict[str, Companion] = {}
    for rule in COMPANIONS:
        folder, _, pattern = rule.name.rpartition("/")
        filled = _filled(pattern, stem, extension)
        if filled is None or stem_key(filled) == stem_key(photo):
            continue
        for place in _places(folder, names):
            for number in _NUMBERS if "*" in pattern else ("",):
                wanted = _filled(pattern.replace("*", number), stem, extension) or ""
                name = _nearest(wanted, names[place].get(stem_key(wanted), ()))
                if name is not None:
                    path = f"{place}/{name}" if place else name
                    rest = rule.name, number, name.rpartition(".")[2]
                    found.setdefault(path, Companion(path, rule.kind, rule.by, rest))
    return sorted(found.values(), key=lambda one: one.name)


def _nearest(wanted: str, names: Sequence[str]) -> str | None:
    """The name that is spelled like the wanted one, but for its last extension, before those in other cases.

    Where a disk tells upper and lower case apart, `A.HEIC` and `a.HEIC` each have an edit of their own.
    """
    stem = wanted.rpartition(".")[0]
    return min(names, key=lambda name: name.rpartition(".")[0] != stem, default=None)


def names_its_photo(companion: str) -> bool:
    """Whether a companion may have the name of its photo inside, by its own name."""
    return companion.rpartition(".")[2].lower() in _NAMES_ITS_PHOTO


def renamed_inside(content: bytes, old: str, new: str) -> bytes:
    """The content of a companion whose photo got another name: programs look for the one that stands inside.

    Args:
        content: Of a file with `names_its_photo`.
        old: The name of the photo, without folders.
        new: The name that it has now.
    """
    # Only where the name stands alone: DSC_1.NEF is a part of MYDSC_1.NEF.
    alone = re.compile(rb"(?<![\w.-])" + re.escape(_encoded(old)) + rb"(?![\w-])")
    return alone.sub(lambda _: _encoded(new), content)


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _split(photo: str) -> tuple[str, str]:
    path = PurePosixPath(photo)
    return path.stem, path.suffix[1:]


def _filled(pattern: str, stem: str, extension: str) -> str | None:
    """A pattern with the names of a photo; None if it does not fit such a name."""
    apple = _APPLE.fullmatch(stem)
    if apple is None and ("{original}" in pattern or "{edited}" in pattern):
        return None
    values = {"stem": stem, "ext": extension, "name": f"{stem}.{extension}" if extension else stem}
    if apple is not None:
        before, number = apple.groups()
        values |= {"original": f"{before}O{number}", "edited": f"{before}E{number}"}
    return pattern.format(**values)


def _places(folder: str, names: Iterable[str]) -> list[str]:
    if "*" not in folder:
        return [folder] if folder in names else []
    start = folder.rstrip("*").casefold()
    return [name for name in names if name.casefold().startswith(start)]
