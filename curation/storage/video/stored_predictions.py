"""What was found for each movie of a catalogue, kept in files of its own until the catalogue is gathered.

The record of a movie is written last and names its other files with their hashes: a movie whose record and files agree
is whole, whenever the program was killed. Nothing is ever read that can run code: no pickle.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curation.domain.film.clip import ClipStatus
from curation.domain.film.document import film_chips, film_document, film_embeddings, poster_object
from curation.domain.film.estimations import aggregated_estimations, embedded_faces, flattened_faces_perso_ids
from curation.domain.film.movies import ItemResult, Media
from curation.domain.film.people import PosterResult, TrailerResult
from curation.extras import Extra, extra_for
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.parsing.plain_files import read_plain
from curation.storage.atomic import explained, sweep_temporaries, write_bytes
from curation.storage.embeddings_file import npz_bytes
from curation.storage.video.prediction_tables import character_rows, face_rows, parquet_bytes

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ItemRecord", "StoredPredictions"]

_VERSION = 1
_RECORD_SUFFIX = "_item.json"
_MAX_RECORD_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What is kept of a movie.

    Attributes:
        item_id: Of the movie.
        status: How it ended.
        problems: Why it is not `ok`.
        has_failure: Whether another try may give more.
        key: Of all that the result depends on: files, settings, weights.
        settings_key: Of settings and weights alone.
        files: Names in the folder, with the SHA-256 of each.
        cells: The rows of the tables, as cells of a CSV file, by what they are about.
    """

    item_id: str
    status: ClipStatus
    problems: tuple[str, ...]
    has_failure: bool
    key: str
    settings_key: str
    files: tuple[tuple[str, str], ...]
    cells: Mapping[Media, tuple[tuple[object, ...], ...]]


