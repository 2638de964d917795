"""One run at a time at an output address, whatever machine it is on."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.storage.objects.store import ObjectStore

__all__ = ["LOCK", "hold_run"]

LOCK = ".curation/lock"
"""The key of the lock."""
_LEASE_S = 60.0


@contextmanager
def hold_run(store: ObjectStore, *, run: str, caller: str | None, owner: str = "") -> Iterator[Callable[[], None]]:
    """Hold the lock of an output address.

    Args:
        store: Of the output address.
        run: Such as "clustering".
        caller: Who runs it; None is the name of the program.
        owner: Id of the working copy, if the caller holds the lock of its folder: then a lock in object storage with
            this id was left by a killed process of this machine, and is taken over at once.

    Returns:
        A function that raises a BusyError if the lock was lost, as this machine was away for too long.

    Raises:
        BusyError: If another machine holds it; the message names it.
        StorageError: If object storage cannot be reached or refuses.
    """
    who = caller or Path(sys.argv[0]).name or "python"
    holder = f"{run} by {who} on {socket.gethostname()} (process {os.getpid()})"
    with store.hold(LOCK, holder=holder, lease_s=_LEASE_S, owner=owner) as lease:
        yield lease.check
