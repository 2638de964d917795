"""face_data.csv, embeddings.npy and photo_scores.csv: written atomically, read strictly.

People open these tables in spreadsheets and save them again, so every cell is checked when it is read.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice, starmap
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FaceRow, FiveLandmarks, Point
from curation.domain.judging.photo_score import PHOTO_SCORE_COLUMNS, SCORE_DIGITS, PhotoScore
from curation.domain.judging.picks import MAX_RATING, Pick
from curation.errors import FaceDataError
from curation.storage.atomic import explained, write_bytes
from curation.storage.embeddings_file import EmbeddingsFile

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CLUSTERS_DIR",
    "EMBEDDINGS",
    "FACE_COLUMNS",
    "FACE_DATA",
    "PHOTO_SCORES",
    "first_engine",
    "iter_face_data",
    "read_embeddings",
    "read_face_data",
    "read_photo_scores",
    "write_face_data",
    "write_photo_scores",
]

FACE_DATA = "face_data.csv"
EMBEDDINGS = "embeddings.npy"
PHOTO_SCORES = "photo_scores.csv"
CLUSTERS_DIR = "output_clusters"
_LATER_SCORE_COLUMNS = ("burst_rank", "pick", "rating")  # tables of earlier versions do without
FACE_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(FaceRow))

_RUN_CLUSTERING = "run the clustering again (python run_clustering.py) to make the file anew"
_RUN_SCORING = "run the scoring again (python run_scoring.py) to make the file anew"
_MAX_SIDE_PX = 1_000_000
_BLOCK_ROWS = 1000  # whose JSON is read at once


def write_face_data(folder: Path, rows: Iterable[FaceRow], embeddings: Path) -> str:
    """Write face_data.csv and embeddings.npy into `folder`; what is there already with the same content is left alone.

    Args:
        folder: The output folder.
        rows: One per face; `embedding_row` indexes `embeddings`.
        embeddings: A .npy file on the same disk, (number of rows, D) float32 of unit length; it is moved to its
            place, or left where it is if the same vectors are there.

    Returns:
        SHA-256 of face_data.csv, by which `read_face_data` knows that nobody changed it.

    Raises:
        StorageError: If a file cannot be written.
    """
    cells = (
        (
            row.image_path,
            row.face_index,
            json.dumps(list(row.facial_area)),
            f"{row.detection_confidence:.4f}",
            row.cluster_id,
            f"{row.cluster_confidence:.4f}",
            f"{row.face_quality:.4f}",
            json.dumps([[round(x, 2), round(y, 2)] for x, y in row.landmarks]),
            row.embedding_row,
            row.engine,
        )
        for row in rows
    )
    content = _csv_bytes(FACE_COLUMNS, cells)
    # Both are on the disk, one behind the other, in a moment: they fit each other but for a kill between the two,
    # which the run record tells.
    _move_if_new(embeddings, folder / EMBEDDINGS)
    write_bytes(folder / FACE_DATA, content)
    return hashlib.sha256(content).hexdigest()


def _move_if_new(source: Path, target: Path) -> None:
    try:
        with EmbeddingsFile(source) as new, EmbeddingsFile(target) as old:
            if new.shape == old.shape and new.sha256() == old.sha256():
                return
    except FaceDataError:
        pass  # there is none yet, or it is damaged
    try:
        with source.open("rb") as file:
            os.fsync(file.fileno())
        if target.exists():
            source.chmod(target.stat().st_mode & 0o777)
        source.replace(target)
    except OSError as error:
        raise explained(error, target, "written") from error


def write_photo_scores(path: Path, scores: Sequence[PhotoScore]) -> None:
    """Write photo_scores.csv; scores are rounded to four digits.

    Raises:
        StorageError: If it cannot be written.
    """
    columns = attrgetter(*PHOTO_SCORE_COLUMNS)
    cells = (tuple(map(_cell, columns(score))) for score in scores)
    write_bytes(path, _csv_bytes(PHOTO_SCORE_COLUMNS, cells))


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.{SCORE_DIGITS}f}" if isinstance(value, float) else value


def _csv_bytes(columns: Sequence[str], cells: Iterable[tuple[object, ...]]) -> bytes:
    # Not by pandas, whose import takes longer than writing 10,000 lines.
    content = io.BytesIO()
    lines = io.TextIOWrapper(content, encoding="utf-8", errors="backslashreplace", newline="")
    plain = csv.writer(lines, lineterminator="\n")
    # The csv module quotes a carriage return only in tables whose lines end with one, but readers take it for an end.
    quoting = csv.writer(lines, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    plain.writerow(columns)
    for row in cells:
        has_return = any("\r" in cell for cell in row if isinstance(cell, str))
        (quoting if has_return else plain).writerow(row)
    lines.flush()
    return content.getvalue()


def first_engine(path: Path) -> str | None:
    """The engine in the first row of face_data.csv; None if there is no row, or it is no such table."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            row = next(csv.DictReader(file), {})
    except (OSError, ValueError, csv.Error):
        return None
    return row.get("engine") or None


