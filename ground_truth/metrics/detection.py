"""Found faces against counted ones: which boxes are right, and recall by the size of the faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ground_truth.labels.counted_faces import Boxes, CountedPhoto, face_px

__all__ = ["SIZE_BANDS_PX", "DetectionCounts", "Matched", "match"]

SIZE_BANDS_PX = (0, 24, 48, 96, 10_000)
"""Limits of the bands of sizes (`face_px`) in which recall is reported."""

# Detectors draw the box of one face differently: dlib's is square and ends at the brows, others reach the hairline.
# On the counted faces, boxes of one face have an IoU of 0.35 to 0.9, those of neighbours less than 0.2.
_SAME_FACE_IOU = 0.3
# A box that overlaps a hard face this much is neither right nor false.
_ON_HARD_FACE_IOU = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """What was found in a photo.

    Attributes:
        found: (N,) bool, for each clear face.
        false: Indexes of the boxes that hold no face, or a face that another box was matched to.
    """

    found: NDArray[np.bool_]
    false: tuple[int, ...]


@dataclass(slots=True)
class DetectionCounts:
    """What an engine found on some photos.

    Attributes:
        sizes_px: Size of each clear face, by `face_px`.
        found: Whether each was found, in the same order.
        false: Number of false boxes.
        photos: Number of photos.
        seconds: Time of finding and embedding.
    """

    sizes_px: list[float] = field(default_factory=list)
    found: list[bool] = field(default_factory=list)
    false: int = 0
    photos: int = 0
    seconds: float = 0.0

    def add(self, photo: CountedPhoto, boxes: Sequence[Sequence[float]]) -> None:
        """Count the boxes (x, y, w, h) of one photo, highest confidence first."""
        matched = match(photo, boxes)
        self.photos += 1
        self.sizes_px += face_px(photo.clear).tolist()
        self.found += matched.found.tolist()
        self.false += len(matched.false)

    def recall(self, low_px: float = 0.0, high_px: float = float("inf")) -> tuple[int, int]:
        """Number of found faces and of all faces with a size in [low_px, high_px)."""
        inside = [one for one, px in zip(self.found, self.sizes_px, strict=True) if low_px <= px < high_px]
        return sum(inside), len(inside)

    def by_band(self) -> list[tuple[int, int]]:
        """`recall` in each band of `SIZE_BANDS_PX`."""
        return [self.recall(low, high) for low, high in pairwise(SIZE_BANDS_PX)]


def match(photo: CountedPhoto, boxes: Sequence[Sequence[float]]) -> Matched:
    """Compare found boxes (x, y, w, h), highest confidence first, with the counted faces; each face takes one box."""
    found = np.zeros(len(photo.clear), dtype=np.bool_)
    false = []
    for index, box in enumerate(np.asarray(boxes, dtype=np.float64).reshape(-1, 4)):
        shared = np.where(found, 0.0, _iou(box, photo.clear)) if len(found) else np.zeros(0)
        if len(shared) and shared.max() >= _SAME_FACE_IOU:
            found[int(shared.argmax())] = True
        elif not (_iou(box, photo.hard) >= _ON_HARD_FACE_IOU).any() and not _inside(box, photo.crowds):
            false.append(index)
    return Matched(found, tuple(false))


def _iou(box: NDArray[np.float64], others: Boxes) -> NDArray[np.float64]:
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    union = np.prod(box[2:]) + np.prod(others[:, 2:], axis=1) - shared
    return np.asarray(shared / union, dtype=np.float64)


def _inside(box: NDArray[np.float64], regions: Boxes) -> bool:
    centre = box[:2] + box[2:] / 2
    return bool(((regions[:, :2] <= centre) & (centre <= regions[:, :2] + regions[:, 2:])).all(axis=1).any())
