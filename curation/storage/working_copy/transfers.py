"""Several requests to object storage at the same time, and a folder for files on their way."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from curation.storage.atomic import explained

__all__ = ["at_once", "sweep_transfers", "transfer_folder"]

_AT_ONCE = 8
_PREFIX = "transfer-"

T = TypeVar("T")
R = TypeVar("R")


def at_once(function: Callable[[T], R], values: Sequence[T]) -> list[R]:
    """Call a function for several values at the same time; the results are in the order of the values.

    The first exception is raised when no call is running any more.
    """
    if len(values) < 2:
        return [function(value) for value in values]
    with ThreadPoolExecutor(min(_AT_ONCE, len(values)), thread_name_prefix="curation-objects") as pool:
        try:
            return list(pool.map(function, values))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


@contextmanager
def transfer_folder(parent: Path) -> Iterator[Path]:
    """A new folder for files on their way, on the disk of `parent`; it goes at the end. Only one process at a time.

    Raises:
        StorageError: If it cannot be created.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    except OSError as error:
        raise explained(error, parent, "written into") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_transfers(parent: Path) -> None:
    """Remove what killed processes left on its way. The caller knows that no transfer is in progress."""
    for folder in parent.glob(f"{_PREFIX}*"):
        shutil.rmtree(folder, ignore_errors=True)
