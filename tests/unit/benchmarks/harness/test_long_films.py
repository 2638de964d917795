"""Long films that are made of short ones."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.harness.long_films import looped
from ground_truth.films.truth import picture_times
from tests.film_files import shot, write_film


def test_a_film_is_repeated_until_it_is_long_enough(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="the extra video is not installed")
    source, target = tmp_path / "short.mp4", tmp_path / "long.mp4"
    write_film(source, shot(1, 10), fps=10)
    looped(source, target, length_s=2.5)
    times = [float(time) for time, _ in picture_times(target)]
    assert len(times) == 30
    assert [after - before for before, after in pairwise(times)] == pytest.approx([0.1] * 29)
