"""Pictures from being handed in to their end, with workers that need no networks."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from curation.domain.assets.asset import Asset, AssetQuery
from curation.domain.assets.states import AssetState
from curation.errors import AssetNotFoundError, RunInterruptedError, StorageError, WorkerError
from curation.jobs.assets.asset_jobs import AssetJobs
from tests.fake_assets import QUICK, document, fake_jobs, fake_work, picture
from tests.processes import wait_until


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[AssetJobs]:
    jobs = fake_jobs(tmp_path)
    yield jobs
    jobs.close()


def files_of(folder: Path, asset: Asset) -> list[str]:
    """All files of a picture, wherever they are."""
    return [str(path) for path in folder.rglob("*") if asset.id in str(path) and path.is_file()]


def ended(jobs: AssetJobs, kind: str) -> Asset:
    asset = jobs.submit(picture(kind), f"{kind}.jpg")
    jobs.run_until_done()
    return jobs.get(asset.id)


def test_a_picture_is_completed_with_its_files(jobs: AssetJobs) -> None:
    asset = ended(jobs, "ok")
    assert (asset.state, asset.code, asset.attempts, asset.document) == (AssetState.COMPLETED, None, 1, document())
    assert jobs.file(asset.id, "cutout.png").read_bytes() == b"cut out of 0"
    assert jobs.file(asset.id, "original").read_bytes() == picture("ok")


def test_a_picture_that_the_gate_refuses_comes_back_at_once_and_is_not_kept(jobs: AssetJobs, tmp_path: Path) -> None:
    asset = jobs.submit(picture("broken"), "a.jpg")
    assert (asset.state, asset.code, asset.message) == (AssetState.REJECTED, "unreadable", "a.jpg is broken")
    assert files_of(tmp_path, asset) == []
    assert jobs.submit(picture("broken"), "b.jpg") == asset


@pytest.mark.parametrize(
    ("kind", "state", "code", "attempts"),
    [
        ("nobody", AssetState.REJECTED, "no_person", 1),
        ("model", AssetState.FAILED, "model", 1),
        ("bug", AssetState.FAILED, "bug", 1),
    ],
)
def test_faults_of_the_picture_end_at_the_first_try(
    jobs: AssetJobs, kind: str, state: AssetState, code: str, attempts: int
) -> None:
    asset = ended(jobs, kind)
    assert (asset.state, asset.code, asset.attempts) == (state, code, attempts)
    assert asset.document is None
    assert asset.message
    with pytest.raises(AssetNotFoundError):
        jobs.file(asset.id, "cutout.png")


@pytest.mark.parametrize("kind", ["kill-once", "disk-once"])
def test_a_fault_that_passes_costs_one_try(jobs: AssetJobs, kind: str, tmp_path: Path) -> None:
    asset = ended(jobs, kind)
    assert (asset.state, asset.attempts, asset.code) == (AssetState.COMPLETED, 2, None)
    assert len(files_of(tmp_path, asset)) == 3


def test_a_picture_that_takes_too_long_fails_and_its_worker_is_ended(tmp_path: Path) -> None:
    jobs = fake_jobs(tmp_path, limits=replace(QUICK, photo_timeout_s=0.5))
    asset = ended(jobs, "hang")
    assert (asset.state, asset.code, asset.attempts) == (AssetState.FAILED, "timeout", 1)
    assert "assets.photo_timeout_s" in asset.message
    assert ended(jobs, "ok").state is AssetState.COMPLETED
    jobs.close()


def test_a_picture_that_failed_can_be_tried_again(jobs: AssetJobs) -> None:
    asset = ended(jobs, "model")
    again = jobs.retry(asset.id)
    assert (again.state, again.attempts, again.code) == (AssetState.PENDING, 0, None)
    jobs.run_until_done()
    assert jobs.get(asset.id).state is AssetState.FAILED
    done = ended(jobs, "ok")
    assert jobs.retry(done.id) == done
    with pytest.raises(AssetNotFoundError):
        jobs.retry("0" * 32)


def test_a_picture_whose_file_is_gone_cannot_be_tried_again(jobs: AssetJobs) -> None:
    asset = ended(jobs, "model")
    jobs.file(asset.id, "original").unlink()
    with pytest.raises(StorageError, match="hand the picture in again"):
        jobs.retry(asset.id)
    assert jobs.submit(picture("model"), "again").state is AssetState.PENDING


def test_a_deletion_removes_row_and_files(jobs: AssetJobs, tmp_path: Path) -> None:
    asset = ended(jobs, "ok")
    jobs.delete(asset.id)
    assert files_of(tmp_path, asset) == []
    for call in (jobs.get, jobs.delete, lambda asset_id: jobs.file(asset_id, "original")):
        with pytest.raises(AssetNotFoundError):
            call(asset.id)


def test_a_picture_deleted_while_a_worker_has_it_leaves_nothing(jobs: AssetJobs, tmp_path: Path) -> None:
    asset = jobs.submit(picture("slow"), "a.jpg")
    jobs.start()
    wait_until(lambda: jobs.get(asset.id).state is AssetState.PROCESSING, "work on the picture")
    jobs.delete(asset.id)
    jobs.stop()
    assert files_of(tmp_path, asset) == []
    assert jobs.find(AssetQuery(), limit=10) == (0, [])


def test_a_picture_handed_in_again_while_it_is_deleted_is_never_without_its_file(jobs: AssetJobs) -> None:
    def hand_in() -> None:
        for _ in range(100):
            asset = jobs.submit(picture("ok"), "a.jpg")
            ids.add(asset.id)

    ids: set[str] = set()
    threads = [threading.Thread(target=hand_in) for _ in range(2)]
    for thread in threads:
        thread.start()
    deleted = 0
    while any(thread.is_alive() for thread in threads):
        for asset_id in set(ids):
            try:
                jobs.delete(asset_id)
                deleted += 1
            except AssetNotFoundError:
                continue
    assert deleted > 0 and len(ids) == 1
    asset = jobs.submit(picture("ok"), "a.jpg")
    jobs.run_until_done()
    assert jobs.get(asset.id).state is AssetState.COMPLETED


def test_the_same_upload_a_thousand_times_from_several_threads_is_one_job(tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = fake_jobs(tmp_path, log=log)
    jobs.start()

    def hand_in() -> None:
        found.extend(jobs.submit(picture("ok", 7), "a.jpg").id for _ in range(250))

    found: list[str] = []
    threads = [threading.Thread(target=hand_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs.run_until_done()
    assert len(found) == 1000 and len(set(found)) == 1
    assert log.read_text() == "7 1\n"
    assert jobs.counts()[AssetState.COMPLETED] == 1
    jobs.close()


def test_pictures_that_another_program_added_are_found(tmp_path: Path) -> None:
    jobs, other = fake_jobs(tmp_path), fake_jobs(tmp_path)
    jobs.start()
    asset = other.submit(picture("ok"), "a.jpg")
    wait_until(lambda: other.get(asset.id).state is AssetState.COMPLETED, "work by the other program")
    assert other.file(asset.id, "cutout.png").is_file()
    jobs.close()
    other.close()


def test_without_workers_pictures_wait(tmp_path: Path) -> None:
    jobs = fake_jobs(tmp_path, limits=replace(QUICK, workers=0))
    jobs.start()
    asset = jobs.submit(picture("ok"), "a.jpg")
    time.sleep(0.2)
    assert jobs.get(asset.id).state is AssetState.PENDING
    jobs.stop()
    jobs.run_until_done()
    assert jobs.get(asset.id).state is AssetState.COMPLETED
    jobs.close()


def test_a_stop_gives_pictures_back_that_take_too_long(jobs: AssetJobs, tmp_path: Path) -> None:
    asset = jobs.submit(picture("hang"), "a.jpg")
    jobs.start()
    wait_until(lambda: jobs.get(asset.id).state is AssetState.PROCESSING, "work on the picture")
    time.sleep(0.5)
    begun = time.monotonic()
    jobs.stop(grace_s=0.1)
    assert time.monotonic() - begun < 5
    given_back = jobs.get(asset.id)
    assert (given_back.state, given_back.attempts, given_back.code) == (AssetState.PENDING, 0, None)
    assert len(files_of(tmp_path, asset)) == 1


def test_a_stop_waits_for_pictures_that_are_nearly_done(jobs: AssetJobs) -> None:
    asset = jobs.submit(picture("slow"), "a.jpg")
    jobs.start()
    wait_until(lambda: jobs.get(asset.id).state is AssetState.PROCESSING, "work on the picture")
    jobs.stop(grace_s=20)
    assert jobs.get(asset.id).state is AssetState.COMPLETED


def test_a_run_that_is_cancelled_loses_nothing(jobs: AssetJobs) -> None:
    asset = jobs.submit(picture("hang"), "a.jpg")
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    with pytest.raises(RunInterruptedError):
        jobs.run_until_done(cancel=cancel)
    assert (jobs.get(asset.id).state, jobs.get(asset.id).attempts) == (AssetState.PENDING, 0)


def test_a_run_tells_how_far_it_is(jobs: AssetJobs) -> None:
    for number in range(5):
        jobs.submit(picture("ok", number), "a.jpg")
    jobs.submit(picture("model"), "b.jpg")
    told: list[tuple[int, int, int]] = []
    jobs.run_until_done(progress=lambda one: told.append((one.done, one.total, one.failed)))
    assert told[-1] == (6, 6, 1)
    assert all(done <= total == 6 for done, total, _ in told)


def refuse_to_start() -> None:
    raise RuntimeError("no memory")


def test_workers_that_do_not_start_cost_no_picture_a_try(tmp_path: Path) -> None:
    jobs = fake_jobs(tmp_path)
    jobs._made = replace(fake_work(), initializer=refuse_to_start)
    asset = jobs.submit(picture("ok"), "a.jpg")
    with pytest.raises(WorkerError, match="do not start"):
        jobs.run_until_done()
    assert (jobs.get(asset.id).state, jobs.get(asset.id).attempts) == (AssetState.PENDING, 0)
    jobs.close()


def test_a_worker_that_died_while_it_was_idle_costs_no_picture_a_try(jobs: AssetJobs) -> None:
    jobs.start()
    first = jobs.submit(picture("ok", 1), "a.jpg")
    wait_until(lambda: jobs.get(first.id).state is AssetState.COMPLETED, "the first picture")
    for hand in jobs._hands:
        if hand._process is not None and hand._process.pid is not None:
            os.kill(hand._process.pid, signal.SIGKILL)
    time.sleep(0.3)
    second = jobs.submit(picture("ok", 2), "b.jpg")
    wait_until(lambda: jobs.get(second.id).state is AssetState.COMPLETED, "the second picture")
    assert jobs.get(second.id).attempts == 1
