"""Workers that die or hang while they read attributes: the photo keeps its faces, and the report says so."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from curation.domain.attributes.values import Attribute, FaceAttributes
from curation.engines.attributes.combining import combined_specs
from curation.engines.attributes.reader import AttributeReader, FoundAt, ReaderSpec
from curation.engines.base import EngineSpec, FaceEngine, PhotoPixels, WeightsFile
from curation.engines.landmarks import LandmarkPredictor
from curation.pipelines.per_photo import WorkerParts, prepare_worker
from curation.workers.pool import TaskPool
from curation.workers.processes import ProcessPool
from curation.workflow import WorkflowOrchestrator, WorkflowParts
from tests.fake_readers import FakeReader, fake_readers
from tests.fake_workflow import FakeEvent, fake_event
from tests.fakes import FakeEngine

BAD_WIDTH = 240  # of the photo with two faces
TIMEOUT_S = 2.0


class FatalReader(FakeReader):
    """Kills its process, or hangs, at the photo with two faces."""

    def __init__(self, spec: ReaderSpec, *, hangs: bool) -> None:
        super().__init__(spec)
        self._hangs = hangs

    def read(self, photo: PhotoPixels, faces: Sequence[FoundAt]) -> list[FaceAttributes]:
        if photo.width == BAD_WIDTH and self._hangs:
            time.sleep(300)
        if photo.width == BAD_WIDTH:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(photo, faces)


def _engine(spec: EngineSpec) -> FaceEngine:
    return FakeEngine(spec)


def _predictor() -> LandmarkPredictor:
    raise ValueError("no landmarks here")


def _readers(specs: Sequence[ReaderSpec], hangs: bool, asked: Collection[Attribute]) -> list[AttributeReader]:
    return [FatalReader(spec, hangs=hangs) for spec in combined_specs(specs, asked)]


def set_up(spec: EngineSpec, readers: Sequence[ReaderSpec], state_dir: Path, hangs: bool) -> None:
    prepare_worker(
        WorkerParts(
            make_engine=partial(_engine, spec),
            make_predictor=_predictor,
            state_dir=state_dir,
            max_megapixels=10,
            chip_px=64,
            make_readers=partial(_readers, readers, hangs),
        )
    )


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path) as event:
        event.add("a.png", 1)
        event.add("bad.png", 1, 2)
        event.add("c.png", 2)
        yield event


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("is_known", [False, True])
def test_a_reader_that_kills_or_hangs_costs_no_face(event: FakeEvent, hangs: bool, is_known: bool) -> None:
    if is_known:
        event.cluster()
    sections: dict[str, dict[str, Any]] = {"attributes": {"age": "dlib"}, "performance": {"photo_timeout_s": TIMEOUT_S}}
    settings = event.settings(sections)

    def make_pool(spec: EngineSpec | None, predictor: WeightsFile | None, readers: Sequence[ReaderSpec]) -> TaskPool:
        return ProcessPool(1, initializer=set_up, initargs=(event.spec, readers, settings.io.state_dir, hangs))

    parts = WorkflowParts(
        lambda pinned, progress: event.spec,
        lambda: WeightsFile("landmarks.dat", event.folder / "landmarks.dat", "b" * 64),
        make_pool,
        select_readers=lambda progress: fake_readers(settings.attributes.readers, event.folder),
    )
    report = WorkflowOrchestrator(settings, parts).run_clustering()
    assert (report.analysed, report.failed, report.faces) == (3, 0, 4)
    (warning,) = report.warnings
    assert "on 1 photo could not be read" in warning and "bad.png: " in warning
    told = {row.image_path: row.attributes is not None for row in event.rows()}
    assert told == {"a.png": True, "bad.png": False, "c.png": True}
    # The next run tries only this one again.
    assert event.cluster(attributes={"age": "dlib"}).warnings == ()
    assert event.photos_read() == 1
    assert all(row.attributes is not None for row in event.rows())
