"""The time of a run whose work was mostly done by an earlier run, against the first run.

    python -m benchmarks.repeat_runs DATA [--models DIR] [--full]

The scripts run as whole processes on re-encoded photos of codebasics_sports (four copies with `--full`, 964 photos):
both stages for the first time, again without changes, again after ten photos were added, and after the folder was
renamed. Then run_scoring.py after a change of a weight, on a synthetic event whose photos are already measured.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.events.photo_folders import reencoded
from benchmarks.harness.processes import Run, run_process, run_stage
from benchmarks.harness.report import Row, main

__all__ = ["rows"]

_NAME = "repeat_runs"
_STAGES = ("clustering", "scoring")
_ENGINE = "dlib"  # needs no download; the figures do not depend on the engine
_NEW_PHOTOS = 10
_REPEATS = 5
_LIMIT_RESCORE_S = 2.0


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    with tempfile.TemporaryDirectory(prefix="curation-repeat-") as folder:
        event = _Event(Path(folder), models)
        source = data / "photos" / "codebasics_sports"
        count = reencoded(source, event.photos, copies=1 if quick else 4, limit=90 if quick else None)
        later = event.hold_back(_NEW_PHOTOS)
        warm_up = event.seconds("clustering", event.warm_up)
        first = {stage: event.seconds(stage, event.photos) for stage in _STAGES}
        for stage in _STAGES:
            again = statistics.median(event.seconds(stage, event.photos) for _ in range(_REPEATS))
            title = f"{stage} again, nothing changed, {count - len(later)} photos"
            yield Row(_NAME, title, again, "s", f"first run: {first[stage]:.3g} s", first[stage] / again)
        event.add(later)
        share = (count - len(later)) / len(later)
        for stage in _STAGES:
            seconds = event.seconds(stage, event.photos)
            title = f"{stage} after {len(later)} photos were added to {count - len(later)} (1 photo in {share:.0f})"
            yield Row(_NAME, title, seconds, "s", f"first run: {first[stage]:.3g} s", first[stage] / seconds)
        renamed = event.photos.rename(event.photos.with_name("renamed"))
        for stage in _STAGES:
            seconds = event.seconds(stage, renamed)
            title = f"{stage} after the folder was renamed, {count} photos"
            yield Row(_NAME, title, seconds, "s", f"first run: {first[stage]:.3g} s", first[stage] / seconds)
        yield Row(_NAME, "a run over one photo: the start-up time", warm_up, "s")
        yield from _change_of_a_weight(Path(folder) / "synthetic", models, 2_000 if quick else 10_000)


class _Event:
    """A folder of photos with a new output folder and a new store."""

    def __init__(self, folder: Path, models: Path) -> None:
        self._folder = folder
        self._models = models
        self.photos = folder / "photos"
        self.warm_up = folder / "warm-up"

    def hold_back(self, count: int) -> list[Path]:
        """Move the last photos away, and copy one of them into the folder of the warm-up."""
        aside = self._folder / "later"
        aside.mkdir()
        photos = sorted(path for path in self.photos.rglob("*.jpg"))
        moved = [path.rename(aside / f"{number}_{path.name}") for number, path in enumerate(photos[-count:])]
        self.warm_up.mkdir()
        shutil.copy(moved[0], self.warm_up)
        return moved

    def add(self, photos: list[Path]) -> None:
        for path in photos:
            path.rename(self.photos / path.name)

    def seconds(self, stage: str, photos: Path) -> float:
        output = self._folder / ("out" if photos != self.warm_up else "warm-up-out")
        state = self._folder / ("state" if photos != self.warm_up else "warm-up-state")
        return run_stage(stage, photos, output, state, self._models, _ENGINE).seconds


def _change_of_a_weight(folder: Path, models: Path, photos: int) -> Iterator[Row]:
    arguments = ["--photos", str(photos), "--faces", "3", "--measured"]
    first = run_process(["-m", "benchmarks.events.synthetic_event", str(folder), *arguments])
    start = run_process(["-c", "import curation.bootstrap, curation.cli.terminal"])
    runs: list[Run] = []
    inside: list[float] = []
    for number in range(_REPEATS):
        os.environ["CURATION_SCORING__WEIGHTS__SMILE"] = str(3 + number)
        try:
            runs.append(run_stage("scoring", folder / "photos", folder / "out", folder / "state", models, _ENGINE))
        finally:
            del os.environ["CURATION_SCORING__WEIGHTS__SMILE"]
        record = json.loads((folder / "out" / "scoring_run.json").read_text())
        if record["counts"]["kept_from_earlier"] != photos:
            raise RuntimeError("measures were not reused, so the time is not that of scoring alone")
        inside.append(float(record["seconds"]))
    faces = first.json()["faces"]
    whole = statistics.median(run.seconds for run in runs)
    seconds = statistics.median(inside)
    title = f"scoring after a change of a weight, {photos} photos with {faces} faces"
    against = f"aim: at most {_LIMIT_RESCORE_S:g} s"
    yield Row(_NAME, title, seconds, "s", against, _LIMIT_RESCORE_S / seconds)
    yield Row(_NAME, f"the same, whole process (an empty one: {start.seconds:.2f} s)", whole, "s")


if __name__ == "__main__":
    main(__doc__, rows)
