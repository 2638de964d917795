"""Cluster a folder in this process and its workers, and print when photos were finished, as one JSON object.

    python -m benchmarks.harness.timed_run PHOTOS OUTPUT STATE --models DIR --engine dlib --workers 2

Benchmarks start it as a process. It prints `photos`, `seconds` of the whole stage, and `first` and `last`: seconds from
the start of the stage until the first and the last photo were finished. Of the time after the first `--skip` photos it
prints `rate` in photos per second, and seconds of processor time for each photo: `own_cpu_s` of this process and
`all_cpu_s` of this process, those that it started and `--also`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.harness.shared_out import cpu_s
from curation.bootstrap import build
from curation.domain.report import Progress
from curation.settings import load_settings


class _Moment(NamedTuple):
    photos: int
    clock_s: float
    own_cpu_s: float
    all_cpu_s: float


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--broker", help="share the photos out through this broker instead")
    parser.add_argument("--skip", type=int, default=1, help="photos at the begin that do not count (default: 1)")
    parser.add_argument(
        "--also", type=int, action="append", default=[], metavar="PID", help="processes that count, too"
    )
    options = parser.parse_args()
    io = {"input_dir": options.photos, "output_dir": options.output, "state_dir": options.state}
    settings = load_settings(
        None,
        default_root=Path(__file__).resolve().parents[2],
        overrides={
            "io": {**io, "models_dir": options.models},
            "engine": {"name": options.engine, "download": False},
            "performance": {"workers": options.workers, "pool": "celery" if options.broker else "local"},
            **({"workers": {"broker_url": options.broker}} if options.broker else {}),
        },
    )
    processes = [psutil.Process(pid) for pid in (os.getpid(), *options.also)]
    times: list[float] = []
    moments: list[_Moment] = []
    began = time.perf_counter()

    def note(progress: Progress) -> None:
        if progress.phase == "analysing photos" and progress.done > len(times):
            times.append(time.perf_counter() - began)
            if progress.done in (options.skip, progress.total):
                used_s = sum(map(cpu_s, processes))
                moments.append(_Moment(progress.done, time.perf_counter(), time.process_time(), used_s))

    report = build(settings, allow_download=False).run_clustering(progress=note)
    first, last = moments[0], moments[-1]
    photos = max(1, last.photos - first.photos)
    found = {"photos": report.total, "seconds": report.seconds, "first": times[0], "last": times[-1]}
    found |= {
        "rate": photos / max(1e-9, last.clock_s - first.clock_s),
        "own_cpu_s": (last.own_cpu_s - first.own_cpu_s) / photos,
        "all_cpu_s": (last.all_cpu_s - first.all_cpu_s) / photos,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
