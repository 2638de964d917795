"""`curation video batch`: a whole catalogue of films and posters."""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.cli.terminal import ProgressBars, counted, print_line, printable
from curation.cli.video.files import draw_film, draw_poster
from curation.cli.video.tables import time_left_text
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.domain.film.movies import CatalogueReport
    from curation.domain.report import Progress
    from curation.pipelines.video.inference import VideoInference
    from curation.storage.video.stored_predictions import ItemRecord

__all__ = ["add_batch", "add_device", "video_inference"]

_TOLD_EVERY_S = 10.0


def add_batch(commands: Any) -> None:
    """Add the command `batch` to a group."""
    batch = commands.add_parser(
        "batch",
        help="a whole catalogue of films and posters",
        description="Looks at all films and posters of a CSV file with the columns item_id (or movie_id), trailer and "
        "poster. Each movie is kept as soon as it is done, in tmp/stored_predictions; at the end all of them are "
        "gathered in outputs/final_predictions. After Ctrl-C or a crash the same command does the rest. Exit code 1 "
        "if some movies failed; they are listed, and tried again the next time.",
    )
    batch.add_argument("csv", type=Path, metavar="CSV", help="the catalogue")
    batch.add_argument("--output", type=Path, metavar="DIR", help="folder of the results (default: io.output_dir)")
    batch.add_argument("--istart", type=int, default=0, metavar="N", help="the first movie, from 0 (default: 0)")
    batch.add_argument("--istop", type=int, metavar="N", help="the first movie that is not done any more")
    batch.add_argument("--memory-profile", action="store_true", help="measure the peak memory of each movie")
    batch.add_argument("--pickle", action="store_true", help="write .pkl files too; they are never read")
    batch.add_argument("--visuals", action="store_true", help="also films with boxes and names drawn in; slow")
    add_device(batch)
    batch.set_defaults(command=_batch)


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add the options that all commands that look at films have."""
    parser.add_argument("--device", choices=["auto", "cuda", "cpu"], help="default: video.device")
    parser.add_argument("--download", action="store_true", help="download missing model files")
    parser.set_defaults(adapted=_adapted)


def _adapted(arguments: argparse.Namespace, settings: Settings) -> Settings:
    changes: dict[str, Any] = {}
    if arguments.device is not None:
        changes["device"] = arguments.device
    return settings.model_copy(update={"video": settings.video.model_copy(update=changes)}) if changes else settings


def video_inference(settings: Settings, arguments: argparse.Namespace, engine: str | None = None) -> VideoInference:
    """What looks at films; `engine` is that of an earlier result that faces are compared with."""
    from curation.bootstrap import build_video

    return build_video(settings, allow_download=arguments.download, pinned=engine)


def _batch(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.pipelines.video.catalogue import CatalogueOptions
    from curation.storage.video.catalogue_file import read_catalogue

    read_catalogue(arguments.csv)  # before anything is loaded
    inference = video_inference(settings, arguments)
    bars = ProgressBars()
    draws = arguments.visuals or settings.video.store_visuals
    options = CatalogueOptions(
        output_dir=(arguments.output or settings.io.output_dir).absolute(),
        with_pickle=arguments.pickle,
        memory_profile=arguments.memory_profile,
        draw_film=draw_film if draws else None,
        draw_poster=partial(draw_poster, settings=settings) if draws else None,
    )
    pace = _Pace(bars)
    try:
        report = inference.infer_pipeline(
            arguments.csv, arguments.istart, arguments.istop, options=options, progress=pace, on_item=pace.told
        )
    finally:
        bars.close()
    _print_report(report)
    return 1 if report.failed else 0


class _Pace:
    """Tells the progress of a catalogue: a bar on a terminal, else a line now and then, with the time left."""

    def __init__(self, bars: ProgressBars) -> None:
        from curation.jobs.pace import PaceMeter

        self._bars = bars
        self._meter = PaceMeter()
        self._told_s = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        self._meter.add(progress, now)
        self._bars(progress)
        pace = self._meter.pace(now)
        if pace is None or sys.stderr.isatty() or now - self._told_s < _TOLD_EVERY_S or progress.done == progress.total:
            return
        self._told_s = now
        print_line(time_left_text(progress.done, progress.total, pace.rate_per_s, pace.seconds_left), sys.stderr)

    def told(self, record: ItemRecord, is_reused: bool) -> None:
        """Tell what is wrong with a movie as soon as it is known."""
        for problem in record.problems:
            self._bars.close()
            print_line(f"  {record.status}: {printable(record.item_id)}: {printable(problem)}")


def _print_report(report: CatalogueReport) -> None:
    for item_id, megabytes in report.peak_mb:
        print_line(f"  memory: {printable(item_id)}: {megabytes:.0f} MB")
    for warning in report.warnings:
        print_line(f"  note: {warning}")
    again = f", {report.reused} of them known from an earlier run" if report.reused else ""
    counts = f"{report.ok} whole, {report.partial} in part, {report.failed} failed{again}"
    print_line(f"{counted(report.total, 'movie')}: {counts}; {report.seconds:.1f} s on {report.device}")
    for output in report.outputs:
        print_line(f"written to {output}")
