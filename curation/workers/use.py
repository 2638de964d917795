"""What a worker process uses, seen from outside: processor time, time in which it only waits, and memory.

A limit by the clock on the wall gives up harmless photos on a machine that is busy. So a task is limited by the
processor time that its process used for it. A process that waits for a disk or a network share that is gone uses none:
the time in which it neither ran nor wanted to run has a limit of its own.

Linux tells all this in /proc. Elsewhere the time on the wall stands for processor time, and memory has no limit.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["WAITS_FACTOR", "Meter", "Overrun", "fence_memory", "most_memory_mb"]

WAITS_FACTOR = 2.0
"""How much longer than it may compute a task may wait."""

_PROC = Path("/proc")
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_SHARE_OF_MEMORY = 0.75  # of the machine, for one worker: what is more would soon take it from all others
_LONGEST_SAMPLE_S = 1.0  # of a process that nobody looked at for longer it is not known that it waited
_NOTHING_S = 0.02  # a process that waits still wakes up now and then


@dataclass(frozen=True, slots=True)
class _Use:
    """What a process has used since it began, and whether one of its threads runs or would if there were a core."""

    cpu_s: float
    is_running: bool
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Overrun:
    """A limit that a task went beyond.

    Attributes:
        kind: `computed`, `waited` or `memory`.
        amount: Of what it used: seconds, or MB.
        limit: Of the same.
    """

    kind: str
    amount: float
    limit: float


class Meter:
    """Measures what a process uses from a moment on. Not thread-safe."""

    def __init__(self, pid: int | None = None) -> None:
        """Begin now.

        Args:
            pid: The process; None as long as it has not started.
        """
        self.begin(pid)

    def begin(self, pid: int | None) -> None:
        """Begin anew, as with the next task."""
        self._pid = pid
        self._use = None if pid is None else _use_of(pid)
        self._cpu_from_s = 0.0 if self._use is None else self._use.cpu_s
        self._at = self._began = time.monotonic()
        self._waited_s = 0.0

    def look(self, limit_s: float | None, memory_mb: float | None = None) -> Overrun | None:
        """Measure now; to be called several times a second.

        Args:
            limit_s: The most processor time; `WAITS_FACTOR` times that is the most time to wait. None is no limit.
            memory_mb: The most resident memory; None is no limit.

        Returns:
            The limit that was passed, if any.
        """
        now = time.monotonic()
        before, use = self._use, None if self._pid is None else _use_of(self._pid)
        passed_s = min(_LONGEST_SAMPLE_S, now - self._at)
        self._at, self._use = now, use
        if use is None:
            # Without /proc, or of a process that has just ended, which its pool will notice.
            computed_s = now - self._began
        else:
            computed_s = use.cpu_s - self._cpu_from_s
            if before is not None and not use.is_running and use.cpu_s - before.cpu_s <= _NOTHING_S:
                self._waited_s += passed_s
        if limit_s is not None and computed_s > limit_s:
            return Overrun("computed", computed_s, limit_s)
        if limit_s is not None and self._waited_s > WAITS_FACTOR * limit_s:
            return Overrun("waited", self._waited_s, WAITS_FACTOR * limit_s)
        if memory_mb is not None and use is not None and use.memory_mb > memory_mb:
            return Overrun("memory", use.memory_mb, memory_mb)
        return None


def most_memory_mb(setting_mb: int) -> int | None:
    """The most memory that a worker may take.

    Args:
        setting_mb: `performance.photo_memory_mb`; 0 leaves it to this function: three quarters of what this machine or
            container has.

    Returns:
        In MB; None if it is not known what the machine has.
    """
    if setting_mb:
        return setting_mb
    try:
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return None
    for path in _CGROUP_LIMITS:
        try:
            there = min(there, int(path.read_text()))
        except (OSError, ValueError):  # there is no such file, or it says "max"
            continue
    return int(_SHARE_OF_MEMORY * there / 1e6)


def fence_memory(pid: int, memory_mb: int) -> None:
    """Let a process ask the system for no more memory than this, beyond what it has now.

    A second fence: between two looks a process can take much. What it asks for beyond that is refused, which ends the
    decoding of the photo with an error. Only Linux knows such a limit for another process.
    """
    try:
        from resource import RLIM_INFINITY, RLIMIT_DATA, prlimit
    except ImportError:  # Windows, macOS
        return
    try:
        status = (_PROC / str(pid) / "status").read_text()
        has_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData:"))
        _, hard = prlimit(pid, RLIMIT_DATA)
        wanted = has_kb * 1024 + int(memory_mb * 1e6)
        if hard == RLIM_INFINITY or hard > wanted:
            prlimit(pid, RLIMIT_DATA, (wanted, hard))
    except (OSError, ValueError, StopIteration):  # it has ended, or this system does not allow it
        return


def _use_of(pid: int) -> _Use | None:
    """What a process has used so far; None if that is not known."""
    try:
        fields = _stat_of(_PROC / str(pid) / "stat")
        is_running = fields[0] == b"R" or any(
            _stat_of(thread / "stat")[0] == b"R" for thread in (_PROC / str(pid) / "task").iterdir()
        )
        ticks = int(fields[11]) + int(fields[12])
        # Without pages of files, which the system takes back when it needs them.
        _, resident, of_files, *_ = map(int, (_PROC / str(pid) / "statm").read_bytes().split())
        memory_mb = (resident - of_files) * os.sysconf("SC_PAGE_SIZE") / 1e6
        return _Use(ticks / os.sysconf("SC_CLK_TCK"), is_running, memory_mb)
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def _stat_of(path: Path) -> list[bytes]:
    """The fields after the name of the program, which may contain anything."""
    return path.read_bytes().rpartition(b")")[2].split()
