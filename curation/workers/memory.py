"""The peak of the memory that this process and its workers take, measured from time to time.

The peak that the operating system keeps never falls, so it says nothing about a single movie. Linux tells the memory of
now in /proc; elsewhere only the peak of this process since its start is known.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["PeakMemory"]

_SAMPLE_S = 0.1
_PROC = Path("/proc")


class PeakMemory:
    """Measures while the block lasts; `peak_mb` is valid afterwards."""

    def __init__(self) -> None:
        """Start with nothing measured."""
        self.peak_mb = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._measure, daemon=True)

    def __enter__(self) -> Self:
        """Begin to measure."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Measure once more, and end."""
        self._ended.set()
        self._thread.join()

    def sample(self) -> None:
        """Measure now, besides from time to time."""
        self.peak_mb = max(self.peak_mb, round(_used_mb(), 1))

    def _measure(self) -> None:
        self.sample()
        while not self._ended.wait(_SAMPLE_S):
            self.sample()
        self.sample()


def _used_mb() -> float:
    """Resident memory of this process and all its descendants; what they share counts for each of them."""
    page_mb = os.sysconf("SC_PAGE_SIZE") / 1e6 if hasattr(os, "sysconf") else 0.0
    pages = 0
    waiting = [os.getpid()]
    while waiting:
        pid = waiting.pop()
        try:
            pages += int((_PROC / str(pid) / "statm").read_bytes().split()[1])
            for thread in (_PROC / str(pid) / "task").iterdir():
                waiting += map(int, (thread / "children").read_bytes().split())
        except (OSError, ValueError, IndexError):  # it has ended meanwhile, or there is no /proc
            continue
    return pages * page_mb if pages else _highest_mb()


def _highest_mb() -> float:
    try:
        import resource
        import sys
    except ImportError:  # Windows
        return 0.0
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest / 1e6 if sys.platform == "darwin" else highest / 1e3
