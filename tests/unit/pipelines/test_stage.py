"""Working through photos in batches: the same outcomes as one by one, whatever becomes of a batch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from curation.domain.faces.face import DetectedFace
from curation.domain.report import Progress
from curation.engines.base import PhotoPixels
from curation.errors import PhotoError, PhotoUnreadableError
from curation.pipelines.stage import Batches, RunContext
from curation.storage.analysis_store import AnalysisStore
from curation.workers.pool import Outcome, TaskFailure
from tests.fake_workflow import FakeEvent


class LosingPool:
    """Runs tasks here; a batch that holds the poisonous number is lost as a whole, as with a killed worker."""

    def __init__(self, poison: int | None) -> None:
        self.poison = poison
        self.timeouts: list[float | None] = []

    def run(
        self,
        function: Callable[[Any], Any],
        tasks: Iterable[Any],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[Any, Any]]:
        self.timeouts.append(timeout_s)
        for task in tasks:
            if self.poison is not None and self.poison in (task if isinstance(task, tuple) else (task,)):
                yield Outcome(task, None, TaskFailure("killed", "the worker died"))
            else:
                yield Outcome(task, function(task), None)

    def close(self) -> None:
        pass


def _one(number: int) -> int:
    return number * 10


def _many(numbers: tuple[int, ...]) -> list[int | PhotoError]:
    return [PhotoUnreadableError("cut off") if number == 3 else number * 10 for number in numbers]


def _run(event: FakeEvent, poison: int | None, size: int) -> tuple[dict[int, int | str], list[Progress], LosingPool]:
    seen: list[Progress] = []
    pool = LosingPool(poison)
    context = RunContext(event.settings(), pool, cast(AnalysisStore, None), seen.append, threading.Event())
    batches: Batches[int, int] = Batches(size, tuple, lambda batch: cast(tuple[int, ...], batch), _many)
    results: dict[int, int | str] = {}
    for outcome in context.work_through_batches("working", _one, range(8), batches, done=2, failed=1):
        assert outcome.task not in results
        if outcome.failure is not None:
            results[outcome.task] = outcome.failure.reason
        else:
            assert outcome.result is not None
            results[outcome.task] = outcome.result
    return results, seen, pool


@pytest.mark.parametrize("size", [2, 3, 8, 20])
def test_every_photo_has_its_outcome_and_a_bad_one_fails_alone(event: FakeEvent, size: int) -> None:
    results, seen, _ = _run(event, None, size)
    assert results == {number: number * 10 for number in range(8)} | {3: "cut off"}
    assert [progress.done for progress in seen] == list(range(2, 11))
    assert (seen[-1].total, seen[-1].failed) == (10, 2)


@pytest.mark.parametrize("size", [2, 5])
def test_a_lost_batch_is_done_again_photo_by_photo(event: FakeEvent, size: int) -> None:
    results, seen, pool = _run(event, 4, size)
    expected: dict[int, int | str] = {number: number * 10 for number in range(8)} | {4: "the worker died"}
    in_the_lost_batch = range(4, 6) if size == 2 else range(5)
    if 3 not in in_the_lost_batch:
        expected[3] = "cut off"
    assert results == expected
    assert (seen[-1].done, seen[-1].total) == (10, 10)
    assert pool.timeouts == [120 * size, 120]


def test_a_batch_of_one_is_no_batch(event: FakeEvent) -> None:
    results, _, pool = _run(event, None, 1)
    assert results == {number: number * 10 for number in range(8)}
    assert pool.timeouts == [120]


def test_batches_change_nothing_in_the_outputs(wedding: FakeEvent) -> None:
    (wedding.photos / "cut.png").write_bytes((wedding.photos / "a.png").read_bytes()[:500])
    single = wedding.cluster(performance={"photos_per_batch": 1})
    before = wedding.snapshot()
    analysed = wedding.engine.analysed
    again = wedding.cluster(performance={"photos_per_batch": 4}, io={"state_dir": wedding.folder / "other"})
    assert wedding.engine.analysed == 2 * analysed
    assert wedding.snapshot() == before
    assert (single.analysed, single.failed, single.failures) == (again.analysed, again.failed, again.failures)
    assert single.failed == 1


def test_batches_are_for_other_processors_than_the_cpu(wedding: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    work = wedding.engine.analyse_many

    def counted(photos: Sequence[PhotoPixels]) -> list[Sequence[DetectedFace] | PhotoError]:
        sizes.append(len(photos))
        return work(photos)

    monkeypatch.setattr(wedding.engine, "analyse_many", counted)
    wedding.cluster()
    assert sizes == [1] * 5
    sizes.clear()
    wedding.spec = replace(wedding.spec, providers=("CUDAExecutionProvider", "CPUExecutionProvider"))
    wedding.cluster(io={"state_dir": wedding.folder / "other"})
    assert sizes == [5]
