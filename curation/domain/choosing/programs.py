"""The programs that photos are taken home for: which sidecars each of them reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["PROGRAMS", "Program", "ProgramReads", "SidecarName"]


class Program(StrEnum):
    """A program that reads what was exported."""

    LIGHTROOM = "lightroom"
    DIGIKAM = "digikam"
    DARKTABLE = "darktable"
    IMMICH = "immich"
    WINDOWS = "windows"


class SidecarName(StrEnum):
    """How the sidecar of a photo is called."""

    SHORT = "NAME.xmp"
    LONG = "NAME.jpg.xmp"


@dataclass(frozen=True, slots=True)
class ProgramReads:
    """What a program reads; docs/export.md has the sources.

    Attributes:
        title: The name of the program.
        raw: The sidecar of a RAW file; None if it reads none.
        dng: The sidecar of a DNG, which some programs take for a RAW file.
        photo: The sidecar of any other photo.
        short_too: Whether it reads NAME.xmp where there is no NAME.jpg.xmp, which would then hide it.
        beside_jpegs: Whether exported JPEGs get a sidecar besides what is inside them, because it reads little of that.
    """

    title: str
    raw: SidecarName | None
    dng: SidecarName | None
    photo: SidecarName | None
    short_too: bool = False
    beside_jpegs: bool = False

    def sidecar_of(self, name: str, *, is_raw: bool) -> SidecarName | None:
        """How the sidecar of a photo is called; None if it reads none.

        Args:
            name: Of the photo.
            is_raw: Whether it is a RAW file.
        """
        if name.lower().endswith(".dng"):
            return self.dng
        return self.raw if is_raw else self.photo


_LONG = SidecarName.LONG

PROGRAMS: Mapping[Program, ProgramReads] = MappingProxyType(
    {
        Program.LIGHTROOM: ProgramReads("Lightroom", SidecarName.SHORT, None, None),
        Program.DIGIKAM: ProgramReads("digiKam", _LONG, _LONG, _LONG),
        Program.DARKTABLE: ProgramReads("darktable", _LONG, _LONG, _LONG, short_too=True, beside_jpegs=True),
        Program.IMMICH: ProgramReads("Immich", _LONG, _LONG, _LONG, short_too=True),
        Program.WINDOWS: ProgramReads("Windows", None, None, None),
    }
)
"""What each program reads."""
