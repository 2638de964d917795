"""The files of assets: a folder for each picture, safe whenever a process is killed.

    ab/abcdef.../original             the picture as it was handed in
    ab/abcdef.../attempt-1-0f3c.../   what one try of a worker has written
    ab/abcdef.../result.json          names the try whose files are the result
    trash/abcdef....0f3c.../          a picture that is being deleted

A result becomes valid as a whole, when `result.json` is replaced, which is one rename. A deletion first leaves a folder
in `trash`, then the record goes, then the files: a sweeper that finds the folder finishes what a killed process began.
Only files and folders with these names are ever removed.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import TEMPORARY_SUFFIX, explained, open_atomic

__all__ = ["AssetFiles"]

logger = logging.getLogger(__name__)

_ORIGINAL = "original"
_RESULT = "result.json"
_TRASH = "trash"
_BEGUN_S = 5.0  # younger entries of the trash belong to somebody who is at work

_ID = re.compile(r"[0-9a-f]{32}")
_BUCKET = re.compile(r"[0-9a-f]{2}")
_ATTEMPT = re.compile(r"attempt-\d+-[0-9a-f]{32}")
_NEW = re.compile(rf"(new-[0-9a-f]{{32}}|\.new-[0-9a-f]{{32}}\.[0-9a-f]+{re.escape(TEMPORARY_SUFFIX)})")
_DELETED = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{32}")


class AssetFiles:
    """The files of all assets of one database; safe to use from several threads and processes at the same time.

    Every method raises StorageError if a file cannot be read or written, for example on a full disk; no half file is
    left then.
    """

    def __init__(self, folder: Path) -> None:
        """Remember the folder, which need not exist yet; no other database may use it."""
        self.folder = folder

    def keep_original(self, asset_id: str, content: bytes) -> None:
        """Store a picture as it was handed in, unless its file is there with this content."""
        path = self.original(asset_id)
        try:
            if path.stat().st_size == len(content) and path.read_bytes() == content:
                os.utime(path.parent)  # a sweeper leaves young folders alone until their record is written
                return
        except FileNotFoundError:
            logger.debug("%s is new", asset_id)
        except OSError as error:
            raise explained(error, path, "read") from error
        self._write(path, content, creates=True)

    def original(self, asset_id: str) -> Path:
        """Where a picture lies as it was handed in."""
        return self._folder_of(asset_id) / _ORIGINAL

    def has_original(self, asset_id: str) -> bool:
        """Whether a picture's own file is there."""
        return self.original(asset_id).is_file()

    def begin_attempt(self, asset_id: str, attempt: int) -> Path:
        """An empty folder for the files of one try; no other try has the same."""
        folder = self._folder_of(asset_id) / f"attempt-{attempt}-{uuid.uuid4().hex}"
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise explained(error, folder, "created") from error
        return folder

    def discard_attempt(self, asset_id: str, folder: Path) -> None:
        """Remove the files of a try that has no result; if it has, nothing happens."""
        if folder != self._result_of(asset_id):
            _remove_tree(folder)

    def make_result(self, asset_id: str, folder: Path) -> None:
        """Make the files of a try the result, all together; they are on the disk then, also after a power cut.

        Raises:
            StorageError: Also if the picture's folder is gone, because it was deleted meanwhile.
        """
        try:
            for path in folder.iterdir():
                with path.open("rb+") as file:
                    os.fsync(file.fileno())
        except OSError as error:
            raise explained(error, folder, "read") from error
        self._write(folder.parent / _RESULT, json.dumps({"folder": folder.name}).encode(), creates=False)

    def keep_only_result(self, asset_id: str) -> None:
        """Remove the files of all other tries of a picture that has its result."""
        result = self._result_of(asset_id)
        for path in self._attempts_of(asset_id):
            if path != result:
                _remove_tree(path)

    def file(self, asset_id: str, name: str) -> Path | None:
        """A file of the result, or the picture itself as `original`; None if there is none."""
        if not _ID.fullmatch(asset_id) or not name or Path(name).name != name or "\0" in name or name == "..":
            return None
        if name == _ORIGINAL:
            path = self.original(asset_id)
        else:
            result = self._result_of(asset_id)
            if result is None:
                return None
            path = result / name
        return path if path.is_file() else None

    def begin_delete(self, asset_id: str) -> Path:
        """Leave word that a picture is to be deleted, before its record is; see `finish_delete`."""
        entry = self.folder / _TRASH / f"{asset_id}.{uuid.uuid4().hex}"
        try:
            entry.mkdir(parents=True)
        except OSError as error:
            raise explained(error, entry, "created") from error
        return entry

    def remove_at_once(self, asset_id: str) -> None:
        """Remove the files of a picture whose record is deleted, where no word could be left before: on a full disk."""
        for path in filter(_is_ours, _entries(self._folder_of(asset_id))):
            if path.is_dir():
                _remove_tree(path)
            else:
                with suppress(FileNotFoundError):
                    path.unlink()
        with suppress(OSError):  # something of the user's lies in it
            self._folder_of(asset_id).rmdir()

    def finish_delete(self, entry: Path, is_known: Callable[[str], bool]) -> None:
        """Remove the files of a picture whose record is deleted, or was not deleted after all.

        Args:
            entry: Of `begin_delete`.
            is_known: Whether there is a record of this id now: somebody may have handed the same picture in again, and
                then its original stays, or comes back.
        """
        asset_id = entry.name[:32]
        files = entry / "files"
        try:
            if not is_known(asset_id):
                self._move_away(asset_id, files)
                if is_known(asset_id) and (files / _ORIGINAL).exists() and not self.has_original(asset_id):
                    self._bring_back(asset_id, files / _ORIGINAL)
            elif (files / _ORIGINAL).exists() and not self.has_original(asset_id):
                self._bring_back(asset_id, files / _ORIGINAL)
        except OSError as error:
            raise explained(error, entry, "removed") from error
        _remove_tree(entry)

    def sweep_deleted(self, is_known: Callable[[str], bool]) -> int:
        """Finish deletions that killed processes began; how many. Costs one look at a folder that is mostly empty."""
        count = 0
        for entry in _folders(self.folder / _TRASH, _DELETED):
            if _age_s(entry) > _BEGUN_S:
                self.finish_delete(entry, is_known)
                count += 1
        return count

    def sweep_orphans(self, is_known: Callable[[str], bool], *, older_than_s: float) -> int:
        """Remove folders of pictures without a record, and what killed tries have left; how many folders.

        Args:
            is_known: Whether there is a record of this id.
            older_than_s: Younger folders may belong to somebody who is at work, in seconds.
        """
        count = 0
        for bucket in _folders(self.folder, _BUCKET):
            for folder in _folders(bucket, _ID):
                if _age_s(folder) > older_than_s and not is_known(folder.name):
                    self.finish_delete(self.begin_delete(folder.name), is_known)
                    count += 1
                    continue
                count += self._sweep_attempts(folder.name, older_than_s)
        return count

    def _sweep_attempts(self, asset_id: str, older_than_s: float) -> int:
        count = 0
        result = self._result_of(asset_id)
        for path in self._attempts_of(asset_id):
            if path != result and _age_s(path) > older_than_s:
                _remove_tree(path)
                count += 1
        for path in _entries(self._folder_of(asset_id)):
            if _NEW.fullmatch(path.name) and _age_s(path) > older_than_s:
                with suppress(FileNotFoundError):
                    path.unlink()
        return count

    def _move_away(self, asset_id: str, files: Path) -> None:
        folder = self._folder_of(asset_id)
        if files.exists():  # a process was killed after this step, and the picture may have come back since
            return
        entries = list(_entries(folder))
        if all(_is_ours(path) for path in entries):
            with suppress(FileNotFoundError):
                folder.rename(files)
            return
        files.mkdir(exist_ok=True)
        for path in filter(_is_ours, entries):
            with suppress(FileNotFoundError):
                path.rename(files / path.name)

    def _bring_back(self, asset_id: str, original: Path) -> None:
        target = self.original(asset_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # somebody else has brought it back
            original.rename(target)

    def _result_of(self, asset_id: str) -> Path | None:
        path = self._folder_of(asset_id) / _RESULT
        try:
            named = read_json(path)["folder"]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise explained(error, path, "read") from error
        except PARSER_ERRORS:
            logger.warning("%s is damaged; delete the picture and hand it in again", path)
            return None
        return path.parent / named if isinstance(named, str) and _ATTEMPT.fullmatch(named) else None

    def _attempts_of(self, asset_id: str) -> Iterator[Path]:
        yield from _folders(self._folder_of(asset_id), _ATTEMPT)

    def _folder_of(self, asset_id: str) -> Path:
        if not _ID.fullmatch(asset_id):
            raise ValueError(f"{asset_id!r} is no id of an asset")
        return self.folder / asset_id[:2] / asset_id

    def _write(self, path: Path, content: bytes, *, creates: bool) -> None:
        # Under a name of its own first: two threads may store the same picture at the same moment.
        new = path.with_name(f"new-{uuid.uuid4().hex}")
        for is_last in (False, False, True):
            try:
                if not creates and not path.parent.is_dir():
                    raise StorageError(f"{path} cannot be written: its folder was deleted")
                with open_atomic(new) as file:
                    file.write(content)
                new.replace(path)
                return
            except StorageError as error:
                # Somebody else deletes the same picture and has moved its folder away.
                if is_last or not creates or not isinstance(error.__cause__, FileNotFoundError):
                    raise
            except OSError as error:
                with suppress(OSError):
                    new.unlink(missing_ok=True)
                if is_last or not creates or not isinstance(error, FileNotFoundError):
                    raise explained(error, path, "written") from error


def _is_ours(path: Path) -> bool:
    name = path.name
    return name in (_ORIGINAL, _RESULT) or bool(_ATTEMPT.fullmatch(name) or _NEW.fullmatch(name))


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise explained(error, folder, "read") from error


def _folders(folder: Path, name: re.Pattern[str]) -> Iterator[Path]:
    for path in _entries(folder):
        if name.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            yield path


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0  # gone: somebody else is at work


def _remove_tree(folder: Path) -> None:
    # Two processes may remove the same folder at the same moment.
    for _ in range(3):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            if not folder.exists():
                return
        except OSError as error:
            if folder.exists():
                raise explained(error, folder, "removed") from error
            return
        else:
            return
