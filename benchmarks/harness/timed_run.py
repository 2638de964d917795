"""Cluster a folder in this process and its workers, and print when photos were finished, as one JSON object.

    python -m benchmarks.harness.timed_run PHOTOS OUTPUT STATE --models DIR --engine dlib --workers 2

Benchmarks start it as a process. It prints `photos`, `seconds` of the whole stage, and `first` and `last`: seconds from
the start of the stage until the first and the last photo were finished; `cpu_s` is the processor time of this process
in between.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from curation.bootstrap import build
from curation.domain.report import Progress
from curation.settings import load_settings


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
    times: list[float] = []
    used: list[float] = []
    began = time.perf_counter()

    def note(progress: Progress) -> None:
        if progress.phase == "analysing photos" and progress.done > len(times):
            times.append(time.perf_counter() - began)
            used.append(time.process_time())

    report = build(settings, allow_download=False).run_clustering(progress=note)
    found = {"photos": report.total, "seconds": report.seconds, "first": times[0], "last": times[-1]}
    print(json.dumps({**found, "cpu_s": used[-1] - used[0]}))


if __name__ == "__main__":
    main()
