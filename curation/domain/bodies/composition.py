"""How a person lies in the frame: where the body is cut, headroom, tilt, and who stands in front of whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Composition", "CutAt"]


class CutAt(StrEnum):
    """Where the edge of the photo cuts a body.

    A joint is named only if the edge is surely near it; else the coarser word stands.
    """

    NONE = "none"
    FEET = "feet"
    """From the ankles down."""
    KNEES = "knees"
    HIPS = "hips"
    LEGS = "legs"
    """Below the hips, but not at a joint, or it cannot be told at which."""
    CHEST = "chest"
    """Above the hips: portraits."""
    WRISTS = "wrists"
    """Only a hand or a wrist, while head and feet are inside."""
    SIDE = "side"
    """A side of the body, an arm or a shoulder, while head and feet are inside."""
    HEAD = "head"
    """Only the head, at its top."""
    UNKNOWN = "unknown"
    """Cannot tell."""


_FAULTS = frozenset({CutAt.FEET, CutAt.KNEES, CutAt.WRISTS})


@dataclass(frozen=True, slots=True)
class Composition:
    """How one person lies in the frame.

    Attributes:
        cut_at: Where the body is cut; if at several places, the one nearest to the head along the legs, then wrists,
            then the head.
        cut_certainty: In [0, 1].
        headroom: Free height above the head as a share of the photo's height; negative if the head is cut; None for
            "cannot tell".
        frame_share: The area of the body's box as a share of the photo's.
        tilt_deg: Of the line of the shoulders against the horizon, in degrees, in (-90, 90], positive if the shoulder
            on the right of the picture is lower; None for "cannot tell".
        overlapped_by: Numbers of the people in front of this one, ascending.
    """

    cut_at: CutAt
    cut_certainty: float
    headroom: float | None
    frame_share: float
    tilt_deg: float | None
    overlapped_by: tuple[int, ...] = ()

    @property
    def is_cut(self) -> bool | None:
        """Whether the edge cuts the body; None for "cannot tell"."""
        return None if self.cut_at is CutAt.UNKNOWN else self.cut_at is not CutAt.NONE

    @property
    def cut_is_fault(self) -> bool:
        """Whether the cut goes through feet, knees or wrists, which looks like a mistake.

        A portrait that ends at the chest, the hips or the thighs is cut too, but on purpose.
        """
        return self.cut_at in _FAULTS
