from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.domain.report import Progress
from curation.errors import (
    BusyError,
    FaceDataError,
    PhotosMissingError,
    RunInterruptedError,
    StorageError,
    WeightsMissingError,
)
from curation.storage.locks import hold_output
from curation.workflow import WorkflowOrchestrator, WorkflowParts
from tests.fake_workflow import FakeEvent, fake_event


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path / "event") as made:
        for number in range(6):
            made.add(f"{number}.png", number % 2, seed=number)
        yield made


def test_both_stages_log_when_they_are_done(event: FakeEvent, caplog: pytest.LogCaptureFixture) -> None:
    workflow = event.workflow()
    assert not workflow.face_data_exists()
    with caplog.at_level(logging.INFO, logger="curation"):
        workflow.run_clustering()
        assert "Clustering completed successfully" in caplog.messages
        assert "Workflow complete" not in caplog.messages
        assert workflow.face_data_exists()
        workflow.run_scoring()
        assert "Workflow complete" in caplog.messages


def test_a_second_run_on_the_same_output_is_refused(event: FakeEvent) -> None:
    event.cluster()
    before = event.snapshot()
    with hold_output(event.output):
        for run in (event.workflow().run_clustering, event.workflow().run_scoring):
            with pytest.raises(BusyError) as raised:
                run()
            assert raised.value.exit_code == 6
    assert event.snapshot() == before
    event.score()


@pytest.mark.parametrize("phase", ["analysing photos", "grouping faces", "writing thumbnails"])
def test_a_cancelled_clustering_stops_and_goes_on_later(event: FakeEvent, phase: str) -> None:
    cancel = threading.Event()

    def listen(progress: Progress) -> None:
        if progress.phase == phase and (progress.done >= 3 or phase != "analysing photos"):
            cancel.set()

    with pytest.raises(RunInterruptedError) as raised:
        event.workflow().run_clustering(progress=listen, cancel=cancel)
    assert raised.value.exit_code == 130
    assert not event.workflow().face_data_exists() or phase == "writing thumbnails"
    analysed = event.engine.analysed
    assert analysed == (3 if phase == "analysing photos" else 6)
    assert not [path.name for path in event.output.rglob("*curation-tmp")]
    assert event.cluster().reused == analysed
    assert event.engine.analysed == 6


def test_a_cancelled_scoring_keeps_the_measures(event: FakeEvent) -> None:
    event.cluster()
    cancel = threading.Event()

    def listen(progress: Progress) -> None:
        if progress.done >= 2:
            cancel.set()

    with pytest.raises(RunInterruptedError):
        event.workflow().run_scoring(progress=listen, cancel=cancel)
    assert not (event.output / "photo_scores.csv").exists()
    assert event.predictor.asked == 2
    assert event.score().reused == 2


def test_cancelled_before_it_began(event: FakeEvent) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(RunInterruptedError):
        event.workflow().run_clustering(cancel=cancel)
    assert event.engine.analysed == 0


def test_progress_ends_where_it_should(event: FakeEvent) -> None:
    (event.photos / "broken.jpg").write_bytes(b"no picture")
    told: list[Progress] = []
    event.workflow().run_clustering(progress=told.append)
    analysing = [progress for progress in told if progress.phase == "analysing photos"]
    assert [progress.done for progress in analysing] == list(range(8))
    assert analysing[-1] == Progress("analysing photos", 7, 7, 1)
    for phase in {progress.phase for progress in told}:
        last = [progress for progress in told if progress.phase == phase][-1]
        assert last.done == last.total
    told.clear()
    event.workflow().run_scoring(progress=told.append)
    assert told[-1] == Progress("measuring photos", 7, 7, 1)


def test_missing_and_empty_folders(event: FakeEvent) -> None:
    with pytest.raises(PhotosMissingError) as raised:
        event.cluster(io={"input_dir": event.folder / "none"})
    assert raised.value.exit_code == 3
    (event.folder / "empty").mkdir()
    with pytest.raises(PhotosMissingError):
        event.cluster(io={"input_dir": event.folder / "empty"})
    (event.folder / "file").touch()
    with pytest.raises(StorageError):
        event.cluster(io={"output_dir": event.folder / "file"})
    with pytest.raises(StorageError):
        event.cluster(io={"state_dir": event.folder / "file"})
    assert event.engine.analysed == 0


def test_scoring_first(event: FakeEvent) -> None:
    with pytest.raises(FaceDataError, match="run the clustering first"):
        event.score()


def test_an_error_of_the_parts_releases_the_lock(event: FakeEvent) -> None:
    def no_weights(*_: object) -> None:
        raise WeightsMissingError("fetch them")

    broken = WorkflowOrchestrator(event.settings(), WorkflowParts(no_weights, no_weights, no_weights))  # type: ignore[arg-type]
    with pytest.raises(WeightsMissingError):
        broken.run_clustering()
    event.cluster()
    with pytest.raises(WeightsMissingError):
        broken.run_scoring()
    event.score()


def test_the_engine_is_pinned_by_existing_outputs(event: FakeEvent) -> None:
    event.cluster()
    assert event.pinned is None
    table = event.output / "face_data.csv"
    table.write_text("broken")
    event.cluster()
    assert event.pinned == "fake"  # from the run record
    table.unlink()
    event.cluster()
    assert event.pinned is None


def test_an_output_folder_above_the_photos_or_the_same(event: FakeEvent) -> None:
    for output in (event.folder, event.photos, event.photos / "results"):
        event.output = output
        assert event.cluster().total == 6
        assert event.cluster().total == 6
        assert event.score().total == 6
