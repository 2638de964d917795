"""What a listing tells of files that are no photos of the event: left out with a reason, or not on this disk."""

from __future__ import annotations

from collections.abc import Iterable

from curation.photos.files.formats import PHOTO_EXTENSIONS
from curation.photos.finding.names import escaped, extension_of
from curation.photos.finding.placeholders import absent_by_name
from curation.photos.finding.places import LeftOut, Place, Tree, missing_originals, trashed_name

__all__ = ["Aside"]


class Aside:
    """Collects (relative path, reason): `ignored` was left out, `absent` stands for photos that are not here."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.ignored: list[tuple[str, str]] = []
        self.absent: list[tuple[str, str]] = []

    def add_placeholder(self, folder: str, name: str) -> bool:
        """Take a file that stands for a photo or clip which is not here, by its name.

        Args:
            folder: POSIX path of its folder; empty for the folder of photos.
            name: Of the file, as the system has it.

        Returns:
            Whether it is one.
        """
        found = absent_by_name(name)
        if found is None:
            return False
        self.absent.append((escaped(f"{folder}/{found[0]}" if folder else found[0]), found[1]))
        return True

    def add_trashed(self, name: str, folder: str) -> None:
        """Tell of a photo that a phone moved into its trash, which is the folder of the photo itself."""
        was = trashed_name(name)
        if was is not None and extension_of(was) in PHOTO_EXTENSIONS:
            self.ignored.append((escaped(f"{folder}/{name}" if folder else name), "in the trash of the phone"))

    def leave_out(self, folder: str, why: LeftOut, pictures: int) -> None:
        """Tell of a folder whose pictures are none of the user's photos, if it has any.

        Args:
            folder: POSIX path of the folder.
            why: As `left_out` says.
            pictures: How many files in it and below have names of photos.
        """
        if why.is_told and pictures:
            counted = "1 picture" if pictures == 1 else f"{pictures} pictures"
            self.ignored.append((escaped(f"{folder}/"), f"{counted}: {why.reason}"))

    def add_missing_originals(self, place: Place, tree: Tree) -> None:
        """Tell of the photos of which a library has only the small copies that were left out.

        Args:
            place: A folder that was left out.
            tree: The folders around it.
        """
        if place.name == "resources" and place.parent.endswith(".photoslibrary") and place.parent_path:
            self.absent += [
                (escaped(path), "only a small copy is in the library: its original is in iCloud only, or elsewhere")
                for path in missing_originals(place.parent_path, tree)
            ]

    def absent_but(self, paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Photos that are not here, sorted.

        Args:
            paths: Of the photos and clips that are: one may have been downloaded again after a first try.
        """
        there = {path.casefold() for path in paths}
        return tuple(sorted({path: why for path, why in self.absent if path.casefold() not in there}.items()))
