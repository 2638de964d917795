"""The speed-up by a second worker, the time to the first photo, and the memory of the processes.

    python -m benchmarks.scaling DATA [--models DIR] [--full]

- Photos per second of two workers against one, on re-encoded photos of codebasics_sports (upright, at another JPEG
  quality for each copy, so that no two files are equal) and on photos of 24 megapixels (enlarged from groups). Each run
  starts with a new store. The rate is counted from the first finished photo to the last, and for the whole run.
- Seconds from the start of `python run_clustering.py` until a worker opens the file of the first photo, by the access
  time of the file, which is set to an earlier time before.
- Memory of the parent while it clusters a synthetic event with the real pipeline, store and pool, and of the workers.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.events.photo_folders import reencoded, upscaled
from benchmarks.harness.processes import Run, run_process, run_stage
from benchmarks.harness.report import Row, main

__all__ = ["rows"]

_NAME = "scaling"
_ENGINES = ("dlib", "retinaface-arcface")
_DAY_S = 86_400
_LIMIT_STARTUP_S = 3.0
_LIMIT_PARENT_MB = 300.0
_LIMIT_WORKER_MB = 700.0


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    with tempfile.TemporaryDirectory(prefix="curation-scaling-") as folder:
        place = Path(folder)
        copies, limit, huge = (1, 32, 8) if quick else (4, None, 24)
        count = reencoded(data / "photos" / "codebasics_sports", place / "sports", copies=copies, limit=limit)
        huge = upscaled(data / "photos" / "groups", place / "huge", count=huge)
        sets = ((f"{count} photos of codebasics_sports", place / "sports"), (f"{huge} photos of 24 MP", place / "huge"))
        worker_mb: dict[str, float] = {}
        for engine in _ENGINES:
            for title, photos in sets:
                yield from _two_workers(title, photos, models, engine, 2 if quick else 1, worker_mb)
        for engine, largest in worker_mb.items():
            yield _limit(f"largest worker, {engine}, all of the photos above", largest, "MB", _LIMIT_WORKER_MB)
        for engine in _ENGINES:
            seconds = statistics.median(_startup_s(place, models, engine) for _ in range(3))
            yield _limit(f"from the command to the first photo, {engine}", seconds, "s", _LIMIT_STARTUP_S)
        photos_count = 2_000 if quick else 20_000
        run = run_process(
            ["-m", "benchmarks.events.synthetic_event", str(place / "event"), "--photos", str(photos_count)], watch=True
        )
        figure = f"parent, {photos_count} synthetic photos with {run.json()['faces']} faces of 512 dimensions"
        yield _limit(figure, run.parent_mb, "MB", _LIMIT_PARENT_MB)


def _limit(figure: str, value: float, unit: str, limit: float) -> Row:
    return Row(_NAME, figure, value, unit, f"aim: at most {limit:g} {unit}", limit / value)


def _two_workers(
    title: str, photos: Path, models: Path, engine: str, rounds: int, worker_mb: dict[str, float]
) -> Iterator[Row]:
    steady: dict[int, list[float]] = {1: [], 2: []}
    whole: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers in (1, 2):
            run = _timed_run(photos, models, engine, workers)
            found = run.json()
            steady[workers].append((found["photos"] - 1) / (found["last"] - found["first"]))
            whole[workers].append(found["photos"] / run.seconds)
            worker_mb[engine] = max([worker_mb.get(engine, 0.0), *run.worker_mb])
    for what, rates in (("first to last photo", steady), ("whole run", whole)):
        one, two = statistics.median(rates[1]), statistics.median(rates[2])
        yield Row(_NAME, f"2 workers, {what}, {title}, {engine}", two, "photos/s", f"1 worker: {one:.3g}", two / one)


def _timed_run(photos: Path, models: Path, engine: str, workers: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="curation-run-") as folder:
        places = [str(photos), f"{folder}/out", f"{folder}/state"]
        options = ["--models", str(models), "--engine", engine, "--workers", str(workers)]
        return run_process(["-m", "benchmarks.harness.timed_run", *places, *options], watch=True)


def _startup_s(place: Path, models: Path, engine: str) -> float:
    """Seconds from the start of the script until the first photo is opened."""
    photos = sorted((place / "huge").iterdir())[:2]
    folder = place / "first"
    folder.mkdir(exist_ok=True)
    for photo in photos:
        target = folder / photo.name
        target.unlink(missing_ok=True)
        target.write_bytes(photo.read_bytes())
        long_ago = (
            target.stat().st_mtime - _DAY_S
        )  # file systems record an access only if the last one is older than the file
        os.utime(target, (long_ago, target.stat().st_mtime))
    with tempfile.TemporaryDirectory(prefix="curation-run-") as output:
        run = run_stage("clustering", folder, Path(output), Path(output) / "state", models, engine)
    opened = min(path.stat().st_atime for path in folder.iterdir())
    return opened - run.began


if __name__ == "__main__":
    main(__doc__, rows)
