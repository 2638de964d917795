"""A step of a picture through the services, and where steps are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["NoTrail", "Step", "Trail"]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the log.

    Attributes:
        role: Name of the role that did it.
        step: What was done, such as `received`, `decoded`, `landmarks`, `age_gender`, `result stored`, `files written`,
            `answered`, `refused`, `failed`, `retried`, `queued`, `dead letter`.
        status: `ok` or `error`.
        sha256: Of the picture's bytes, in hex; empty for a step that is about no picture, such as a start.
        request_id: Of the request; with `sha256`, it is the trace.
        runtime_s: How long it took, in seconds; None if it took none.
        faces: How many faces were found; None if the step tells nothing about it.
        code: Stable name of the error; empty without one.
        detail: A sentence.
    """

    role: str
    step: str
    status: str = "ok"
    sha256: str = ""
    request_id: str = ""
    runtime_s: float | None = None
    faces: int | None = None
    code: str = ""
    detail: str = ""


class Trail(Protocol):
    """Where a role tells its steps; telling never blocks and never raises, whatever is away."""

    def tell(self, step: Step) -> None:
        """Note a step; the time is added."""

    def close(self) -> None:
        """Write what is still waiting; the trail cannot be used any more."""


class NoTrail:
    """Tells nobody."""

    def tell(self, step: Step) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
