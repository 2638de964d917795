"""Photos whose faces were counted by eye (benchmarks/data/group_faces.csv), and how found boxes compare with them.

benchmarks/data/README.md says how the list was made and what `clear`, `hard` and `crowds` mean.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIZE_BANDS_PX", "CountedPhoto", "Matched", "face_px", "in_halves", "match", "read_counted"]

COUNTED_CSV = Path(__file__).parent / "data" / "group_faces.csv"
SIZE_BANDS_PX = (0, 24, 48, 96, 10_000)
"""Limits of the bands in which recall is told, by `face_px`."""

# Detectors draw the frame of one face differently: dlib's is square and ends at the brows, others reach the hairline.
# On the counted faces, frames of one face share 0.35 to 0.9 of their union, those of neighbours less than 0.2.
_SAME_FACE_IOU = 0.3
# A frame that so far overlaps a hard face is neither right nor false.
_ON_HARD_FACE_IOU = 0.1

Boxes = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CountedPhoto:
    """A photo and all its faces.

    Attributes:
        path: Relative to the folder of the photos.
        width: Of the upright photo in pixels.
        height: Of the upright photo in pixels.
        clear: (N, 4) boxes x, y, w, h of the faces that shall be found, in pixels.
        hard: (M, 4) boxes of faces that need not be found; a box there is not false.
        crowds: (K, 4) boxes of blurred crowds; a box with its centre there is not false.
    """

    path: str
    width: int
    height: int
    clear: Boxes
    hard: Boxes
    crowds: Boxes


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """What was found in a photo.

    Attributes:
        found: (N,) bool, for each clear face.
        false: Indexes of the boxes that are no face, or frame a face a second time.
    """

    found: NDArray[np.bool_]
    false: tuple[int, ...]


def read_counted(path: Path = COUNTED_CSV) -> list[CountedPhoto]:
    """The counted photos, by path."""
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


def in_halves(photos: Sequence[CountedPhoto]) -> tuple[list[CountedPhoto], list[CountedPhoto]]:
    """Every other photo: the first half is for choosing constants, the second for reporting."""
    return list(photos[::2]), list(photos[1::2])


def face_px(boxes: Boxes) -> NDArray[np.float64]:
    """The shorter sides of (N, 4) boxes, as in `clustering.min_face_px`."""
    return np.asarray(boxes[:, 2:].min(axis=1), dtype=np.float64)


def match(photo: CountedPhoto, boxes: Sequence[Sequence[float]]) -> Matched:
    """Compare found boxes (x, y, w, h), the most certain first, with the counted faces; each face takes one box."""
    found = np.zeros(len(photo.clear), dtype=np.bool_)
    false = []
    for index, box in enumerate(np.asarray(boxes, dtype=np.float64).reshape(-1, 4)):
        shared = np.where(found, 0.0, _iou(box, photo.clear)) if len(found) else np.zeros(0)
        if len(shared) and shared.max() >= _SAME_FACE_IOU:
            found[int(shared.argmax())] = True
        elif not (_iou(box, photo.hard) >= _ON_HARD_FACE_IOU).any() and not _inside(box, photo.crowds):
            false.append(index)
    return Matched(found, tuple(false))


def _boxes(text: str) -> Boxes:
    numbers = [[float(number) for number in box.split()] for box in text.split(";") if box]
    return np.array(numbers, dtype=np.float64).reshape(-1, 4)


def _iou(box: NDArray[np.float64], others: Boxes) -> NDArray[np.float64]:
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    union = np.prod(box[2:]) + np.prod(others[:, 2:], axis=1) - shared
    return np.asarray(shared / union, dtype=np.float64)


def _inside(box: NDArray[np.float64], regions: Boxes) -> bool:
    centre = box[:2] + box[2:] / 2
    return bool(((regions[:, :2] <= centre) & (centre <= regions[:, :2] + regions[:, 2:])).all(axis=1).any())
