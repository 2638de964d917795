"""A forked process that is killed at its n-th change of the file system below a folder."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ended", "run_forked"]

_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True, slots=True)
class Ended:
    """How a forked process ended.

    Attributes:
        killed: Whether it was killed at a change.
        changes: How many changes it made, if it was not killed.
        error: What went wrong, if something did.
    """

    killed: bool
    changes: int = 0
    error: str = ""


def run_forked(action: Callable[[], object], root: Path, *, kill_at: int | None = None) -> Ended:
    """Call something in a fork of this process.

    Args:
        action: What the fork does.
        root: Only changes below it count.
        kill_at: SIGKILL comes right before this change, counted from 1; None lets it end.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            text = _in_fork(action, str(root), kill_at)
            os.write(writer, text.encode()[:4000])
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Ended(killed=True)
    count, _, error = told.partition(" ")
    return Ended(killed=False, changes=int(count or 0), error=error)


def _in_fork(action: Callable[[], object], root: str, kill_at: int | None) -> str:
    count = 0

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal count
        if event == "open":
            flags = args[2]
            if not isinstance(flags, int) or not flags & _WRITING or isinstance(args[0], int):
                return
        elif event not in _CHANGES:
            return
        paths = (os.fsdecode(arg) for arg in args[:2] if isinstance(arg, str | bytes | os.PathLike))
        if any(os.path.abspath(path).startswith(root) for path in paths):  # noqa: PTH100 - links stay
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)  # it can never be removed: only here, in the fork
    try:
        action()
    except BaseException:
        return f"{count} {traceback.format_exc()[-3000:]}"
    return f"{count} "
