"""What the processes of such tests work with: an engine and a predictor that take their time, and need small files."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.domain.faces.face import DetectedFace, FiveLandmarks
from curation.engines.base import EngineSpec, PhotoPixels, Pixels, WeightsFile
from curation.engines.landmarks import Landmarks68
from curation.errors import FaceAnalysisError, WeightsBrokenError, WeightsMissingError
from curation.settings import Settings
from tests.fakes import FakeEngine, fake_spec

__all__ = [
    "DISLIKED_WIDTH_PX",
    "HOURS",
    "PREDICTOR_NAME",
    "WEIGHTS_CONTENT",
    "WEIGHTS_NAME",
    "NappingEngine",
    "NappingPredictor",
    "install",
]

HOURS = "MANY_MACHINES_HOURS"
"""Names the file of quiet hours, see `install`, in the environment of such processes."""
WEIGHTS_NAME = "fake-weights.bin"
PREDICTOR_NAME = "fake-predictor.dat"
WEIGHTS_CONTENT = {WEIGHTS_NAME: b"what the engine knows" * 1000, PREDICTOR_NAME: b"what the predictor knows" * 1000}
DISLIKED_WIDTH_PX = 13
_LOOK_S = 0.01


def _check(path: Path, name: str) -> None:
    if not path.is_file():
        raise WeightsMissingError(f"{path} is missing")
    if path.read_bytes() != WEIGHTS_CONTENT[name]:
        raise WeightsBrokenError(f"{path} is not the file of the coordinator")


def _nap(hours: Path | None, number: int) -> None:
    """Sleep a while that depends on the photo, as long as the file of quiet hours is not there."""
    if hours is None:
        return
    end = time.monotonic() + float(hours.with_suffix(".s").read_text()) * (0.5 + number % 100 / 100)
    while time.monotonic() < end and not hours.exists():
        time.sleep(_LOOK_S)


class NappingEngine(FakeEngine):
    """The fake engine: needs its weights, takes its time, and fails on photos that are 13 pixels wide."""

    def __init__(self, spec: EngineSpec, hours: Path | None) -> None:
        super().__init__(spec)
        _check(spec.weights[0].path, WEIGHTS_NAME)
        self._hours = hours

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        if photo.width == DISLIKED_WIDTH_PX:
            raise FaceAnalysisError("the engine does not like this photo")
        _nap(self._hours, zlib.crc32(photo.full().array.tobytes()))
        return super().analyse(photo)


class NappingPredictor:
    """Takes its time for each face, and finds no landmarks."""

    def __init__(self, path: Path, hours: Path | None) -> None:
        _check(path, PREDICTOR_NAME)
        self._hours = hours

    def predict(self, pixels: Pixels, landmarks: FiveLandmarks) -> Landmarks68 | None:
        _nap(self._hours, zlib.crc32(pixels.array.tobytes()))
        return None


def install(hours: Path | None) -> None:
    """Put these parts in the place of the real ones, in this process.

    Args:
        hours: A file; while it does not exist, every photo takes about as many seconds as the file beside it with the
            suffix `.s` says. None: nothing takes long.
    """
    from curation.engines import building, landmarks, selection

    def select(settings: Settings, **_: Any) -> EngineSpec:
        path = settings.io.models_dir / WEIGHTS_NAME
        if not path.is_file():
            raise WeightsMissingError(f"{path} is missing")
        weights = WeightsFile(WEIGHTS_NAME, path, hashlib.sha256(path.read_bytes()).hexdigest())
        return replace(fake_spec(), weights=(weights,))

    def build(spec: EngineSpec) -> NappingEngine:
        return NappingEngine(spec, hours)

    def predictor(path: Path) -> NappingPredictor:
        return NappingPredictor(path, hours)

    building.build_engine = build
    selection.select_engine = select
    landmarks.LandmarkPredictor = predictor  # type: ignore[misc, assignment]
