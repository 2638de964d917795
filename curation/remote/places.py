"""Paths that mean the same on every machine: a place, which each machine's settings know, and the path below it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from curation.errors import SettingsError

if TYPE_CHECKING:
    from curation.settings import Settings

__all__ = ["INPUT", "Places", "key_of", "places_of"]

INPUT = "input"

_KEYS = {INPUT: "io.input_dir", "video": "video.dir"}


class Places:
    """The places of one machine."""

    def __init__(self, roots: Mapping[str, Path]) -> None:
        """Take the folder of each place; the first place that holds a path is told."""
        self._roots = dict(roots)

    def root(self, place: str) -> Path:
        """The folder of a place.

        Raises:
            ValueError: If there is no such place.
        """
        if place not in self._roots:
            raise ValueError(f"there is no place {place[:80]!r}")
        return self._roots[place]

    def told(self, path: Path) -> tuple[str, str]:
        """The place of a path, and the path below it with `/` between its parts.

        Raises:
            SettingsError: If the path lies in no place.
        """
        for place, root in self._roots.items():
            if path.is_relative_to(root):
                below = path.relative_to(root)
                if ".." not in below.parts:
                    return place, below.as_posix()
        where = ", ".join(f"{root} ({_KEYS.get(place, place)})" for place, root in self._roots.items())
        raise SettingsError(
            f"{path} cannot be sent to workers of other machines, as it lies in none of the folders that they know: "
            f"{where}. Copy it there, or use performance.pool: local"
        )

    def path(self, place: str, below: str) -> Path:
        """The path on this machine.

        Raises:
            ValueError: If there is no such place, or the path leads out of it.
        """
        root = self.root(place)
        parts = PurePosixPath(below)
        if not below or parts.is_absolute() or ".." in parts.parts or "\0" in below:
            raise ValueError(f"{below[:80]!r} does not lie below a place")
        return root.joinpath(*parts.parts)


def places_of(settings: Settings) -> Places:
    """The places that settings name."""
    return Places({INPUT: settings.io.input_dir, "video": settings.video.dir})


def key_of(place: str) -> str:
    """The setting that names a place's folder."""
    return _KEYS.get(place, place)
