"""Photos whose faces were counted by hand (counted_faces.csv).

README.md in this folder says how the list was made and what `clear`, `hard` and `crowds` mean.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ground_truth.errors import Unavailable

__all__ = ["Boxes", "CountedPhoto", "PhotoFile", "counted_files", "face_px", "read_counted", "tuning_and_test"]

_FILE = Path(__file__).with_name("counted_faces.csv")

Boxes = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CountedPhoto:
    """A photo and all its faces.

    Attributes:
        path: Relative to the folder of the photos.
        width: Of the upright photo in pixels.
        height: Of the upright photo in pixels.
        clear: (N, 4) boxes x, y, w, h of the faces that a detector should find, in pixels.
        hard: (M, 4) boxes of faces that may be missed; a box there is not false.
        crowds: (K, 4) boxes of blurred crowds; a box with its centre there is not false.
    """

    path: str
    width: int
    height: int
    clear: Boxes
    hard: Boxes
    crowds: Boxes


PhotoFile = tuple[Path, CountedPhoto]


def read_counted(path: Path = _FILE) -> list[CountedPhoto]:
    """The counted photos, ordered by path."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            CountedPhoto(
                row["path"],
                int(row["width"]),
                int(row["height"]),
                *(_boxes(row[kind]) for kind in ("clear", "hard", "crowds")),
            )
            for row in csv.DictReader(file)
        ]


def tuning_and_test(photos: Sequence[CountedPhoto]) -> tuple[list[CountedPhoto], list[CountedPhoto]]:
    """Two halves of every other photo: constants are chosen on the first, figures are reported for the second."""
    return list(photos[::2]), list(photos[1::2])


def counted_files(data: Path) -> list[PhotoFile]:
    """The test half of the counted photos, as files of `data`/photos.

    Raises:
        Unavailable: If a photo is missing.
    """
    files = [(data / "photos" / photo.path, photo) for photo in tuning_and_test(read_counted())[1]]
    missing = [path for path, _ in files if not path.is_file()]
    if missing:
        raise Unavailable(f"{missing[0]} is missing")
    return files


def face_px(boxes: Boxes) -> NDArray[np.float64]:
    """The shorter sides of (N, 4) boxes, as in `clustering.min_face_px`."""
    return np.asarray(boxes[:, 2:].min(axis=1), dtype=np.float64)


def _boxes(text: str) -> Boxes:
    numbers = [[float(number) for number in box.split()] for box in text.split(";") if box]
    return np.array(numbers, dtype=np.float64).reshape(-1, 4)
