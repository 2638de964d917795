"""How many photos a folder has, without walking through deep trees for minutes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from curation.photos.files.formats import PHOTO_EXTENSIONS
from curation.photos.files.listing import is_passed_over

__all__ = ["PhotoCount", "count_photos"]

_MOST_ENTRIES = 20_000
_MOST_S = 0.25
_EXTENSIONS = tuple(f".{extension}" for extension in PHOTO_EXTENSIONS)


@dataclass(frozen=True, slots=True)
class PhotoCount:
    """Photos in a folder and in those inside it.

    Attributes:
        photos: How many were seen, by their extensions.
        is_complete: Whether that are all; else counting was given up, or a folder could not be read.
    """

    photos: int
    is_complete: bool


def count_photos(folder: Path, *, most_entries: int = _MOST_ENTRIES, most_s: float = _MOST_S) -> PhotoCount:
    """Count the photos of a folder, the nearest first; links to folders are not followed.

    Args:
        folder: Need not exist.
        most_entries: After so many files and folders counting is given up.
        most_s: After so many seconds too.
    """
    until_s = monotonic() + most_s
    photos = entries = 0
    is_complete = True
    waiting = [folder]
    while waiting:
        deeper: list[Path] = []
        for place in waiting:
            try:
                with os.scandir(place) as found:
                    for entry in found:
                        entries += 1
                        if entries > most_entries or monotonic() > until_s:
                            return PhotoCount(photos, False)
                        if is_passed_over(entry.name):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            deeper.append(place / entry.name)
                        elif entry.name.casefold().endswith(_EXTENSIONS):
                            photos += 1
            except OSError:
                is_complete = False
        waiting = deeper
    return PhotoCount(photos, is_complete)
