"""The states that a picture goes through, why one is rejected, and which faults are worth another try."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["AssetState", "FailCode", "RejectCode"]


class AssetState(StrEnum):
    """PENDING -> PROCESSING -> COMPLETED | REJECTED | FAILED; PROCESSING -> PENDING for another try."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether nothing will change it any more by itself."""
        return self in (AssetState.COMPLETED, AssetState.REJECTED, AssetState.FAILED)


class RejectCode(StrEnum):
    """Why a picture is not taken apart: the picture's own fault, another try gives the same."""

    UNREADABLE = "unreadable"
    FORMAT = "format"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    NO_PERSON = "no_person"


class FailCode(StrEnum):
    """Why a picture could not be taken apart: the program's or the machine's fault."""

    IO = "io"
    """The disk (full, away); tried again."""
    DATABASE = "database"
    """Busy or away; tried again."""
    BROKER = "broker"
    """The message queue; tried again."""
    MEMORY = "memory"
    """Not enough memory; tried again once."""
    WORKER_LOST = "worker_lost"
    """Its worker process died; tried again."""
    TIMEOUT = "timeout"
    """It took longer than `assets.photo_timeout_s`; permanent."""
    MODEL = "model"
    """A network failed, or its weights are missing; permanent."""
    DECODE = "decode"
    """The file passed the gate and broke later; permanent."""
    BUG = "bug"
    """Anything else; permanent."""
