"""Found faces: recall by size and false boxes, at several settings of each engine.

On the test half of the counted photos (ground_truth/labels/README.md), on large group photos composed of them, and
on sets of portraits.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.evaluation.tables import Table
from benchmarks.events.large_groups import scene_files
from curation.photos.files.decoding import open_photo
from ground_truth.detected_faces import detect_counted
from ground_truth.engines import engine_at
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation
from ground_truth.labels.counted_faces import PhotoFile, counted_files
from ground_truth.metrics.detection import DetectionCounts

__all__ = ["tables"]

# Settings of each engine that are compared; the empty one stands for the defaults.
_SETTINGS: Mapping[str, Sequence[dict[str, Any]]] = MappingProxyType(
    {
        "retinaface-arcface": (
            {"working_size_px": 640, "tiling": "off"},
            {"working_size_px": 960, "tiling": "off"},
            {"working_size_px": 1280, "tiling": "off"},
            {"tiling": "off"},
            {},
            {"tiling": "always"},
            {"min_confidence": 0.5},
            {"min_confidence": 0.9},
        ),
        "dlib": (
            {"working_size_px": 1400, "tiling": "off"},
            {"tiling": "off"},
            {},
            {"working_size_px": 2800, "tiling": "off"},
            {"detector": "hog", "tiling": "off"},
        ),
    }
)
_BAND_NAMES = ("24 to 48", "48 to 96", "96 and more")
_SCENES = 6
_SCENE_BANDS_PX = (0, 50, 70, 90, 150, 10_000)
_PORTRAITS = (("five_celebs", 1), ("deepface_pairs", 1), ("utkface", 4), ("lfw", 20))
_PORTRAIT_PHOTOS = 150


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Measure."""
    files = counted_files(evaluation.data)
    with tempfile.TemporaryDirectory() as folder:
        scenes = scene_files(evaluation.data, Path(folder), _SCENES)
        for engine in evaluation.engines:
            yield _counted(evaluation, engine, files)
            yield _large(evaluation, engine, scenes)
    yield _portraits(evaluation)


def _tilings(engine: str) -> Sequence[dict[str, Any]]:
    return ({"tiling": "off"}, {}, {"tiling": "always"})[: 2 if engine == "dlib" else 3]


def _named(options: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in options.items()) or "**default**"


def _share(counts: tuple[int, int]) -> str:
    return f"{counts[0] / counts[1]:.3f}" if counts[1] else "-"


def _counted(evaluation: Evaluation, engine: str, files: Sequence[PhotoFile]) -> Table:
    rows, outcome = [], DetectionCounts()
    for options in _SETTINGS[engine]:
        outcome = detect_counted(engine_at(engine, evaluation.models, **options), files)
        bands = [_share(counts) for counts in outcome.by_band()[1:]]
        seconds = f"{outcome.seconds / outcome.photos:.3f}"
        rows.append([_named(options), _share(outcome.recall()), *bands, str(outcome.false), seconds])
    sizes = [f"{count} of {name} px" for (_, count), name in zip(outcome.by_band()[1:], _BAND_NAMES, strict=True)]
    caption = (
        f"{engine}: recall of the clear faces ({', '.join(sizes)}) of {len(files)} counted photos, number of false "
        "boxes, seconds per photo on one thread without decoding."
    )
    return Table(caption, ["setting", "recall", *(f"{band} px" for band in _BAND_NAMES), "false", "seconds"], rows)


def _large(evaluation: Evaluation, engine: str, scenes: Sequence[PhotoFile]) -> Table:
    rows, outcome = [], DetectionCounts()
    for options in _tilings(engine):
        outcome = detect_counted(engine_at(engine, evaluation.models, **options), scenes)
        cells = [_share(outcome.recall(*band)) for band in pairwise(_SCENE_BANDS_PX)]
        rows.append([_named(options), *cells, str(outcome.false), f"{outcome.seconds / outcome.photos:.2f}"])
    counts = [str(outcome.recall(*band)[1]) for band in pairwise(_SCENE_BANDS_PX)]
    caption = (
        f"{engine}: {len(scenes)} photos of large groups at 24 megapixels, composed of the same photos; "
        f"recall by the size of the faces at full size ({', '.join(counts)} faces)."
    )
    header = [
        "setting",
        "below 50 px",
        "50 to 70 px",
        "70 to 90 px",
        "90 to 150 px",
        "150 px and more",
        "false",
        "seconds",
    ]
    return Table(caption, header, rows)


def _portraits(evaluation: Evaluation) -> Table:
    rows = []
    for engine in evaluation.engines:
        for options in _tilings(engine)[:2]:
            built = engine_at(engine, evaluation.models, **options)
            cells = []
            for name, step in _PORTRAITS:
                paths = sorted(evaluation.labels(name) if name != "utkface" else evaluation.labels(name, column="age"))
                paths = paths[::step][:_PORTRAIT_PHOTOS]
                faces = [len(built.analyse(_opened(evaluation.set_folder(name) / path))) for path in paths]
                cells.append(f"{sum(count > 0 for count in faces)} of {len(faces)} ({sum(faces)})")
            rows.append([engine, _named(options), *cells])
    if not rows:
        raise Unavailable("no engine was chosen")
    caption = (
        "Photos of one person, some turned on their side or filled by the face: photos with a found face, of how many "
        "(number of faces)."
    )
    return Table(caption, ["engine", "setting", *(name for name, _ in _PORTRAITS)], rows)


def _opened(path: Path) -> Any:
    return open_photo(path, max_megapixels=120)
