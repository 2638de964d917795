"""What is about to appear: the manifest of new files that lie in a folder beside the ones that they replace."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.parsing.json_text import read_json
from curation.storage.atomic import explained, write_bytes

__all__ = [
    "MANIFEST",
    "NEW_FILES",
    "NEW_LOCK",
    "STAGED",
    "Manifest",
    "NewFile",
    "read_manifest",
    "read_staged",
    "staged_name",
    "write_manifest",
    "write_staged",
]

NEW_FILES = ".curation-new"
"""The folder of the new files, in the output folder."""
MANIFEST = "manifest.json"
"""In that folder; since it is there, the new files count."""
NEW_LOCK = ".curation-new.lock"

STAGED = "staged.json"
"""In that folder: new files that were written beside files elsewhere; without a manifest they are removed."""

_VERSION = 1
_STAGED_NAME = re.compile(r"\..{1,200}\.[0-9a-f]{16}\.curation-new", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is to be moved to its place.

    Attributes:
        name: In the folder of new files, and in the output folder, where it belongs; of a file that belongs elsewhere
            its name beside that place, see `staged_name`.
        before: SHA-256 of a word of the user that it replaces, empty if there was none; None for files that only the
            program writes, which are replaced whatever is there.
        elsewhere: Where it belongs, if that is not in the output folder; None if it is.
        content: SHA-256 of its content, if it belongs elsewhere.
    """

    name: str
    before: str | None
    elsewhere: Path | None = None
    content: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is to be done, in this order: files that are moved to their places."""

    files: tuple[NewFile, ...]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into the folder of the new files; from now on they count.

    Raises:
        StorageError: If it cannot be written.
    """
    files = [_entry(file) for file in manifest.files]
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


def staged_name(place: Path, token: str) -> str:
    """The name of a new file beside the file elsewhere that it is to replace.

    Args:
        place: Of the file that is replaced.
        token: 16 hex digits, by chance.
    """
    return f".{place.name}.{token}.curation-new"


def write_staged(folder: Path, staged: Sequence[Path]) -> None:
    """Note in the folder of the new files which ones are about to be written elsewhere.

    Raises:
        StorageError: If it cannot be written.
    """
    write_bytes(folder / STAGED, json.dumps([os.fsdecode(path) for path in staged]).encode())


def read_staged(folder: Path) -> list[Path]:
    """What `write_staged` wrote; nothing that is not the name of such a file, whoever wrote it."""
    path = folder / STAGED
    try:
        data = read_json(path)
    except (OSError, ValueError):
        return []
    paths = (
        [Path(each) for each in data if isinstance(each, str) and "\0" not in each] if isinstance(data, list) else []
    )
    return [each for each in paths if each.is_absolute() and _STAGED_NAME.fullmatch(each.name)]


def _entry(file: NewFile) -> list[str | None]:
    entry = [file.name, file.before]
    return entry if file.elsewhere is None else [*entry, os.fsdecode(file.elsewhere), file.content]


def _file(name: object, before: object, elsewhere: object = None, content: object = "") -> NewFile:
    if not isinstance(name, str) or not isinstance(before, str | None) or not isinstance(content, str):
        raise ValueError("an entry is not of texts")
    if elsewhere is not None:
        return _file_elsewhere(name, before, elsewhere, content)
    # The folder may have come from elsewhere: nothing outside of it is ever written.
    if name in ("", ".", "..", MANIFEST, STAGED) or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} is not a name")
    return NewFile(name, before)


def _file_elsewhere(name: str, before: str | None, elsewhere: object, content: str) -> NewFile:
    """A word of the user that belongs elsewhere.

    The folder may have come from elsewhere itself; so only what somebody who may write there has put beside the file,
    under a name for this, ever replaces it.
    """
    if not isinstance(elsewhere, str) or "\0" in elsewhere or not Path(elsewhere).is_absolute() or before is None:
        raise ValueError("an entry leads to no place")
    place = Path(elsewhere)
    token = name.removesuffix(".curation-new")[-16:]
    if name != staged_name(place, token) or not _STAGED_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a new file for {place.name!r}")
    return NewFile(name, before, place, content)
