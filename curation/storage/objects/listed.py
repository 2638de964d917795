"""What the last listing of an input folder in object storage found: the photos' sizes and ETags, without asking again.

The index lies beside the folder into which photos are fetched, so every process of this machine that knows the path of
a photo knows its stamp, whether its file is here or not.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.objects.file_names import file_name_of, key_of
from curation.storage.objects.store import ObjectInfo

__all__ = ["LISTED_NAME", "ListedObject", "ListedObjects", "listed_at", "names_in", "size_and_time", "write_listed"]

LISTED_NAME = "listed.json"
"""The name of the index, in the parent of the folder of fetched photos."""

# As `Settings.input_address` lays it out.
_ROOT = re.compile(r"(.*[/\\]objects[/\\][0-9a-f]{16})[/\\]originals(?:[/\\](.*))?\Z", re.DOTALL)
_VERSION = 1


@dataclass(frozen=True, slots=True)
class ListedObject:
    """Size in bytes, and when it was written, see `ObjectInfo.mtime_ns`."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True)
class ListedObjects:
    """All objects of the input folder by the name of the file that each is fetched into."""

    objects: Mapping[str, ListedObject]
    _names: dict[str, list[str]] = field(default_factory=dict)

    def names(self, folder: str) -> list[str]:
        """Names of the objects directly in a folder, sorted; the folder is empty or ends without `/`."""
        if not self._names and self.objects:
            names: dict[str, list[str]] = defaultdict(list)
            for key in sorted(self.objects):
                parent, _, name = key.rpartition("/")
                names[parent].append(name)
            self._names.update(names)
        return self._names.get(folder, [])


_guard = threading.Lock()
_cached: dict[Path, tuple[tuple[int, int, int], ListedObjects]] = {}


def write_listed(root: Path, found: Iterable[ObjectInfo], forget: Callable[[list[str]], object]) -> None:
    """Keep a listing.

    Args:
        root: The folder into which photos are fetched.
        found: All objects.
        forget: Called with the keys of objects that are not what the listing before found: files that were fetched of
            them are out of date.

    Raises:
        StorageError: If the index cannot be written.
    """
    rows = [(file_name_of(info.key), info.size_bytes, info.mtime_ns) for info in found]
    now = {name: ListedObject(size, mtime_ns) for name, size, mtime_ns in rows}
    try:
        known = _read(root.parent / LISTED_NAME)
    except StorageError:
        known = None
    if known is not None:
        forget([key_of(name) for name, before in known.objects.items() if now.get(name) != before])
    content = json.dumps({"version": _VERSION, "objects": rows}).encode()
    write_bytes(root.parent / LISTED_NAME, content, durable=False)


def listed_at(path: Path) -> tuple[ListedObjects, str] | None:
    """The last listing of the folder that a path lies in, and the path below that folder.

    Args:
        path: Of a photo, or of any other file.

    Returns:
        None for paths of files that do not come from object storage.

    Raises:
        StorageError: If the index is damaged.
    """
    match = _ROOT.match(os.fspath(path))
    if match is None:
        return None
    listed = _read(Path(match[1]) / LISTED_NAME)
    return None if listed is None else (listed, (match[2] or "").replace(os.sep, "/"))


def size_and_time(path: Path) -> tuple[int, float]:
    """Size of a file in bytes, and when it was written last, in seconds since 1970, wherever it lies.

    Raises:
        OSError: If there is no such file.
        StorageError: If the index of the listing is damaged.
    """
    found = listed_at(path)
    if found is None:
        status = path.stat()
        return status.st_size, status.st_mtime
    info = found[0].objects.get(found[1])
    if info is None:
        raise FileNotFoundError(path)
    return info.size_bytes, info.mtime_ns / 1e9


def names_in(folder: Path) -> list[str]:
    """The names of the files in a folder of photos, wherever they lie; sorted.

    Raises:
        OSError: If the folder cannot be read.
    """
    found = listed_at(folder)
    if found is not None:
        return found[0].names(found[1])
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def _read(path: Path) -> ListedObjects | None:
    try:
        status = path.stat()
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        with _guard:
            cached = _cached.get(path)
        if cached is not None and cached[0] == version:
            return cached[1]
        data = read_json(path)
        objects = {key: ListedObject(size, mtime_ns) for key, size, mtime_ns in data["objects"]}
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        raise StorageError(f"{path} is damaged: delete it and run the clustering again") from error
    listed = ListedObjects(objects)
    with _guard:
        _cached.clear()  # a process works on one event
        _cached[path] = (version, listed)
    return listed
