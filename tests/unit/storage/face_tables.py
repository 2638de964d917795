"""Small tables of faces for tests, and edits as a spreadsheet makes them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from curation.domain.faces.face import Box, FaceRow, FiveLandmarks
from curation.storage.face_data_file import FACE_COLUMNS, write_face_data

__all__ = ["ODD_NAMES", "edited", "row", "vectors", "write"]

POINTS = FiveLandmarks.from_array(np.array([[20.25, 20.0], [40, 20], [30, 30], [-2.5, 40], [38, 40]]))
ODD_NAMES = (
    "a,b.jpg",
    'say "cheese".jpg',
    "two\nlines.jpg",
    "carriage\rreturn.jpg",
    "both\r\n.jpg",
    "\\udcff\\\\.jpg",
    "Jürgen & Зоя 写真.jpg",
    " spaces .jpg",
    "NA",
    "null",
    "1.0",
    "=1+1.jpg",
    "semi;colon.jpg",
    "tab\t.jpg",
    "'quote.jpg",
    "sub/#c.jpg",
)


def row(path: str = "a.jpg", index: int = 0, number: int = 0) -> FaceRow:
    return FaceRow(path, index, Box(10, 0, 40, 50), 0.98, 3, 0.5, 0.25, POINTS, number, "dlib")


def vectors(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.eye(4, dtype=np.float32)[np.zeros(count, dtype=int)]


def write(folder: Path, rows: list[FaceRow], embeddings: np.ndarray[Any, np.dtype[np.float32]]) -> str:
    np.save(folder / "new.npy", embeddings)
    return write_face_data(folder, rows, folder / "new.npy")


def edited(path: Path, line: int, column: str, cell: str) -> None:
    """Change one cell, as a spreadsheet would."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    lines[line - 1][FACE_COLUMNS.index(column)] = cell
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(lines)
