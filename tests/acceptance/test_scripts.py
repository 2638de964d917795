"""The two scripts as a user meets them: help, progress, interruptions, killed processes, odd names and places."""

from __future__ import annotations

import csv
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
from pathlib import Path

import psutil
import pytest
from PIL import Image

from curation.storage.locks import hold_output
from tests.conftest import PROJECT_ROOT
from tests.processes import Finished, is_running, wait_until
from tests.scripts import Place

PHOTOS = 3  # of the fixture `ready`
# Time enough to interrupt a run or kill its worker in the middle of its work.
SLOWLY = {"CURATION_ENGINE__DLIB__WORKING_SIZE_PX": "1600"}
# What Python says if the signal comes while it starts itself, which takes long on a busy machine.
PYTHONS_OWN_START = "Fatal Python error: init_import_site"
MAX_RSS_BYTES = 1_500_000_000


@pytest.fixture
def place(ready: Place, tmp_path: Path) -> Place:
    """A copy of `ready` to change. The content of its photos is known, so that runs are quick."""
    shutil.copytree(ready.root, tmp_path / "place")
    return Place(tmp_path / "place")


@pytest.fixture
def fresh(ready: Place, tmp_path: Path) -> Place:
    """The same photos, of which nothing is known yet."""
    shutil.copytree(ready.photos, tmp_path / "place" / "photos")
    return Place(tmp_path / "place", SLOWLY)


@pytest.fixture
def many(fresh: Place) -> Place:
    """Photos enough that a run is still at work long after its first one, on quick machines too."""
    with Image.open(fresh.photos / "IMG_0001.jpg") as photo:
        for quality in range(80, 90):
            photo.save(fresh.photos / f"again_{quality}.jpg", quality=quality)
    return fresh


def _without_traceback(done: Finished) -> None:
    assert "Traceback" not in done.stderr + done.stdout, done.stderr


def _interrupted(done: Finished) -> None:
    _without_traceback(done)
    assert done.code == 130, done.stderr
    assert "interrupted; what was done so far is kept" in done.stderr


@pytest.mark.parametrize("stage", ["clustering", "scoring"])
def test_help_teaches_the_program(place: Place, stage: str) -> None:
    done = place.run(stage, "--help")
    assert (done.code, done.stderr) == (0, "")
    for word in ("--config", "--input", "--output", "--engine", "--workers", "--log-level", "exit codes:", "130"):
        assert word in done.stdout
    for word in ("face_data.csv", "cluster_labels.json", "run_scoring.py" if stage == "clustering" else "photo_scores"):
        assert word in done.stdout


def test_off_a_terminal_there_is_a_summary_and_no_bar(place: Place) -> None:
    done = place.run("clustering")
    assert done.code == 0
    assert "Clustering completed successfully" in done.stderr
    assert "3 of 3 photos analysed, 3 of them known from earlier" in done.stdout
    assert str(place.output / "cluster_labels.json") in done.stdout
    done = place.run("scoring")
    assert "Workflow complete" in done.stderr
    assert "3 of 3 photos scored, 3 of them measured earlier" in done.stdout
    assert "%|" not in done.stderr and "\r" not in done.stderr


def test_on_a_terminal_there_are_bars(place: Place) -> None:
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (40, 100))
    done = subprocess.Popen(
        [sys.executable, PROJECT_ROOT / "run_scoring.py", "--input", place.photos, "--output", place.output],
        env={**os.environ, "CURATION_IO__STATE_DIR": str(place.state), "COLUMNS": "100"},
        stdout=subprocess.DEVNULL,
        stderr=child,
    )
    os.close(child)
    seen = b""
    while True:
        try:
            part = os.read(parent, 4096)
        except OSError:  # Linux says so when the other side is closed
            break
        if not part:
            break
        seen += part
    os.close(parent)
    assert done.wait() == 0
    assert "measuring photos: 100%" in seen.decode(errors="replace")


@pytest.mark.parametrize("delay_s", [0.05, 0.2, 0.4, 0.8])
def test_ctrl_c_at_start_up(fresh: Place, delay_s: float) -> None:
    # The measuring of coverage swallows signals while it starts, long before our first line.
    run = fresh.start("clustering", COVERAGE_PROCESS_CONFIG="")
    try:
        psutil.Process(run.pid).wait(timeout=delay_s)
    except psutil.TimeoutExpired:
        run.send(signal.SIGINT, to_group=True)
    done = run.finish()
    if done.stderr.startswith(PYTHONS_OWN_START):
        return
    _without_traceback(done)
    # Python itself dies of the signal in the first milliseconds, before it reads the script.
    assert done.code in (130, -signal.SIGINT)


