"""photo_scores.csv: the ranked photos, best first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from curation.domain.judging.photo_score import PHOTO_SCORE_COLUMNS, SCORE_DIGITS, PhotoScore
from curation.domain.judging.picks import MAX_RATING
from curation.storage.atomic import write_bytes
from curation.storage.csv_tables import CellReader, csv_bytes, read_content, records

__all__ = ["PHOTO_SCORES", "read_photo_scores", "write_photo_scores"]

PHOTO_SCORES = "photo_scores.csv"
_LATER_COLUMNS = (
    "burst_rank",
    "pick",
    "rating",
    "picture_score",
    "well_shown_count",
    "file_rating",
    "file_pick",
    "file_people",
    "file_label",
)  # missing from tables of earlier versions
_REMEDY = "run the scoring again (python run_scoring.py) to create the file again"


def write_photo_scores(path: Path, scores: Sequence[PhotoScore]) -> None:
    """Write photo_scores.csv; scores are rounded to four digits.

    Raises:
        StorageError: If it cannot be written.
    """
    columns = attrgetter(*PHOTO_SCORE_COLUMNS)
    cells = (tuple(map(_cell, columns(score))) for score in scores)
    write_bytes(path, csv_bytes(PHOTO_SCORE_COLUMNS, cells))


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.{SCORE_DIGITS}f}" if isinstance(value, float) else value


def read_photo_scores(path: Path) -> list[PhotoScore]:
    """Read photo_scores.csv in the order of its rows, which is best first as written.

    Raises:
        FaceDataError: If there is no such file, a column is missing, or a cell is not valid.
        StorageError: If it cannot be read.
    """
    content = read_content(path, _REMEDY)
    cell = CellReader(path, _REMEDY)
    readers: dict[str, Callable[[str, str], Any]] = {
        "rank": lambda column, value: cell.whole(column, value, 1),
        "image_path": cell.text,
        "final_score": cell.unit_or_empty,
        **{
            name: (lambda column, value: cell.whole(column, value, 0))
            for name in PHOTO_SCORE_COLUMNS
            if name.endswith("_count")
        },
        "well_shown_count": lambda column, value: cell.whole(column, value, 0) if value else None,
        **{name: cell.unit_or_empty for name in PHOTO_SCORE_COLUMNS if name.endswith("_score")},
        "burst_id": lambda column, value: cell.whole(column, value, 1) if value else None,
        "best_of_burst": cell.truth,
        "burst_rank": lambda column, value: cell.whole(column, value, 1) if value else None,
        "pick": cell.pick_or_empty,
        "rating": lambda column, value: cell.whole(column, value, 1, MAX_RATING) if value else None,
        "file_rating": lambda column, value: cell.whole(column, value, 1, MAX_RATING) if value else None,
        "file_pick": cell.pick_or_empty,
    }
    scores = []
    for line, values in records(path, content, PHOTO_SCORE_COLUMNS, _REMEDY, later=_LATER_COLUMNS):
        cell.line = line
        row: dict[str, Any] = {
            name: readers[name](name, value) if name in readers else value
            for name, value in zip(PHOTO_SCORE_COLUMNS, values, strict=True)
        }
        scores.append(PhotoScore(**row))
    return scores
