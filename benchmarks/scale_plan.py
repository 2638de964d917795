"""A plan with numbers for runs over many machines, up to ten million photos, and what breaks first.

    python -m benchmarks.scale_plan DATA [--models DIR] [--full] [--core-hour DOLLARS] ...

Measured on this machine: what a photo of 24 megapixels (enlarged from groups) costs a worker and the coordinator, how
large its answers are, what Redis passes on, listing, and grouping at a few sizes (`benchmarks.clustering`). The rest is
calculation: `benchmarks.many_machines.simulation` plays workers, storage, broker and coordinator photo by photo, growth
is fitted, and prices are assumptions (options). Cores of other machines are taken to be as fast as one of this one.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.clustering import measured_size
from benchmarks.events.photo_folders import upscaled
from benchmarks.events.synthetic_faces import synthetic_faces
from benchmarks.harness.processes import run_process
from benchmarks.harness.report import Row, add_folders, models_folder, print_rows
from benchmarks.harness.shared_out import rabbitmq, redis, worker
from benchmarks.many_machines.brokers import BrokerCosts, measured_broker
from benchmarks.many_machines.costs import PhotoCosts, bytes_per_listed_photo, measured_costs
from benchmarks.many_machines.growth import Growth, fitted
from benchmarks.many_machines.prices import Prices, add_prices, bill, prices_of
from benchmarks.many_machines.simulation import Machinery, simulate
from ground_truth.errors import Unavailable

__all__ = ["Measured", "Plan", "breaks", "main", "plan_for", "rows"]

_NAME = "scale_plan"
_SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
_PROCESSES = (2, 8, 32, 128, 512, 2048)
_WANTED_H = 8.0  # a plan takes as few processes as work through the photos in a night
_GB = 1e9

# Assumptions about object storage in the same region; measure your own.
_FIRST_BYTE_S = 0.03
_CONNECTION_MB_PER_S = 60.0
_STORAGE_MB_PER_S = 5_000.0
_PAGE_KEYS, _PAGE_S = 1000, 0.15
# What a large coordinator has.
_MEMORY_GB = 64.0
_PATIENCE_H = 24.0
_SERVICE_BYTES_PER_FACE = 900.0  # the review page's tables, docs/performance.md: 60,000 faces in some 50 MB
_ROW_BYTES = 330.0  # a line of face_data.csv
_VECTOR_BYTES = 4 * 512


@dataclass(frozen=True, slots=True)
class Measured:
    """What a plan is made of.

    Attributes:
        costs: Of a photo.
        coordinator_s: Processor time of the coordinator for a photo of one stage.
        broker_s: Of the broker for a request and its answer.
        listed_bytes: Memory of the coordinator for a photo.
        grouping_s: Seconds by faces.
        grouping_mb: Memory by faces.
    """

    costs: PhotoCosts
    coordinator_s: float
    broker_s: float
    listed_bytes: float
    grouping_s: Growth
    grouping_mb: Growth


@dataclass(frozen=True, slots=True)
class Plan:
    """A run over so many photos; times in hours, sizes in GB."""

    photos: int
    processes: int
    photos_per_s: float
    narrowest: str
    listing_h: float
    photos_h: float
    grouping_h: float
    grouping_gb: float
    store_gb: float
    tables_gb: float
    coordinator_gb: float
    cost: float
    storage_month: float


def _machinery(measured: Measured, compute_s: float) -> Machinery:
    return Machinery(
        fetch_s=_FIRST_BYTE_S,
        megabytes=measured.costs.photo_mb,
        storage_mb_per_s=_STORAGE_MB_PER_S,
        connection_mb_per_s=_CONNECTION_MB_PER_S,
        compute_s=compute_s,
        compute_variation=measured.costs.variation,
        broker_s=measured.broker_s,
        coordinator_s=measured.coordinator_s,
        ahead=3,
    )


def plan_for(photos: int, measured: Measured, prices: Prices) -> Plan:
    """The smallest number of processes that works through the photos in a night, or the largest that helps."""
    costs = measured.costs
    best: tuple[float, int, float, str] | None = None
    for processes in _PROCESSES:
        stages = [
            simulate(_machinery(measured, compute_s), processes) for compute_s in (costs.analyse_s, costs.score_s)
        ]
        hours = sum(photos / stage.photos_per_s for stage in stages) / 3600
        if best is not None and hours > 0.9 * best[0]:
            break  # more of them only wait
        best = (hours, processes, 2 / sum(1 / stage.photos_per_s for stage in stages), stages[0].narrowest)
        if hours <= _WANTED_H:
            break
    assert best is not None
    photos_h, processes, rate, narrowest = best
    faces = photos * costs.faces
    grouping_h = measured.grouping_s.at(faces) / 3600
    listing_h = 2 * photos / _PAGE_KEYS * _PAGE_S / 3600
    dollars = bill(
        prices,
        photos=photos,
        megabytes=costs.photo_mb,
        fetches=2.0,
        core_hours=photos_h * processes,
        hours=photos_h + grouping_h + listing_h,
    )
    return Plan(
        photos=photos,
        processes=processes,
        photos_per_s=rate,
        narrowest=narrowest,
        listing_h=listing_h,
        photos_h=photos_h,
        grouping_h=grouping_h,
        grouping_gb=measured.grouping_mb.at(faces) / 1000,
        store_gb=photos * costs.store_kb * 1000 / _GB,
        tables_gb=faces * (_ROW_BYTES + _VECTOR_BYTES) / _GB,
        coordinator_gb=(photos * measured.listed_bytes + faces * 150) / _GB,
        cost=dollars.run,
        storage_month=dollars.storage_month,
    )


def breaks(measured: Measured) -> list[tuple[float, str]]:
    """At how many photos what is too much for one coordinator, the smallest number first."""
    faces = measured.costs.faces
    limits: list[tuple[float, str]] = [
        (
            measured.grouping_s.size_at(_PATIENCE_H * 3600) / faces,
            f"grouping takes more than {_PATIENCE_H:.0f} hours (it grows with the square of the faces)",
        ),
        (
            measured.grouping_mb.size_at(_MEMORY_GB * 1000) / faces,
            f"grouping needs more than {_MEMORY_GB:.0f} GB of memory",
        ),
        (_MEMORY_GB * _GB / (faces * _SERVICE_BYTES_PER_FACE), f"the page's tables need more than {_MEMORY_GB:.0f} GB"),
        (
            _MEMORY_GB * _GB / (measured.listed_bytes + faces * 150),
            f"the run's list of photos needs more than {_MEMORY_GB:.0f} GB",
        ),
        (
            _PATIENCE_H * 3600 / (2 * measured.coordinator_s),
            f"the coordinator alone takes more than {_PATIENCE_H:.0f} hours for both stages, however many workers",
        ),
        (1000 * _GB / (measured.costs.store_kb * 1000), "the analysis store passes 1 TB"),
    ]
    return sorted(limits)


def _measured(data: Path, models: Path, *, quick: bool) -> Iterator[Row | Measured]:
    """The rows of what was measured, and at the end all of it."""
    with tempfile.TemporaryDirectory(prefix="curation-plan-") as name:
        folder = Path(name)
        # First, as a process that is started counts the memory of the one that started it.
        seconds: dict[float, float] = {}
        megabytes: dict[float, float] = {}
        for size in (3_000, 10_000, 30_000) if quick else (3_000, 10_000, 30_000, 100_000):
            np.save(folder / "faces.npy", synthetic_faces(size).embeddings)
            seconds[size], megabytes[size], _ = measured_size("exact", folder)
            yield Row(_NAME, f"grouping {size:,} faces", seconds[size], "s", f"{megabytes[size]:.0f} MB")
        count = upscaled(data / "photos" / "groups", folder / "huge", count=12 if quick else 60)
        costs = measured_costs(sorted((folder / "huge").iterdir()), models, folder)
        of = f"{count} photos of 24 MP with {costs.faces:.1f} faces each"
        for figure, value, unit in (
            ("file", costs.photo_mb, "MB/photo"),
            ("worker, clustering", 1000 * costs.analyse_s, "ms/photo"),
            ("worker, scoring", 1000 * costs.score_s, "ms/photo"),
            ("answer of clustering", costs.analyse_kb, "kB/photo"),
            ("answer of scoring", costs.score_kb, "kB/photo"),
            ("coordinator reads both answers", 1000 * costs.read_s, "ms/photo"),
            ("coordinator keeps both", 1000 * costs.save_s, "ms/photo"),
            ("analysis store", costs.store_kb, "kB/photo"),
        ):
            yield Row(_NAME, f"{figure}, {of}", value, unit)
        with redis() as broker:
            passed = measured_broker(broker, costs.analyse_kb)
            yield from _of_broker("Redis", passed)
            coordinator_s = _coordinator_s(folder, models, broker.url)
        with rabbitmq() as broker:
            yield from _of_broker("RabbitMQ", measured_broker(broker, costs.analyse_kb))
        yield Row(_NAME, "coordinator, processor time of clustering by workers", 1000 * coordinator_s, "ms/photo")
        listed = bytes_per_listed_photo()
        yield Row(_NAME, "coordinator, memory for each photo", listed, "bytes")
        grouping = fitted(seconds), fitted(megabytes, has_constant=True, is_linear=True)
        yield Measured(costs, coordinator_s, passed.cpu_s, listed, *grouping)


def _of_broker(name: str, passed: BrokerCosts) -> Iterator[Row]:
    what = "request and answer of clustering"
    yield Row(_NAME, f"{name}: {what}, one after the other", 1 / passed.seconds, "photos/s")
    yield Row(_NAME, f"{name}: {what}, processor time of the server", 1000 * passed.cpu_s, "ms/photo")


def _coordinator_s(folder: Path, models: Path, broker: str) -> float:
    """Processor time of the coordinator for each photo of a real run by one process of a worker."""
    photos = folder / "huge"
    io = {"input_dir": str(photos), "state_dir": str(folder / "worker-state"), "models_dir": str(models.resolve())}
    with worker({"io": io, "workers": {"broker_url": broker, "concurrency": 1}}):
        places = [str(photos), str(folder / "out"), str(folder / "run-state")]
        options = ["--models", str(models), "--engine", "retinaface-arcface", "--workers", "1", "--broker", broker]
        found = run_process(["-m", "benchmarks.harness.timed_run", *places, *options]).json()
    return float(found["own_cpu_s"])


def rows(data: Path, models: Path, *, quick: bool, prices: Prices | None = None) -> Iterator[Row]:
    """See the module."""
    measured: Measured | None = None
    for found in _measured(data, models, quick=quick):
        if isinstance(found, Row):
            yield found
        else:
            measured = found
    assert measured is not None
    for photos in _SIZES:
        plan = plan_for(photos, measured, prices or Prices())
        title = f"{photos:,} photos, {plan.processes} processes"
        whole_h = plan.listing_h + plan.photos_h + plan.grouping_h
        yield Row(
            _NAME, f"plan: {title}", whole_h, "h", f"of it photos {plan.photos_h:.3g}, grouping {plan.grouping_h:.3g}"
        )
        yield Row(_NAME, f"... narrowest: {plan.narrowest}", plan.photos_per_s, "photos/s")
        sizes = (
            f"store {plan.store_gb:.3g}, tables {plan.tables_gb:.3g}, memory of the run {plan.coordinator_gb:.3g} GB"
        )
        yield Row(_NAME, "... memory of grouping", plan.grouping_gb, "GB", sizes)
        yield Row(_NAME, "... cost", plan.cost, "dollars", f"keeping the photos: {plan.storage_month:.3g} a month")
    for photos_at, what in breaks(measured):
        yield Row(_NAME, f"breaks: {what}", float(f"{photos_at:.2g}"), "photos")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser)
    add_prices(parser)
    options = parser.parse_args()
    try:
        print_rows(rows(options.data, models_folder(options), quick=not options.full, prices=prices_of(options)))
    except Unavailable as reason:
        raise SystemExit(f"cannot be measured here: {reason}") from reason


if __name__ == "__main__":
    main()
