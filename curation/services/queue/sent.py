"""What was sent from a watched folder, by content, so that it is not sent again after a restart or under a new name."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path

from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.parsing.plain_files import open_plain
from curation.photos.files.listing import PhotoFile
from curation.storage.atomic import explained, write_bytes

__all__ = ["SentPictures", "memory_path"]

_DIR = "watched"
_FEW_LINES = 1000


def memory_path(log_dir: Path, folder: Path) -> Path:
    """The file that remembers what was sent from `folder`."""
    name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
    return log_dir / _DIR / f"{name}.jsonl"


class SentPictures:
    """The memory of one watched folder: a line for each file that was sent; a line that was cut off is skipped.

    Args:
        path: Of its file; its folder is made if it is missing.

    Raises:
        StorageError: If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamps: dict[str, tuple[int, int]] = {}
        self._hashes: set[str] = set()
        self._load()

    def has_file(self, photo: PhotoFile) -> bool:
        """Whether this file was sent as it is now, judging by its size and time."""
        return self._stamps.get(photo.image_path) == (photo.size_bytes, photo.mtime_ns)

    def has_content(self, sha256: str) -> bool:
        """Whether a file of this content was sent, under whatever name."""
        return sha256 in self._hashes

    def add(self, photo: PhotoFile, sha256: str) -> None:
        """Remember a file that was sent.

        Raises:
            StorageError: If it cannot be written.
        """
        self._stamps[photo.image_path] = (photo.size_bytes, photo.mtime_ns)
        self._hashes.add(sha256)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_line(photo.image_path, photo.size_bytes, photo.mtime_ns, sha256))
        except OSError as error:
            raise explained(error, self._path, "written") from error

    def _load(self) -> None:
        hashes: dict[str, str] = {}
        lines = 0
        is_cut = False
        try:
            raw = open_plain(self._path)
            with io.TextIOWrapper(raw, encoding="utf-8", errors="replace") as file:
                for text in file:
                    lines += 1
                    is_cut = not text.endswith("\n")
                    try:
                        name, size, mtime_ns, sha256 = parse_json(text)
                    except PARSER_ERRORS:
                        continue
                    self._stamps[str(name)] = (int(size), int(mtime_ns))
                    self._hashes.add(str(sha256))
                    hashes[str(name)] = str(sha256)
        except FileNotFoundError:
            return
        except OSError as error:
            raise explained(error, self._path, "read") from error
        # Files that changed leave lines behind; their contents were sent all the same, so they keep a line each.
        if is_cut or (lines > _FEW_LINES and lines > 2 * len(self._hashes | set(hashes))):
            left = self._hashes - set(hashes.values())
            text = "".join(_line(name, *self._stamps[name], sha256) for name, sha256 in hashes.items())
            text += "".join(_line("", 0, 0, sha256) for sha256 in sorted(left))
            write_bytes(self._path, text.encode(), durable=False)


def _line(name: str, size: int, mtime_ns: int, sha256: str) -> str:
    return json.dumps([name, size, mtime_ns, sha256]) + "\n"
