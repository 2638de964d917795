"""The files beside photos in which other programs keep what they say: which belong to which photo.

- `NAME.xmp` and `NAME.EXT.xmp`; a `NAME.xmp` that says for which extension it was written (Adobe's programs do) belongs
  to that file alone if both are photos of the event. Without it, it belongs to the RAW file of two photos of one name,
  as these programs write what they say of a JPEG into it.
- The RAW file of the same name, if it is no photo of the event itself: both are one photo.
- `.picasa.ini`, and `contacts.xml` if it lies in the same folder.
- `NAME.EXT.json`, `NAME.EXT.supplemental-metadata.json` and its shortened forms of Google Takeout, also the form
  `NAME.EXT(1).json` for `NAME(1).EXT`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from curation.photos.files.formats import JPEG_LIKE_EXTENSIONS, PHOTO_EXTENSIONS, RAW_EXTENSIONS

__all__ = ["MAX_SIDECAR_BYTES", "Beside", "FolderIndex"]

MAX_SIDECAR_BYTES: Final = 64 * 2**20
"""Larger files beside photos are not read."""

_PICASA = (".picasa.ini", "picasa.ini")
_CONTACTS = "contacts.xml"
_SUPPLEMENT = "supplemental-metadata"
_COPY = re.compile(r"^(.*)(\(\d+\))$")
Stamp = tuple[str, int, int]


class Beside:
    """The files beside one photo, by what they are; paths that exist."""

    __slots__ = ("contacts", "json", "packets", "picasa", "twin")

    def __init__(
        self,
        packets: tuple[Path, ...],
        picasa: Path | None,
        contacts: Path | None,
        json: Path | None,
        twin: Path | None,
    ) -> None:
        """Take the files; `twin` is the RAW file of the same name that is no photo of its own."""
        self.packets = packets
        self.twin = twin
        self.picasa = picasa
        self.contacts = contacts
        self.json = json

    @property
    def all(self) -> tuple[Path, ...]:
        """All files, in a fixed order."""
        others = (self.twin, self.picasa, self.contacts if self.picasa else None, self.json)
        return (*self.packets, *(path for path in others if path is not None))


class FolderIndex:
    """The names in one folder, looked at once for all its photos."""

    def __init__(self, folder: Path) -> None:
        """List the folder; one that cannot be read has nothing beside its photos."""
        self._folder = folder
        self._names: dict[str, str] = {}
        self._stamps: dict[str, Stamp] = {}
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries)
        except OSError:
            names = []
        for name in names:
            self._names.setdefault(name.casefold(), name)
        self._stems: dict[str, list[str]] = {}
        for name in names:
            stem, _, extension = name.rpartition(".")
            if extension.lower() in PHOTO_EXTENSIONS:
                self._stems.setdefault(stem.casefold(), []).append(extension.lower())
        # Shortened names of Google Takeout are looked for only where there are some.
        self._json = sorted(name for name in self._names if name.endswith(".json"))

    def beside(self, name: str, photos: Collection[str]) -> Beside:
        """The files beside a photo.

        Args:
            name: Of the photo's file.
            photos: Names of all files of the folder that are photos of the event, in lower case.
        """
        stem, _, extension = name.rpartition(".")
        packets = tuple(
            path for other in (f"{name}.xmp", f"{stem}.xmp") if (path := self._path(other.casefold())) is not None
        )
        picasa = next((path for other in _PICASA if (path := self._path(other)) is not None), None)
        twin = None
        if extension.lower() in JPEG_LIKE_EXTENSIONS:
            raw = (
                f"{stem}.{other}".casefold()
                for other in self._stems.get(stem.casefold(), ())
                if other in RAW_EXTENSIONS
            )
            twin = next((self._path(other) for other in raw if other not in photos), None)
        return Beside(packets, picasa, self._path(_CONTACTS), self._takeout(name), twin)

    def is_for(self, name: str, sidecar: Path, only_for: str, photos: Collection[str]) -> bool:
        """Whether a sidecar belongs to a photo, if there are several photos of that name.

        Args:
            name: Of the photo's file.
            sidecar: Beside it.
            only_for: The extension that the sidecar says it was written for, lower case; empty if it does not say.
            photos: Names of all files of the folder that are photos of the event, in lower case.
        """
        stem, _, extension = name.rpartition(".")
        if sidecar.name.casefold() != f"{stem}.xmp".casefold():
            return True
        rivals = {
            other
            for other in self._stems.get(stem.casefold(), ())
            if other != extension.lower() and f"{stem}.{other}".casefold() in photos
        }
        if not rivals:
            return True
        if only_for:
            return only_for == extension.lower() or only_for not in rivals
        is_raw = extension.lower() in RAW_EXTENSIONS
        return is_raw or not (extension.lower() in JPEG_LIKE_EXTENSIONS and rivals & RAW_EXTENSIONS)

    def stamp(self, path: Path) -> Stamp:
        """Name, size and time of a file of the folder; sizes of -1 for one that is gone."""
        known = self._stamps.get(path.name)
        if known is None:
            try:
                status = path.stat()
                known = (path.name, status.st_size, status.st_mtime_ns)
            except OSError:
                known = (path.name, -1, 0)
            self._stamps[path.name] = known
        return known

    def _path(self, name: str) -> Path | None:
        found = self._names.get(name)
        return None if found is None else self._folder / found

    def _takeout(self, name: str) -> Path | None:
        if not self._json:
            return None
        folded = name.casefold()
        stem, _, extension = folded.rpartition(".")
        copy = _COPY.match(stem)
        for base, mark in ((folded, ""), *(((f"{copy[1]}.{extension}", copy[2]),) if copy else ())):
            for middle in ("", f".{_SUPPLEMENT}"):
                path = self._path(f"{base}{middle}{mark}.json")
                if path is not None:
                    return path
            # Takeout cuts names to 51 characters: `NAME.jpg.supplemental-me.json`.
            for cut in range(len(_SUPPLEMENT) - 1, 0, -1):
                path = self._path(f"{base}.{_SUPPLEMENT[:cut]}{mark}.json")
                if path is not None:
                    return path
        return None
