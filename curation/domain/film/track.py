"""A track: one appearance of one face in one shot, from when it is first seen until it is gone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import FaceAttributes
from curation.domain.faces.face import AnalysedFace, Box, FiveLandmarks
from curation.domain.film.clip import ClipFacts, ClipStatus, Shot
from curation.domain.film.times import Interval

__all__ = ["FilmAnalysis", "Sighting", "Track", "TrackFace"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face in one picture that was looked at.

    Attributes:
        time: Of the picture.
        frame_index: Number of the picture in the order of presentation, 0-based; damaged ones count.
        box: Bounds in pixels of the upright full-size picture.
        landmarks: Five points, likewise.
        confidence: Of the detector, in [0, 1].
    """

    time: Fraction
    frame_index: int
    box: Box
    landmarks: FiveLandmarks
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class TrackFace:
    """One of the best faces of a track: embedded, judged, and read if attributes were asked for.

    Attributes:
        time: Of its picture.
        frame_index: Of its picture, as in `Sighting`.
        face: Box, landmarks, confidence, embedding, quality and a chip (JPEG).
        attributes: Age, sex, ethnicity; None if none was asked for, or the face did not qualify.
    """

    time: Fraction
    frame_index: int
    face: AnalysedFace
    attributes: FaceAttributes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One appearance of one face.

    Attributes:
        shot: Index of its shot.
        span: From the time of the first picture that shows the face to the end of the last one that does.
        sightings: Of the pictures that were looked at, by time; at least one.
        faces: The best faces, best first; empty for a track too poor to embed.
        mean: (D,) float32 of unit length, the quality-weighted mean of the embeddings of `faces`; empty without faces.
        start_tolerance_s: How far the true start may lie from `span.start`, in seconds.
        end_tolerance_s: Likewise for the end.
    """

    shot: int
    span: Interval
    sightings: tuple[Sighting, ...]
    faces: tuple[TrackFace, ...]
    mean: NDArray[np.float32]
    start_tolerance_s: float = 0.0
    end_tolerance_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class FilmAnalysis:
    """All that was found in one film, before anybody is told apart.

    Attributes:
        facts: Of the file.
        status: How much could be looked at.
        problem: Why it is not all, in words for the user; empty if it is.
        corrupt_frames: Indices of pictures that were damaged or could not be decoded, at most the first 1,000.
        corrupt_count: How many these are in all.
        frames_decoded: Pictures that were decoded.
        frames_looked_at: Pictures in which faces were looked for.
        sharpness: Median over some of the pictures that were looked at, in [0, 1].
        shots: By time.
        tracks: By start, then by the left edge of the first box; `persons_ids` and tables number them in this order.
        notes: What the user should know besides, in sentences.
    """

    facts: ClipFacts
    status: ClipStatus
    problem: str
    corrupt_frames: tuple[int, ...]
    corrupt_count: int
    frames_decoded: int
    frames_looked_at: int
    sharpness: float
    shots: tuple[Shot, ...]
    tracks: tuple[Track, ...]
    notes: tuple[str, ...] = ()
