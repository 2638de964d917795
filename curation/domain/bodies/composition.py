"""How a person lies in the frame: where the body is cut, headroom, tilt, and who stands in front of whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Composition", "CutAt"]


class CutAt(StrEnum):
    """Where the edge of the photo cuts a body; `UNKNOWN` is "cannot tell"."""

    NONE = "none"
    FEET = "feet"
    KNEES = "knees"
    HIPS = "hips"
    CHEST = "chest"
    WRISTS = "wrists"
    """Only a hand or a wrist, while head and feet are inside."""
    HEAD = "head"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Composition:
    """How one person lies in the frame.

    Attributes:
        cut_at: Where the lowest cut is.
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
