"""Recall, false boxes and time of the engines on counted photos of groups and on large group photos composed of them.

    python -m benchmarks.detection ../shared [--models DIR] [--full]

Recall is that of clear faces, by their size; a false box holds no face, or a face that was already found
(ground_truth/labels/README.md). Figures are for every other counted photo; constants were chosen on the others. Times
are those of `analyse` on one thread: finding and embedding, without decoding.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.events.large_groups import BACK_ROW_PX, scene_files
from benchmarks.harness.report import Row, main
from ground_truth.detected_faces import detect_counted
from ground_truth.engines import engine_at
from ground_truth.labels.counted_faces import PhotoFile, counted_files

__all__ = ["rows"]

_ENGINES = ("retinaface-arcface", "dlib")


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """Recall, false boxes and seconds per engine, and the gain and cost of the second look at large photos."""
    files = counted_files(data)[:: 2 if quick else 1]
    for name in _ENGINES:
        outcome = detect_counted(engine_at(name, models), files)
        found, faces = outcome.recall()
        of = f"{name}: {faces} clear faces of {len(files)} counted photos"
        yield Row("detection", f"{of}, found", found / faces, "recall")
        yield Row("detection", f"{of}, false boxes", outcome.false / outcome.photos, "per photo")
        yield Row("detection", f"{of}, time on one thread", outcome.seconds / outcome.photos, "s/photo")
    with tempfile.TemporaryDirectory() as folder:
        scenes = scene_files(data, Path(folder), 2 if quick else 6)
        for name in _ENGINES:
            yield from _second_look(name, models, scenes)


def _second_look(name: str, models: Path, scenes: Sequence[PhotoFile]) -> Iterator[Row]:
    once, twice = (detect_counted(engine_at(name, models, tiling=mode), scenes) for mode in ("off", "auto"))
    (alone, faces), (found, _) = once.recall(*BACK_ROW_PX), twice.recall(*BACK_ROW_PX)
    of = f"{name}: {faces} faces of 50 to 90 px in {len(scenes)} photos of 24 megapixels"
    yield Row(
        "detection", f"{of}, found", found / faces, "recall", f"one look: {alone / faces:.3f}", found / max(1, alone)
    )
    yield Row("detection", f"{of}, false boxes", twice.false / twice.photos, "per photo", f"one look: {once.false}")
    seconds, before = twice.seconds / twice.photos, once.seconds / once.photos
    ratio = float(np.divide(before, seconds))
    yield Row("detection", f"{of}, time on one thread", seconds, "s/photo", f"one look: {before:.3g} s", ratio)


if __name__ == "__main__":
    main(__doc__, rows)
