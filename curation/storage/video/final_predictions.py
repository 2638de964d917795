"""outputs/final_predictions: all movies of a catalogue in one place, as JSON, CSV and Parquet.

The movies are read one after the other from what is stored of each, so a catalogue of any size takes little memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from curation.domain.film.movies import CatalogueReport, Media
from curation.extras import Extra, extra_for
from curation.storage.atomic import open_atomic, write_bytes
from curation.storage.csv_tables import csv_bytes
from curation.storage.run_records import versions, write_run_record
from curation.storage.video.prediction_tables import COLUMNS, arrow_schema
from curation.storage.video.stored_predictions import ItemRecord, StoredPredictions

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["write_final_predictions"]

_REPORT_COLUMNS = ("item_id", "status", "reason")
_GROUP_ROWS = 10_000
_TABLES = {"predictions": Media.TRAILER, "posters": Media.POSTER}


def write_final_predictions(
    folder: Path,
    stored: StoredPredictions,
    records: Sequence[ItemRecord],
    report: CatalogueReport,
    facts: Mapping[str, Any],
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
        facts: What else the record of the run says: engine, weights, options.

    Raises:
        StorageError: If anything cannot be read or written.
        ExtraMissingError: If pyarrow is not installed.
    """
    for name, media in _TABLES.items():
        _write_csv(folder / f"{name}.csv", media, records)
    with ExitStack() as stack:
        writers = {
            media: _ParquetFile(stack.enter_context(open_atomic(folder / f"{name}.parquet")), media)
            for name, media in _TABLES.items()
        }
        file = stack.enter_context(open_atomic(folder / "predictions.json"))
        file.write(b'{"version": 1, "items": [')
        for number, record in enumerate(records):
            tables = {media: stored.table(record, media) for media in Media}
            for media, table in tables.items():
                writers[media].add(table)
            file.write((",\n" if number else "\n").encode() + _item_json(record, tables))
        file.write(b"\n]}\n")
        for writer in writers.values():
            writer.close()
    cells = ((record.item_id, record.status.value, "; ".join(record.problems)) for record in records)
    write_bytes(folder / "report.csv", csv_bytes(_REPORT_COLUMNS, cells))
    write_run_record(folder / "video_run.json", {**_run_record(report), **facts})


def _write_csv(path: Path, media: Media, records: Iterable[ItemRecord]) -> None:
    names = [name for name, _ in COLUMNS[media]]
    cells = (row for record in records for row in record.cells.get(media, ()))
    with open_atomic(path) as file:
        file.write(csv_bytes(names, cells, are_guarded=True))


class _ParquetFile:
    """Joins the tables of movies into groups of rows: a group each would make the file ten times as large."""

    def __init__(self, file: BinaryIO, media: Media) -> None:
        with extra_for(Extra.VIDEO, "writing tables as Parquet"):
            from pyarrow import parquet

        self._writer = parquet.ParquetWriter(file, arrow_schema(media))
        self._tables: list[pa.Table] = [arrow_schema(media).empty_table()]

    def add(self, table: pa.Table | None) -> None:
        """Add the rows of a movie, if it has any."""
        if table is not None:
            self._tables.append(table)
            if sum(each.num_rows for each in self._tables) >= _GROUP_ROWS:
                self._write()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        self._write()
        self._writer.close()

    def _write(self) -> None:
        import pyarrow as pa

        if self._tables:
            self._writer.write_table(pa.concat_tables(self._tables).combine_chunks())
            self._tables = []


def _item_json(record: ItemRecord, tables: Mapping[Media, pa.Table | None]) -> bytes:
    item = {
        "item_id": record.item_id,
        "status": record.status.value,
        "problems": list(record.problems),
        "characters": _objects(tables[Media.TRAILER]),
        "poster_faces": _objects(tables[Media.POSTER]),
    }
    return json.dumps(item, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")


def _objects(table: pa.Table | None) -> list[dict[str, Any]]:
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
