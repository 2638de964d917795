"""A film is looked at in segments that begin at key frames; each one's findings, as values."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from curation.domain.film.clip import Shot
from curation.domain.film.times import Interval
from curation.domain.film.track import Track

__all__ = ["AnalysedSegment"]


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedSegment:
    """What was found in a part of a film.

    Attributes:
        span: From its first picture to the end of its last one; of length 0 without pictures.
        shots: By time; numbers count from 0 in the segment.
        tracks: By time; shots and pictures count from 0 in the segment.
        frames_decoded: Pictures of the segment, damaged ones too.
        frames_looked_at: Pictures in which faces were looked for.
        faces_embedded: Faces that the network embedded.
        corrupt_frames: Numbers of damaged pictures, counted from 0 in the segment; at most the first 1,000.
        corrupt_count: How many these are in all.
        sharpness: Of pictures that were looked at, in [0, 1].
        ends_with_cut: Whether the picture after the last one begins another shot.
        problem: Why decoding ended early, in words for the user; empty if it did not.
        gaps: Shortest and longest time between two pictures; None for fewer than two.
    """

    span: Interval
    shots: tuple[Shot, ...]
    tracks: tuple[Track, ...]
    frames_decoded: int
    frames_looked_at: int
    faces_embedded: int
    corrupt_frames: tuple[int, ...]
    corrupt_count: int
    sharpness: tuple[float, ...]
    ends_with_cut: bool
    problem: str = ""
    gaps: tuple[Fraction, Fraction] | None = None
