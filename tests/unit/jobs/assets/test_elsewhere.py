"""Pictures that workers of other machines take apart, with a pool that has each kind of fault."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.domain.assets.asset import Asset
from curation.domain.assets.retrying import retry_in_s
from curation.domain.assets.states import AssetState, FailCode, RejectCode
from curation.errors import (
    BrokerUnavailableError,
    CurationError,
    RunInterruptedError,
    WorkerError,
    WorkersMissingError,
)
from curation.jobs.assets import hands
from curation.jobs.assets.asset_jobs import AssetJobs
from curation.jobs.assets.elsewhere import Elsewhere
from curation.jobs.assets.work import WorkLimits
from curation.pipelines.assets.sent_task import PictureDone
from curation.storage.assets.files import AssetFiles
from curation.storage.assets.sqlite_store import SqliteAssetStore
from curation.workers.pool import Outcome, TaskFailure
from tests.asset_documents import person, picture_document
from tests.fake_assets import QUICK, fake_work, picture
from tests.processes import wait_until

_FILES = (("cutout.png", b"from elsewhere"),)


def _process(content: bytes) -> PictureDone:
    raise AssertionError("only workers of other machines call it")


def _done(content: bytes, **changes: Any) -> PictureDone:
    found = picture_document(person(cut_at="feet"), sha256=hashlib.sha256(content).hexdigest())
    document = {**found, "files": ["cutout.png"]}
    return replace(PictureDone(json.dumps(document), _FILES), **changes)


_Answer = PictureDone | TaskFailure | Exception | None


class _Workers:
    """All pools of a test; each picture gets the next answer, the last one for ever. None never answers."""

    def __init__(self, *answers: Callable[[bytes], _Answer]) -> None:
        self._answers = list(answers)
        self.contents: list[bytes] = []
        self.closed = 0
        self.cancelled = 0

    def make(self) -> _FakePool:
        return _FakePool(self)

    def next(self) -> Callable[[bytes], _Answer]:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class _FakePool:
    def __init__(self, workers: _Workers) -> None:
        self._workers = workers

    def run(
        self,
        function: Callable[[Any], Any],
        tasks: Iterable[Any],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[Any, Any]]:
        assert function is _process and timeout_s == QUICK.photo_timeout_s and cancel is not None
        (content,) = tasks
        self._workers.contents.append(content)
        answer = self._workers.next()(content)
        if answer is None:
            cancel.wait()
            self._workers.cancelled += 1
            raise RunInterruptedError("stopped")
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, TaskFailure):
            yield Outcome(content, None, answer)
        else:
            yield Outcome(content, answer, None)

    def close(self) -> None:
        self._workers.closed += 1


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are tried again at once."""

    def at_once(*args: Any, **facts: Any) -> float | None:
        return None if retry_in_s(*args, **facts) is None else 0.0

    monkeypatch.setattr(hands, "retry_in_s", at_once)


def _jobs(folder: Path, workers: _Workers, *, max_bytes: int = 1000, limits: WorkLimits = QUICK) -> AssetJobs:
    elsewhere = Elsewhere(workers.make, _process, lambda task, content: content, max_bytes)
    work = replace(fake_work(), elsewhere=elsewhere)
    store = SqliteAssetStore(folder / "assets.sqlite")
    return AssetJobs(store, AssetFiles(folder / "assets"), lambda: work, limits)


def _ended(folder: Path, workers: _Workers, **options: Any) -> tuple[Asset, AssetJobs]:
    jobs = _jobs(folder, workers, **options)
    asset = jobs.submit(picture("ok"), "a.jpg")
    jobs.run_until_done()
    return jobs.get(asset.id), jobs


def _says(answer: _Answer) -> Callable[[bytes], _Answer]:
    return lambda content: answer


def test_what_a_worker_found_is_written_here(tmp_path: Path) -> None:
    workers = _Workers(_done)
    asset, jobs = _ended(tmp_path, workers)
    assert (asset.state, asset.code, asset.attempts) == (AssetState.COMPLETED, None, 1)
    assert asset.document is not None and asset.document["sha256"] == asset.sha256
    assert jobs.file(asset.id, "cutout.png").read_bytes() == b"from elsewhere"
    assert workers.contents == [picture("ok")]
    jobs.close()
    assert workers.closed == 1


@pytest.mark.parametrize(
    ("answer", "state", "code", "attempts"),
    [
        (PictureDone(rejected=RejectCode.NO_PERSON, message="nobody"), AssetState.REJECTED, "no_person", 1),
        (PictureDone(failed=FailCode.MODEL, message="the network"), AssetState.FAILED, "model", 1),
        (TaskFailure("timeout", "long"), AssetState.FAILED, "timeout", 1),
        (TaskFailure("bug", "a bug"), AssetState.FAILED, "bug", 1),
        (TaskFailure("killed", "dead"), AssetState.FAILED, "worker_lost", 3),
        (CurationError("odd"), AssetState.FAILED, "bug", 1),
        (KeyError("odd"), AssetState.FAILED, "bug", 1),
        (PictureDone("{", _FILES), AssetState.FAILED, "bug", 1),
        (PictureDone('{"sha256": "another", "files": ["cutout.png"]}', _FILES), AssetState.FAILED, "bug", 1),
    ],
)
def test_each_fault_is_told_and_counted_as_on_this_machine(
    tmp_path: Path, answer: _Answer, state: AssetState, code: str, attempts: int
) -> None:
    workers = _Workers(_says(answer))
    asset, jobs = _ended(tmp_path, workers)
    assert (asset.state, asset.code, asset.attempts) == (state, code, attempts)
    assert asset.message and len(workers.contents) == attempts
    jobs.close()


