"""The journal of a push: one object with all files that the push writes, so that it happens whole or not at all.

Object storage writes one object whole, never several together. So a push first writes all its files as one object, the
journal, and from then on it has happened: whoever comes next and finds a journal whose writer was killed, finishes it.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from curation.errors import StorageError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.parsing.plain_files import open_plain
from curation.storage.atomic import explained
from curation.storage.working_copy.copy_files import is_mirrored

__all__ = ["JOURNAL", "Journal", "JournalFile", "read_journal", "write_journal"]

JOURNAL = ".curation/push.zip"
"""The key of the journal."""

_MANIFEST = "manifest.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class JournalFile:
    """A file that is written.

    Attributes:
        key: Below the output address.
        sha256: Of its content, hex.
        etag: What the object must be if this file is a word of the user: empty if there must be none; None for outputs,
            which are written whatever is there.
    """

    key: str
    sha256: str
    etag: str | None


@dataclass(frozen=True, slots=True)
class Journal:
    """What a push does: the files that it writes, in this order, and then the objects that it removes."""

    files: tuple[JournalFile, ...]
    removed: tuple[str, ...]


def write_journal(target: Path, journal: Journal, folder: Path) -> None:
    """Write a journal with the content of its files.

    Args:
        target: The file to write.
        journal: What is to be done.
        folder: Has the files.

    Raises:
        StorageError: If it cannot be written.
    """
    data = {
        "version": _VERSION,
        "files": [[file.key, file.sha256, file.etag] for file in journal.files],
        "removed": list(journal.removed),
    }
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            archive.writestr(_MANIFEST, json.dumps(data))
            for number, file in enumerate(journal.files):
                archive.write(folder / file.key, str(number))
    except (OSError, ValueError) as error:
        problem = error if isinstance(error, OSError) else OSError(str(error))
        raise explained(problem, target, "written") from error


def read_journal(source: Path, folder: Path) -> Journal:
    """Read a journal, and unpack its files under their keys.

    Args:
        source: The journal.
        folder: Gets the files; it must be empty.

    Raises:
        StorageError: If it is damaged, or of a newer version.
    """
    try:
        with open_plain(source) as packed, zipfile.ZipFile(packed) as archive:
            data = parse_json(archive.read(_MANIFEST))
            if data["version"] != _VERSION:
                raise StorageError(f"{JOURNAL} was written by another version of Curation: use that version")
            journal = Journal(tuple(JournalFile(*row) for row in data["files"]), tuple(data["removed"]))
            if not all(map(is_mirrored, (*(file.key for file in journal.files), *journal.removed))):
                raise ValueError("it names files that are no outputs")  # such as ../../.ssh/authorized_keys
            for number, file in enumerate(journal.files):
                target = folder / file.key
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(str(number)) as opened, target.open("wb") as written:
                    while chunk := opened.read(2**20):
                        written.write(chunk)
    except OSError as error:
        raise explained(error, source, "read") from error
    except PARSER_ERRORS as error:
        raise StorageError(f"{JOURNAL} in object storage is damaged: delete it and run again") from error
    return journal
