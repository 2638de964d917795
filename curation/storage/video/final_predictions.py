"""outputs/final_predictions: all movies of a catalogue in one place, as JSON, CSV and Parquet.

The movies are read one after the other from what is stored of each, so a catalogue of any size takes little memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from curation.domain.film.item_rows import CHARACTER_COLUMNS, POSTER_COLUMNS, Cell, Kind
from curation.domain.film.movies import CatalogueReport, Media
from curation.extras import Extra, extra_for
from curation.storage.atomic import open_atomic, write_bytes
from curation.storage.csv_tables import csv_bytes
from curation.storage.run_records import versions, write_run_record
from curation.storage.video.stored_predictions import ItemRecord, StoredPredictions

__all__ = ["write_final_predictions"]

_REPORT_COLUMNS = ("item_id", "status", "reason")
_TABLES: tuple[tuple[str, Media, tuple[tuple[str, Kind], ...]], ...] = (
    ("predictions", Media.TRAILER, CHARACTER_COLUMNS),
    ("posters", Media.POSTER, POSTER_COLUMNS),
)


def write_final_predictions(
    folder: Path, stored: StoredPredictions, records: Sequence[ItemRecord], report: CatalogueReport
) -> None:
    """Gather what is stored of movies.

    Writes predictions.csv and .parquet (a row for each character), posters.csv and .parquet (a row for each face of a
    poster, also of those that are nobody), predictions.json (both, by movie), report.csv (how each movie ended) and
    video_run.json (the only one with times and memory).

    Args:
        folder: Where to write; it is created if it is missing.
        stored: Where the movies are.
        records: Of the movies, in the order of the catalogue.
        report: Of the run.

    Raises:
        StorageError: If anything cannot be read or written.
        ExtraMissingError: If pyarrow is not installed.
    """
    for name, media, columns in _TABLES:
        _write_csv(folder / f"{name}.csv", columns, _rows(stored, records, media))
        _write_parquet(folder / f"{name}.parquet", columns, _rows(stored, records, media))
    with open_atomic(folder / "predictions.json") as file:
        _write_json(file, stored, records)
    cells = ((record.item_id, record.status.value, "; ".join(record.problems)) for record in records)
    write_bytes(folder / "report.csv", csv_bytes(_REPORT_COLUMNS, cells))
    write_run_record(folder / "video_run.json", _run_record(report))


def _rows(stored: StoredPredictions, records: Sequence[ItemRecord], media: Media) -> Iterator[list[tuple[Cell, ...]]]:
    for record in records:
        yield stored.rows(record, media)


def _write_csv(path: Path, columns: Sequence[tuple[str, Kind]], groups: Iterator[list[tuple[Cell, ...]]]) -> None:
    names = [name for name, _ in columns]
    with open_atomic(path) as file:
        file.write(csv_bytes(names, ()))
        header = file.tell()
        for rows in groups:
            cells = (tuple("" if cell is None else cell for cell in row) for row in rows)
            file.write(csv_bytes(names, cells)[header:])


def _write_parquet(path: Path, columns: Sequence[tuple[str, Kind]], groups: Iterator[list[tuple[Cell, ...]]]) -> None:
    with extra_for(Extra.VIDEO, "python -m curation video batch"):
        import pyarrow as pa
        from pyarrow import parquet

    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}
    schema = pa.schema([pa.field(name, types[kind]) for name, kind in columns])
    with open_atomic(path) as file, parquet.ParquetWriter(file, schema) as writer:
        for block in _blocks(groups):
            arrays = [pa.array([row[place] for row in block], field.type) for place, field in enumerate(schema)]
            writer.write_table(pa.table(arrays, schema=schema))


_BLOCK_ROWS = 10_000


def _blocks(groups: Iterator[list[tuple[Cell, ...]]]) -> Iterator[list[tuple[Cell, ...]]]:
    block: list[tuple[Cell, ...]] = []
    for rows in groups:
        block += rows
        if len(block) >= _BLOCK_ROWS:
            yield block
            block = []
    yield block


def _write_json(file: BinaryIO, stored: StoredPredictions, records: Sequence[ItemRecord]) -> None:
    file.write(b'{"version": 1, "items": [')
    for number, record in enumerate(records):
        item = {
            "item_id": record.item_id,
            "status": record.status.value,
            "problems": list(record.problems),
            "characters": _objects(CHARACTER_COLUMNS, stored.rows(record, Media.TRAILER)),
            "poster_faces": _objects(POSTER_COLUMNS, stored.rows(record, Media.POSTER)),
        }
        text = json.dumps(item, ensure_ascii=False, allow_nan=False)
        file.write((",\n" if number else "\n").encode() + text.encode("utf-8", "backslashreplace"))
    file.write(b"\n]}\n")


def _objects(columns: Sequence[tuple[str, Kind]], rows: Sequence[Sequence[Cell]]) -> list[dict[str, Any]]:
    names = [name for name, _ in columns[1:]]
    return [dict(zip(names, row[1:], strict=True)) for row in rows]


def _run_record(report: CatalogueReport) -> dict[str, Any]:
    return {
        "total": report.total,
        "ok": report.ok,
        "partial": report.partial,
        "failed": report.failed,
        "reused": report.reused,
        "seconds": report.seconds,
        "device": report.device,
        "warnings": list(report.warnings),
        "peak_memory_mb": dict(report.peak_mb),
        "versions": versions(),
    }