@pytest.mark.parametrize("name", ["../cutout.png", "/cutout.png", ".hidden", "other.png"])
def test_files_that_the_document_does_not_name_are_not_written(tmp_path: Path, name: str) -> None:
    asset, jobs = _ended(tmp_path, _Workers(lambda content: _done(content, files=((name, b"evil"),))))
    assert (asset.state, asset.code) == (AssetState.FAILED, "bug")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"evil"]
    jobs.close()


def test_a_worker_that_died_costs_one_try(tmp_path: Path) -> None:
    workers = _Workers(_says(TaskFailure("killed", "dead")), _done)
    asset, jobs = _ended(tmp_path, workers)
    assert (asset.state, asset.attempts) == (AssetState.COMPLETED, 2)
    jobs.close()


def test_too_little_memory_is_tried_again_once(tmp_path: Path) -> None:
    asset, jobs = _ended(tmp_path, _Workers(_says(TaskFailure("failed", "not enough memory"))))
    assert (asset.code, asset.attempts) == ("memory", 2)
    jobs.close()


@pytest.mark.parametrize("error", [BrokerUnavailableError("away"), WorkersMissingError("no worker")])
def test_a_picture_waits_for_a_broker_or_workers_without_being_tried(
    tmp_path: Path, error: CurationError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "_MAX_PAUSE_S", 0.05)
    workers = _Workers(_says(error), _says(error), _done)
    asset, jobs = _ended(tmp_path, workers, limits=replace(QUICK, workers=1))
    assert (asset.state, asset.attempts) == (AssetState.COMPLETED, 1)
    jobs.close()
    assert workers.closed == 3  # each time a new connection


def test_who_waits_for_the_end_is_told_that_there_are_no_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "_MAX_PAUSE_S", 0.05)
    jobs = _jobs(tmp_path, _Workers(_says(WorkersMissingError("no worker was ready"))))
    asset = jobs.submit(picture("ok"), "a.jpg")
    with pytest.raises(WorkerError, match="no worker was ready"):
        jobs.run_until_done()
    found = jobs.get(asset.id)
    assert (found.state, found.attempts) == (AssetState.PENDING, 0)
    jobs.close()


def test_a_stop_gives_the_picture_back_within_the_grace(tmp_path: Path) -> None:
    workers = _Workers(_says(None))
    jobs = _jobs(tmp_path, workers)
    asset = jobs.submit(picture("ok"), "a.jpg")
    jobs.start()
    wait_until(lambda: bool(workers.contents), "a picture that is sent")
    begun = time.monotonic()
    jobs.stop(grace_s=0.3)
    assert time.monotonic() - begun < 2
    found = jobs.get(asset.id)
    assert (found.state, found.attempts, workers.cancelled, workers.closed) == (AssetState.PENDING, 0, 1, 1)
    jobs.close()


def test_the_lease_is_kept_while_a_worker_elsewhere_works(tmp_path: Path) -> None:
    def slowly(content: bytes) -> PictureDone:
        time.sleep(1.6)
        return _done(content)

    workers = _Workers(slowly)
    asset, jobs = _ended(tmp_path, workers, limits=replace(QUICK, lease_s=1, sweep_s=0.1))
    assert (asset.state, asset.attempts, len(workers.contents)) == (AssetState.COMPLETED, 1, 1)
    jobs.close()


def test_what_is_too_large_to_be_sent_is_worked_on_here(tmp_path: Path) -> None:
    workers = _Workers(_done)
    asset, jobs = _ended(tmp_path / "content", workers, max_bytes=3)
    assert (asset.state, asset.attempts, workers.contents) == (AssetState.COMPLETED, 1, [])
    assert jobs.file(asset.id, "cutout.png").read_bytes() == b"cut out of 0"
    jobs.close()
    workers = _Workers(_says(PictureDone()))
    asset, jobs = _ended(tmp_path / "files", workers)
    assert (asset.state, asset.attempts, len(workers.contents)) == (AssetState.COMPLETED, 1, 1)
    assert jobs.file(asset.id, "cutout.png").read_bytes() == b"cut out of 0"
    jobs.close()


def test_a_picture_that_is_damaged_on_the_disk_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "retry_in_s", lambda *args, **facts: None)
    workers = _Workers(_done)
    jobs = _jobs(tmp_path, workers)
    asset = jobs.submit(picture("ok"), "a.jpg")
    jobs.file(asset.id, "original").write_bytes(b"other")
    jobs.run_until_done()
    found = jobs.get(asset.id)
    assert (found.state, found.code, workers.contents) == (AssetState.FAILED, "io", [])
    jobs.close()
