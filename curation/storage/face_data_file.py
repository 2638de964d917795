"""face_data.csv, one row per face, and embeddings.npy beside it: written atomically, read strictly."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice, starmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute
from curation.domain.faces.face import Box, FaceRow, FiveLandmarks, Point
from curation.errors import FaceDataError
from curation.parsing.arrays import parse_npy
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import READING_ERRORS, NotValidError
from curation.parsing.plain_files import read_plain
from curation.storage.atomic import explained, write_bytes
from curation.storage.csv_tables import ENCODING, CellReader, csv_bytes, first_cells, read_content, records, unguarded
from curation.storage.embeddings_file import EmbeddingsFile
from curation.storage.face_attributes import (
    ATTRIBUTE_COLUMNS,
    attribute_cells,
    attribute_columns,
    attributes_in_cells,
)
from curation.storage.together.finishing import finish_pending

__all__ = [
    "EMBEDDINGS",
    "FACE_COLUMNS",
    "FACE_DATA",
    "first_engine",
    "iter_face_data",
    "read_embeddings",
    "read_face_data",
    "write_face_data",
]

FACE_DATA = "face_data.csv"
EMBEDDINGS = "embeddings.npy"
FACE_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(FaceRow) if field.name != "attributes")
"""The columns of every table; those of attributes that were asked for follow."""

_REMEDY = "run the clustering again (python run_clustering.py) to create the file again"
_LATER_COLUMNS = attribute_columns(ATTRIBUTE_COLUMNS)
_BLOCK_ROWS = 1000  # rows whose JSON is parsed in one call


def write_face_data(folder: Path, rows: Iterable[FaceRow], embeddings: Path, asked: Collection[Attribute] = ()) -> str:
    """Write face_data.csv and embeddings.npy into `folder`; a file that has the same content already is not touched.

    Args:
        folder: The folder of new files, as the two must appear together; see `curation.storage.together.new_files`.
        rows: One per face; `embedding_row` indexes `embeddings`.
        embeddings: A .npy file on the same disk, (number of rows, D) float32 of unit length; it becomes
            embeddings.npy, or stays where it is if embeddings.npy has the same vectors already.
        asked: The attributes whose columns are written.

    Returns:
        SHA-256 of face_data.csv; `read_face_data` recognises an unchanged file by it.

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
            *(attribute_cells(row.attributes, asked) if asked else ()),
        )
        for row in rows
    )
    content = csv_bytes(FACE_COLUMNS + attribute_columns(asked), cells)
    _move_if_new(embeddings, folder / EMBEDDINGS)
    write_bytes(folder / FACE_DATA, content)
    return hashlib.sha256(content).hexdigest()


def _move_if_new(source: Path, target: Path) -> None:
    try:
        with EmbeddingsFile(source) as new, EmbeddingsFile(target) as old:
            if new.shape == old.shape and new.sha256() == old.sha256():
                return
    except FaceDataError:
        pass  # there is no such file yet, or it is damaged
    try:
        with source.open("rb") as file:
            os.fsync(file.fileno())
        if target.exists():
            source.chmod(target.stat().st_mode & 0o777)
        source.replace(target)
    except OSError as error:
        raise explained(error, target, "written") from error


def first_engine(path: Path) -> str | None:
    """The engine in the first row of face_data.csv; None if there is no row, or the file is not such a table."""
    finish_pending(path.parent)
    try:
        return first_cells(path).get("engine") or None
    except READING_ERRORS:
        return None


def read_face_data(path: Path, *, written_sha256: str | None = None) -> list[FaceRow]:
    """All rows of face_data.csv as a list; see `iter_face_data`."""
    return list(iter_face_data(path, written_sha256=written_sha256))


def iter_face_data(path: Path, *, written_sha256: str | None = None) -> Iterator[FaceRow]:
    """Read face_data.csv row by row.

    Args:
        path: Of the file.
        written_sha256: What `write_face_data` returned; a file with that content was not edited and is not checked.

    Yields:
        The rows in the order of the file.

    Raises:
        FaceDataError: If there is no such file, a column is missing, a cell is not valid, or a face has two rows;
            names the line and the column.
        StorageError: If it cannot be read.
    """
    content = read_content(path, _REMEDY)
    if written_sha256 is not None and hashlib.sha256(content).hexdigest() == written_sha256:
        yield from _rows_as_written(content)
        return
    cell = CellReader(path, _REMEDY)
    seen: set[tuple[str, int]] = set()
    own = len(FACE_COLUMNS)
    for line, values in records(path, content, FACE_COLUMNS + _LATER_COLUMNS, _REMEDY, later=_LATER_COLUMNS):
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
            attributes=attributes_in_cells(cell, dict(zip(_LATER_COLUMNS, values[own:], strict=True))),
        )
        if (row.image_path, row.face_index) in seen:
            raise cell.error("face_index", values[1], "a number that this photo does not have yet")
        seen.add((row.image_path, row.face_index))
        yield row


def _rows_as_written(content: bytes) -> Iterator[FaceRow]:
    """Parse a table that `write_face_data` wrote, about ten times faster than with all checks."""
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding=ENCODING, newline=""))
    later = next(lines)[len(FACE_COLUMNS) :]
    cell = CellReader(Path(FACE_DATA), _REMEDY)
    while cells := list(islice(lines, _BLOCK_ROWS)):
        boxes = parse_json(f"[{','.join(row[2] for row in cells)}]")
        points = parse_json(f"[{','.join(row[7] for row in cells)}]")
        for row, box, five in zip(cells, boxes, points, strict=True):
            yield FaceRow(
                unguarded(row[0]),
                int(row[1]),
                Box(*box),
                float(row[3]),
                int(row[4]),
                float(row[5]),
                float(row[6]),
                FiveLandmarks(*starmap(Point, five)),
                int(row[8]),
                unguarded(row[9]),
                attributes_in_cells(cell, dict(zip(later, row[10:], strict=True))) if later else None,
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
    finish_pending(path.parent)
    try:
        vectors = parse_npy(read_plain(path))
    except FileNotFoundError as error:
        raise FaceDataError(f"there is no {path} beside face_data.csv; {_REMEDY}") from error
    except NotValidError as error:
        raise FaceDataError(f"{path} is damaged ({error}); {_REMEDY}") from error
    except OSError as error:
        raise explained(error, path, "read") from error
    needed = max((row.embedding_row for row in rows), default=-1) + 1
    if vectors.ndim != 2 or vectors.dtype != np.float32 or len(vectors) < needed:
        raise FaceDataError(
            f"{path} does not fit face_data.csv: it has the shape {vectors.shape} and {vectors.dtype} values where "
            f"{needed} rows of float32 are needed; {_REMEDY}"
        )
    return np.asarray(vectors, dtype=np.float32)
