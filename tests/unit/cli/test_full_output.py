"""A command whose output cannot be written says so, and is no fault of the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_an_output_on_a_full_disk_is_named(tmp_path: Path) -> None:
    environment = {**os.environ, "CURATION_IO__MODELS_DIR": str(tmp_path), "CURATION_IO__STATE_DIR": str(tmp_path)}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "curation", "weights", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
            check=False,
        )
    assert (done.returncode, "Traceback" in done.stderr) == (5, False), done.stderr
    assert "what is printed cannot be written" in done.stderr
