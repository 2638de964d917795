"""The tables of one or more films: videos.csv, video_tracks.csv, video_faces.csv, video_people.csv, posters.csv.

docs/video_outputs.md tells what each column is. Beside them lies video_embeddings.npy, (N, D) float32: first the
vectors of the rows of video_faces.csv, then the means of tracks; `embedding_row` is a row of it in both tables. The
same tables are written as Parquet where that is asked for.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from curation.domain.film.people import FilmPerson, PosterResult, TrailerResult
from curation.errors import FaceDataError, FilmDocumentError
from curation.extras import Extra, extra_for
from curation.storage.atomic import write_bytes
from curation.storage.csv_tables import CellReader, csv_bytes, read_content, records
from curation.storage.embeddings_file import EmbeddingsFile
from curation.storage.video.table_columns import cells_of, columns_of, kinds_of, later_columns_of
from curation.storage.video.table_rows import (
    FaceOfTrackRow,
    FilmPersonRow,
    PosterRow,
    TrackRow,
    VideoRow,
    face_row,
    failed_row,
    person_row,
    poster_row,
    track_row,
    video_row,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "FACES",
    "PEOPLE",
    "POSTERS",
    "TABLES",
    "TRACKS",
    "VECTORS",
    "VIDEOS",
    "PosterOf",
    "read_faces",
    "read_people",
    "read_posters",
    "read_tracks",
    "read_vectors",
    "read_videos",
    "table_bytes",
    "write_tables",
]

VIDEOS, TRACKS, FACES = "videos.csv", "video_tracks.csv", "video_faces.csv"
PEOPLE, POSTERS = "video_people.csv", "posters.csv"
VECTORS = "video_embeddings.npy"
TABLES: dict[str, type[DataclassInstance]] = {
    VIDEOS: VideoRow,
    TRACKS: TrackRow,
    FACES: FaceOfTrackRow,
    PEOPLE: FilmPersonRow,
    POSTERS: PosterRow,
}
"""The type of the rows of each table, by the name of its file."""

_REMEDY = "look at the films anew (python -m curation video) to create the file again"
_Row = TypeVar("_Row")


class PosterOf(NamedTuple):
    """A poster for posters.csv: its path or address, the item of the catalogue (may be empty), and what was found."""

    poster_path: str
    item_id: str
    result: PosterResult


def write_tables(
    folder: Path,
    films: Sequence[tuple[str, TrailerResult]],
    posters: Sequence[PosterOf] = (),
    *,
    failed: Sequence[tuple[str, str]] = (),
    parquet: bool = False,
) -> None:
    """Write all tables into a folder, which is created if it is missing; unchanged files are not touched.

    Args:
        folder: Where they go.
        films: Path (or address) and result of each film, in the order of the rows.
        posters: Likewise.
        failed: Path of each film that could not be looked at, and why; their rows of videos.csv come last.
        parquet: Whether they are written as Parquet besides, under the same names with another ending.

    Raises:
        StorageError: If a file cannot be written.
        FilmDocumentError: If the films are of engines whose embeddings differ in length.
        ExtraMissingError: If Parquet is asked for and the extra `video` is not installed.
    """
    vectors = _Vectors()
    people = [_people_of_tracks(result) for _, result in films]
    faces = [
        face_row(path, index, face, people[number].get(index), vectors.add(face.face.detected.embedding))
        for number, (path, result) in enumerate(films)
        for index, track in enumerate(result.film.tracks)
        for face in track.faces
    ]
    tracks = [
        track_row(path, index, result, people[number].get(index), vectors.add(track.mean) if track.mean.size else None)
        for number, (path, result) in enumerate(films)
        for index, track in enumerate(result.film.tracks)
    ]
    tables: dict[str, list[Any]] = {
        VIDEOS: [video_row(*film) for film in films] + [failed_row(*each) for each in failed],
        TRACKS: tracks,
        FACES: faces,
        PEOPLE: [person_row(path, person, result.film.tracks) for path, result in films for person in result.people],
        POSTERS: [
            poster_row(poster.poster_path, poster.item_id, face) for poster in posters for face in poster.result.faces
        ],
    }
    as_parquet = {_parquet_name(name): _parquet(TABLES[name], rows) for name, rows in tables.items() if parquet}
    write_bytes(folder / VECTORS, vectors.content())
    for name, rows in tables.items():
        write_bytes(folder / name, table_bytes(TABLES[name], rows))
    for name, content in as_parquet.items():
        write_bytes(folder / name, content)


def table_bytes(kind: type[DataclassInstance], rows: Iterable[Any]) -> bytes:
    """A table as CSV in UTF-8, by the type of its rows."""
    return csv_bytes(columns_of(kind), map(cells_of, rows))


def read_videos(folder: Path) -> tuple[VideoRow, ...]:
    """Read videos.csv.

    Raises:
        FilmDocumentError: If there is no such file, or something in it is not valid; names the line and the column.
        StorageError: If it cannot be read.
    """
    return _read(folder / VIDEOS, VideoRow)


def read_tracks(folder: Path) -> tuple[TrackRow, ...]:
    """Read video_tracks.csv. Errors as for `read_videos`."""
    return _read(folder / TRACKS, TrackRow)


def read_faces(folder: Path) -> tuple[FaceOfTrackRow, ...]:
    """Read video_faces.csv. Errors as for `read_videos`."""
    return _read(folder / FACES, FaceOfTrackRow)


def read_people(folder: Path) -> tuple[FilmPersonRow, ...]:
    """Read video_people.csv. Errors as for `read_videos`."""
    return _read(folder / PEOPLE, FilmPersonRow)


def read_posters(folder: Path) -> tuple[PosterRow, ...]:
    """Read posters.csv. Errors as for `read_videos`."""
    return _read(folder / POSTERS, PosterRow)


def read_vectors(folder: Path) -> NDArray[np.float32]:
    """Read video_embeddings.npy, (N, D) float32. Errors as for `read_videos`."""
    return _in_our_words(lambda: _all_vectors(folder / VECTORS))


class _Vectors:
    """Rows of video_embeddings.npy, in the order in which they are added."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.float32]] = []

    def add(self, vector: NDArray[np.float32]) -> int:
        if self._rows and vector.shape != self._rows[0].shape:
            raise FilmDocumentError(
                "these films were looked at with engines whose embeddings differ in length; write their tables into "
                "folders of their own"
            )
        self._rows.append(vector)
        return len(self._rows) - 1

    def content(self) -> bytes:
        file = io.BytesIO()
        np.save(file, np.stack(self._rows).astype("<f4") if self._rows else np.empty((0, 0), "<f4"), allow_pickle=False)
        return file.getvalue()


