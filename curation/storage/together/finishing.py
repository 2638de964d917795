"""Finishing what a killed writer began: its new files are moved to their places by whoever comes next.

Readers of an output folder call `finish_pending` first. While nothing is pending, that costs one look at the disk.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from curation.disk.file_modes import as_before
from curation.errors import BusyError, StorageError
from curation.storage.atomic import explained, set_aside, sync_folder
from curation.storage.together.manifest import (
    MANIFEST,
    NEW_FILES,
    NEW_LOCK,
    Manifest,
    NewFile,
    read_manifest,
    read_staged,
)

__all__ = ["content_sha256", "finish_pending", "hold_new_files", "is_pending", "move_all", "settle_new_files"]

logger = logging.getLogger(__name__)

_WAIT_S = 30.0  # as for other files; writers hold the lock while they write a few files
_LOOK_AGAIN_S = 0.05
_KEPT = ".kept-"  # as where several people write the same word


def is_pending(output_dir: Path) -> bool:
    """Whether new files count already, but are not all at their places."""
    try:
        return _counts(output_dir)
    except OSError:
        return False


def _counts(output_dir: Path) -> bool:
    try:
        status = os.lstat(f"{output_dir}/{NEW_FILES}/{MANIFEST}")
    except (FileNotFoundError, NotADirectoryError):
        return False
    return stat.S_ISREG(status.st_mode)


def finish_pending(output_dir: Path) -> None:
    """Wait for a writer that is just moving its new files to their places; if it was killed, move the rest.

    Args:
        output_dir: The output folder; it may be missing.

    Raises:
        BusyError: If the writer does not end within half a minute.
        StorageError: If the rest cannot be moved.
    """
    if not is_pending(output_dir):
        return
    lock = FileLock(output_dir / NEW_LOCK, is_singleton=False)
    for _ in range(round(_WAIT_S / _LOOK_AGAIN_S)):
        try:
            lock.acquire(timeout=_LOOK_AGAIN_S)
        except Timeout:
            # Whoever has the lock may wait for one that this thread holds, after it has moved the files.
            if is_pending(output_dir):
                continue
            return
        except OSError as error:
            raise explained(error, output_dir, "finished, as a run that wrote into it was ended in between,") from error
        try:
            _finish(output_dir)
        finally:
            lock.release()
        return
    raise BusyError(f"files of {output_dir} are just being written; try again in a minute")


def settle_new_files(output_dir: Path) -> None:
    """Do what `finish_pending` does, and remove what a writer left that was killed before its files were complete.

    Raises what `hold_new_files` raises.
    """
    if (output_dir / NEW_FILES).exists():
        with hold_new_files(output_dir):
            pass


@contextmanager
def hold_new_files(output_dir: Path) -> Iterator[Path]:
    """Hold the lock under which new files are collected and moved; what a killed writer left is settled first.

    The locks of single files are taken after it.

    Yields:
        The folder of the new files, which is empty.

    Raises:
        BusyError: If another writer holds it for half a minute.
        StorageError: If the folder cannot be written into.
    """
    folder = output_dir / NEW_FILES
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(output_dir / NEW_LOCK, is_singleton=False)
        lock.acquire(timeout=_WAIT_S)
    except Timeout as error:
        raise BusyError(f"files of {output_dir} are just being written; try again in a minute") from error
    except OSError as error:
        raise explained(error, output_dir, "written into") from error
    try:
        _finish(output_dir)
        try:
            _remove(folder)
            folder.mkdir()
        except OSError as error:
            raise explained(error, folder, "written into") from error
        yield folder
    finally:
        with suppress(OSError):  # the next writer removes it; what cannot be looked at may count already
            if not _counts(output_dir):
                _remove(folder)
        lock.release()


def _remove(folder: Path) -> None:
    """Remove the new files that were not put in place, also those that lie elsewhere."""
    if not folder.is_symlink():
        for staged in read_staged(folder):
            with suppress(OSError):
                staged.unlink()
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _finish(output_dir: Path) -> None:
    """Do what the manifest says; the caller holds the lock."""
    folder = output_dir / NEW_FILES
    try:
        manifest = read_manifest(folder) if _counts(output_dir) else None
        _refuse_links(folder, manifest)
        _refuse_others(manifest)
    except OSError as error:
        raise explained(error, folder, "read") from error
    except (ValueError, KeyError, TypeError) as error:
        aside = set_aside(folder)
        logger.warning(
            "an earlier run was ended while it put its files in place, and its list of them is damaged (%s): they were "
            "moved to %s; run the clustering again",
            error,
            aside.name,
        )
        return
    if manifest is None:
        return
    logger.info("an earlier run was ended while it put its files in place; the rest is put in place now")
    left = [file for file in manifest.files if _new(folder, file).exists()]
    if len(left) == len(manifest.files) and any(_is_other(output_dir, file) for file in left):
        # Nothing has happened yet, and a word was changed by hand meanwhile: that counts.
        logger.warning("a change that was not finished is dropped, as you changed the same file since")
        _end(output_dir, folder)
        return
    move_all(output_dir, manifest)


def _refuse_links(folder: Path, manifest: Manifest | None) -> None:
    """Links would lead out of the folder, which may have come from elsewhere."""
    paths = [] if manifest is None else [folder, *(_new(folder, file) for file in manifest.files)]
    if any(path.is_symlink() or (path != folder and path.exists() and not path.is_file()) for path in paths):
        raise ValueError("it leads to something else than files")


def _refuse_others(manifest: Manifest | None) -> None:
    """What lies beside a file elsewhere must be what was put there for it."""
    for file in () if manifest is None else manifest.files:
        if file.elsewhere is not None:
            new = file.elsewhere.with_name(file.name)
            if new.exists() and content_sha256(new) != file.content:
                raise ValueError(f"{new.name} is another file")


def move_all(output_dir: Path, manifest: Manifest) -> None:
    """Move the new files to their places; the manifest is written, and the caller holds the lock.

    Raises:
        StorageError: If one cannot be moved; whoever comes next goes on.
    """
    folder = output_dir / NEW_FILES
    for file in manifest.files:
        _move(output_dir, _new(folder, file), file)
    try:
        for place in dict.fromkeys([*(_place(output_dir, file).parent for file in manifest.files), output_dir]):
            sync_folder(place)
    except OSError as error:
        raise explained(error, output_dir, "written into") from error
    _end(output_dir, folder)


def _end(output_dir: Path, folder: Path) -> None:
    try:
        (folder / MANIFEST).unlink(missing_ok=True)
        _remove(folder)
    except OSError as error:
        raise explained(error, output_dir / NEW_FILES, "removed") from error


def _new(folder: Path, file: NewFile) -> Path:
    """Where a file lies that is to be moved."""
    return folder / file.name if file.elsewhere is None else file.elsewhere.with_name(file.name)


def _place(output_dir: Path, file: NewFile) -> Path:
    """Where it belongs."""
    return output_dir / file.name if file.elsewhere is None else file.elsewhere


def _move(output_dir: Path, new: Path, file: NewFile) -> None:
    place = _place(output_dir, file)
    try:
        if not new.exists():
            _demand_folder(file)
            return  # it was moved before
        if _is_other(output_dir, file):
            number = 1
            while (kept := place.with_name(f"{place.name}{_KEPT}{number}")).exists():
                number += 1
            logger.warning(
                "%s was changed by hand while a change by the program was not finished: yours stays, the other one is "
                "in %s",
                place,
                kept.name,
            )
            place = kept
        with suppress(FileNotFoundError), new.open("rb") as opened:
            as_before(opened.fileno(), place)
        new.replace(place)
    except OSError as error:
        raise explained(error, place, "written") from error


def _is_other(output_dir: Path, file: NewFile) -> bool:
    """Whether a word is neither what it was when the change was made nor what it is to become."""
    if file.before is None:
        return False
    now = content_sha256(_place(output_dir, file))
    return now not in (file.before, content_sha256(_new(output_dir / NEW_FILES, file)))


def _demand_folder(file: NewFile) -> None:
    """Check that a file elsewhere was moved, and its disk is not just away.

    Raises:
        StorageError: If its folder is not there: the rest waits for it.
    """
    if file.elsewhere is not None and not file.elsewhere.parent.is_dir():
        raise StorageError(
            f"a change of {file.elsewhere} is not finished, and there is no folder {file.elsewhere.parent}: connect "
            "its disk, and it is finished by itself"
        )


def content_sha256(path: Path) -> str:
    """SHA-256 of a file's content, hex; empty if there is no file.

    Raises:
        StorageError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise explained(error, path, "read") from error