@pytest.mark.parametrize("stage", ["clustering", "scoring"])
def test_ctrl_c_while_workers_start(place: Place, stage: str) -> None:
    shutil.rmtree(place.state)
    run = place.start(stage, CURATION_PERFORMANCE__WORKERS="2")
    wait_until(run.workers, "a worker starts")
    workers = run.workers()
    run.send(signal.SIGINT, to_group=True)
    _interrupted(run.finish(timeout_s=30))
    assert not [worker for worker in workers if is_running(worker.pid)]
    assert place.left_over() == []


@pytest.mark.parametrize(
    ("number", "to_group", "times"),
    [(signal.SIGINT, True, 1), (signal.SIGINT, False, 3), (signal.SIGTERM, False, 1)],
)
def test_an_interrupted_run_goes_on_where_it_stopped(
    many: Place, number: signal.Signals, to_group: bool, times: int
) -> None:
    run = many.start("clustering")
    wait_until(lambda: many.kept("analyses") >= 1, "a photo is analysed")
    workers = run.workers()
    for _ in range(times):
        run.send(number, to_group=to_group)
    _interrupted(run.finish(timeout_s=30))
    assert not [worker for worker in workers if is_running(worker.pid)]
    assert many.left_over() == []
    assert not (many.output / "face_data.csv").exists()
    kept = many.kept("analyses")

    done = many.run("clustering")
    assert done.code == 0, done.stderr
    assert f"{kept} of them known from earlier" in done.stdout


def test_after_kill_9_no_child_lives_and_the_next_run_works(many: Place) -> None:
    run = many.start("clustering")
    wait_until(lambda: many.kept("analyses") >= 1, "a photo is analysed")
    workers = run.workers()
    run.send(signal.SIGKILL)
    assert run.finish().code == -signal.SIGKILL
    wait_until(lambda: not [worker for worker in workers if is_running(worker.pid)], "the workers end")
    done = many.run("clustering")
    assert done.code == 0, done.stderr
    assert "known from earlier" in done.stdout
    assert many.left_over() == []


def test_ctrl_c_while_thumbnails_are_written(place: Place) -> None:
    shutil.rmtree(place.output)
    run = place.start("clustering")
    wait_until((place.output / "output_clusters").exists, "the first thumbnail")
    run.send(signal.SIGINT, to_group=True)
    done = run.finish()
    _without_traceback(done)
    assert done.code in (130, 0)  # three photos' pictures are written in milliseconds
    assert place.left_over() == []
    for picture in (place.output / "output_clusters").rglob("*.jpg"):
        assert picture.read_bytes().endswith(b"\xff\xd9"), "half a file"
    assert place.run("clustering").code == 0


@pytest.mark.parametrize(("stage", "table"), [("clustering", "analyses"), ("scoring", "measures")])
def test_a_killed_worker_costs_no_photo(place: Place, stage: str, table: str) -> None:
    if stage == "clustering":
        place = Place(place.root, SLOWLY)
    place.forget(table)
    run = place.start(stage)
    wait_until(lambda: place.kept(table) >= 1, "a photo is done")
    (worker,) = run.workers()
    worker.kill()
    done = run.finish()
    assert done.code == 0, done.stderr  # the photo that it had is done once more, alone
    _without_traceback(done)
    assert place.record(stage)["failures"] == []
    assert "3 of 3 photos" in done.stdout


def test_a_second_run_on_the_same_output_is_refused(place: Place) -> None:
    before = (place.output / "photo_scores.csv").read_bytes()
    with hold_output(place.output):
        for stage in ("clustering", "scoring"):
            done = place.run(stage)
            assert done.code == 6
            assert "another run is using" in done.stderr and "--output" in done.stderr
            _without_traceback(done)
    assert (place.output / "photo_scores.csv").read_bytes() == before


