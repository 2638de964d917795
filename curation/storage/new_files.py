"""Files with names of their own in a folder that others use: nothing is ever overwritten."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from curation.disk.file_modes import hand_out, make_handed_out
from curation.disk.temporaries import OwnFile, own_name
from curation.errors import StorageError
from curation.storage.atomic import explained

__all__ = ["file_stem", "write_new"]

_MAX_NUMBER = 10_000
_MAX_STEM_BYTES = 120
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def file_stem(words: str) -> str:
    """Words as the beginning of a file's name that every system allows; never empty, hidden or long."""
    stem = _FORBIDDEN.sub("_", words).strip(" .")
    while len(stem.encode()) > _MAX_STEM_BYTES:
        stem = stem[:-1].rstrip(" .")
    return f"_{stem}" if not stem or _RESERVED.match(stem) else stem


def write_new(folder: Path, stem: str, suffix: str, content: bytes) -> tuple[Path, bool]:
    """Write a file under a name that is free: `STEM SUFFIX`, else with a number between.

    Args:
        folder: Made if it is missing.
        stem: See `file_stem`.
        suffix: End of the name, such as `.png`.
        content: Of the file.

    Returns:
        Its path, and whether it was written; a file of such a name with the same content is taken for it.

    Raises:
        StorageError: If it cannot be written.
    """
    try:
        make_handed_out(folder)
        with OwnFile(lambda: folder / own_name(f"{stem}{suffix}")) as own:
            own.file.write(content)
            own.file.flush()
            hand_out(own.file.fileno())
            for number in range(1, _MAX_NUMBER):
                path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem} ({number}){suffix}")
                if _has_content(path, content):
                    return path, False
                if _taken_by(own.path, path):
                    return path, True
    except OSError as error:
        raise explained(error, folder / f"{stem}{suffix}", "written") from error
    raise StorageError(f"{folder} has too many files of the name {stem}{suffix}: choose another folder")


def _has_content(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def _taken_by(temporary: Path, path: Path) -> bool:
    """Give a file its name; False if the name is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # A file system without links: what another program writes in this very moment could be overwritten.
        if path.exists():
            return False
        temporary.replace(path)
    return True
