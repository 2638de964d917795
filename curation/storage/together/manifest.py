"""What is about to appear: the manifest of new files that lie in a folder beside the ones that they replace."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from curation.parsing.json_text import read_json
from curation.storage.atomic import explained, write_bytes

__all__ = ["MANIFEST", "NEW_FILES", "NEW_LOCK", "Manifest", "NewFile", "read_manifest", "write_manifest"]

NEW_FILES = ".curation-new"
"""The folder of the new files, in the output folder."""
MANIFEST = "manifest.json"
"""In that folder; since it is there, the new files count."""
NEW_LOCK = ".curation-new.lock"

_VERSION = 1


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is to be moved to its place.

    Attributes:
        name: In the folder of new files, and in the output folder, where it belongs.
        before: SHA-256 of a word of the user that it replaces, empty if there was none; None for files that only the
            program writes, which are replaced whatever is there.
    """

    name: str
    before: str | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is to be done, in this order: files that are moved to their places."""

    files: tuple[NewFile, ...]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into the folder of the new files; from now on they count.

    Raises:
        StorageError: If it cannot be written.
    """
    files = [[file.name, file.before] for file in manifest.files]
    write_bytes(folder / MANIFEST, json.dumps({"version": _VERSION, "files": files}).encode())


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest; None if there is none.

    Raises:
        ValueError: If it is damaged; also KeyError or TypeError.
        StorageError: If it cannot be read.
    """
    path = folder / MANIFEST
    try:
        data = read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    if data["version"] != _VERSION:
        raise ValueError(f"version {data['version']!r} is unknown")
    return Manifest(tuple(_file(*entry) for entry in data["files"]))


def _file(name: object, before: object) -> NewFile:
    if not isinstance(name, str) or not isinstance(before, str | None):
        raise ValueError("an entry is not of texts")
    # The folder may have come from elsewhere: nothing outside of it is ever written.
    if name in ("", ".", "..", MANIFEST) or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} is not a name")
    return NewFile(name, before)