def test_nobody_needs_to_read_the_summary(place: Place) -> None:
    program = f"{sys.executable} {PROJECT_ROOT}/run_scoring.py --input {place.photos} --output {place.output}"
    for end in ("| true; exit ${PIPESTATUS[0]}", ">&-", "2>&-"):
        done = subprocess.run(
            ["bash", "-c", f"{program} {end}"],
            env={**os.environ, "CURATION_IO__STATE_DIR": str(place.state)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


NAMES = (
    "\N{GRINNING FACE} fête.png".encode(),
    b"new\nline.png",
    b"latin\xe9.png",
    b"-rf, \"quoted'.png",
    b"red\x1b[31m.png",
    "日本".encode() + b"/" + b"n" * 200 + b".png",
)


@pytest.mark.parametrize("variables", [{}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_any_name_of_a_file(place: Place, variables: dict[str, str]) -> None:
    place = Place(place.root, variables)
    for name in NAMES:
        path = place.photos / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        shutil.copy(place.photos / "IMG_0008.png", path)
        path.with_suffix(".jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    for stage in ("clustering", "scoring"):
        done = place.run(stage)
        assert done.code == 1, done.stderr
        _without_traceback(done)
        assert "\x1b" not in done.stdout
        assert len(place.record(stage)["failures"]) == len(NAMES)
        assert sum(line.startswith("  failed: ") for line in done.stdout.splitlines()) == len(NAMES)
    with (place.output / "photo_scores.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == PHOTOS + 2 * len(NAMES)
    assert sum(row["error"] != "" for row in rows) == len(NAMES)


def test_relative_folders_start_where_the_user_is(place: Place) -> None:
    where = place.root / "elsewhere"
    where.mkdir()
    options = ("--input", "../photos", "--output", "out", "--engine", "dlib")
    assert place.run("clustering", *options, cwd=where).code == 0
    assert (where / "out" / "face_data.csv").is_file()


@pytest.mark.parametrize("output", ["photos", "photos/results", "."])
def test_results_are_never_taken_for_photos(place: Place, output: str) -> None:
    options = ("--input", place.photos, "--output", place.root / output, "--engine", "dlib")
    shutil.copytree(place.output, place.root / output, dirs_exist_ok=True)
    shutil.copytree(place.output, place.photos / "earlier results")
    done = place.run("clustering", *options)
    assert "3 of 3 photos analysed" in done.stdout, done.stderr


def test_a_link_to_the_photos_is_as_good_as_the_folder(place: Place) -> None:
    link = place.root / "link"
    link.symlink_to(place.photos, target_is_directory=True)
    done = place.run("clustering", "--input", link, "--output", place.root / "out", "--engine", "dlib")
    assert "3 of 3 photos analysed" in done.stdout, done.stderr


def test_without_any_face_photos_are_still_ranked(place: Place, sample_event: Path) -> None:
    shutil.rmtree(place.photos)
    shutil.rmtree(place.output)
    place.photos.mkdir()
    shutil.copy(sample_event / "evening" / "IMG_0014.jpg", place.photos)
    done = place.run("clustering")
    assert done.code == 0, done.stderr
    assert "1 of 1 photo analysed" in done.stdout and "nobody to label" in done.stdout
    done = place.run("scoring")
    assert done.code == 0, done.stderr
    assert "1 of 1 photo scored" in done.stdout


def test_odd_files_are_analysed_or_named_within_bounds(test_data: Path, tmp_path: Path) -> None:
    place = Place(tmp_path, {"CURATION_PERFORMANCE__WORKERS": "2"})
    odd = test_data / "photos" / "odd"
    files = {path.relative_to(odd).as_posix() for path in odd.rglob("*") if path.is_file()} - {"manifest.csv"}
    options = ("--input", odd, "--output", place.output, "--engine", "dlib")
    for stage, done_key in (("clustering", "analysed"), ("scoring", "scored")):
        done = place.run(stage, *options)
        assert done.code == 1, done.stderr
        _without_traceback(done)
        assert done.peak_rss_bytes < MAX_RSS_BYTES
        record = place.record(stage)
        counts = record["counts"]
        assert counts[done_key] + counts["failed"] == counts["photos"]
        assert all(failure["reason"] for failure in record["failures"])
    clustering = place.record("clustering")
    with (place.output / "photo_scores.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = {row["image_path"] for row in csv.DictReader(file)}
    ignored = {entry["image_path"] for entry in clustering["ignored"]}
    quiet = {name for name in files if Path(name).suffix.lower() in (".txt", ".csv", ".md", ".json")}
    assert files - quiet <= listed | ignored