class StoredPredictions:
    """The folder `tmp/stored_predictions`; one process writes into it at a time."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is created when the first movie is saved."""
        self._folder = folder

    def sweep(self) -> None:
        """Remove the temporary files that a killed process left."""
        sweep_temporaries(self._folder)

    def save(self, result: ItemResult, *, key: str, settings_key: str, with_pickle: bool = False) -> ItemRecord:
        """Keep what was found for a movie; files of an earlier result are replaced or removed.

        Args:
            result: What was found.
            key: See `ItemRecord`.
            settings_key: See `ItemRecord`.
            with_pickle: Whether to write `.pkl` files with plain values too, for programs that want them; they are
                never read here.

        Raises:
            StorageError: If it cannot be written.
            ExtraMissingError: If pyarrow is not installed.
        """
        item_id = result.movie.item_id
        contents: dict[str, bytes] = {}
        cells: dict[Media, tuple[tuple[object, ...], ...]] = {}
        if result.trailer is not None:
            rows = character_rows(result.movie, result.trailer, result.poster, path=_source(result.movie.trailer))
            cells[Media.TRAILER] = rows.cells
            contents |= _trailer_files(result, result.trailer, rows.values, with_pickle=with_pickle)
        if result.poster is not None:
            rows = face_rows(result.movie, result.poster, path=_source(result.movie.poster))
            cells[Media.POSTER] = rows.cells
            contents |= _poster_files(result, result.poster, rows.values, with_pickle=with_pickle)
        # First, so that no record ever vouches for files of two results.
        self._remove(self._record_path(item_id))
        for media in Media:
            for suffix in ("json", "npz", "parquet", "pkl"):
                name = f"{item_id}_{media}_predictions.{suffix}"
                if name not in contents:
                    self._remove(self._folder / name)
        for name, content in contents.items():
            # The record has their hashes: what a power cut takes is seen to be missing.
            write_bytes(self._folder / name, content, durable=False)
        record = ItemRecord(
            item_id,
            result.status,
            result.problems,
            result.has_failure,
            key,
            settings_key,
            tuple(sorted((name, hashlib.sha256(content).hexdigest()) for name, content in contents.items())),
            cells,
        )
        write_bytes(self._record_path(item_id), _json_bytes(_record_json(record)))
        return record

    def record(self, item_id: str) -> ItemRecord | None:
        """What is kept of a movie; None if nothing is, or not all of it."""
        path = self._record_path(item_id)
        try:
            record = _record_of(read_json(path, limit_bytes=_MAX_RECORD_BYTES))
            if record.item_id != item_id:
                return None
            for name, digest in record.files:
                if Path(name).name != name or not name.startswith(item_id):
                    return None
                if hashlib.sha256(read_plain(self._folder / name)).hexdigest() != digest:
                    return None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise explained(error, path, "read") from error
        except PARSER_ERRORS:
            return None
        return record

    def table(self, record: ItemRecord, media: Media) -> pa.Table | None:
        """The rows of a movie that is whole; None if it has none.

        Raises:
            StorageError: If they cannot be read.
            ExtraMissingError: If pyarrow is not installed.
        """
        path = self._folder / f"{record.item_id}_{media}_predictions.parquet"
        if path.name not in dict(record.files):
            return None
        with extra_for(Extra.VIDEO, "reading tables as Parquet"):
            import pyarrow as pa
            from pyarrow import parquet
        try:
            return parquet.read_table(pa.BufferReader(path.read_bytes()))
        except (OSError, pa.ArrowException) as error:
            raise explained(error if isinstance(error, OSError) else OSError(str(error)), path, "read") from error

    def _record_path(self, item_id: str) -> Path:
        return self._folder / f"{item_id}{_RECORD_SUFFIX}"

    @staticmethod
    def _remove(path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise explained(error, path, "removed") from error


def _trailer_files(
    result: ItemResult, trailer: TrailerResult, rows: tuple[tuple[Any, ...], ...], *, with_pickle: bool
) -> dict[str, bytes]:
    stem = f"{result.movie.item_id}_{Media.TRAILER}_predictions"
    document = film_document(trailer, source=_source(result.movie.trailer), with_chips=False)
    chips = film_chips(trailer)
    files = {
        f"{stem}.json": _json_bytes(document),
        f"{stem}.npz": npz_bytes(
            {
                "embeddings": film_embeddings(trailer),
                "cluster_ids": np.array([person.cluster_id for person in trailer.people], dtype=np.int64),
                "chips": np.frombuffer(b"".join(chips), dtype=np.uint8),
                "chip_ends": np.cumsum([len(chip) for chip in chips], dtype=np.int64),
            }
        ),
        f"{stem}.parquet": parquet_bytes(Media.TRAILER, rows),
    }
    if with_pickle:
        plain = {
            "aggregated_estimations": aggregated_estimations(trailer),
            "embedded_faces": embedded_faces(trailer),
            "flattened_faces_perso_ids": flattened_faces_perso_ids(trailer),
        }
        files[f"{stem}.pkl"] = pickle.dumps(plain, protocol=4)
    return files


def _poster_files(
    result: ItemResult, poster: PosterResult, rows: tuple[tuple[Any, ...], ...], *, with_pickle: bool
) -> dict[str, bytes]:
    stem = f"{result.movie.item_id}_{Media.POSTER}_predictions"
    document = {"source": _source(result.movie.poster), "poster": poster_object(poster, with_chips=False)}
    chips = {f"cropped_face_{face.face_index}": np.frombuffer(face.chip_jpeg, dtype=np.uint8) for face in poster.faces}
    files = {
        f"{stem}.json": _json_bytes(document),
        f"{stem}.npz": npz_bytes(chips),
        f"{stem}.parquet": parquet_bytes(Media.POSTER, rows),
    }
    if with_pickle:
        files[f"{stem}.pkl"] = pickle.dumps(document, protocol=4)
    return files


def _source(where: str) -> str:
    from urllib.parse import urlsplit

    # What stands behind an address may be a secret; the catalogue has it anyway.
    return urlsplit(where)._replace(query="", fragment="").geturl() if "://" in where else where


def _json_bytes(value: Any) -> bytes:
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _record_json(record: ItemRecord) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "item_id": record.item_id,
        "status": record.status.value,
        "problems": list(record.problems),
        "has_failure": record.has_failure,
        "key": record.key,
        "settings_key": record.settings_key,
        "files": dict(record.files),
        "cells": {media.value: [list(row) for row in rows] for media, rows in record.cells.items()},
    }


def _record_of(value: Any) -> ItemRecord:
    if value["version"] != _VERSION:
        raise ValueError("a record of another version")
    return ItemRecord(
        str(value["item_id"]),
        ClipStatus(value["status"]),
        tuple(map(str, value["problems"])),
        bool(value["has_failure"]),
        str(value["key"]),
        str(value["settings_key"]),
        tuple((str(name), str(digest)) for name, digest in value["files"].items()),
        {Media(media): tuple(tuple(row) for row in rows) for media, rows in value["cells"].items()},
    )
