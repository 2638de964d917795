"""What the answer to a picture means for the queue."""

from __future__ import annotations

from enum import StrEnum

from curation.errors import RedisUnavailableError, StorageError
from curation.services.answers import ImageAnswer

__all__ = ["Verdict", "verdict_of"]


class Verdict(StrEnum):
    """What follows from an answer."""

    DONE = "done"
    """The result is stored."""
    DEAD = "dead"
    """It is the picture's own fault: it would never succeed."""
    TRIED = "tried"
    """It failed for another reason, and the picture was worked on: that counts as a try."""
    AWAY = "away"
    """The services were not there, or not for this: it counts as a try only if they were there a moment before."""
    REFUSED = "refused"
    """They were too busy, or are not set up for it: the picture was not worked on."""


_OWN_FAULT = frozenset({"INVALID_ARGUMENT", "OUT_OF_RANGE"})
_AWAY = frozenset({"UNAVAILABLE"})
_REFUSED = frozenset(
    {"RESOURCE_EXHAUSTED", "CANCELLED", "UNAUTHENTICATED", "PERMISSION_DENIED", "FAILED_PRECONDITION", "UNIMPLEMENTED"}
)
# The result cannot be kept anywhere now, which is no picture's fault: a full disk stops the queue and loses nothing.
_NOT_KEPT = frozenset({RedisUnavailableError.code, StorageError.code})


def verdict_of(answer: ImageAnswer) -> Verdict:
    """What follows from an answer; a partial one is no result, as a part of it is missing or not stored."""
    if answer.is_complete:
        return Verdict.DONE
    if answer.grpc_status in _OWN_FAULT:
        return Verdict.DEAD
    if answer.code in _NOT_KEPT:
        return Verdict.REFUSED
    if answer.grpc_status in _AWAY:
        return Verdict.AWAY
    if answer.grpc_status in _REFUSED:
        return Verdict.REFUSED
    return Verdict.TRIED
