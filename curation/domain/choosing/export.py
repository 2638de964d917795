"""Exports: the request, the description of a photo for other programs, portable file names, and the report."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from curation.domain.choosing.programs import Program
from curation.domain.faces.regions import FaceRegion, StoredPicture
from curation.domain.judging.picks import Pick
from curation.domain.report import Failure

__all__ = [
    "REJECTED",
    "ExportMode",
    "ExportReport",
    "ExportRequest",
    "PhotoDescription",
    "free_name",
    "name_key",
    "portable_name",
    "written_name",
]

REJECTED = -1
"""`xmp:Rating` of a rejected photo (XMP specification, part 2, section 8.2.2.1)."""

# Characters that Windows does not allow in a name, or takes for a folder separator.
_NOT_PORTABLE = frozenset('<>:"|?*\\')
_MAX_NAME_BYTES = 200  # of 255 that file systems allow; the rest is for numbers and temporary names
# Reserved device names of Windows, with any extension.
_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))})


class ExportMode(StrEnum):
    """How photos are exported."""

    COPY = "copy"
    HARDLINK = "hardlink"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export, and how.

    Attributes:
        image_paths: The photos, in the order of the contact sheet; None exports the best or the picked ones.
        best: Number of best photos; None exports those that were picked.
        mode: A copy, a hard link (the same bytes on the disk under a second name), or one ZIP file.
        name: Name of the new sub-folder, or of the ZIP file without its extension; empty uses the time.
        embed: Whether metadata is written into copies, of all formats that can hold it; not possible with hard links.
        sidecars: Whether every photo gets a NAME.jpg.xmp (NAME.nef.xmp), which digiKam and darktable read. RAW files
            always get a NAME.xmp, and all photos but JPEGs a NAME.heic.xmp.
        raw_files: Whether the RAW file beside a photo is exported, too.
        csv: Whether photos.csv is written.
        contact_sheet: Whether contact_sheet.html is written.
        picked_label: `xmp:Label` of picked photos that have no other label; empty for none.
        program: The program that the export is for, which decides which sidecars there are and which properties are
            written besides the usual ones; None is for no program in particular.
        companions: Whether what belongs to a photo is exported with it: the moving part of a Live Photo, voice memos,
            and what other programs wrote beside it. If not, it is named in the warnings.
    """

    image_paths: tuple[str, ...] | None = None
    best: int | None = None
    mode: ExportMode = ExportMode.COPY
    name: str = ""
    embed: bool = True
    sidecars: bool = False
    raw_files: bool = False
    csv: bool = True
    contact_sheet: bool = True
    picked_label: str = "Green"
    program: Program | None = None
    companions: bool = True

    def __post_init__(self) -> None:
        if self.image_paths is not None and self.best is not None:
            raise ValueError("either certain photos or the best ones, not both")
        if self.mode is ExportMode.HARDLINK and self.embed:
            raise ValueError(
                "hard links are the originals themselves, so nothing can be embedded: ask for copies, or not to embed"
            )
        if self.name and (portable_name(self.name) != self.name or self.name.startswith(".")):
            raise ValueError(f"{self.name!a} cannot be the name of a folder everywhere")
        if len(self.name.encode()) > _MAX_NAME_BYTES:
            raise ValueError(f"the name is too long: at most {_MAX_NAME_BYTES} bytes")

    def to_json(self) -> dict[str, Any]:
        """The request as plain JSON values, as stored with a job."""
        paths, program = self.image_paths, self.program
        return {
            **asdict(self),
            "mode": self.mode.value,
            "image_paths": None if paths is None else list(paths),
            "program": None if program is None else program.value,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ExportRequest:
        """The inverse of `to_json`."""
        paths, program = data["image_paths"], data.get("program")
        return cls(
            **{
                **data,
                "mode": ExportMode(data["mode"]),
                "image_paths": None if paths is None else tuple(paths),
                "program": None if program is None else Program(program),
            }
        )


@dataclass(frozen=True, slots=True)
class PhotoDescription:
    """The metadata of a photo for other programs.

    Attributes:
        rating: 1 to 5, `REJECTED`, or None for no opinion.
        label: A colour label, None for none.
        names: Names of the people in it, most important first.
        picture: Size and orientation of the stored picture; None if unknown, and then there are no regions.
        regions: The named faces.
        keywords: What is added to the keywords; None adds the names.
        pick: Whether the user picked or rejected it; None for neither.
        program: The program that reads it; None for no one in particular.
    """

    rating: int | None = None
    label: str | None = None
    names: tuple[str, ...] = ()
    picture: StoredPicture | None = None
    regions: tuple[FaceRegion, ...] = ()
    keywords: tuple[str, ...] | None = None
    pick: Pick | None = None
    program: Program | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """The keywords to add."""
        return self.names if self.keywords is None else self.keywords

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say about the photo."""
        picked = self.program is not None and self.pick is not None
        return not (self.rating or self.label or self.names or self.tags or picked)

    @property
    def is_silent(self) -> bool:
        """Whether the user said nothing that a file could contradict, not even that the photo is picked."""
        return self.is_empty and self.pick is None


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The result of an export; `exported + failed == total`.

    Attributes:
        total: Photos that were requested.
        exported: Photos that were exported.
        failed: Photos that could not be exported.
        failures: Why, one for each failed photo.
        raw_files: RAW files that were exported with them.
        embedded: Files with metadata written into their copy: photos, and DNGs that came with them.
        sidecars: Sidecar files that were written.
        warnings: What the user should know, in sentences.
        name: Name of the sub-folder or the ZIP file, inside the folder of exports.
        path: Its full path.
        size_bytes: Total size of all files that were written.
        seconds: Wall time.
        companions: Files that belong to the photos and were exported with them.
    """

    total: int
    exported: int
    failed: int
    failures: tuple[Failure, ...]
    raw_files: int
    embedded: int
    sidecars: int
    warnings: tuple[str, ...]
    name: str
    path: str
    size_bytes: int
    seconds: float
    companions: int = 0


def portable_name(name: str) -> str:
    """A name of a file or folder that every system can unpack; unchanged if the name already is one.

    Characters that some systems forbid, and bytes that are not valid text, become `_`.
    """
    kept = "".join(
        "_" if char in _NOT_PORTABLE or char == "/" or unicodedata.category(char) in ("Cc", "Cs") else char
        for char in name
    )
    stripped = kept.rstrip(". ")
    kept = stripped + "_" * (len(kept) - len(stripped)) or "_"
    return f"_{kept}" if kept.partition(".")[0].upper() in _DEVICES else kept


def written_name(name: str) -> str:
    """A person's name as it is written for programs that compare bytes: composed letters, no spare spaces.

    A name that was pasted on a Mac may have decomposed ones, and would be another keyword than the same name typed.
    """
    return unicodedata.normalize("NFC", " ".join(name.split()))


def free_name(name: str, taken: Collection[str]) -> str:
    """A path that is not taken: the same, or with a number before its extension.

    Args:
        name: A relative path with `/`.
        taken: The existing paths, as keys from `name_key`.
    """
    folder, slash, file = name.rpartition("/")
    stem, dot, extension = file.rpartition(".") if "." in file[1:] else (file, "", "")
    candidate, number = name, 1
    while name_key(candidate) in taken:
        number += 1
        candidate = f"{folder}{slash}{stem} ({number}){dot}{extension}"
    return candidate


def name_key(name: str) -> str:
    """Equal for names that some systems take as the same: upper and lower case, composed and decomposed letters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
