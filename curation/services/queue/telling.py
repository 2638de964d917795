"""What the role queue tells the log."""

from __future__ import annotations

from curation.services.queue.deliveries import Delivery
from curation.services.role import Role
from curation.services.trail.step import Step, Trail

__all__ = ["QueueTeller"]


class QueueTeller:
    """Tells the steps of the role queue."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    def ok(
        self,
        step: str,
        delivery: Delivery | None = None,
        *,
        runtime_s: float | None = None,
        faces: int | None = None,
        detail: str = "",
    ) -> None:
        """A step that succeeded; without a detail, the picture's name stands there."""
        self._tell(step, "ok", delivery, runtime_s, faces, "", detail)

    def error(self, step: str, delivery: Delivery | None = None, *, code: str, detail: str) -> None:
        """A step that failed."""
        self._tell(step, "error", delivery, None, None, code, detail)

    def _tell(
        self,
        step: str,
        status: str,
        delivery: Delivery | None,
        runtime_s: float | None,
        faces: int | None,
        code: str,
        detail: str,
    ) -> None:
        self._trail.tell(
            Step(
                role=Role.QUEUE,
                step=step,
                status=status,
                sha256=delivery.sha256 if delivery is not None else "",
                request_id=delivery.request_id if delivery is not None else "",
                runtime_s=runtime_s,
                faces=faces,
                code=code,
                detail=detail or (delivery.name if delivery is not None else ""),
            )
        )
