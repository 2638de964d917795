"""One action in a fork, killed at its n-th change or let through: what single tests need of the harness."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.crash_points.killing import Kill, run_apart

__all__ = ["Fork", "run_forked"]


@dataclass(frozen=True, slots=True)
class Fork:
    """How a forked process ended.

    Attributes:
        killed: Whether it was killed at a change.
        changes: How many changes it made, if it was not killed.
        error: What went wrong, if something did.
    """

    killed: bool
    changes: int = 0
    error: str = ""


def run_forked(action: Callable[[], object], root: Path, *, kill_at: int | None = None) -> Fork:
    """Call something in a fork of this process.

    Args:
        action: What the fork does.
        root: Only changes below it count.
        kill_at: SIGKILL comes right before this change, counted from 1; None lets it end.
    """
    with tempfile.TemporaryDirectory(prefix="curation-fork-") as notes:
        ended = run_apart(lambda say: _ignored(action()), root, Path(notes), None if kill_at is None else Kill(kill_at))
    if ended.was_killed:
        return Fork(killed=True)
    return Fork(killed=False, changes=len(ended.changes), error=ended.output[-3000:] if ended.code else "")


def _ignored(_: object) -> None: ...
