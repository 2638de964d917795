"""What worker processes of the tests do when they have to be killed: they sleep, and do not listen."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from curation.domain.faces.face import DetectedFace
from curation.engines.base import EngineSpec, PhotoPixels
from curation.pipelines.per_photo import WorkerParts, prepare_worker
from tests.fakes import FakeEngine

SLEEP_S = 300


class SleepingEngine(FakeEngine):
    """Leaves a file with its process's number, and sleeps over every photo."""

    def __init__(self, spec: EngineSpec, folder: Path) -> None:
        super().__init__(spec)
        self._folder = folder

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        (self._folder / f"worker_{os.getpid()}").touch()
        time.sleep(SLEEP_S)
        return super().analyse(photo)


def _no_predictor() -> NoReturn:
    raise ValueError("no landmarks here")


def set_up(spec: EngineSpec, folder: Path, state_dir: Path, start_s: float) -> None:
    """Prepare a worker process whose engine sleeps; it takes `start_s` to start."""
    (folder / f"starting_{os.getpid()}").touch()
    time.sleep(start_s)
    prepare_worker(
        WorkerParts(
            make_engine=lambda: SleepingEngine(spec, folder),
            make_predictor=_no_predictor,
            state_dir=state_dir,
            max_megapixels=10,
            chip_px=64,
        )
    )
