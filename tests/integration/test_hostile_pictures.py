"""A short piece of the long runs `pictures` and `films`: changed files and some bombs, in a process with limits."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest

from tests.film_mutations import mutated_film
from tests.photo_bombs.all import BOMBS
from tests.picture_mutations import mutated
from tests.soak.pictures import Looker

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what a process uses is told in /proc")

_FILES = 80
_FILMS = 40
_SEED = 20
_QUICK_BOMBS = (
    "jpeg-450-scans",
    "jpeg-450-scans-wide",
    "jpeg-arithmetic",
    "jpeg-exif-loop",
    "xmp-laughs-jpeg",
    "xmp-laughs-png",
    "xmp-quadratic",
    "png-ztxt-behind",
    "tiff-loop",
    "tiff-tag-count",
    "heic-extents",
    "heic-nested",
    "jpeg2000-tiles",
    "bmp-rle",
)


def test_bombs_and_changed_pictures_break_no_promise(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    broken: list[str] = []
    slowest = 0.0
    with Looker(tmp_path / "temporary") as looker:
        files = [(name, *BOMBS[name]) for name in _QUICK_BOMBS]
        for number in range(_FILES):
            name, content = mutated(random.Random(f"{_SEED}/{number}"))
            files.append((f"file {number} of seed {_SEED}", name, partial(bytes, content)))
        for what, name, make in files:
            path = work / name
            path.write_bytes(make())
            seen = looker.look_at(path)
            path.unlink()
            broken += [f"{what}: {one}" for one in seen.broken]
            slowest = max(slowest, seen.seconds)
    assert not broken, "\n".join(broken)
    assert slowest < 15


def test_changed_films_break_no_promise(tmp_path: Path) -> None:
    pytest.importorskip("av")
    work = tmp_path / "work"
    work.mkdir()
    broken: list[str] = []
    with Looker(tmp_path / "temporary", "tests.film_looks") as looker:
        for number in range(_FILMS):
            name, content = mutated_film(random.Random(f"{_SEED}/{number}"))
            path = work / name
            path.write_bytes(content)
            broken += [f"film {number} of seed {_SEED}: {one}" for one in looker.look_at(path).broken]
            path.unlink()
    assert not broken, "\n".join(broken)


def test_a_file_that_takes_too_long_or_crashes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.soak import pictures

    monkeypatch.setattr(pictures, "MOST_S", 0.0)
    path = tmp_path / "a.jpg"
    path.write_bytes(mutated(random.Random(1))[1])
    with Looker(tmp_path / "temporary") as looker:
        assert any("computed" in one for one in looker.look_at(path).broken)
