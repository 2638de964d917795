"""Runs of the program in separate processes, with their times and their peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

__all__ = ["Run", "run_process", "run_stage"]

_ROOT = Path(__file__).resolve().parents[2]
_POLL_S = 0.05


@dataclass(slots=True)
class Run:
    """A finished process.

    Attributes:
        began: Time of its start, in seconds since 1970.
        seconds: From its start to its end.
        output: What it printed to standard output and standard error.
        parent_mb: Peak resident memory of the process itself, in MB; 0 if it was not watched.
        worker_mb: Peak resident memory of each of its children, in MB, the largest first; empty if it was not watched.
    """

    began: float
    seconds: float = 0.0
    output: str = ""
    parent_mb: float = 0.0
    worker_mb: list[float] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """The JSON object in the last line that it printed."""
        found: dict[str, Any] = json.loads(self.output.splitlines()[-1])
        return found


def run_process(arguments: Sequence[str], *, environment: Mapping[str, str] | None = None, watch: bool = False) -> Run:
    """Run Python with these arguments in the project's root, and wait until it ends.

    Args:
        arguments: Arguments of the interpreter.
        environment: Variables to add to the environment of this process.
        watch: Whether to sample the memory twenty times a second, which takes 1 % of a core.

    Raises:
        RuntimeError: If it fails; the message holds the end of its output.
    """
    # Compiled modules are cached, as they are for users; otherwise each start would take seconds longer.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = Run(time.time())
    clock = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=_ROOT,
        env=inherited | dict(environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    end = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, run, end), daemon=True)
    if watch:
        watcher.start()
    run.output, _ = process.communicate()
    run.seconds = time.perf_counter() - clock
    end.set()
    if watch:
        watcher.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}:\n{run.output[-2000:]}")
    return run


def _watch(pid: int, run: Run, end: threading.Event) -> None:
    peaks: dict[int, float] = {}
    while not end.wait(_POLL_S):
        try:
            parent = psutil.Process(pid)
            for process in [parent, *parent.children(recursive=True)]:
                peaks[process.pid] = max(peaks.get(process.pid, 0.0), process.memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            continue
    run.parent_mb = peaks.pop(pid, 0.0)
    run.worker_mb = sorted(peaks.values(), reverse=True)


def run_stage(stage: str, photos: Path, output: Path, state: Path, models: Path, engine: str, workers: int = 2) -> Run:
    """Run the script of a stage as a user does: `run_clustering.py` or `run_scoring.py`.

    Args:
        stage: `clustering` or `scoring`.
        photos: The input folder.
        output: The output folder.
        state: The folder of the analysis store.
        models: Folder with the weights; nothing is downloaded.
        engine: Name of the engine.
        workers: Number of worker processes.

    Raises:
        RuntimeError: If the script fails.
    """
    places = ["--input", str(photos), "--output", str(output), "--engine", engine]
    options = ["--workers", str(workers), "--log-level", "warning"]
    environment = {
        "CURATION_IO__STATE_DIR": str(state),
        "CURATION_IO__MODELS_DIR": str(models),
        "CURATION_ENGINE__DOWNLOAD": "false",
    }
    return run_process([f"run_{stage}.py", *places, *options], environment=environment)
