"""A sample of the crash points of the main scenarios; `make soak ARGS="kills"` tries all scenarios for longer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT_ROOT

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc")

SCENARIOS = ("export copy", "weights")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nothing_is_lost_or_left_wherever_a_process_is_killed(scenario: str, tmp_path: Path) -> None:
    fast = Path("/dev/shm")
    folder = fast if os.access(fast, os.W_OK) else tmp_path
    command = [sys.executable, "-m", "tests.crash_points", scenario, "--sample", "6", "--seed", "18"]
    # In a process without threads, as it forks; what it kills has nothing to say about the coverage.
    variables = {"TMPDIR": str(folder), "COVERAGE_PROCESS_CONFIG": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=PROJECT_ROOT, env={**os.environ, **variables}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"broken": 0' in done.stdout
