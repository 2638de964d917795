"""Which state may follow which, and which faults are worth another try, after how long."""

from __future__ import annotations

from collections.abc import Mapping

from curation.domain.assets.states import AssetState, FailCode

__all__ = ["BACK_OFF_S", "JITTER", "NEXT_STATES", "PASSING", "may_follow", "retry_in_s"]

NEXT_STATES: Mapping[AssetState, frozenset[AssetState]] = {
    AssetState.PENDING: frozenset({AssetState.PROCESSING}),
    AssetState.PROCESSING: frozenset(
        {AssetState.PENDING, AssetState.COMPLETED, AssetState.REJECTED, AssetState.FAILED}
    ),
    AssetState.COMPLETED: frozenset(),
    AssetState.REJECTED: frozenset(),
    AssetState.FAILED: frozenset({AssetState.PENDING}),
}
"""What may follow each state. A picture that failed is PENDING again only if a user asks for it once more."""

PASSING = frozenset({FailCode.IO, FailCode.DATABASE, FailCode.BROKER, FailCode.MEMORY, FailCode.WORKER_LOST})
"""Faults that may be gone in a moment; all others give the same at each try."""

BACK_OFF_S = (1.0, 4.0, 16.0)
"""How long a picture waits before its first, second and third further try, in seconds."""

JITTER = 0.25
"""So much of a wait may be added to it, so that pictures that failed together do not all come back together."""


def may_follow(before: AssetState, after: AssetState) -> bool:
    """Whether a picture in one state may come into another one."""
    return after in NEXT_STATES[before]


def retry_in_s(
    code: FailCode, *, attempt: int, max_attempts: int, before: str | None = None, chance: float = 0.0
) -> float | None:
    """How long a picture waits for its next try after a fault.

    Faults of the disk, the database or the broker are tried again after each time of `BACK_OFF_S`; too little memory
    is tried again once; and a picture whose worker dies, which may be its own doing, is begun `max_attempts` times.

    Args:
        code: The fault of this try.
        attempt: Which try it was, from 1.
        max_attempts: How many times a picture is begun whose worker dies.
        before: The fault of the try before, see `Asset.code`; None without one.
        chance: A random number in [0, 1), for the jitter.

    Returns:
        Seconds, or None if the picture is not tried again.
    """
    if code not in PASSING:
        return None
    if code is FailCode.WORKER_LOST:
        is_over = attempt >= max_attempts
    else:
        is_over = attempt > len(BACK_OFF_S) or (code is FailCode.MEMORY and before == FailCode.MEMORY)
    if is_over:
        return None
    return BACK_OFF_S[min(attempt, len(BACK_OFF_S)) - 1] * (1.0 + JITTER * chance)
