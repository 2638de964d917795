"""Films: processor time against the usual design, the second run, workers, memory of a long film, and killed runs.

    python -m benchmarks.video ../shared [--models DIR] [--film PATH] [--minutes N] [--kills N] [--full]

Each way has a process of its own with one thread, and its networks are loaded before the time is taken; all are of one
run, on the same engine, decoder and film. The usual design finds and embeds every face of every picture and groups them
by Chinese Whispers (`benchmarks.harness.every_frame`). The film is yakhyo_friends of the test data, of 26 s and 720p,
unless another one is named. With --full also the memory of a film of --minutes (120), made by joining copies of that
film without recoding, and --kills (20) runs that are killed at some moment and go on, whose results are compared byte
by byte.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.harness.every_frame import every_face, whispered
from benchmarks.harness.long_films import looped, memory_of, survives_kills
from benchmarks.harness.report import Row, add_folders, models_folder, print_rows
from curation.workers.serial import SerialPool
from ground_truth.array_photo import ArrayPhoto
from ground_truth.errors import Unavailable
from ground_truth.films.looking import FilmProgram
from ground_truth.films.results import seen_in
from ground_truth.films.scoring import scored
from ground_truth.films.truth import LabelledFilm, labelled_clip

__all__ = ["rows"]

_NAME = "video"
_CLIP = "yakhyo"
_THRESHOLD = 1.1
_QUICK_S = 13.0
_WARMING_CLIP = "hamilton"


class _Taken(NamedTuple):
    """What one way took.

    Attributes:
        cpu_s: Processor seconds for each second of film.
        wall_s: Likewise, by the clock.
        f: Person-time F; None without labels.
    """

    cpu_s: float
    wall_s: float
    f: float | None


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """Processor time, second run and workers on the first labelled clip."""
    clip = labelled_clip(data, _CLIP)
    with tempfile.TemporaryDirectory(prefix="curation-video-") as folder:
        yield from _compared(data, models, Path(folder), clip.path, clip, quick=quick)


def _compared(
    data: Path, models: Path, scratch: Path, path: Path, truth: LabelledFilm | None, *, quick: bool
) -> Iterator[Row]:
    until_s = _QUICK_S if quick else float("inf")
    ours = _in_process(_ours, data, models, scratch, path, truth)
    usual = _in_process(_usual, data, models, scratch, path, truth, until_s)
    title = f"processor seconds for a second of {path.stem}"
    length = f"the first {until_s:.0f} s" if quick else "all of it"
    score = "" if ours.f is None else f", F {ours.f:.3f}"
    their = "" if usual.f is None else f", F {usual.f:.3f}"
    yield Row(_NAME, f"{title}, every picture and Chinese Whispers ({length}{their})", usual.cpu_s, "s")
    against = f"every picture {usual.cpu_s:.3g}"
    yield Row(_NAME, f"{title}, ours{score}", ours.cpu_s, "s", against, usual.cpu_s / ours.cpu_s)
    again = _in_process(_ours, data, models, scratch, path, truth)
    first = f"first run {ours.wall_s:.3g}"
    speed = ours.wall_s / again.wall_s
    yield Row(_NAME, f"seconds for a second of {path.stem}, second run", again.wall_s, "s", first, speed)
    yield from _workers(data, models, scratch, path)


def _in_process(function: Callable[..., _Taken], *arguments: object) -> _Taken:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def _program(data: Path, models: Path, scratch: Path, *, workers: int = 1, state: str = "state") -> FilmProgram:
    import cv2

    cv2.setNumThreads(1)
    return FilmProgram(data, models, scratch, workers=workers, state=state)


def _ours(data: Path, models: Path, scratch: Path, path: Path, truth: LabelledFilm | None) -> _Taken:
    """In a process of its own, which is its own worker."""
    from curation.pipelines.video.analysis import FilmAnalyser
    from curation.pipelines.video.segment_task import prepare_video_worker

    program = _program(data, models, scratch)
    pool = SerialPool(initializer=prepare_video_worker, initargs=(program.setup,))
    program.analyser = FilmAnalyser(program.setup, lambda: pool)
    program.result(labelled_clip(data, _WARMING_CLIP).path)  # loads the networks and the libraries
    cpu, clock = time.process_time(), time.perf_counter()
    result = program.result(path)
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    length = float(result.film.facts.duration)
    f = None if truth is None else scored(truth.pictures, seen_in(result, truth.pictures)).f
    return _Taken(cpu / length, clock / length, f)


def _usual(data: Path, models: Path, scratch: Path, path: Path, truth: LabelledFilm | None, until_s: float) -> _Taken:
    program = _program(data, models, scratch)
    engine = program.film_engine()
    engine.analyse(_grey())
    cpu, clock = time.process_time(), time.perf_counter()
    faces = list(every_face(path, engine, program.setup.looks, until_s=until_s))
    seen = whispered(faces, _THRESHOLD)
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    length = min(until_s, _length_s(path))
    f = None
    if truth is not None:
        end = truth.pictures[0].time_s + until_s
        f = scored([picture for picture in truth.pictures if picture.time_s < end], seen).f
    return _Taken(cpu / length, clock / length, f)


def _grey() -> ArrayPhoto:
    return ArrayPhoto(np.full((360, 640, 3), 128, dtype=np.uint8))


def _length_s(path: Path) -> float:
    from curation.video.opening import open_clip

    with open_clip(path) as clip:
        return float(clip.facts.duration)


def _workers(data: Path, models: Path, scratch: Path, path: Path) -> Iterator[Row]:
    """Two workers against one, on a film of four segments."""
    film = scratch / f"four times{path.suffix}"
    looped(path, film, length_s=max(4 * 60.0, 2 * _length_s(path)))
    seconds = []
    for workers in (1, 2):
        program = _program(data, models, scratch, workers=workers, state=f"state of {workers}")
        clock = time.perf_counter()
        program.result(film)
        seconds.append(time.perf_counter() - clock)
    one, two = seconds
    yield Row(_NAME, f"{_length_s(film):.0f} s of film, two workers", two, "s", f"one {one:.3g}", one / two)


def _long(data: Path, models: Path, scratch: Path, path: Path, minutes: float) -> Iterator[Row]:
    """Memory of a long film."""
    film = scratch / f"long{path.suffix}"
    looped(path, film, length_s=60 * minutes)
    taken = memory_of(film, data, models, scratch)
    title = f"a film of {minutes:g} minutes and {film.stat().st_size / 1e6:.0f} MB"
    yield Row(_NAME, f"peak memory of the parent, {title}", taken.parent_mb, "MB")
    yield Row(_NAME, f"peak memory of the worker, {title}", taken.worker_mb, "MB")
    early = f"in the first quarter {taken.worker_early_mb:.0f}"
    yield Row(_NAME, "... of the worker in the last quarter", taken.worker_late_mb, "MB", early)
    yield Row(_NAME, "... parent and worker together, at any moment", taken.both_mb, "MB")
    yield Row(_NAME, f"seconds for {title}, one worker", taken.seconds, "s")


def _killed(data: Path, models: Path, scratch: Path, path: Path, kills: int) -> Iterator[Row]:
    film = scratch / f"killed{path.suffix}"
    looped(path, film, length_s=130.0)
    same, struck = survives_kills(film, data, models, scratch, kills=kills)
    yield Row(_NAME, "results that are the same byte by byte after a kill and a second run", same, f"of {kills}")
    yield Row(_NAME, "... of which the kill came before the first run was over", struck, f"of {kills}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser)
    parser.add_argument("--film", type=Path, help="another film; there is no score without labels")
    parser.add_argument("--minutes", type=float, default=120.0, help="of the long film, with --full")
    parser.add_argument("--kills", type=int, default=20, help="with --full")
    options = parser.parse_args()
    data, models = options.data, models_folder(options)
    print_rows(())
    try:
        clip = labelled_clip(data, _CLIP)
        path = options.film or clip.path
        with tempfile.TemporaryDirectory(prefix="curation-video-") as folder:
            scratch = Path(folder)
            truth = None if options.film else clip
            print_rows(_compared(data, models, scratch, path, truth, quick=not options.full), header=False)
            if options.full:
                print_rows(_killed(data, models, scratch, path, options.kills), header=False)
                print_rows(_long(data, models, scratch, path, options.minutes), header=False)
    except Unavailable as reason:
        raise SystemExit(f"cannot be measured here: {reason}") from reason


if __name__ == "__main__":
    main()
