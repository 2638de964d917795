"""`weights.json` in the models folder: what was downloaded, and the hashes of unchanged files."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.engines.weights.files import file_sha256, write_atomically
from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import READING_ERRORS

__all__ = ["RECORD_FILE", "WeightsRecord"]

logger = logging.getLogger(__name__)

RECORD_FILE = "weights.json"
"""In the models folder."""


class WeightsRecord:
    """The hashes of downloads, and those of files by path, size and time, so that each file is read once."""

    def __init__(self, models_dir: Path) -> None:
        """Read the record of a models folder; a damaged one counts as empty."""
        self._path = models_dir / RECORD_FILE
        self._downloads: dict[str, Any] = {}
        self._hashes: dict[str, Any] = {}
        self._changed = False
        try:
            data = read_json(self._path)
            self._downloads, self._hashes = dict(data["downloads"]), dict(data["hashes"])
        except FileNotFoundError:
            pass
        except READING_ERRORS as error:
            logger.warning("%s cannot be read (%s); hashes are computed again", self._path, error)

    def sha256_of(self, path: Path) -> str:
        """The hash of a file, which is read only if its size or time changed.

        Raises:
            StorageError: If it cannot be read.
        """
        entry = self._hashes.get(str(path))
        if isinstance(entry, dict) and (entry.get("size_bytes"), entry.get("mtime_ns")) == _stamp(path):
            return str(entry.get("sha256"))
        return self.fresh_sha256_of(path)

    def fresh_sha256_of(self, path: Path) -> str:
        """The hash of a file, which is read in any case.

        Raises:
            StorageError: If it cannot be read.
        """
        size, mtime = _stamp(path)
        sha256 = file_sha256(path)
        entry = self._hashes.get(str(path))
        checked = isinstance(entry, dict) and entry.get("sha256") == sha256 and entry.get("loads") is True
        self._hashes[str(path)] = {"size_bytes": size, "mtime_ns": mtime, "sha256": sha256, "loads": checked}
        self._changed = True
        return sha256

    def is_checked(self, path: Path) -> bool:
        """Whether this content has been loaded before."""
        return self._hashes[str(path)].get("loads") is True

    def set_checked(self, path: Path) -> None:
        """Record that this content could be loaded."""
        self._hashes[str(path)]["loads"] = True
        self._changed = True

    def downloaded_sha256(self, name: str) -> str | None:
        """The hash of the first download of a file; None if it was not downloaded."""
        entry = self._downloads.get(name)
        return str(entry["sha256"]) if isinstance(entry, dict) and "sha256" in entry else None

    def agreed_hosts(self, name: str) -> tuple[str, ...]:
        """The hosts that published the same hash when a file was first downloaded, other than the one it came from."""
        entry = self._downloads.get(name)
        hosts = entry.get("agreed") if isinstance(entry, dict) else None
        return tuple(str(host) for host in hosts) if isinstance(hosts, list) else ()

    def set_downloaded(self, name: str, sha256: str, size_bytes: int, address: str, agreed: Sequence[str] = ()) -> None:
        """Record a download, and which other hosts published the same hash."""
        self._downloads[name] = {
            "sha256": sha256,
            "size_bytes": size_bytes,
            "address": address,
            "agreed": list(agreed),
        }
        self._changed = True

    def save(self) -> None:
        """Write the record if it changed; if it cannot be written, the files are read again next time."""
        if not self._changed or not self._path.parent.is_dir():
            return
        data = {"downloads": self._downloads, "hashes": self._hashes}
        try:
            write_atomically(self._path, json.dumps(data, indent=1, sort_keys=True).encode())
        except StorageError as error:
            logger.debug("hashes of weights are not recorded: %s", error)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error}") from error
    return state.st_size, state.st_mtime_ns
