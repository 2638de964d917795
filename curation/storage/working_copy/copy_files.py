"""Which files of an output folder are mirrored, and what of them was the same here and in object storage."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.cluster_pictures import CLUSTERS_DIR
from curation.storage.run_records import CLUSTERING_RUN, SCORING_RUN, VIDEO_RUN

__all__ = ["CONTROL_PREFIX", "CopyFiles", "CopyState", "SyncedFile", "file_sha256", "is_mirrored", "is_record"]

CONTROL_PREFIX = ".curation/"
"""The keys below the output address that are no outputs: the lock, and what a push was about to write."""

_STATE_NAME = ".curation-copy.json"
_MARK = ".curation-files.json"  # the list of the cluster pictures
_EXTENSIONS = frozenset({".csv", ".html", ".json", ".npy", ".npz", ".parquet"})
_KEPT = ".kept-"
_RECORDS = (CLUSTERING_RUN, SCORING_RUN, VIDEO_RUN)
_CHUNK_BYTES = 2**20
_VERSION = 1


def is_mirrored(key: str) -> bool:
    """Whether a file is an output or a word of the user, by its path below the output folder.

    The output address may hold other objects, which are left alone.
    """
    parts = key.split("/")
    if any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in parts):
        return False
    if len(parts) > 1:
        hidden = any(part.startswith(".") for part in parts[:-1])
        return parts[0] == CLUSTERS_DIR and not hidden and (not parts[-1].startswith(".") or parts[-1] == _MARK)
    name = parts[0].partition(_KEPT)[0]
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in _EXTENSIONS  # noqa: PTH122


def is_record(key: str) -> bool:
    """Whether it is a run record, which is written last: whoever finds it finds the outputs that it tells of."""
    return key in _RECORDS


@dataclass(frozen=True, slots=True)
class SyncedFile:
    """A file when it was last the same here and in object storage.

    Attributes:
        etag: Of the object.
        size_bytes: Of the file.
        mtime_ns: Of the file on this machine; only so that it need not be read to see that it is unchanged.
        sha256: Of the content, hex.
    """

    etag: str
    size_bytes: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True)
class CopyState:
    """What is known of a working copy.

    Attributes:
        id: Of this working copy; no other machine has it.
        pending: The run whose outputs are not pushed yet, or that is in progress; empty if there is none.
        files: By path below the output folder.
    """

    id: str
    pending: str = ""
    files: dict[str, SyncedFile] = field(default_factory=dict)


class CopyFiles:
    """The files of the working copy, and its state, which lies in the same folder and goes with it."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which need not exist."""
        self.folder = folder
        self._path = folder / _STATE_NAME

    def state(self) -> CopyState:
        """The state as it was saved last; a damaged one is forgotten, as everything can be compared again."""
        try:
            data = read_json(self._path)
            if data["version"] == _VERSION:
                files = {key: SyncedFile(*values) for key, values in data["files"].items()}
                return CopyState(str(data["id"]), str(data["pending"]), files)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise explained(error, self._path, "read") from error
        except PARSER_ERRORS:
            pass
        return CopyState(uuid.uuid4().hex)

    def save(self, state: CopyState) -> None:
        """Write the state.

        Raises:
            StorageError: If it cannot be written.
        """
        files = {
            key: [synced.etag, synced.size_bytes, synced.mtime_ns, synced.sha256]
            for key, synced in sorted(state.files.items())
        }
        data = {"version": _VERSION, "id": state.id, "pending": state.pending, "files": files}
        write_bytes(self._path, json.dumps(data).encode(), durable=False)

    def path(self, key: str) -> Path:
        """The file of a key."""
        return self.folder / key

    def present(self, *, is_top_only: bool = False) -> list[str]:
        """The keys of all mirrored files that are here, sorted.

        Args:
            is_top_only: Without those in sub-folders, which only runs write.

        Raises:
            StorageError: If the folder cannot be read.
        """
        try:
            return sorted(self._walk(self.folder, "", is_top_only=is_top_only))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise explained(error, self.folder, "read") from error

    def _walk(self, folder: Path, prefix: str, *, is_top_only: bool = False) -> Iterator[str]:
        with os.scandir(folder) as entries:
            for entry in entries:
                key = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if not is_top_only and (prefix or entry.name == CLUSTERS_DIR):
                        yield from self._walk(Path(entry.path), f"{key}/")
                elif is_mirrored(key):
                    yield key

    def synced(self, key: str, etag: str) -> SyncedFile:
        """A file as it is now, as the content of the object with this ETag.

        Raises:
            StorageError: If it cannot be read.
        """
        path = self.path(key)
        try:
            status = path.stat()
        except OSError as error:
            raise explained(error, path, "read") from error
        return SyncedFile(etag, status.st_size, status.st_mtime_ns, file_sha256(path))

    def is_changed(self, key: str, files: Mapping[str, SyncedFile]) -> bool:
        """Whether a file that is here is not what object storage had when it was compared last."""
        known = files.get(key)
        if known is None:
            return True
        path = self.path(key)
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise explained(error, path, "read") from error
        if (status.st_size, status.st_mtime_ns) == (known.size_bytes, known.mtime_ns):
            return False
        return status.st_size != known.size_bytes or file_sha256(path) != known.sha256

    def put_aside(self, key: str, name: str | None = None) -> str:
        """Copy a file to `NAME.kept-1`, or the next number that is free; returns the name of the copy.

        Args:
            key: Of the file.
            name: Another name of the copy.

        Raises:
            StorageError: If it cannot be written.
        """
        number = 1
        while self.path(f"{key}{_KEPT}{number}").exists():
            number += 1
        aside = name or f"{key}{_KEPT}{number}"
        try:
            write_bytes(self.path(aside), self.path(key).read_bytes())
        except OSError as error:
            raise explained(error, self.path(key), "read") from error
        return aside

    def hide(self, key: str) -> None:
        """Rename a file that object storage does not have any more; it stays on this machine under a hidden name."""
        number = 1
        while (hidden := self.path(key).with_name(f".{Path(key).name}.gone-{number}")).exists():
            number += 1
        try:
            self.path(key).rename(hidden)
        except FileNotFoundError:
            return
        except OSError as error:
            raise explained(error, self.path(key), "renamed") from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, hex.

    Raises:
        StorageError: If it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise explained(error, path, "read") from error
    return digest.hexdigest()
