"""Processor time of one picture of one person, by step, and the memory of the worker that takes it apart.

    python -m benchmarks.assets ../shared [--models DIR] [--full]

Each way (without cut-outs, with them, and with ages and sexes too) has a process of its own with one thread, as a
worker has; its networks are loaded before the time is taken. Of the photos of `clothes`, those are taken on which one
person was found; the figures are medians. Memory is the peak of resident pages of that process, also over a photo of
a group and one of 12 megapixels.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.report import Row, main
from curation.pipelines.assets.pipeline import AssetPipeline
from curation.pipelines.assets.setup import AssetSetup
from ground_truth.asset_pipelines import asset_setup_on
from ground_truth.errors import Unavailable

__all__ = ["rows"]

_NAME = "assets"
_WAYS = {"without cut-outs": ("off", "off"), "with cut-outs": ("auto", "off"), "with ages and sexes": ("off", "dlib")}
_LARGE = ("groups/bbt/bbt1.jpg", "codebasics_sports/*/*.jpg")
_LIMIT_S = 900.0


@dataclass(frozen=True, slots=True)
class _Measured:
    """What one way took.

    Attributes:
        steps: Seconds of processor time of each picture of one person, by step.
        peak_mb: Of the process, after the pictures of one person, and after the large ones.
    """

    steps: tuple[dict[str, float], ...]
    peak_mb: tuple[float, float]


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """Seconds by step, and peaks of memory."""
    photos = sorted((data / "photos/clothes/photos").glob("*.jpg"))[: 24 if quick else 100]
    if not photos:
        raise Unavailable(f"{data / 'photos/clothes/photos'} has no photos")
    large = [path for pattern in _LARGE for path in sorted((data / "photos").glob(pattern))]
    large = large[:1] + sorted(large[1:], key=lambda path: path.stat().st_size)[-1:]
    with tempfile.TemporaryDirectory() as scratch:
        for way, (cutouts, reader) in _WAYS.items():
            setup = asset_setup_on(data, Path(scratch), cutouts=cutouts, age=reader, sex=reader)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                waiting = pool.apply_async(_measure, (setup, photos, large))
                measured = waiting.get(_LIMIT_S if quick else 6 * _LIMIT_S)
            yield from _rows_of(way, measured)


def _rows_of(way: str, measured: _Measured) -> Iterator[Row]:
    count = len(measured.steps)
    total = statistics.median(sum(steps.values()) for steps in measured.steps)
    yield Row(_NAME, f"{way}: one person, {count} photos of 0.5 megapixels", total, "s of processor time")
    for step in dict.fromkeys(step for steps in measured.steps for step in steps):
        median = statistics.median(steps.get(step, 0.0) for steps in measured.steps)
        yield Row(_NAME, f"{way}: of these, {step}", median, "s of processor time")
    for what, peak in zip(("these photos", "a group and a large photo besides"), measured.peak_mb, strict=True):
        yield Row(_NAME, f"{way}: peak memory, {what}", peak, "MB")


def _measure(setup: AssetSetup, photos: list[Path], large: list[Path]) -> _Measured:
    """In a process of its own, as a worker is."""
    times: dict[str, float] = {}
    began = [("", 0.0)]

    def on_step(step: str) -> None:
        now = time.process_time()
        before, since = began[0]
        if before:
            times[before] = times.get(before, 0.0) + now - since
        began[0] = (step, time.process_time())

    pipeline = AssetPipeline(setup, setup.build(setup), on_step=on_step)
    found = []
    for number, path in enumerate([photos[0], *photos]):
        times.clear()
        result = pipeline.process(path.read_bytes(), name=path.name)
        if number and len(result.record.people) == 1:  # the first call fills caches
            found.append(dict(times))
    if not found:
        raise Unavailable("no photo shows one person only")
    first = _peak_mb()
    for path in large:
        pipeline.process(path.read_bytes(), name=path.name)
    return _Measured(tuple(found), (first, _peak_mb()))


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    main(__doc__, rows)
