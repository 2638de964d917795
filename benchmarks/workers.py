"""What it costs to share photos out to workers instead of the processes of a pool, on one machine.

    python -m benchmarks.workers DATA [--models DIR] [--full]

Both ways cluster the same re-encoded photos of codebasics_sports with the same weights and as many processes, and take
turns; the broker is a Redis server of this machine. Workers stay from run to run, as they do for users, but every run
has a new store. The first ten photos of a run, while models are loaded, do not count. Two figures tell what it costs:

- photos per second;
- processor time a photo of all processes together, the broker among them, which other work on the machine changes
  least.

The last rows compare the speed-up from one process to two.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.events.photo_folders import reencoded
from benchmarks.harness.processes import run_process
from benchmarks.harness.report import Row, main
from benchmarks.harness.shared_out import redis, worker

__all__ = ["rows"]

_NAME = "workers"
_ENGINE = "retinaface-arcface"
_PROCESSES = (1, 2)
_AIM = 1.10
_SKIPPED = 10  # photos at the begin, while models are loaded


class _Measured(NamedTuple):
    rate_per_s: float
    cpu_ms: float


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    with tempfile.TemporaryDirectory(prefix="curation-workers-") as folder, redis() as broker, ExitStack() as stack:
        photos = Path(folder) / "photos"
        source = data / "photos" / "codebasics_sports"
        count = reencoded(source, photos, copies=1 if quick else 3, limit=60 if quick else None)
        shared_by: dict[int, tuple[str, str]] = {}
        for number in _PROCESSES:
            # Each has a data base of its own, so that it gets the work of its runs only.
            url = f"{broker.url.removesuffix('/0')}/{number}"
            io = {
                "input_dir": str(photos),
                "state_dir": f"{folder}/worker{number}",
                "models_dir": str(models.resolve()),
            }
            process = stack.enter_context(worker({"io": io, "workers": {"broker_url": url, "concurrency": number}}))
            shared_by[number] = url, str(process.pid)
            _run(photos, models, number, url)  # loads the models
        local: dict[int, list[_Measured]] = {number: [] for number in _PROCESSES}
        shared: dict[int, list[_Measured]] = {number: [] for number in _PROCESSES}
        for _ in range(3 if quick else 5):
            for number, (url, pid) in shared_by.items():
                local[number].append(_run(photos, models, number))
                shared[number].append(_run(photos, models, number, url, pid, str(broker.process.pid)))
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


def _run(photos: Path, models: Path, processes: int, broker: str | None = None, *also: str) -> _Measured:
    """One clustering with a new store, by the local pool or, with a broker, by workers.

    Args:
        photos: The folder.
        models: Folder of the weights.
        processes: Of the pool.
        broker: Address; None for the local pool.
        *also: Ids of processes whose time counts besides.
    """
    with tempfile.TemporaryDirectory(prefix="curation-run-") as folder:
        options = ["--models", str(models), "--engine", _ENGINE, "--workers", str(processes), "--skip", str(_SKIPPED)]
        options += [] if broker is None else ["--broker", broker]
        options += [part for pid in also for part in ("--also", pid)]
        places = [str(photos), f"{folder}/out", f"{folder}/state"]
        found = run_process(["-m", "benchmarks.harness.timed_run", *places, *options]).json()
    return _Measured(found["rate"], 1000 * found["all_cpu_s"])


if __name__ == "__main__":
    main(__doc__, rows)
