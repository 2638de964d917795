"""Looks at a film of painted faces in worker processes, to be killed: `python -m tests.film_run FILM STATE WORKERS`.

Prints a line for each finished segment, and in the end a hash of all that was found.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from curation.domain.film.times import Interval
from curation.domain.film.track import FilmAnalysis
from curation.domain.film.tracking.segments import AnalysedSegment
from curation.domain.report import Progress
from curation.pipelines.video import analysis
from curation.pipelines.video.analysis import FilmAnalyser
from curation.pipelines.video.segment_task import prepare_video_worker
from curation.storage.video.segment_rows import pack_segment
from curation.workers.processes import ProcessPool
from tests.fake_film_engine import fake_video_setup

__all__ = ["film_hash"]


def film_hash(film: FilmAnalysis) -> str:
    """A hash of every bit of an analysis."""
    span = Interval(film.shots[0].span.start, film.shots[-1].span.end)
    packed = pack_segment(
        AnalysedSegment(
            span=span,
            shots=film.shots,
            tracks=film.tracks,
            frames_decoded=film.frames_decoded,
            frames_looked_at=film.frames_looked_at,
            faces_embedded=0,
            corrupt_frames=film.corrupt_frames,
            corrupt_count=film.corrupt_count,
            sharpness=(film.sharpness,),
            ends_with_cut=True,
            problem=film.problem,
        )
    )
    rest = repr((film.facts, film.status, film.notes))
    return hashlib.sha256(packed + rest.encode()).hexdigest()


def _tell(told: Progress) -> None:
    sys.stdout.write(f"{told.done} {told.total}\n")
    sys.stdout.flush()


def main() -> None:
    """Look at the film."""
    path, state, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    analysis.SEGMENT_S = 1
    setup = fake_video_setup(state)

    def make_pool() -> ProcessPool:
        return ProcessPool(workers, initializer=prepare_video_worker, initargs=(setup,))

    with FilmAnalyser(setup, make_pool) as analyser:
        film = analyser.analyse(path, progress=_tell)
    sys.stdout.write(f"{film_hash(film)}\n")


if __name__ == "__main__":
    main()
