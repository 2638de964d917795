"""What it costs to share photos out to workers instead of the processes of a pool, on one machine.

    python -m benchmarks.workers DATA [--models DIR] [--full]

Both ways cluster the same re-encoded photos of codebasics_sports with the same weights and as many processes, and take
turns; the broker is a Redis server of this machine. Workers stay from run to run, as they do for users, but every run
has a new store. Two figures tell what it costs:

- photos per second from the first finished photo to the last;
- processor time a photo of all processes together, which other work on the machine changes least. The broker's own
  share is in it.

The last rows compare the speed-up from one process to two.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.events.photo_folders import reencoded
from benchmarks.harness.processes import run_process
from benchmarks.harness.report import Row, main
from benchmarks.harness.shared_out import cpu_s, redis, worker

__all__ = ["rows"]

_NAME = "workers"
_ENGINE = "retinaface-arcface"
_PROCESSES = (1, 2)
_AIM = 1.10


class _Measured(NamedTuple):
    rate_per_s: float
    cpu_ms: float


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    with tempfile.TemporaryDirectory(prefix="curation-workers-") as folder, redis() as broker:
        photos = Path(folder) / "photos"
        source = data / "photos" / "codebasics_sports"
        count = reencoded(source, photos, copies=1 if quick else 3, limit=60 if quick else None)
        local: dict[int, list[_Measured]] = {number: [] for number in _PROCESSES}
        shared: dict[int, list[_Measured]] = {number: [] for number in _PROCESSES}
        for _ in range(3 if quick else 5):
            for number in _PROCESSES:
                local[number].append(_run(photos, models, number, None))
                shared[number].append(_run(photos, models, number, broker.url))
        for number in _PROCESSES:
            title = f"{count} photos of codebasics_sports, {number} process{'' if number == 1 else 'es'}"
            here, there = _rate(local[number]), _rate(shared[number])
            yield Row(_NAME, f"workers, {title}", there, "photos/s", f"local pool: {here:.3g}", there / here)
            here, there = _cpu(local[number]), _cpu(shared[number])
            against = f"local pool: {here:.3g}, aim: at most {_AIM:g} times that"
            yield Row(_NAME, f"workers, processor time, {title}", there, "ms/photo", against, here / there)
        here, there = (_rate(by[2]) / _rate(by[1]) for by in (local, shared))
        yield Row(
            _NAME, "workers, speed-up from 1 process to 2", there, "times", f"local pool: {here:.3g}", there / here
        )


def _rate(measured: list[_Measured]) -> float:
    return statistics.median(one.rate_per_s for one in measured)


def _cpu(measured: list[_Measured]) -> float:
    return statistics.median(one.cpu_ms for one in measured)


def _run(photos: Path, models: Path, processes: int, broker: str | None) -> _Measured:
    """One clustering with a new store, by the local pool or, with a broker, by workers."""
    with tempfile.TemporaryDirectory(prefix="curation-run-") as folder, ExitStack() as stack:
        before_s = 0.0
        options = ["--models", str(models), "--engine", _ENGINE, "--workers", str(processes)]
        if broker is not None:
            options += ["--broker", broker]
            io = {"input_dir": str(photos), "state_dir": f"{folder}/worker-state", "models_dir": str(models.resolve())}
            workers = {"broker_url": broker, "concurrency": processes}
            process = stack.enter_context(worker({"io": io, "workers": workers}))
            # The models are loaded by photos that do not count.
            run_process(_timed_run(photos, folder, "warm", options))
            before_s = cpu_s(process)
        children_s = _children_s()
        found = run_process(_timed_run(photos, folder, "run", options)).json()
        used_s = _children_s() - children_s
        if broker is not None:
            used_s += cpu_s(process) - before_s
    rate_per_s = (found["photos"] - 1) / (found["last"] - found["first"])
    return _Measured(rate_per_s, 1000 * used_s / found["photos"])


def _timed_run(photos: Path, folder: str, name: str, options: list[str]) -> list[str]:
    places = [str(photos), f"{folder}/{name}-out", f"{folder}/{name}-state"]
    return ["-m", "benchmarks.harness.timed_run", *places, *options]


def _children_s() -> float:
    """Processor time of all processes that this one started and that have ended, and of those that they started."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main(__doc__, rows)
