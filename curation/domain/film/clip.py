"""What is known of a film besides its people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from curation.domain.faces.face import Box
from curation.domain.film.times import Interval

__all__ = ["ClipFacts", "ClipStatus", "Shot"]


class ClipStatus(StrEnum):
    """How much of a film could be looked at."""

    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """A film's picture, as the file tells it, and as decoding it to its end showed.

    Attributes:
        duration: From the first to the end of the last picture, in seconds.
        width: Of the upright picture with square pixels, in pixels.
        height: Likewise.
        rotation_deg: By how much the stored picture is turned clockwise to be upright: 0, 90, 180 or 270.
        is_mirrored: Whether the stored picture is mirrored besides.
        fps_average: Pictures a second, decoded pictures over duration; None for fewer than two.
        is_vfr: Whether the time between pictures varies by more than the file's own rounding.
        is_hdr: Whether the brightness is coded as PQ or HLG.
        is_interlaced: Whether half pictures were joined.
        has_audio: Whether there is sound.
        codec: Name of the picture's codec, as FFmpeg calls it.
        start_timecode: SMPTE time code of the first picture, such as `01:00:00:00`; empty if the file has none.
        capture_time: When it was taken, ISO 8601; empty if unknown.
    """

    duration: Fraction
    width: int
    height: int
    rotation_deg: int = 0
    is_mirrored: bool = False
    fps_average: Fraction | None = None
    is_vfr: bool = False
    is_hdr: bool = False
    is_interlaced: bool = False
    has_audio: bool = False
    codec: str = ""
    start_timecode: str = ""
    capture_time: str = ""


@dataclass(frozen=True, slots=True)
class Shot:
    """A part of a film between two cuts.

    Attributes:
        index: Number of the shot, 0-based.
        span: When it is seen.
        effective_area: The picture without black bars, in pixels of the upright picture.
    """

    index: int
    span: Interval
    effective_area: Box
