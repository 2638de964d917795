"""Listing the photos of an input folder in object storage, by the rules that hold for folders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from curation.photos.files.listing import CLUSTERS_MARK, FoundFiles, Listing, escaped, is_passed_over
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
    is_left_out: dict[str, bool] = {"": "" in passed_over}
    for path, size_bytes, mtime_ns in listed:
        if path.endswith(_FOLDER_MARK) and not size_bytes:
            continue
        folder, _, name = path.rpartition("/")
        if path not in passed_over and not is_passed_over(name) and not _left_out(folder, passed_over, is_left_out):
            found.add(escaped(path), root / path, size_bytes, mtime_ns)
    return found.listing(address, skip_raw_with_jpeg=skip_raw_with_jpeg, needs_photos=needs_photos, finder=finder)


def _left_out(folder: str, passed_over: Collection[str], known: dict[str, bool]) -> bool:
    """Whether nothing in a folder is input; `known` has what was found so far, and that of the place itself."""
    if folder not in known:
        above, _, name = folder.rpartition("/")
        known[folder] = folder in passed_over or is_passed_over(name) or _left_out(above, passed_over, known)
    return known[folder]
