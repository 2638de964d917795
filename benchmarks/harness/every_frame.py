"""The usual design, as a peer: faces found and embedded in every picture, grouped by Chinese Whispers.

The same decoder, the same engine at the same working size, the same limits of confidence and area as the program;
groups of fewer than ten faces are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.engines.base import FaceEngine
from curation.engines.whispers import chinese_whispers
from curation.pipelines.video.options import LookOptions
from curation.video.opening import open_clip
from ground_truth.films.scoring import Seen

__all__ = ["FrameFace", "every_face", "whispered"]

_LEAST_FACES = 10


class FrameFace(NamedTuple):
    """A face in one picture."""

    time_s: float
    box: Box
    embedding: NDArray[np.float32]


def every_face(path: Path, engine: FaceEngine, options: LookOptions, *, until_s: float = np.inf) -> Iterator[FrameFace]:
    """Find and embed the faces of every picture.

    Args:
        path: Of the film.
        engine: The engine.
        options: Limits of confidence and area.
        until_s: Where to stop, in seconds since the first picture.
    """
    with open_clip(path) as clip:
        area = clip.facts.width * clip.facts.height
        first: float | None = None
        for frame in clip.frames():
            time_s = float(frame.time)
            first = time_s if first is None else first
            if time_s - first >= until_s:
                return
            if frame.is_corrupt:
                continue
            for face in engine.analyse(frame.picture):
                share = face.box.w * face.box.h / area
                if face.confidence >= options.min_conf and options.min_area <= share <= options.max_area:
                    yield FrameFace(time_s, face.box, face.embedding)


def whispered(faces: Sequence[FrameFace], threshold: float) -> list[Seen]:
    """Group the faces by person; small groups are dropped."""
    if not faces:
        return []
    labels = chinese_whispers(np.stack([face.embedding for face in faces]), threshold)
    large = np.flatnonzero(np.bincount(labels) >= _LEAST_FACES)
    return [
        Seen(face.time_s, str(label), face.box)
        for face, label in zip(faces, labels.tolist(), strict=True)
        if label in large
    ]
