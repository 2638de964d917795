"""Real disks for tests: small ones in memory, and dead ones; only root may mount, and not on every machine."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = [
    "READ_ONLY",
    "cannot_mount",
    "cannot_mount_fuse",
    "dead_disk",
    "hanging_disk",
    "remount",
    "small_disk",
    "unplug",
]

READ_ONLY = 1
_NO_SUID, _NO_DEVICES, _REMOUNT = 2, 4, 32
_DETACH = 2
_FUSE_OPTIONS = "rootmode=40000,user_id=0,group_id=0"


def _mount(source: str, target: Path, kind: str, flags: int, options: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = (source.encode(), os.fsencode(target), kind.encode(), flags, options.encode())
    if libc.mount(*words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))


def unplug(folder: Path) -> None:
    """Take a disk away, whoever has files of it open; the folder that it was mounted on stays, and is empty."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.umount2(os.fsencode(folder), _DETACH) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(folder))


def remount(folder: Path, flags: int, options: str = "") -> None:
    """Mount a small disk again with other flags; its content stays."""
    _mount("curation-test", folder, "tmpfs", _REMOUNT | _NO_SUID | _NO_DEVICES | flags, options)


def _unplugged(folder: Path) -> None:
    while os.path.ismount(folder):
        unplug(folder)


@contextmanager
def small_disk(folder: Path, size: str, *, files: int | None = None) -> Iterator[Path]:
    """A disk in memory.

    Args:
        folder: An empty folder, or one that does not exist yet.
        size: Such as "1m".
        files: How many files and folders it holds at most.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inodes = "" if files is None else f",nr_inodes={files}"
    _mount("curation-test", folder, "tmpfs", _NO_SUID | _NO_DEVICES, f"size={size}{inodes}")
    try:
        yield folder
    finally:
        _unplugged(folder)


@contextmanager
def hanging_disk(folder: Path) -> Iterator[Callable[[], None]]:
    """A disk that answers nothing: whoever looks at it waits until it dies, or is killed.

    Yields:
        What lets it die.
    """
    folder.mkdir(parents=True, exist_ok=True)
    devices = [os.open("/dev/fuse", os.O_RDWR)]

    def die() -> None:
        while devices:
            os.close(devices.pop())

    try:
        _mount("curation-test", folder, "fuse", _NO_SUID | _NO_DEVICES, f"fd={devices[0]},{_FUSE_OPTIONS}")
        yield die
    finally:
        die()
        with suppress(OSError):  # it was taken away already, or never mounted
            unplug(folder)


@contextmanager
def dead_disk(folder: Path) -> Iterator[Path]:
    """A disk whose program died: everything about it fails at once."""
    with hanging_disk(folder) as die:
        die()
        yield folder


@cache
def cannot_mount() -> str:
    """Why no disk can be mounted here; empty if one can."""
    if sys.platform != "linux":
        return "disks are mounted on Linux only"
    with TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder) / "disk", "64k"):
                return ""
        except OSError as error:
            return f"this machine allows no mounting: {error.strerror}"


@cache
def cannot_mount_fuse() -> str:
    """Why no dead disk can be made here; empty if one can."""
    if why := cannot_mount():
        return why
    with TemporaryDirectory() as folder:
        try:
            with dead_disk(Path(folder) / "disk"):
                return ""
        except OSError as error:
            return f"this machine allows no FUSE: {error.strerror}"
