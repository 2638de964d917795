"""Who may read the files that the program makes: nobody but its user, unless `io.file_mode` says otherwise.

Labels, faces and pictures are about people. A file that is there keeps its mode, its group and, as far as the system
allows it, its owner when it is replaced. What is made to be handed out (exports, sidecars beside photos, weights)
follows the umask that the program was started with.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

__all__ = [
    "FileMode",
    "as_before",
    "follow_settings",
    "hand_out",
    "keep_private",
    "make_handed_out",
    "new_file_mode",
    "new_folder_mode",
    "start_umask",
]

_ACCESS_LIST = "system.posix_acl_access"
_KEPT = "_CURATION_UMASK"
"""In the environment of programs that this one starts: they get its umask, not the one that it was started with."""


class FileMode(StrEnum):
    """Who may read new files and folders of the program's own."""

    PRIVATE = "private"
    GROUP = "group"
    UMASK = "umask"


@dataclass(slots=True)
class _Modes:
    file: int = 0o600
    folder: int = 0o700
    umask: int | None = None


_modes = _Modes()
_FILES = {FileMode.PRIVATE: (0o600, 0o700), FileMode.GROUP: (0o660, 0o770), FileMode.UMASK: (0o666, 0o777)}
_MASKS = {FileMode.PRIVATE: 0o077, FileMode.GROUP: 0o007}


def keep_private(mode: FileMode = FileMode.PRIVATE) -> None:
    """Let all that this process and those that it starts make be as private as that; the umask is set too.

    For programs, at their start and again when the settings are read; a library leaves the umask of its process alone.
    """
    first = start_umask()
    _modes.umask = first
    os.environ[_KEPT] = f"{first:o}"
    _modes.file, _modes.folder = _FILES[mode]
    mask = _MASKS.get(mode)
    if mask is None:
        os.umask(first)
    else:
        # Others get nothing; what the user's own umask takes from the user stays taken.
        os.umask((first & 0o700) | mask)


def follow_settings(mode: FileMode) -> None:
    """As the settings say, in a program that called `keep_private` at its start; elsewhere nothing."""
    if _modes.umask is not None:
        keep_private(mode)


def new_file_mode() -> int:
    """Of a new file of the program's own, from which the umask takes away."""
    return _modes.file


def new_folder_mode() -> int:
    """Of a new folder of the program's own, from which the umask takes away."""
    return _modes.folder


def start_umask() -> int:
    """The umask with which the program was started."""
    if _modes.umask is not None:
        return _modes.umask
    kept = os.environ.get(_KEPT, "")
    if kept.isdecimal() and len(kept) <= 4 and set(kept) <= set("01234567"):
        return int(kept, 8) & 0o777
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def hand_out(place: int | Path, *, is_folder: bool = False) -> None:
    """Let a file or folder, or an open file, be read by whom the user's umask allows it: it was made to be given away.

    Some network disks do not let a mode be set; then it stays as it is.
    """
    with suppress(OSError):
        kept = os.stat(place).st_mode & stat.S_ISGID  # noqa: PTH116 - of an open file too
        os.chmod(place, (0o777 if is_folder else 0o666) & ~start_umask() | kept)  # noqa: PTH101


def make_handed_out(folder: Path) -> None:
    """Create a folder with those that it lies in, unless it is there; others may look into what is new.

    Raises:
        OSError: If it cannot be created.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in missing:
        hand_out(place, is_folder=True)


def as_before(handle: int, path: Path) -> None:
    """Give the file that replaces another one its mode, its group and its owner, as far as the system allows it.

    Nobody else may read it then who could not read it before.

    Args:
        handle: Of the new file.
        path: Of the old one.

    Raises:
        FileNotFoundError: If there is none.
    """
    before = path.stat()
    mode = stat.S_IMODE(before.st_mode) & 0o777
    now = os.fstat(handle)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        try:
            # Only root may give files away; members of a group may give theirs to it.
            os.fchown(handle, before.st_uid if os.geteuid() == 0 else -1, before.st_gid)
        except OSError:
            if now.st_gid != before.st_gid:
                mode &= ~0o070 | ((mode & 0o007) << 3)
    with suppress(OSError):
        os.fchmod(handle, mode)
    with suppress(OSError, AttributeError):  # most files have no list of further readers, and macOS has another call
        os.setxattr(handle, _ACCESS_LIST, os.getxattr(path, _ACCESS_LIST))
