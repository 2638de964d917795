"""How many faces the engines find at which cost: counted photos of groups, and large group photos made of them.

    python -m benchmarks.detection ../shared [--models DIR] [--full]

Recall counts clear faces, by their size; a false box is no face, or frames one twice (benchmarks/data/README.md).
Every other counted photo reports; the others were there to choose constants. Times are those of `analyse` on one
thread, finding and embedding, without decoding.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.counted_faces import SIZE_BANDS_PX, CountedPhoto, face_px, in_halves, match, read_counted
from benchmarks.large_groups import BACK_ROW_PX, large_scenes
from benchmarks.report import Row, Unavailable, main
from curation.engines.base import FaceEngine
from curation.engines.building import build_engine
from curation.engines.selection import select_engine
from curation.errors import CurationError
from curation.photos.files.decoding import open_photo
from curation.settings import load_settings

__all__ = ["Found", "PhotoFile", "counted_files", "engine_at", "measured", "rows", "scene_files"]

PhotoFile = tuple[Path, CountedPhoto]

_ENGINES = ("retinaface-arcface", "dlib")
_SCENE_SEED = 11
_MAX_MEGAPIXELS = 120.0


@dataclass(slots=True)
class Found:
    """What an engine found on some photos.

    Attributes:
        sizes_px: Of each clear face, by `face_px`.
        found: Whether each was found, in the same order.
        false: Number of false boxes.
        photos: Number of photos.
        seconds: Of finding and embedding.
    """

    sizes_px: list[float] = field(default_factory=list)
    found: list[bool] = field(default_factory=list)
    false: int = 0
    photos: int = 0
    seconds: float = 0.0

    def recall(self, low_px: float = 0.0, high_px: float = float("inf")) -> tuple[int, int]:
        """How many faces of a band of sizes were found, of how many."""
        inside = [one for one, px in zip(self.found, self.sizes_px, strict=True) if low_px <= px < high_px]
        return sum(inside), len(inside)

    def by_band(self) -> list[tuple[int, int]]:
        """`recall` in the bands of `SIZE_BANDS_PX`."""
        return [self.recall(low, high) for low, high in pairwise(SIZE_BANDS_PX)]


def engine_at(name: str, models: Path, **options: Any) -> FaceEngine:
    """Build an engine; `options` are those of its section of config.yaml, all others at their defaults.

    Raises:
        Unavailable: If its weights are not there.
    """
    overrides: dict[str, dict[str, Any]] = {
        "io": {"models_dir": str(models.resolve())},
        "engine": {"name": name, "download": False, name.replace("-", "_"): options},
    }
    settings = load_settings(None, default_root=Path(__file__).parent.parent, overrides=overrides)
    try:
        return build_engine(select_engine(settings, pinned=None, allow_download=False))
    except CurationError as error:
        raise Unavailable(str(error).splitlines()[0]) from error


def counted_files(data: Path) -> list[PhotoFile]:
    """The half of the counted photos that reports.

    Raises:
        Unavailable: If the photos are not there.
    """
    files = [(data / "photos" / photo.path, photo) for photo in in_halves(read_counted())[1]]
    missing = [path for path, _ in files if not path.is_file()]
    if missing:
        raise Unavailable(f"{missing[0]} is not there")
    return files


def scene_files(data: Path, folder: Path, count: int) -> list[PhotoFile]:
    """Photos of large groups at 24 megapixels, made of the reporting half and written to a folder."""
    groups = [photo for _, photo in counted_files(data)]
    files = []
    for scene in large_scenes(data / "photos", groups, count, seed=_SCENE_SEED):
        path = folder / f"{scene.photo.path}.jpg"
        path.write_bytes(scene.jpeg)
        files.append((path, scene.photo))
    return files


def measured(engine: FaceEngine, files: Sequence[PhotoFile]) -> Found:
    """Run an engine on photos whose faces are known."""
    out = Found(photos=len(files))
    for path, counted in files:
        photo = open_photo(path, max_megapixels=_MAX_MEGAPIXELS)
        photo.full()
        began = time.perf_counter()
        faces = engine.analyse(photo)
        out.seconds += time.perf_counter() - began
        matched = match(counted, [face.box for face in sorted(faces, key=lambda face: -face.confidence)])
        out.sizes_px += face_px(counted.clear).tolist()
        out.found += matched.found.tolist()
        out.false += len(matched.false)
    return out


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """Recall, false boxes and seconds per engine, and what the second look at large photos brings and costs."""
    files = counted_files(data)[:: 2 if quick else 1]
    for name in _ENGINES:
        outcome = measured(engine_at(name, models), files)
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
    once, twice = (measured(engine_at(name, models, tiling=mode), scenes) for mode in ("off", "auto"))
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
