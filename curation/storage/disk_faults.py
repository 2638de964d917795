"""Errors of disks that nobody expected where they came: they are told as what they are, not as faults of the program.

Whoever reads or writes a file explains its errors itself. But a disk may fail at any question to it, also where it was
only asked whether a file is there.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.disk.away import DISK_IS_AWAY
from curation.errors import CurationError, PhotosMissingError
from curation.storage.atomic import explained

__all__ = ["disk_fault", "disks_explained"]

_OF_DISKS = DISK_IS_AWAY | {
    errno.EACCES,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.ENOSPC,
    errno.EPERM,
    errno.EROFS,
}


def disk_fault(error: BaseException, input_dir: Path | None = None) -> CurationError | None:
    """The error to tell the user for one of the system; None if it is not about a file, or not the disk's fault.

    Args:
        error: Of the system.
        input_dir: The folder of photos, whose loss is told as such.
    """
    if not isinstance(error, OSError) or error.errno not in _OF_DISKS:
        return None
    if not isinstance(error.filename, str | bytes):
        # Of an open file or a database; what a network says has no name either, but is explained where it is used.
        return explained(error, Path("a file"), "read or written") if error.errno in _NAMELESS else None
    path = Path(os.fsdecode(error.filename))
    if input_dir is not None and (path == input_dir or path.is_relative_to(input_dir)):
        return PhotosMissingError(
            f"{path} cannot be read: {error.strerror}. See that the disk of the photos is connected, and that this "
            "user may read them; then run again: what was there before is as it was"
        )
    return explained(error, path, "read or written")


_NAMELESS = frozenset({errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EROFS, errno.ESTALE})


@contextmanager
def disks_explained(input_dir: Path, output_dir: Path) -> Iterator[None]:
    """Turn errors of disks within the block into those of the user's.

    Args:
        input_dir: The folder of photos.
        output_dir: The output folder, which may lie in it.

    Raises:
        PhotosMissingError: If the folder of photos, or something in it, cannot be read.
        StorageError: If anything else cannot be read or written.
    """
    try:
        yield
    except OSError as error:
        is_output = isinstance(error.filename, str) and Path(error.filename).is_relative_to(output_dir)
        fault = disk_fault(error, None if is_output else input_dir)
        if fault is None:
            raise
        raise fault from error
