"""Everything that the program does with a film's file, in a process of its own: `python -m tests.film_looks`."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from curation.photos.whole.iso.films import faults_of_film
from curation.video.opening import clip_facts, open_clip
from curation.video.shots import with_cuts
from curation.video.stills import still_jpeg
from tests.looking import Trials, answer

__all__ = ["look_at"]

_MOST_MINUTES = 10.0
_MOST_FRAMES = 60
_SIDE_PX = 160


def look_at(path: Path) -> dict[str, Any]:
    """Do all of it; what was raised that is no error of this program stands in `bugs`."""
    trials = Trials()
    trials.tried(lambda: faults_of_film(path))
    facts = trials.tried(lambda: clip_facts(path, max_minutes=_MOST_MINUTES))
    trials.tried(lambda: _looked_through(path))
    times = [Fraction(0), Fraction(10**6)]
    if facts is not None:
        times.append(facts.duration / 2)
    for time in times:
        trials.tried(partial(still_jpeg, path, time, long_side_px=_SIDE_PX))
    return trials.seen()


def _looked_through(path: Path) -> int:
    with open_clip(path, max_minutes=_MOST_MINUTES) as clip:
        seen = sum(1 for _ in islice(with_cuts(clip.frames()), _MOST_FRAMES))
        for start in clip.segment_starts()[:3]:
            seen += sum(1 for _ in islice(clip.frames(), 2) if start >= 0)
        return seen


if __name__ == "__main__":
    answer(look_at)
