"""A sample of the crash points of the main scenarios; `make soak ARGS="kills"` tries all scenarios for longer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.conftest import PROJECT_ROOT
from tests.crash_points import killing
from tests.crash_points.changes import Whom
from tests.crash_points.scenario import Scenario, Step
from tests.crash_points.trials import Trials

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc")

SCENARIOS = (
    *("run with words", "edits", "edits over HTTP", "export copy"),
    *("weights", "gallery", "assets", "films of the service"),
)
KILLS = 3  # of each


def test_nothing_is_lost_or_left_wherever_a_process_is_killed(tmp_path: Path) -> None:
    fast = Path("/dev/shm")
    folder = fast if os.access(fast, os.W_OK) else tmp_path
    # In a process without threads, as it forks; what it kills has nothing to say about the coverage.
    command = [sys.executable, "-m", "tests.crash_points", *SCENARIOS, "--sample", str(KILLS), "--seed", "18"]
    variables = {"TMPDIR": str(folder), "COVERAGE_PROCESS_CONFIG": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=PROJECT_ROOT, env={**os.environ, **variables}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["broken"] == 0
    assert told["kills"] >= len(SCENARIOS)


class _HalfWritten(Scenario):
    """Writes a file in two parts, and forgets a temporary one: what trials are for."""

    name = what = "half"

    def prepare(self, folder: Path) -> None:
        (folder / "words.json").write_text("[1]")

    def steps(self, folder: Path) -> AbstractContextManager[Sequence[Step]]:
        def write() -> None:
            (folder / "next.json.tmp").write_text("[1, 2]")
            with (folder / "words.json").open("w") as file:
                file.write("[1, ")
                file.flush()
                (folder / "next.json.tmp").unlink()
                file.write("2]")

        return self.opened(write)


def test_the_trials_see_what_is_torn_and_what_is_left(tmp_path: Path) -> None:
    trials = Trials(_HalfWritten(), tmp_path / "trials")
    assert [change.what for change in trials.changes] == ["open", "open", "os.remove"]
    first, second, third = trials.every()
    assert first.was_killed and not first.problems
    assert second.was_killed and not second.problems
    assert third.was_killed and "torn: words.json" in third.problems[0]


class _Orphan(Scenario):
    """Starts a process that outlives it."""

    name = what = "orphan"

    def prepare(self, folder: Path) -> None:
        (folder / "a").write_text("")

    def steps(self, folder: Path) -> AbstractContextManager[Sequence[Step]]:
        def start() -> None:
            if not (folder / "b").exists():
                subprocess.Popen(["/bin/sleep", "600"])
                (folder / "b").write_text("")

        return self.opened(start)


def test_a_process_that_stays_is_found_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(killing, "_ORPHANS_S", 0.2)
    notes = tmp_path / "notes"
    notes.mkdir()
    folder = tmp_path / "world"
    folder.mkdir()

    def act(say: killing.Say) -> None:
        with _Orphan().steps(folder) as steps:
            for step in steps:
                step()

    ended = killing.run_apart(act, folder, notes, killing.Kill(1, whom=Whom.FIRST))
    assert ended.was_killed
    assert ended.orphans == ("/bin/sleep 600",)
