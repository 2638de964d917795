"""Cameras, lenses and apertures to choose from, and what is not known of them yet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from curation.event.taken.cameras import CamerasNow

__all__ = ["APERTURES", "CameraChoice", "camera_choice"]

APERTURES = (
    ("0-1.4", "f/1.4 and wider"),
    ("0-2", "f/2 and wider"),
    ("0-2.8", "f/2.8 and wider"),
    ("0-4", "f/4 and wider"),
    ("4-200", "f/4 and narrower"),
    ("5.6-200", "f/5.6 and narrower"),
    ("8-200", "f/8 and narrower"),
)
"""As in the address, and in words."""


@dataclass(frozen=True, slots=True)
class CameraChoice:
    """What the filters by camera offer.

    Attributes:
        cameras: Names with the number of photos, the most frequent first.
        lenses: Likewise.
        has_apertures: Whether any photo says its aperture.
        read: The number of photos whose files were read.
        total: The number of photos; 0 where files are not read ahead.
        note: What is missing, in words; empty if nothing is.
    """

    cameras: tuple[tuple[str, int], ...]
    lenses: tuple[tuple[str, int], ...]
    has_apertures: bool
    read: int
    total: int
    note: str

    @property
    def is_reading(self) -> bool:
        """Whether more will be known soon."""
        return self.read < self.total


def camera_choice(now: CamerasNow) -> CameraChoice:
    """What can be chosen now."""
    facts = now.by_path.values()
    cameras = Counter(one.camera for one in facts if one.camera)
    lenses = Counter(one.lens for one in facts if one.lens)
    silent = sum(1 for one in facts if not one.camera)
    return CameraChoice(
        tuple(sorted(cameras.items(), key=lambda item: (-item[1], item[0]))),
        tuple(sorted(lenses.items(), key=lambda item: (-item[1], item[0]))),
        any(one.aperture is not None for one in facts),
        now.read,
        now.total,
        _note(now, silent, len(cameras)),
    )


def _note(now: CamerasNow, silent: int, cameras: int) -> str:
    if not now.total:
        return "The photos lie in object storage: their cameras are not read ahead."
    if not now.is_complete:
        return f"Reading the cameras … {now.read:,} of {now.total:,}"
    if not cameras:
        return "The files do not say with which camera they were taken."
    return f"{silent:,} of {now.total:,} files do not say their camera." if silent else ""
