"""The limits of decoder processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from curation.workers.pool import usable_cores

__all__ = ["DecoderLimits", "Holding", "most_decoders"]

_MOST = 4  # a photo of the largest size takes some hundred megabytes while it is decoded
_FEWEST = 2  # while one is at something slow, the other serves everybody else


def most_decoders() -> int:
    """How many decoder processes this machine has room for."""
    return max(_FEWEST, min(_MOST, usable_cores()))


@dataclass(frozen=True, slots=True)
class DecoderLimits:
    """What decoder processes may take.

    Attributes:
        processes: At most so many at once; at least two, so that something slow never stops everybody.
        cpu_s: Processor time of one call, in seconds.
        wall_s: Time by the clock of one call, in seconds: what waits for a disk or a network takes no processor time.
        memory_mb: Memory that a process may ask for.
        held_mb: Memory of all that the processes keep for later calls.
        waiting: More calls than this do not wait: they are refused.
        wait_s: A call that waited so long for its turn is refused, in seconds.
        slow_s: A call that takes longer is slow: it may be set back for others.
        idle_s: A process that had nothing to do for so long ends,
        kept: unless only so many are left.
        imports: Modules that a process imports before its first call.
    """

    processes: int = field(default_factory=most_decoders)
    cpu_s: float = 30.0
    wall_s: float = 120.0
    memory_mb: int = 4096
    held_mb: int = 300
    waiting: int = 200
    wait_s: float = 60.0
    slow_s: float = 2.0
    idle_s: float = 120.0
    kept: int = 0
    imports: tuple[str, ...] = ("curation.photos.looks.pictures", "curation.photos.tiles.cutting")

    def __post_init__(self) -> None:
        """Refuse a single process."""
        if self.processes < _FEWEST:
            raise ValueError("decoders need at least two processes, or something slow would stop everybody")


@dataclass(frozen=True, slots=True)
class Holding:
    """What a call returns that keeps something in its process for later calls.

    Attributes:
        value: The result itself.
        held_bytes: How much the process keeps now.
        let_go: A module-level function that frees at least so many bytes of it, and returns the same of what is left.
    """

    value: Any
    held_bytes: int
    let_go: Callable[[int], Holding]
