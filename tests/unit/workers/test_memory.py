"""The peak of memory while a block lasts."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from curation.workers.memory import PeakMemory

_CHILD = "import time; held = bytearray(80_000_000); print('ready', flush=True); time.sleep(30)"


def test_what_was_taken_and_given_back_is_seen() -> None:
    with PeakMemory() as before:
        pass
    with PeakMemory() as during:
        held = np.ones(20_000_000)
        during.sample()
        del held
    assert during.peak_mb - before.peak_mb > 100


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the memory of workers is told by Linux only")
def test_workers_count_too() -> None:
    with PeakMemory() as before:
        pass
    process = subprocess.Popen([sys.executable, "-c", _CHILD], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        with PeakMemory() as during:
            during.sample()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    assert during.peak_mb - before.peak_mb > 60
