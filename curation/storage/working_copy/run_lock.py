"""One run at a time at an output address, whatever machine it is on."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.errors import ObjectMissingError
from curation.storage.objects.store import ObjectStore

__all__ = ["LOCK", "hold_run"]

LOCK = ".curation/lock"
"""The key of the lock."""
_LEASE_S = 60.0
_LONGEST_NAME = 40  # so that the mark is not cut off


@contextmanager
def hold_run(store: ObjectStore, *, run: str, caller: str | None, copy_id: str | None) -> Iterator[Callable[[], None]]:
    """Hold the lock of an output address.

    Args:
        store: Of the output address.
        run: Such as "clustering".
        caller: Who runs it; None is the name of the program.
        copy_id: Of the working copy, if the caller holds the lock of its folder: then a lock in object storage with
            this id was left by a killed process of this machine, and is taken over at once.

    Returns:
        A function that raises an ObjectChangedError if the lock was lost, as this machine was away for too long.

    Raises:
        BusyError: If another machine holds it; the message names it.
        StorageError: If object storage cannot be reached or refuses.
    """
    mark = ""
    if copy_id is not None:
        mark = f", copy {copy_id[:12]}"
        _remove_left_over(store, mark)
    who = caller or Path(sys.argv[0]).name or "python"
    place = f"{who[:_LONGEST_NAME]} on {socket.gethostname()[:_LONGEST_NAME]}"
    holder = f"{run[:_LONGEST_NAME]} by {place} (process {os.getpid()}{mark})"
    with store.hold(LOCK, holder=holder, lease_s=_LEASE_S) as lease:
        yield lease.check


def _remove_left_over(store: ObjectStore, mark: str) -> None:
    try:
        content, _ = store.read(LOCK)
    except ObjectMissingError:
        return
    if mark.encode() in content:
        store.delete(LOCK)
