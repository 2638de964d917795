"""A CSV file with labels of faces by their keys (see `ground_truth.detected_faces`).

Keys of faces in whole photos hold a position, which differs by some pixels from detector to detector.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

__all__ = ["FaceTable"]

_NEAR_PX = 20.0  # less than the distance of two labelled faces


class FaceTable:
    """The content of a CSV file with the columns `face` and `label`."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            OSError: If it cannot be read.
        """
        self._labels: dict[str, str] = {}
        self._places: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                self._labels[row["face"]] = row["label"]
                photo, at, place = row["face"].rpartition("@")
                if at:
                    x, y = map(float, place.split(","))
                    self._places[photo].append((x, y, row["label"]))

    def get(self, face: str) -> str | None:
        """The label of a face, or of the nearest one in the same photo, at most 20 pixels away."""
        if face in self._labels:
            return self._labels[face]
        photo, at, place = face.rpartition("@")
        if not at:
            return None
        x, y = map(float, place.split(","))
        distance, label = min(
            (((x - other_x) ** 2 + (y - other_y) ** 2, label) for other_x, other_y, label in self._places[photo]),
            default=(float("inf"), ""),
        )
        return label if distance <= _NEAR_PX**2 else None
