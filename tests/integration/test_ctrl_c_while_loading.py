"""Ctrl-C while a program loads its libraries: it ends with 130 (or of the signal), and without a traceback."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from curation.errors import RunInterruptedError
from curation.starting import INTERRUPTED
from tests.conftest import PROJECT_ROOT
from tests.interrupted_loading import interrupted_at_import
from tests.photo_files import four_corners, save
from tests.processes import Run

PROGRAMS = {
    "clustering": ["run_clustering.py", "--input", "photos", "--output", "out", "--engine", "dlib"],
    "scoring": ["run_scoring.py", "--input", "photos", "--output", "out", "--engine", "dlib"],
    "command": ["-m", "curation", "quality"],
    "everything": ["-m", "curation", "run", "photos", "--output", "out"],
    "make run": ["-m", "curation.cli.quickstart", "run", "--input", "photos", "--output", "out"],
    "make serve": ["-m", "curation.cli.quickstart", "serve", "--open", "no"],
}
IMPORTS = (1, 40, 150, 400, 530)
"""All programs have more."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("loading")
    (root / "photos").mkdir()
    save(root / "photos" / "a.jpg", four_corners(), "JPEG")
    return root


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_ends_at_once_and_says_no_traceback(root: Path, tmp_path: Path, program: str) -> None:
    what = PROGRAMS[program]
    command = [str(PROJECT_ROOT / what[0]), *what[1:]] if what[0].endswith(".py") else what
    for number in IMPORTS:
        told = tmp_path / "told"
        told.unlink(missing_ok=True)
        variables = interrupted_at_import(number, told)
        variables["PYTHONPATH"] += f":{PROJECT_ROOT}"
        # The measuring of coverage imports much by itself.
        variables |= {"CURATION_IO__STATE_DIR": str(root / "state"), "COVERAGE_PROCESS_CONFIG": ""}
        done = Run([sys.executable, *command], cwd=root, variables=variables).finish()
        where = f"import {number}, of {told.read_text(encoding='utf-8')}"  # it came
        # Python ends by the signal itself where code that was made of a string was hit.
        assert done.code in (INTERRUPTED, -signal.SIGINT), (where, done)
        assert "Traceback" not in done.stderr and "panicked" not in done.stderr, (where, done.stderr)
    assert not (root / "out").exists()


def test_the_exit_code_is_the_usual_one() -> None:
    assert RunInterruptedError.exit_code == INTERRUPTED
