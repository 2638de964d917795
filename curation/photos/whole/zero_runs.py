"""Runs of zeros in a file, at the speed of the memory: where nothing was ever written, most disks read zeros."""

from __future__ import annotations

import numpy as np

__all__ = ["first_zeros", "zero_runs", "zeros_end"]

_FIRST_LOOK_BYTES = 2**12
_LONGEST_LOOK_BYTES = 2**24


def first_zeros(data: bytes, at_least: int, start: int = 0, end: int | None = None) -> tuple[int, int] | None:
    """The first run of zeros in a part of a file.

    Args:
        data: The file.
        at_least: Shorter runs are passed over.
        start: Where the part begins.
        end: Where it ends; None for the end of the file.

    Returns:
        Where the run begins, and the place behind it; None if there is no such run.
    """
    end = len(data) if end is None else min(end, len(data))
    if at_least > end - start:
        return None  # also where a header asks for runs that are longer than the memory
    found = data.find(bytes(at_least), start, end)
    return None if found < 0 else (found, zeros_end(data, found + at_least, end))


def zero_runs(data: bytes, at_least: int, start: int, end: int, *, most: int) -> list[tuple[int, int]]:
    """The first runs of zeros in a part of a file, as of `first_zeros`; not more than `most` of them."""
    runs: list[tuple[int, int]] = []
    while len(runs) < most:
        run = first_zeros(data, at_least, start, end)
        if run is None:
            break
        runs.append(run)
        start = run[1]
    return runs


def zeros_end(data: bytes, start: int, end: int) -> int:
    """The first place from `start` on that is not zero; `end` if there is none before it."""
    look = _FIRST_LOOK_BYTES
    while start < end:
        part = np.frombuffer(data, dtype=np.uint8, count=min(look, end - start), offset=start)
        lit = part != 0
        first = int(lit.argmax())
        if lit[first]:
            return start + first
        start += len(part)
        look = min(look * 4, _LONGEST_LOOK_BYTES)
    return end
