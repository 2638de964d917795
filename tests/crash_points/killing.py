"""Runs a function in a process of its own, kills that process or lets it end, and says what came of it."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from curation.errors import CurationError
from tests.crash_points.changes import Change, Watch, Whom, changes_of, watch

__all__ = ["END_S", "Ended", "Kill", "Say", "run_apart"]

END_S = 120.0
"""A process that takes longer hangs."""
_ORPHANS_S = 20.0
_POLL_S = 0.002

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Kill:
    """When a process is killed: before a change (from 1), or after so many seconds; and who with it."""

    point: int = 0
    after_s: float | None = None
    whom: Whom = Whom.ALL
    is_torn: bool = False

    def __str__(self) -> str:
        when = f"before change {self.point}" if self.after_s is None else f"after {self.after_s:.4f} s"
        return f"{when}, {self.whom}" + (", buffers written" if self.is_torn else "")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended.

    Attributes:
        code: Exit code, negative for a signal.
        said: What it said, whole lines.
        changes: All changes that it was about to make; the last one did not happen if it was killed there.
        output: What it and those it started printed.
        orphans: Processes that were still there long after its end; they were killed.
        is_stuck: It did not end by itself.
    """

    code: int
    said: tuple[str, ...]
    changes: tuple[Change, ...]
    output: str
    orphans: tuple[str, ...]
    is_stuck: bool

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL


def run_apart(function: Callable[[Say], None], folder: Path, notes: Path, kill: Kill | None = None) -> Ended:
    """Run a function in a forked process that leads a session of its own.

    Args:
        function: Gets a function that says a line; what was said before a kill is known for sure.
        folder: Whose changes count.
        notes: An existing folder, not below `folder`, for the record of changes and the output.
        kill: None only counts.

    Returns:
        How it ended; its processes are gone then.
    """
    record, output = notes / "changes", notes / "output"
    record.unlink(missing_ok=True)
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of newer Pythons, if this process has threads
        child = os.fork()
    if child == 0:
        os.close(reader)
        _be_child(function, folder, record, output, writer, kill or Kill())
    os.close(writer)
    try:
        said, is_stuck = _listen(child, reader, kill)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        orphans = _orphans(child)
    finally:
        os.close(reader)
    lines = said.decode().split("\n")[:-1]
    text = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
    return Ended(code, tuple(lines), tuple(changes_of(record)), text, orphans, is_stuck)


def _be_child(
    function: Callable[[Say], None], folder: Path, record: Path, output: Path, writer: int, kill: Kill
) -> None:
    code = 70
    try:
        os.setsid()
        handle = os.open(output, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        watch(Watch(str(record), kill.point, kill.whom, os.getpid(), kill.is_torn, str(folder)))
        function(lambda line: _say(writer, line))
        code = 0
    except CurationError as error:
        traceback.print_exc()
        code = error.exit_code
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _say(writer: int, line: str) -> None:
    os.write(writer, f"{line}\n".encode())


def _listen(child: int, reader: int, kill: Kill | None) -> tuple[bytes, bool]:
    """What the process says until it ends; it is killed at its time, or when it hangs."""
    said = b""
    begun = time.monotonic()
    limit_s = END_S if kill is None or kill.after_s is None else kill.after_s
    is_stuck = False
    while os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        left_s = begun + limit_s - time.monotonic()
        if left_s <= 0:
            is_stuck = limit_s == END_S
            try:
                os.killpg(child, signal.SIGKILL)
            except ProcessLookupError:  # it does not lead a group yet
                os.kill(child, signal.SIGKILL)
            break
        if select.select([reader], [], [], min(_POLL_S, left_s))[0]:
            said += os.read(reader, 65536)
    while select.select([reader], [], [], 0)[0] and (more := os.read(reader, 65536)):
        said += more
    return said, is_stuck


def _orphans(session: int) -> tuple[str, ...]:
    """Processes of a session whose leader has ended, that do not end by themselves; they are killed.

    Nothing that a trial starts leads a group of its own.
    """
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return ()
    end = time.monotonic() + _ORPHANS_S
    while left := _of_session(session):
        if time.monotonic() > end:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return tuple(left.values())
        time.sleep(0.05)
    return ()


def _of_session(session: int) -> dict[int, str]:
    """Living processes of a session, with their commands."""
    out = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError):
                state, _, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(of) == session and state != "Z":
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    out[int(entry.name)] = command.decode("utf-8", "replace").strip()
    return out