def read_face_data(path: Path, *, written_sha256: str | None = None) -> list[FaceRow]:
    """All of `iter_face_data`."""
    return list(iter_face_data(path, written_sha256=written_sha256))


def iter_face_data(path: Path, *, written_sha256: str | None = None) -> Iterator[FaceRow]:
    """Read face_data.csv row by row.

    Args:
        path: Of the file.
        written_sha256: What `write_face_data` gave; a file of that content is ours and needs no checks.

    Yields:
        The rows in the file's order. None if there is no face in the photos.

    Raises:
        FaceDataError: If there is no such file, a column is missing, a cell is not what it should be, or a
            face stands there twice; names the line and the column.
        StorageError: If it cannot be read.
    """
    content = _content(path, _RUN_CLUSTERING)
    if written_sha256 is not None and hashlib.sha256(content).hexdigest() == written_sha256:
        yield from _rows_as_written(content)
        return
    table = _table(path, content, FACE_COLUMNS, _RUN_CLUSTERING)
    cell = _Cells(path, _RUN_CLUSTERING)
    seen: set[tuple[str, int]] = set()
    for line, values in _records(table, FACE_COLUMNS):
        cell.line = line
        row = FaceRow(
            image_path=cell.text("image_path", values[0]),
            face_index=cell.whole("face_index", values[1], 0),
            facial_area=cell.box("facial_area", values[2]),
            detection_confidence=cell.unit("detection_confidence", values[3]),
            cluster_id=cell.whole("cluster_id", values[4], -1),
            cluster_confidence=cell.unit("cluster_confidence", values[5]),
            face_quality=cell.unit("face_quality", values[6]),
            landmarks=cell.landmarks("landmarks", values[7]),
            embedding_row=cell.whole("embedding_row", values[8], 0),
            engine=cell.text("engine", values[9]),
        )
        if (row.image_path, row.face_index) in seen:
            raise cell.error("face_index", values[1], "a number that this photo does not have yet")
        seen.add((row.image_path, row.face_index))
        yield row


def _rows_as_written(content: bytes) -> Iterator[FaceRow]:
    """The rows of a table that `write_face_data` made, some ten times faster than with all checks."""
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline=""))
    next(lines)
    while cells := list(islice(lines, _BLOCK_ROWS)):
        boxes = json.loads(f"[{','.join(row[2] for row in cells)}]")
        points = json.loads(f"[{','.join(row[7] for row in cells)}]")
        for row, box, five in zip(cells, boxes, points, strict=True):
            yield FaceRow(
                row[0],
                int(row[1]),
                Box(*box),
                float(row[3]),
                int(row[4]),
                float(row[5]),
                float(row[6]),
                FiveLandmarks(*starmap(Point, five)),
                int(row[8]),
                row[9],
            )


