"""outputs/final_predictions: all movies of a catalogue in one place, as JSON, CSV and Parquet.

The movies are read one after the other from what is stored of each, so a catalogue of any size takes little memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from curation.domain.film.movies import CatalogueReport, Media
from curation.extras import Extra, extra_for
from curation.storage.atomic import open_atomic, write_bytes
from curation.storage.csv_tables import csv_bytes
from curation.storage.run_records import versions, write_run_record
from curation.storage.video.prediction_tables import COLUMNS, arrow_schema
from curation.storage.video.stored_predictions import ItemRecord, StoredPredictions
from curation.storage.video.table_columns import guarded

__all__ = ["write_final_predictions"]

_REPORT_COLUMNS = ("item_id", "status", "reason")
_TABLES = {"predictions": Media.TRAILER, "posters": Media.POSTER}


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
    for name, media in _TABLES.items():
        _write_csv(folder / f"{name}.csv", media, records)
        _write_parquet(folder / f"{name}.parquet", media, stored, records)
    with open_atomic(folder / "predictions.json") as file:
        _write_json(file, stored, records)
    cells = ((guarded(record.item_id), record.status.value, guarded("; ".join(record.problems))) for record in records)
    write_bytes(folder / "report.csv", csv_bytes(_REPORT_COLUMNS, cells))
    write_run_record(folder / "video_run.json", _run_record(report))


def _write_csv(path: Path, media: Media, records: Iterable[ItemRecord]) -> None:
    names = [name for name, _ in COLUMNS[media]]
    cells = (row for record in records for row in record.cells.get(media, ()))
    with open_atomic(path) as file:
        file.write(csv_bytes(names, cells))


def _write_parquet(path: Path, media: Media, stored: StoredPredictions, records: Sequence[ItemRecord]) -> None:
    with extra_for(Extra.VIDEO, "writing tables as Parquet"):
        from pyarrow import parquet

    schema = arrow_schema(media)
    with open_atomic(path) as file, parquet.ParquetWriter(file, schema) as writer:
        for record in records:
            table = stored.table(record, media)
            if table is not None:
                writer.write_table(table)


def _write_json(file: BinaryIO, stored: StoredPredictions, records: Sequence[ItemRecord]) -> None:
    file.write(b'{"version": 1, "items": [')
    for number, record in enumerate(records):
        item = {
            "item_id": record.item_id,
            "status": record.status.value,
            "problems": list(record.problems),
            "characters": _objects(stored, record, Media.TRAILER),
            "poster_faces": _objects(stored, record, Media.POSTER),
        }
        text = json.dumps(item, ensure_ascii=False, allow_nan=False)
        file.write((",\n" if number else "\n").encode() + text.encode("utf-8", "backslashreplace"))
    file.write(b"\n]}\n")


def _objects(stored: StoredPredictions, record: ItemRecord, media: Media) -> list[dict[str, Any]]:
    table = stored.table(record, media)
    if table is None:
        return []
    rows: list[dict[str, Any]] = table.to_pylist()
    return [{name: value for name, value in row.items() if name != "item_id"} for row in rows]


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
