"""What was found for each movie of a catalogue, kept in files of its own until the catalogue is gathered.

The record of a movie is written last and names its other files with their hashes: a movie whose record and files agree
is whole, whenever the program was killed. Nothing is ever read that can run code: no pickle.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curation.domain.film.clip import ClipStatus
from curation.domain.film.item_rows import (
    CHARACTER_COLUMNS,
    POSTER_COLUMNS,
    Cell,
    Kind,
    character_rows,
    poster_rows,
)
from curation.domain.film.movies import ItemResult, Media
from curation.domain.film.people import PosterResult, TrailerResult
from curation.extras import Extra, extra_for
from curation.storage.atomic import explained, sweep_temporaries, write_bytes

__all__ = ["ItemRecord", "StoredPredictions", "parquet_bytes", "poster_document"]

_VERSION = 1
_RECORD_SUFFIX = "_item.json"
_MAX_RECORD_BYTES = 1 << 22


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
    """

    item_id: str
    status: ClipStatus
    problems: tuple[str, ...]
    has_failure: bool
    key: str
    settings_key: str
    files: tuple[tuple[str, str], ...]


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
        if result.trailer is not None:
            contents |= _trailer_files(item_id, result, result.trailer, with_pickle=with_pickle)
        if result.poster is not None:
            contents |= _poster_files(item_id, result.movie.poster, result.poster, with_pickle=with_pickle)
        # First, so that no record ever vouches for files of two results.
        self._remove(self._record_path(item_id))
        for media in Media:
            for suffix in ("json", "npz", "parquet", "pkl"):
                name = f"{item_id}_{media}_predictions.{suffix}"
                if name not in contents:
                    self._remove(self._folder / name)
        for name, content in contents.items():
            write_bytes(self._folder / name, content)
        record = ItemRecord(
            item_id,
            result.status,
            result.problems,
            result.has_failure,
            key,
            settings_key,
            tuple(sorted((name, hashlib.sha256(content).hexdigest()) for name, content in contents.items())),
        )
        write_bytes(self._record_path(item_id), _json_bytes(_record_json(record)))
        return record

    def record(self, item_id: str) -> ItemRecord | None:
        """What is kept of a movie; None if nothing is, or not all of it."""
        path = self._record_path(item_id)
        try:
            with path.open("rb") as file:
                value = json.loads(file.read(_MAX_RECORD_BYTES))
            record = _record_of(value)
            if record.item_id != item_id:
                return None
            for name, digest in record.files:
                if Path(name).name != name or not name.startswith(item_id):
                    return None
                with (self._folder / name).open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                        return None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise explained(error, path, "read") from error
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return record

    def rows(self, record: ItemRecord, media: Media) -> list[tuple[Cell, ...]]:
        """The rows of a movie that is whole, as `CHARACTER_COLUMNS` or `POSTER_COLUMNS`; empty if it has none.

        Raises:
            StorageError: If they cannot be read.
            ExtraMissingError: If pyarrow is not installed.
        """
        name = f"{record.item_id}_{media}_predictions.parquet"
        if name not in dict(record.files):
            return []
        with extra_for(Extra.VIDEO, "python -m curation video batch"):
            import pyarrow as pa
            from pyarrow import parquet
        try:
            table = parquet.read_table(self._folder / name)
        except (OSError, pa.ArrowException) as error:
            raise explained(OSError(str(error)), self._folder / name, "read") from error
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def _record_path(self, item_id: str) -> Path:
        return self._folder / f"{item_id}{_RECORD_SUFFIX}"

    @staticmethod
    def _remove(path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise explained(error, path, "removed") from error


def poster_document(poster: PosterResult, *, source: str = "") -> dict[str, Any]:
    """A poster with its faces as JSON values.

    Args:
        poster: The poster.
        source: What it was read from, for the reader.
    """
    return {
        "source": source,
        "width": poster.width,
        "height": poster.height,
        "unmatched": poster.unmatched,
        "faces": [
            dict(zip([name for name, _ in POSTER_COLUMNS[1:]], row[1:], strict=True)) | {"facial_area": list(face.box)}
            for row, face in zip(poster_rows("", poster), poster.faces, strict=True)
        ],
    }


def parquet_bytes(columns: Sequence[tuple[str, Kind]], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A table as Parquet; the same bytes for the same rows.

    Raises:
        ExtraMissingError: If pyarrow is not installed.
    """
    with extra_for(Extra.VIDEO, "python -m curation video batch"):
        import pyarrow as pa
        from pyarrow import parquet

    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}
    schema = pa.schema([pa.field(name, types[kind]) for name, kind in columns])
    arrays = [pa.array([row[place] for row in rows], field.type) for place, field in enumerate(schema)]
    content = io.BytesIO()
    parquet.write_table(pa.table(arrays, schema=schema), content)
    return content.getvalue()


def _trailer_files(item_id: str, result: ItemResult, trailer: TrailerResult, *, with_pickle: bool) -> dict[str, bytes]:
    from curation.domain.film.document import film_document

    stem = f"{item_id}_{Media.TRAILER}_predictions"
    embeddings = [face.face.detected.embedding for track in trailer.film.tracks for face in track.faces]
    means = [person.mean for person in trailer.people]
    files = {
        f"{stem}.json": _json_bytes(film_document(trailer, source=_source(result.movie.trailer))),
        f"{stem}.npz": _npz_bytes(
            {
                "embeddings": np.stack(embeddings) if embeddings else np.zeros((0, 0), np.float32),
                "means": np.stack(means) if means else np.zeros((0, 0), np.float32),
                "cluster_ids": np.array([person.cluster_id for person in trailer.people], dtype=np.int64),
            }
        ),
        f"{stem}.parquet": parquet_bytes(CHARACTER_COLUMNS, character_rows(item_id, trailer, result.poster)),
    }
    if with_pickle:
        from curation.domain.film.estimations import (
            aggregated_estimations,
            embedded_faces,
            flattened_faces_perso_ids,
        )

        plain = {
            "aggregated_estimations": aggregated_estimations(trailer),
            "embedded_faces": embedded_faces(trailer),
            "flattened_faces_perso_ids": flattened_faces_perso_ids(trailer),
        }
        files[f"{stem}.pkl"] = pickle.dumps(plain, protocol=4)
    return files


def _poster_files(item_id: str, where: str, poster: PosterResult, *, with_pickle: bool) -> dict[str, bytes]:
    stem = f"{item_id}_{Media.POSTER}_predictions"
    document = poster_document(poster, source=_source(where))
    files = {
        f"{stem}.json": _json_bytes(document),
        f"{stem}.npz": _npz_bytes(
            {f"cropped_face_{face.face_index}": np.frombuffer(face.chip_jpeg, dtype=np.uint8) for face in poster.faces}
        ),
        f"{stem}.parquet": parquet_bytes(POSTER_COLUMNS, poster_rows(item_id, poster)),
    }
    if with_pickle:
        files[f"{stem}.pkl"] = pickle.dumps(document, protocol=4)
    return files


def _source(where: str) -> str:
    from urllib.parse import urlsplit

    # What stands behind an address may be a secret; the catalogue has it anyway.
    return urlsplit(where)._replace(query="", fragment="").geturl() if "://" in where else where


def _npz_bytes(arrays: Mapping[str, Any]) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


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
    )