def read_embeddings(path: Path, rows: Sequence[FaceRow]) -> NDArray[np.float32]:
    """Read embeddings.npy and check that it fits face_data.csv.

    Args:
        path: Of the file.
        rows: Of face_data.csv beside it.

    Returns:
        (N, D) float32, every `embedding_row` of `rows` below N.

    Raises:
        FaceDataError: If it is missing, damaged, or too short for `rows`.
        StorageError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:  # numpy itself leaves the file open when it fails
            vectors = np.load(file, allow_pickle=False)
    except FileNotFoundError as error:
        raise FaceDataError(f"there is no {path} beside face_data.csv; {_RUN_CLUSTERING}") from error
    except (ValueError, EOFError, BadZipFile) as error:  # numpy takes a file that begins like one for an archive
        raise FaceDataError(f"{path} is damaged ({error}); {_RUN_CLUSTERING}") from error
    except OSError as error:
        raise explained(error, path, "read") from error
    needed = max((row.embedding_row for row in rows), default=-1) + 1
    if vectors.ndim != 2 or vectors.dtype != np.float32 or len(vectors) < needed:
        raise FaceDataError(
            f"{path} does not fit face_data.csv: it has the shape {vectors.shape} and {vectors.dtype} values where "
            f"{needed} rows of float32 are needed; {_RUN_CLUSTERING}"
        )
    return np.asarray(vectors, dtype=np.float32)


def read_photo_scores(path: Path) -> list[PhotoScore]:
    """Read photo_scores.csv, best first as it was written.

    Raises:
        FaceDataError: If there is no such file, a column is missing or a cell is not what it should be.
        StorageError: If it cannot be read.
    """
    content = _content(path, _RUN_SCORING)
    table = _table(path, content, PHOTO_SCORE_COLUMNS, _RUN_SCORING, later=_LATER_SCORE_COLUMNS)
    cell = _Cells(path, _RUN_SCORING)
    readers: dict[str, Callable[[str, str], Any]] = {
        "rank": lambda column, value: cell.whole(column, value, 1),
        "image_path": cell.text,
        "final_score": cell.unit_or_empty,
        **{
            name: (lambda column, value: cell.whole(column, value, 0))
            for name in PHOTO_SCORE_COLUMNS
            if name.endswith("_count")
        },
        **{name: cell.unit_or_empty for name in PHOTO_SCORE_COLUMNS if name.endswith("_score")},
        "burst_id": lambda column, value: cell.whole(column, value, 1) if value else None,
        "best_of_burst": cell.truth,
        "burst_rank": lambda column, value: cell.whole(column, value, 1) if value else None,
        "pick": cell.pick_or_empty,
        "rating": lambda column, value: cell.whole(column, value, 1, MAX_RATING) if value else None,
    }
    scores = []
    for line, values in _records(table, PHOTO_SCORE_COLUMNS):
        cell.line = line
        row: dict[str, Any] = {
            name: readers[name](name, value) if name in readers else value
            for name, value in zip(PHOTO_SCORE_COLUMNS, values, strict=True)
        }
        scores.append(PhotoScore(**row))
    return scores


def _content(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FaceDataError(f"there is no {path}; {remedy}") from error
    except OSError as error:
        raise explained(error, path, "read") from error


def _table(path: Path, content: bytes, columns: Sequence[str], remedy: str, later: Sequence[str] = ()) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(
            io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False
        )
    except UnicodeDecodeError as error:
        raise FaceDataError(f"{path} is not UTF-8 text: save it as CSV in UTF-8, or {remedy}") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise FaceDataError(f"{path} is not a table ({str(error).strip()}); {remedy}") from error
    if not isinstance(table.index, pd.RangeIndex):
        raise FaceDataError(f"{path} is not a table (its lines have more cells than its header); {remedy}")
    missing = [column for column in columns if column not in table.columns]
    if missing and set(missing) <= set(later):
        return table.assign(**dict.fromkeys(missing, ""))
    if missing:
        raise FaceDataError(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)} "
            f"(it must be separated by commas and have {', '.join(columns)}); {remedy}"
        )
    return table


def _records(table: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and cells of each row; the header is line 1. Cells that a row lacks are empty, empty rows are left out."""
    places = [list(table.columns).index(column) for column in columns]
    line = 2
    for cells in table.fillna("").itertuples(index=False, name=None):
        if any(cells):
            yield line, tuple(cells[place] for place in places)
        line += 1 + sum(cell.count("\n") for cell in cells)


class _Cells:
    """Turns cells into values, or into an error that names them."""

    def __init__(self, path: Path, remedy: str) -> None:
        self.line = 0
        self._path = path
        self._remedy = remedy

    def error(self, column: str, value: str, wanted: str) -> FaceDataError:
        return FaceDataError(
            f"{self._path}, line {self.line}, column {column}: {value[:60]!r} stands where {wanted} is needed; "
            f"correct it, or {self._remedy}"
        )

    def text(self, column: str, value: str) -> str:
        if not value:
            raise self.error(column, value, "a text")
        return value

    def whole(self, column: str, value: str, lowest: int, highest: int = 10**9) -> int:
        # Spreadsheets write 3.0 for 3 where a column once had an empty cell.
        digits = value[:-2] if value.endswith(".0") else value
        try:
            number = int(digits)
        except ValueError:
            number = lowest - 1
        if not lowest <= number <= highest:
            upwards = "on" if highest == 10**9 else f"to {highest}"
            raise self.error(column, value, f"a whole number from {lowest} {upwards}")
        return number

    def unit(self, column: str, value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0.0 <= number <= 1.0:
            raise self.error(column, value, "a number from 0 to 1")
        return number

    def unit_or_empty(self, column: str, value: str) -> float | None:
        return self.unit(column, value) if value else None

    def truth(self, column: str, value: str) -> bool:
        # Spreadsheets write them in capitals.
        if value.lower() not in ("true", "false"):
            raise self.error(column, value, "true or false")
        return value.lower() == "true"

    def pick_or_empty(self, column: str, value: str) -> Pick | None:
        if value not in ("", *Pick):
            raise self.error(column, value, f"{' or '.join(Pick)}, or nothing,")
        return Pick(value) if value else None

    def box(self, column: str, value: str) -> Box:
        numbers = self._numbers(value)
        if (
            not isinstance(numbers, list)
            or len(numbers) != 4
            or not all(type(number) is int and 0 <= number <= _MAX_SIDE_PX for number in numbers)
            or min(numbers[2:]) < 1
        ):
            raise self.error(column, value, "[x, y, w, h] in whole pixels")
        return Box(*numbers)

    def landmarks(self, column: str, value: str) -> FiveLandmarks:
        points = self._numbers(value)
        if not isinstance(points, list) or len(points) != 5 or not all(map(_is_point, points)):
            raise self.error(column, value, "a list of five points [x, y]")
        return FiveLandmarks(*(Point(float(x), float(y)) for x, y in points))

    @staticmethod
    def _numbers(value: str) -> Any:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(type(number) in (int, float) and abs(number) <= _MAX_SIDE_PX for number in point)
    )
