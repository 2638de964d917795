"""Writing files of an output folder that belong together, so that nobody ever finds some of them new and others old.

The new files are written into a folder of their own, and then a manifest that lists them: from then on it has
happened. They are moved to their places one right after the other. Whoever comes next and finds the manifest of a
writer that was killed, moves the rest; without a manifest nothing has happened. A push to object storage does the same
(`curation.storage.working_copy.journal`).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from curation.errors import CurationError
from curation.storage.atomic import explained, write_bytes
from curation.storage.together.finishing import (
    content_sha256,
    finish_pending,
    hold_new_files,
    is_pending,
    move_all,
)
from curation.storage.together.manifest import STAGED, Manifest, NewFile, staged_name, write_manifest, write_staged

__all__ = ["NewFiles", "new_files", "read_together"]

_TRIES = 20
_CHUNK_BYTES = 2**20
T = TypeVar("T")


class NewFiles:
    """Files that are to appear together.

    Attributes:
        folder: Where they are written, under the names that they have in the output folder.
    """

    def __init__(self, output_dir: Path, folder: Path) -> None:
        """Begin with an empty folder."""
        self._output_dir = output_dir
        self.folder = folder
        self._words: dict[str, str] = {}
        self._elsewhere: dict[Path, NewFile] = {}

    @property
    def words(self) -> list[Path]:
        """Where the files with words of the user belong that were added."""
        return [*(self._output_dir / name for name in self._words), *self._elsewhere]

    def add_word(self, place: Path, content: bytes) -> None:
        """Write a file with words of the user: it only replaces what is there now.

        Args:
            place: Where it belongs. The settings may have labels outside of the output folder: such a file is written
                beside the one that it replaces, and moved with the others.
            content: The words.

        Raises:
            StorageError: If it cannot be written, or the file that is there cannot be read.
        """
        if place.parent == self._output_dir:
            self._words[place.name] = content_sha256(place)
            write_bytes(self.folder / place.name, content)
        else:
            place = Path(os.path.abspath(place))  # noqa: PTH100 - links are followed by whoever opens it
            name = staged_name(place, secrets.token_hex(8))
            self._elsewhere[place] = NewFile(name, content_sha256(place), place, hashlib.sha256(content).hexdigest())
            write_staged(self.folder, [where.with_name(file.name) for where, file in self._elsewhere.items()])
            write_bytes(place.with_name(name), content)

    def publish(self, *, last: Sequence[str] = ()) -> bool:
        """Make all files appear; those that say what is there already stay untouched.

        Args:
            last: Names of files that are moved after the others.

        Returns:
            False if a word is not what it was: then nothing was written.

        Raises:
            StorageError: If a file cannot be written. If it happens while the files are moved, the next reader or
                writer goes on.
        """
        files = self._new(last)
        before = {self._output_dir / name: was for name, was in self._words.items()}
        before |= {place: str(file.before) for place, file in self._elsewhere.items()}
        if any(content_sha256(place) != was for place, was in before.items()):
            return False
        if files:
            manifest = Manifest(tuple(files))
            write_manifest(self.folder, manifest)
            move_all(self._output_dir, manifest)
        return True

    def _new(self, last: Sequence[str]) -> list[NewFile]:
        """What is to be moved: words first, so that those that were edited meanwhile are noticed before all else."""
        files = [file for file in self._elsewhere.values() if file.before != file.content]
        try:
            for path in sorted(self.folder.iterdir()):
                if path.name == STAGED:
                    continue
                if _is_same(path, self._output_dir / path.name):
                    path.unlink()
                else:
                    files.append(NewFile(path.name, self._words.get(path.name)))
        except OSError as error:
            raise explained(error, self.folder, "read") from error
        return sorted(files, key=lambda file: (file.name in last, file.before is None, file.name))


@contextmanager
def new_files(output_dir: Path) -> Iterator[NewFiles]:
    """Collect new files of an output folder; they appear when `NewFiles.publish` is called, else they are dropped.

    Within, nothing else may be written together by the same thread. The locks of single files are taken after it.

    Raises:
        BusyError: If another writer does not end within half a minute.
        StorageError: If the folder cannot be written into.
    """
    with hold_new_files(output_dir) as folder:
        yield NewFiles(output_dir, folder)


def read_together(output_dir: Path, names: Sequence[str], read: Callable[[], T]) -> T:
    """Read several files of an output folder so that they are of one moment between the writers' changes.

    Args:
        output_dir: The output folder.
        names: Of the files that are read; others may change meanwhile.
        read: Reads them; it is called again if one of them was replaced meanwhile.

    Raises:
        BusyError: If a writer does not end within half a minute.
        StorageError: If a killed writer's files cannot be moved to their places. Also what `read` raises.
    """
    for _ in range(_TRIES - 1):
        finish_pending(output_dir)
        before = _versions(output_dir, names)
        try:
            value = read()
        except CurationError:
            if _is_steady(output_dir, names, before):
                raise
        else:
            if _is_steady(output_dir, names, before):
                return value
    return read()


def _is_steady(output_dir: Path, names: Sequence[str], before: list[tuple[int, int, int]]) -> bool:
    return not is_pending(output_dir) and _versions(output_dir, names) == before


def _versions(output_dir: Path, names: Sequence[str]) -> list[tuple[int, int, int]]:
    out = []
    for name in names:
        try:
            status = (output_dir / name).stat()
        except OSError:
            out.append((0, 0, 0))
        else:
            out.append((status.st_mtime_ns, status.st_ino, status.st_size))
    return out


def _is_same(new: Path, old: Path) -> bool:
    try:
        with new.open("rb") as one, old.open("rb") as other:
            while (chunk := one.read(_CHUNK_BYTES)) == other.read(_CHUNK_BYTES):
                if not chunk:
                    return True
    except FileNotFoundError:
        pass
    return False
