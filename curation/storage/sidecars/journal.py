"""The journal and the backup of one run that writes sidecars beside originals.

A folder with a name and a time: `manifest.jsonl`, one line for each sidecar, and below `files/` each sidecar as it was
before. A line and its backup are on the disk before the sidecar is written, so a killed run can be taken back, too.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from curation.errors import StorageError
from curation.parsing.json_text import parse_json, read_json
from curation.parsing.not_valid import PARSER_ERRORS, NotValidError
from curation.parsing.plain_files import read_plain
from curation.storage.atomic import explained, open_atomic, write_bytes

__all__ = ["MANIFEST", "SidecarChange", "SidecarJournal", "digest_of", "journals_in", "read_journal"]

MANIFEST = "manifest.jsonl"
_FILES = "files"
_UNDONE = "undone.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class SidecarChange:
    """What a run did to one sidecar.

    Attributes:
        file: Path relative to the folder of photos, as in `image_path`.
        image_path: The photo that it is about.
        after: SHA-256 of what was written.
        before: SHA-256 of what was there; None if the sidecar is new.
        mtime_ns: When that was last changed, in nanoseconds since 1970.
        backup: Where the old content lies, relative to the folder of the run.
    """

    file: str
    image_path: str
    after: str
    before: str | None = None
    mtime_ns: int | None = None
    backup: str | None = None


@dataclass(frozen=True, slots=True)
class WrittenRun:
    """A run as its journal has it.

    Attributes:
        folder: Of the run.
        header: What the run was: `program`, `input_dir`, `created_at`.
        changes: In the order of the run.
        undone_at: When it was taken back as a whole; None if it was not.
    """

    folder: Path
    header: Mapping[str, Any]
    changes: tuple[SidecarChange, ...]
    undone_at: str | None

    def old_content(self, change: SidecarChange) -> bytes:
        """The sidecar as it was before.

        Raises:
            StorageError: If the backup is gone or damaged.
        """
        path = self.folder / (change.backup or "")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise explained(error, path, "read") from error
        if digest_of(content) != change.before:
            raise StorageError(f"{path} is not what was backed up: the sidecar stays as it is")
        return content

    def mark_undone(self, at: str) -> None:
        """Remember that the run was taken back.

        Raises:
            StorageError: If that cannot be written.
        """
        write_bytes(self.folder / _UNDONE, json.dumps({"undone_at": at}).encode() + b"\n")


class SidecarJournal:
    """Writes the journal of one run; its folder appears with the first change."""

    def __init__(self, folder: Path, header: Mapping[str, Any]) -> None:
        """Remember the folder; nothing is written yet.

        Args:
            folder: Of the run; must not exist.
            header: What the run is; plain JSON values.
        """
        self.folder = folder
        self._header = {"version": _VERSION, **header}
        self._file: BinaryIO | None = None
        self.changes = 0

    def add(self, file: str, image_path: str, new: bytes, old: bytes | None, mtime_ns: int | None) -> None:
        """Record a change, before it is made.

        Args:
            file: Path of the sidecar relative to the folder of photos.
            image_path: The photo.
            new: What will be written.
            old: What is there; None if nothing is.
            mtime_ns: When that was last changed.

        Raises:
            StorageError: If it cannot be written; then the sidecar must not be written either.
        """
        backup = None
        if old is not None:
            backup = f"{_FILES}/{self.changes:06d}.xmp"
            with open_atomic(self.folder / backup) as saved:
                saved.write(old)
        before = None if old is None else digest_of(old)
        change = SidecarChange(file, image_path, digest_of(new), before, mtime_ns, backup)
        try:
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._file = (self.folder / MANIFEST).open("xb", buffering=0)
                self._append(self._header)
            self._append(asdict(change))
        except OSError as error:
            raise explained(error, self.folder / MANIFEST, "written") from error
        self.changes += 1

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _append(self, line: Mapping[str, Any]) -> None:
        assert self._file is not None  # opened above
        self._file.write(json.dumps(line, ensure_ascii=True).encode("ascii") + b"\n")
        os.fsync(self._file.fileno())


def read_journal(folder: Path) -> WrittenRun | None:
    """The journal of a run; None if there is none.

    A last line that a killed run left unfinished is left out: its sidecar was not written.

    Raises:
        StorageError: If it cannot be read, or somebody changed it.
    """
    path = folder / MANIFEST
    try:
        lines = read_plain(path).split(b"\n")
        undone_at = _undone_at(folder / _UNDONE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    except NotValidError as error:
        raise StorageError(f"{path} is not a manifest that can be read ({error}): nothing was taken back") from error
    whole = lines[:-1]  # what follows the last line's end was not finished
    if not whole:
        return WrittenRun(folder, {}, (), undone_at)
    try:
        header, *changes = (parse_json(line) for line in whole)
        if header["version"] != _VERSION:
            raise ValueError("another version")
        return WrittenRun(folder, header, tuple(SidecarChange(**change) for change in changes), undone_at)
    except PARSER_ERRORS as error:
        raise StorageError(f"{path} is not a manifest that can be read ({error}): nothing was taken back") from error


def _undone_at(path: Path) -> str | None:
    try:
        return str(read_json(path)["undone_at"]) if path.is_file() else None
    except PARSER_ERRORS:
        return None


def journals_in(folder: Path) -> list[Path]:
    """The folders of all runs, the newest first."""
    try:
        found = [path for path in folder.iterdir() if (path / MANIFEST).is_file()]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.name, reverse=True)


def digest_of(content: bytes) -> str:
    """SHA-256 of the content."""
    return hashlib.sha256(content).hexdigest()
