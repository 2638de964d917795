"""A stage with a fake engine that says how much memory it holds as it goes: `python -m ... STAGE [OPTIONS]`.

Prints a line `RSS DONE MEGABYTES` on standard error for every thousand photos.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import psutil
from numpy.typing import NDArray

from curation.cli import terminal
from curation.domain.faces.face import DetectedFace, FiveLandmarks
from curation.domain.report import Progress
from curation.engines.base import EngineSpec, PhotoPixels
from tests.fakes import FAKE_PEOPLE, FakeEngine
from tests.many_machines import fake_parts, program

_STEP = 1000
_DIMENSIONS = 128
_NOISE = 0.5  # of a face around its person, relative to the length of the person's vector
_PEOPLE = np.random.default_rng(0).standard_normal((FAKE_PEOPLE, _DIMENSIONS)) / np.sqrt(_DIMENSIONS)


class VariedEngine(FakeEngine):
    """The fake engine, whose people do not look the same on every photo."""

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        chance = np.random.default_rng(zlib.crc32(photo.full().array.tobytes()))
        faces = []
        for face in super().analyse(photo):
            noise = _NOISE * chance.standard_normal(_DIMENSIONS) / np.sqrt(_DIMENSIONS)
            vector = _PEOPLE[int(np.argmax(face.embedding))] + noise
            faces.append(replace(face, embedding=(vector / np.linalg.norm(vector)).astype(np.float32)))
        return faces

    def embed_changed(
        self,
        photo: PhotoPixels,
        landmarks: FiveLandmarks,
        change: Callable[[NDArray[np.uint8]], Sequence[NDArray[np.uint8]]],
    ) -> NDArray[np.float32]:
        embeddings = super().embed_changed(photo, landmarks, change)
        return np.asarray(_PEOPLE[np.argmax(embeddings, axis=1)], dtype=np.float32)


class WatchedBars(terminal.ProgressBars):
    """The bars of the scripts, which also tell the memory of this process."""

    def __init__(self) -> None:
        super().__init__()
        self._told = -_STEP
        self._process = psutil.Process(os.getpid())

    def __call__(self, progress: Progress) -> None:
        super().__call__(progress)
        if progress.phase in ("analysing photos", "measuring photos") and progress.done - self._told >= _STEP:
            self._told = progress.done
            megabytes = self._process.memory_info().rss / 1e6
            sys.stderr.write(f"RSS {progress.done} {megabytes:.1f}\n")
            sys.stderr.flush()


def install() -> None:
    """Put the parts in the place of the real ones, in this process."""
    from curation.engines import building

    fake_parts.install(None)

    def build(spec: EngineSpec) -> VariedEngine:
        return VariedEngine(spec)

    building.build_engine = build


install()

if __name__ == "__main__":
    terminal.ProgressBars = WatchedBars  # type: ignore[misc]
    sys.exit(program.main())
