"""Files that only stand for photos, which are not on this disk: in a cloud, in another store, not yet copied."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from curation.photos.files.formats import PHOTO_EXTENSIONS, VIDEO_EXTENSIONS, VIDEO_PROXY_EXTENSIONS

__all__ = ["absent_by_name", "absent_content", "absent_link", "is_online_only"]

_SHOWN = PHOTO_EXTENSIONS | (VIDEO_EXTENSIONS - VIDEO_PROXY_EXTENSIONS)

_ICLOUD = "it is in iCloud only: download it (Finder, Download Now)"
_UNFINISHED = "it was not copied or downloaded to its end: copy it again"
_ONLINE = (
    "it is in the cloud only (OneDrive, Dropbox, iCloud or the like): download it, in the menu of the file "
    '"always keep on this device" or the like'
)

_SUFFIXES = {
    ".icloud": _ICLOUD,
    ".nextcloud": "it is on the Nextcloud server only: download it",
    ".owncloud": "it is on the ownCloud server only: download it",
    ".cloud": "it is in the cloud only (odrive): synchronise it",
    ".rsls": "it is on another device only (Resilio Sync): synchronise it",
    **dict.fromkeys(
        (
            ".crdownload",
            ".part",
            ".partial",
            ".opdownload",
            ".download",
            ".filepart",  # browsers, WinSCP
            ".ffs_tmp",
            ".!sync",
            ".bts",
            ".tmp",  # FreeFileSync, Resilio Sync, programs that copy
            ".megatmp",
            ".!ut",
            ".!qb",
            ".aria2",
            ".td",
            ".xltd",
            ".fdmdownload",
            ".dtapart",
        ),  # programs that download
        _UNFINISHED,
    ),
}
_FOLDER_SUFFIXES = {
    ".cloudf": "this folder is in the cloud only (odrive): synchronise it",
    ".rslsf": "this folder is on another device only (Resilio Sync): synchronise it",
}
_FORMS = (
    (re.compile(r"\.pending-\d+-(?P<name>.+)"), _UNFINISHED),  # Android
    (re.compile(r"(?:\.syncthing\.|~syncthing~)(?P<name>.+)\.tmp"), _UNFINISHED),
    (re.compile(r"\.(?P<name>.+)\.~[0-9a-f]{1,8}"), _UNFINISHED),  # Nextcloud, ownCloud
    (re.compile(r"(?P<name>.+)\.ocTransferId\d+\.part"), _UNFINISHED),  # Nextcloud, ownCloud: the server
    (re.compile(r"(?P<name>.+)\.[0-9a-f]{8}\.partial"), _UNFINISHED),  # rclone
    (re.compile(r"(?P<name>.+)[.-][0-9a-f]{4}\.ffs_tmp"), _UNFINISHED),  # FreeFileSync
    (re.compile(r"~(?P<name>.+)\.tmp"), _UNFINISHED),
    # rsync; six letters of one case are rather a word, such as backup
    (re.compile(r"\.(?P<name>.+\.[A-Za-z0-9]{2,4})\.(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{6}"), _UNFINISHED),
)

_SF_DATALESS = 0x40000000  # of macOS: sys/stat.h
_FILE_ATTRIBUTES = 0x1000 | 0x40000 | 0x400000  # of Windows: offline, recall on open, recall on data access

_MOST_POINTER_BYTES = 2048
_POINTERS = (
    (b"version https://git-lfs.github.com/spec/", "it is only a pointer of Git LFS: get it with git lfs pull"),
    (b"version https://hawser.github.com/spec/", "it is only a pointer of Git LFS: get it with git lfs pull"),
    (b"/annex/objects/", "it is only a pointer of git-annex: get it with git annex get"),
    (b"XSym\n", "it is only a link of another system, which leads nowhere here"),
    (b"!<symlink>", "it is only a link of another system, which leads nowhere here"),
    (b"IntxLNK\1", "it is only a link of another system, which leads nowhere here"),
)
_ANNEX = "it is in git-annex and not on this disk: get it with git annex get"


def absent_by_name(name: str) -> tuple[str, str] | None:
    """The photo or clip that a file stands for, by its name.

    Args:
        name: Of the file, without folders.

    Returns:
        The name of the photo or clip, or of a folder with a slash at its end, and why it is not there, as a sentence
        about it; None for all other files.
    """
    stem, dot, extension = name.rpartition(".")
    suffix = (dot + extension).casefold()
    if suffix in _FOLDER_SUFFIXES and stem:
        return f"{stem}/", _FOLDER_SUFFIXES[suffix]
    for form, reason in _FORMS:
        match = form.fullmatch(name)
        if match is not None and _is_shown(match["name"]):
            return match["name"], reason
    if suffix in _SUFFIXES:
        found = stem.removeprefix(".") if suffix == ".icloud" else stem
        return (found, _SUFFIXES[suffix]) if _is_shown(found) else None
    return None


def _is_shown(name: str) -> bool:
    stem, dot, extension = name.rpartition(".")
    return bool(dot and stem) and extension.casefold() in _SHOWN


def is_online_only(status: os.stat_result) -> bool:
    """Whether the system says that the content of a file is not on this disk; asking does not fetch it."""
    flags, attributes = getattr(status, "st_flags", 0), getattr(status, "st_file_attributes", 0)
    return bool(flags & _SF_DATALESS or attributes & _FILE_ATTRIBUTES)


def absent_content(path: Path, status: os.stat_result) -> str | None:
    """Why the content of a photo is not on this disk, by the system and by what the file holds; None if it is there.

    Only files of very few bytes are read, and what the system says is asked first: reading a file of a cloud would
    fetch it.

    Args:
        path: A regular file with the name of a photo or clip.
        status: Of the file.
    """
    if is_online_only(status):
        return _ONLINE
    if status.st_size == 0:
        return None  # it is a photo, which fails with its reason
    if getattr(status, "st_blocks", 1) == 0 and _has_no_data(path):
        return "nothing of it is on this disk: the file is only as long as the photo. Download or copy it again"
    if status.st_size <= _MOST_POINTER_BYTES:
        return _pointer(path)
    return None


def _has_no_data(path: Path) -> bool:
    """Whether a file is one hole. No blocks alone prove nothing: many network disks do not count them."""
    seek_data = getattr(os, "SEEK_DATA", None)
    if seek_data is None:
        return False

    with suppress(OSError), _opened(path) as number:
        try:
            os.lseek(number, 0, seek_data)
        except OSError as error:
            return error.errno == errno.ENXIO
    return False


def _pointer(path: Path) -> str | None:
    with suppress(OSError), _opened(path) as number:
        start = os.read(number, 64)
        return next((reason for begin, reason in _POINTERS if start.startswith(begin)), None)
    return None


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A file; that it cannot be read is reported when it is opened as a photo."""
    number = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        yield number
    finally:
        os.close(number)


def absent_link(path: Path) -> str | None:
    """Why the photo of a link that leads nowhere is not on this disk, if a program keeps its photos so; else None."""
    try:
        target = os.fsdecode(os.readlink(path)).replace("\\", "/")  # noqa: PTH115 - not resolved
    except OSError:
        return None
    return _ANNEX if "/annex/objects/" in f"/{target}" else None