def _people_of_tracks(result: TrailerResult) -> dict[int, FilmPerson]:
    return {index: person for person in result.people for index in person.tracks}


def _read(path: Path, kind: type[_Row]) -> tuple[_Row, ...]:
    def rows() -> tuple[_Row, ...]:
        row: Any = kind
        columns, kinds = columns_of(row), kinds_of(row)
        later = later_columns_of(row)
        cell = CellReader(path, _REMEDY)
        found = []
        for line, values in records(path, read_content(path, _REMEDY), columns, _REMEDY, later=later):
            cell.line = line
            read = (one.read(cell, name, text) for one, name, text in zip(kinds, columns, values, strict=True))
            found.append(kind(*read))
        return tuple(found)

    return _in_our_words(rows)


def _in_our_words(read: Callable[[], _Row]) -> _Row:
    try:
        return read()
    except FaceDataError as error:
        raise FilmDocumentError(str(error)) from error


def _all_vectors(path: Path) -> NDArray[np.float32]:
    with EmbeddingsFile(path) as file:
        return file[range(len(file))]


def _parquet_name(name: str) -> str:
    return f"{name.removesuffix('.csv')}.parquet"


def _parquet(kind: type[DataclassInstance], rows: Sequence[Any]) -> bytes:
    with extra_for(Extra.VIDEO, "writing tables as Parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    arrays = {
        name: pa.array([one.stored(getattr(row, name)) for row in rows], type=getattr(pa, one.arrow)())
        for name, one in zip(columns_of(kind), kinds_of(kind), strict=True)
    }
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content
