from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from curation.domain.film.clip import ClipStatus
from curation.errors import RunInterruptedError
from curation.pipelines.video import analysis
from curation.pipelines.video.analysis import FilmAnalyser
from curation.pipelines.video.segment_task import SegmentTask, analyse_segment_worker, prepare_video_worker
from curation.workers.processes import ProcessPool
from tests.fake_film_engine import Actor, acted_film, fake_analyser, fake_video_setup
from tests.film_run import film_hash

pytest.importorskip("av")

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    acted = [(37, [Actor(number % 5, 3, 30, step=(1, 0)), Actor(7, 0, 36)]) for number in range(5)]
    return acted_film(tmp_path_factory.mktemp("film") / "film.mp4", *acted)


def started(film: Path, state: Path, workers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.film_run", str(film), str(state), str(workers)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)


def result_of(run: subprocess.Popen[str]) -> str:
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    return out.splitlines()[-1]


def test_killed_and_resumed_it_is_the_same_with_any_number_of_workers(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "SEGMENT_S", 1)
    expected = film_hash(fake_analyser(tmp_path / "serial").analyse(film))

    run = started(film, tmp_path / "killed", 2)
    assert run.stdout is not None
    assert run.stdout.readline().startswith("0 ")
    assert run.stdout.readline()
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()

    assert result_of(started(film, tmp_path / "killed", 2)) == expected


def test_a_worker_that_dies_costs_its_seconds_only(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "SEGMENT_S", 1)
    monkeypatch.setattr(analysis, "analyse_segment_worker", die_in_the_second_segment)
    setup = fake_video_setup(tmp_path)

    with FilmAnalyser(setup, lambda: ProcessPool(1, initializer=prepare_video_worker, initargs=(setup,))) as analyser:
        found = analyser.analyse(film)

    assert found.status is ClipStatus.PARTIAL
    assert "seconds 1.000 to 2.000 are missing" in found.problem
    assert "died" in found.problem
    assert found.tracks
    assert not any(track.span.start < 2 and track.span.end > 1 for track in found.tracks)
    assert found.frames_decoded == 185
    monkeypatch.setattr(analysis, "analyse_segment_worker", analyse_segment_worker)
    again = fake_analyser(tmp_path).analyse(film)
    assert again.status is ClipStatus.OK
    assert film_hash(again) == film_hash(fake_analyser(tmp_path / "other").analyse(film))


def die_in_the_second_segment(task: SegmentTask) -> object:
    if task.number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return analyse_segment_worker(task)


def test_a_cancelled_pool_stops_within_two_seconds(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "analyse_segment_worker", sleep_for_a_minute)
    setup = fake_video_setup(tmp_path)
    cancel = threading.Event()
    timer = threading.Timer(1.0, cancel.set)
    timer.start()
    begun = time.monotonic()

    with (
        FilmAnalyser(setup, lambda: ProcessPool(1, initializer=prepare_video_worker, initargs=(setup,))) as analyser,
        pytest.raises(RunInterruptedError),
    ):
        analyser.analyse(film, cancel=cancel)

    timer.join()
    assert time.monotonic() - begun < 6


def sleep_for_a_minute(task: SegmentTask) -> object:
    time.sleep(60)
    return None
