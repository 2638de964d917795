"""Listing the photos of an input folder in object storage, by the rules that hold for folders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from curation.photos.files.formats import PHOTO_EXTENSIONS
from curation.photos.files.listing import FoundFiles, Listing
from curation.photos.finding.names import CLUSTERS_MARK, escaped, extension_of, is_passed_over
from curation.photos.finding.places import LeftOut, Place, left_out, place_of
from curation.photos.finding.twins import TwinFinder

__all__ = ["ListedFile", "list_object_photos"]

_FOLDER_MARK = "/%00"  # an object with the name of a folder, which programs with folders make in its place


class ListedFile(NamedTuple):
    """An object: the path of the file that it is fetched into, size in bytes, and what changes with its content."""

    path: str
    size_bytes: int
    mtime_ns: int


def list_object_photos(
    address: str,
    root: Path,
    files: Iterable[ListedFile],
    *,
    exclude: Sequence[str],
    skip_raw_with_jpeg: bool,
    needs_photos: bool = True,
    finder: TwinFinder | None = None,
) -> Listing:
    """List photos and clips by their paths.

    Args:
        address: Where they lie, for messages.
        root: The folder of this machine into which they are fetched; `PhotoFile.path` lies below it.
        files: All objects; their paths are POSIX paths below `root`, see `curation.storage.objects.file_names`.
        exclude: Paths and folders that are not input (the program's own outputs).
        skip_raw_with_jpeg: As for `list_photos`.
        needs_photos: Whether a place without a photo is an error.
        finder: As for `list_photos`; None looks for no pairs, since the files are not here.

    Raises:
        PhotosMissingError: If there is no photo.
    """
    listed = sorted(files)
    marked = {path.rpartition("/")[0] for path, *_ in listed if path.rpartition("/")[2] == CLUSTERS_MARK}
    passed_over = {*(path.rstrip("/") for path in exclude), *marked}
    found = FoundFiles()
    folders = _Folders(address.rstrip("/").rpartition("/")[2], listed, passed_over)
    for path, size_bytes, mtime_ns in listed:
        if path.endswith(_FOLDER_MARK) and not size_bytes:
            continue
        folder, _, name = path.rpartition("/")
        if path in passed_over or folders.is_left_out(folder) or found.aside.add_placeholder(folder, name):
            continue
        if is_passed_over(name):
            found.aside.add_trashed(name, folder)
        else:
            found.add(escaped(path), root / path, size_bytes, mtime_ns)
    for place, why in folders.places:
        found.aside.leave_out(place.path, why, folders.pictures(place.path))
        found.aside.add_missing_originals(place, folders)
    return found.listing(address, skip_raw_with_jpeg=skip_raw_with_jpeg, needs_photos=needs_photos, finder=finder)


class _Folders:
    """The folders that the paths of objects have; implements `places.Tree`."""

    def __init__(self, root: str, listed: Sequence[ListedFile], passed_over: Collection[str]) -> None:
        self._root = root
        self._listed = listed
        self._passed_over = passed_over
        self._known = {"": "" in passed_over}
        self._names: dict[str, dict[str, int | None]] | None = None
        self.places: list[tuple[Place, LeftOut]] = []
        """Folders that are no places of photos, each the topmost."""

    def is_left_out(self, folder: str) -> bool:
        """Whether nothing in a folder is input."""
        if folder not in self._known:
            self._known[folder] = self._look(folder)
        return self._known[folder]

    def _look(self, folder: str) -> bool:
        above, _, name = folder.rpartition("/")
        if folder in self._passed_over or self.is_left_out(above):
            return True
        place = place_of(folder, self._root, self)
        why = left_out(place)
        if why is not None:
            self.places.append((place, why))
        return why is not None or is_passed_over(name)

    def names(self, folder: str) -> dict[str, int | None]:
        if self._names is None:
            self._names = {}
            for path, size_bytes, _ in self._listed:
                self._add(path, size_bytes)
        return self._names.get(folder, {})

    def _add(self, path: str, size_bytes: int | None) -> None:
        assert self._names is not None
        folder, _, name = path.rpartition("/")
        within = self._names.get(folder)
        if within is None:
            within = self._names[folder] = {}
            if folder:
                self._add(folder, None)
        within[name] = size_bytes

    def pictures(self, folder: str) -> int:
        """How many objects of a folder and those below it have names of photos."""
        return sum(
            path.startswith(f"{folder}/") and extension_of(path.rpartition("/")[2]) in PHOTO_EXTENSIONS
            for path, *_ in self._listed
        )
