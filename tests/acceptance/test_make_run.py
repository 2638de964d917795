"""`make run` after the set-up, as a user would call it: real scripts, real photos, the dlib engine."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from curation.cli import project as program_places
from curation.cli import quickstart
from tests.processes import wait_until

TIMEOUT_S = 240


@dataclass(frozen=True)
class Project:
    """A copy of the program in a folder whose name needs quoting, with state and weights of its own."""

    root: Path

    def call(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "curation.cli.quickstart", *arguments],
            cwd=self.root,
            env=os.environ | {"CURATION_PERFORMANCE__WORKERS": "1"} | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Project:
    root = tmp_path_factory.mktemp("user") / "my curation's folder"
    root.mkdir()
    for name in ("curation", "config.yaml", "run_clustering.py", "run_scoring.py", "main_api.py"):
        source = project_root / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    (root / "event_images").mkdir()
    return Project(root)


@pytest.fixture(scope="module")
def first_run(project: Project) -> subprocess.CompletedProcess[str]:
    """`make run ENGINE=dlib` on a fresh clone, where no photo lies in event_images/."""
    return project.call("run", "--engine", "dlib")


def test_without_photos_a_sample_event_is_made_and_ranked(
    project: Project, first_run: subprocess.CompletedProcess[str]
) -> None:
    assert first_run.returncode == 0, first_run.stderr
    assert "there is no photo in" in first_run.stdout
    assert "sample_event/photos" in first_run.stdout
    assert "15 photos" in first_run.stdout
    sample = project.root / "sample_event"
    for name in ("face_data.csv", "photo_scores.csv", "output_clusters/cluster_0.jpg", "output_clusters/cluster_1.jpg"):
        assert (sample / name).is_file(), name
    # Nothing of the sample falls into the user's own event.
    assert not list((project.root / "event_images").iterdir())
    assert not (project.root / "face_data.csv").exists()


def test_the_two_people_of_the_sample_event_are_found(
    project: Project, first_run: subprocess.CompletedProcess[str]
) -> None:
    assert first_run.returncode == 0, first_run.stderr
    rows = _rows(project.root / "sample_event" / "face_data.csv")
    by_photo: dict[str, set[str]] = {}
    for row in rows:
        by_photo.setdefault(row["image_path"], set()).add(row["cluster_id"])
    collins, hopper = by_photo["IMG_0008.png"], by_photo["IMG_0009.webp"]
    assert len(collins) == len(hopper) == 1
    assert collins != hopper
    assert collins <= by_photo["IMG_0002.jpg"] | by_photo["IMG_0001.jpg"]
    assert hopper == by_photo["IMG_0003.jpg"]
    assert collins | hopper <= by_photo["IMG_0004.jpg"]


def test_the_end_tells_what_was_found_and_what_to_do_next(
    project: Project, first_run: subprocess.CompletedProcess[str]
) -> None:
    assert first_run.returncode == 0, first_run.stderr
    tail = first_run.stdout[first_run.stdout.index("The best photos:") :]
    best = _rows(project.root / "sample_event" / "photo_scores.csv")[0]
    assert f"sample_event/photos/{best['image_path']}  {best['results_string']}" in tail
    assert "sample_event/output_clusters/cluster_0.jpg" in tail

    # The example and the command work as they are printed.
    example = next(line for line in tail.splitlines() if line.startswith('  {"'))
    (project.root / "sample_event" / "cluster_labels.json").write_text(example)
    command = shlex.split(tail.splitlines()[-1])
    assert command[1] == "run_scoring.py"
    scoring = subprocess.run(
        command, cwd=project.root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert scoring.returncode == 0, scoring.stderr
    labelled = _rows(project.root / "sample_event" / "photo_scores.csv")
    assert any("Anna" in row["people"] for row in labelled)


def test_photos_of_a_folder_with_a_difficult_name(project: Project, sample_event: Path, tmp_path: Path) -> None:
    photos = tmp_path / "Anna & Ben's «day» $1"
    photos.mkdir()
    for name in ("IMG_0003.jpg", "IMG_0008.png"):
        shutil.copy(sample_event / name, photos)
    (photos / "broken.jpg").write_bytes((sample_event / "IMG_0001.jpg").read_bytes()[:5000])

    done = project.call("run", f"--input={photos}", "--engine=dlib", "--workers=1")

    # A bad photo does not stop it, and is named.
    assert done.returncode == 0, done.stderr
    output = project.root / "curated" / photos.name
    assert (output / "photo_scores.csv").is_file()
    assert "1 photo could not be used:" in done.stdout
    assert "broken.jpg: " in done.stdout
    assert _rows(output / "photo_scores.csv")[-1]["image_path"] == "broken.jpg"


def test_an_output_folder_of_the_users_choice(project: Project, sample_event: Path, tmp_path: Path) -> None:
    photos = project.root / "event_images"
    shutil.copy(sample_event / "IMG_0008.png", photos)
    try:
        done = project.call("run", "--engine=dlib", f"--output={tmp_path / 'my results'}")
    finally:
        (photos / "IMG_0008.png").unlink()

    assert done.returncode == 0, done.stderr
    assert "sample event" not in done.stdout
    assert (tmp_path / "my results" / "photo_scores.csv").is_file()


def test_a_folder_that_is_not_there_stops_it(project: Project, tmp_path: Path) -> None:
    done = project.call("run", f"--input={tmp_path / 'nowhere'}", "--engine=dlib")

    assert done.returncode == 3
    assert "nowhere" in done.stderr
    assert "The best photos" not in done.stdout


def test_wrong_settings_stop_it(project: Project) -> None:
    done = project.call("run", CURATION_PERFORMANCE__WORKERS="many")

    assert done.returncode == 2
    assert "performance.workers" in done.stderr


# What follows needs no photo: stand-ins for the two scripts tell how they were called.


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "event_images").mkdir(parents=True)
    (root / "event_images" / "one.jpg").touch()
    monkeypatch.setattr(program_places, "PROGRAM_FOLDER", root)
    monkeypatch.chdir(root)
    return root


def _stand_in(root: Path, name: str, *, code: int, record: str | None = None, body: str = "") -> None:
    """Write a script that notes its arguments, leaves a run record if told to, and ends with `code`."""
    lines = ["import json, pathlib, sys", f"pathlib.Path({name + '.called'!r}).write_text(json.dumps(sys.argv[1:]))"]
    if record is not None:
        lines.append("output = pathlib.Path(sys.argv[sys.argv.index('--output') + 1])")
        lines.append("output.mkdir(parents=True, exist_ok=True)")
        lines.append(f"(output / {record!r}).write_text('{{}}')")
        lines.append("(output / 'photo_scores.csv').write_text('image_path,final_score,results_string,error\\n')")
        lines.append("(output / 'face_data.csv').write_text('image_path,cluster_id\\n')")
    (root / name).write_text("\n".join([*lines, body, f"sys.exit({code})"]))


def _arguments(root: Path, name: str) -> list[str]:
    arguments: list[str] = json.loads((root / f"{name}.called").read_text())
    return arguments


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_failed_photos_do_not_stop_it(scripts: Path, first: int, second: int) -> None:
    _stand_in(scripts, "run_clustering.py", code=first, record="clustering_run.json")
    _stand_in(scripts, "run_scoring.py", code=second, record="scoring_run.json")

    assert quickstart.main(["run"]) == 0


@pytest.mark.parametrize("code", [2, 3, 4, 5, 6, 70, 130])
def test_a_stage_that_fails_stops_it_with_its_code(scripts: Path, code: int) -> None:
    _stand_in(scripts, "run_clustering.py", code=code)
    _stand_in(scripts, "run_scoring.py", code=0)

    assert quickstart.main(["run"]) == code
    assert not (scripts / "run_scoring.py.called").exists()


def test_a_script_that_cannot_start_is_not_taken_for_one_with_failed_photos(
    scripts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scripts / "run_clustering.py").write_text("import a_module_that_is_not_there\n")
    _stand_in(scripts, "run_scoring.py", code=0)

    assert quickstart.main(["run"]) == 70
    assert "run_clustering.py ended without a result" in capsys.readouterr().err


def test_options_reach_both_scripts(scripts: Path, tmp_path: Path) -> None:
    for name, record in (("run_clustering.py", "clustering_run.json"), ("run_scoring.py", "scoring_run.json")):
        _stand_in(scripts, name, code=0, record=record)
    photos, output = str(tmp_path / "my photos"), str(tmp_path / "out")

    quickstart.main(["run", "--input", photos, "--output", output, "--engine", "dlib", "--workers", "3"])

    expected = ["--input", photos, "--output", output, "--engine", "dlib", "--workers", "3"]
    assert _arguments(scripts, "run_clustering.py") == expected
    assert _arguments(scripts, "run_scoring.py") == expected


def test_the_events_own_folder_keeps_its_results_in_the_projects_root(scripts: Path) -> None:
    for name, record in (("run_clustering.py", "clustering_run.json"), ("run_scoring.py", "scoring_run.json")):
        _stand_in(scripts, name, code=0, record=record)

    quickstart.main(["run", "--input", "event_images"])
    assert _arguments(scripts, "run_clustering.py")[:4] == [
        "--input", str(scripts / "event_images"), "--output", str(scripts),
    ]  # fmt: skip

    quickstart.main(["run", "--input", "../other"])
    assert _arguments(scripts, "run_clustering.py")[3] == str(scripts / "curated" / "other")


def test_the_end_says_first_how_to_look_at_the_photos(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, record in (("run_clustering.py", "clustering_run.json"), ("run_scoring.py", "scoring_run.json")):
        _stand_in(scripts, name, code=0, record=record)
    (scripts / "Anna's wedding").mkdir()

    quickstart.main(["run", "--input", "Anna's wedding"])
    assert 'Now look at them: make serve PHOTOS="Anna\'s wedding"\n' in capsys.readouterr().out
    quickstart.main(["run", "--input", "a $1", "--output", "out"])
    assert "make serve PHOTOS='a $1' OUTPUT=out\n" in capsys.readouterr().out
    quickstart.main(["run"])
    assert "Now look at them: make serve\n" in capsys.readouterr().out


def test_serving_a_folder_that_is_not_there_stops_it(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quickstart.main(["serve", "--input", str(scripts / "nowhere")]) == 3
    assert "plug the disk in" in capsys.readouterr().err


def test_serving_opens_the_event_here_and_then_where_the_service_is_at_work(
    scripts: Path, project_root: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "Anna's $HOME wedding"
    photos.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    visited = tmp_path / "visited"
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\necho \"$1\" >> '{visited}'\n")
    browser.chmod(0o755)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("SSH_")} | {
        "PYTHONPATH": str(project_root),
        "BROWSER": f"{browser} %s",
        "DISPLAY": ":99",
        "CURATION_SERVICE__PORT": str(port),
        "CURATION_IO__STATE_DIR": str(tmp_path / "state"),
    }
    program = "import sys, pathlib; from curation.cli import project, quickstart; "
    program += "project.PROGRAM_FOLDER = pathlib.Path.cwd(); sys.exit(quickstart.main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "serve", f"--input={photos}"]
    started = subprocess.Popen(command, cwd=scripts, env=variables, stdout=subprocess.PIPE, text=True)
    try:
        assert started.stdout is not None
        with started.stdout:
            said = started.stdout.readline()
            found = re.fullmatch(
                rf"The page is at (http://127.0.0.1:{port}/events/[a-z0-9-]+/review/event) - .*\n", said
            )
            assert found is not None, said
            second = subprocess.run(
                command, cwd=scripts, env=variables, capture_output=True, text=True, check=False, timeout=60
            )
            assert (second.returncode, second.stderr) == (0, "")
            assert second.stdout == f"The service is at work already. The page is at {found[1]}\n"
            health = f"http://127.0.0.1:{port}/health"
            assert httpx.get(health, headers={"x-endless": "a" * 2_000_000}, trust_env=False).status_code == 431
            wait_until(lambda: visited.is_file() and len(visited.read_text().splitlines()) == 2, "the browser")
            assert visited.read_text().split() == [found[1], found[1]]
            started.terminate()  # reaches the server itself
            assert started.wait(timeout=30) in (0, -signal.SIGTERM)
    finally:
        started.kill()


def test_ctrl_c_leaves_the_script_the_time_to_end_well(scripts: Path) -> None:
    waits = """
import signal, time
def stop(*_):
    time.sleep(0.5)
    pathlib.Path("ended-well").touch()
    sys.exit(130)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(60)
"""
    _stand_in(scripts, "run_clustering.py", code=0, body=waits)
    program = "import sys, pathlib; from curation.cli import project, quickstart; "
    program += "project.PROGRAM_FOLDER = pathlib.Path.cwd(); "
    program += "sys.exit(quickstart.main(['run']))"
    for number in (signal.SIGINT, signal.SIGTERM):
        (scripts / "ended-well").unlink(missing_ok=True)
        run = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=scripts,
            env=os.environ | {"PYTHONPATH": str(Path(quickstart.__file__).parents[2])},
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert run.stdout is not None
        with run.stdout:
            assert run.stdout.readline() == b"ready\n"
            if number == signal.SIGINT:
                os.killpg(run.pid, number)  # as a terminal does
            else:
                run.terminate()
            assert run.wait(timeout=30) == 130
        assert (scripts / "ended-well").exists()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
