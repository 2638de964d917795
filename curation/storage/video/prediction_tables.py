"""The tables of a catalogue: a row for each character, as in video_people.csv, and for each face of a poster.

Each movie's rows are kept twice, as cells for the CSV and as Parquet, so that gathering a catalogue copies what is
there instead of reading films anew.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.domain.film.movies import Media, Movie
from curation.domain.film.people import PosterResult, PosterStatus, TrailerResult
from curation.extras import Extra, extra_for
from curation.storage.csv_tables import guarded_row
from curation.storage.video.table_columns import (
    NUMBER,
    TEXT,
    WHOLE,
    Kind,
    cells_of,
    columns_of,
    kinds_of,
    or_empty,
)
from curation.storage.video.table_rows import FilmPersonRow, PosterRow, person_row, poster_row

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COLUMNS", "ItemRows", "arrow_schema", "character_rows", "face_rows", "parquet_bytes"]

_Columns = tuple[tuple[str, Kind], ...]
_SHARE_DIGITS = 6


def _named(row: Any) -> _Columns:
    return tuple(zip(columns_of(row), kinds_of(row), strict=True))


COLUMNS: dict[Media, _Columns] = {
    Media.TRAILER: (
        ("item_id", TEXT),
        *_named(FilmPersonRow),
        ("poster_faces", or_empty(WHOLE)),
        ("poster_area", or_empty(NUMBER)),
    ),
    Media.POSTER: _named(PosterRow),
}
"""Columns of both tables. Those of characters have the item first, and last how many faces of the poster are this
character and which share of it they take; both are empty without a poster. Those of posters are of posters.csv."""


@dataclass(frozen=True, slots=True)
class ItemRows:
    """The rows of one movie in one table.

    Attributes:
        values: Of the columns, row by row.
        cells: The same as cells of a CSV table, guarded.
    """

    values: tuple[tuple[Any, ...], ...]
    cells: tuple[tuple[object, ...], ...]


def character_rows(movie: Movie, trailer: TrailerResult, poster: PosterResult | None, *, path: str) -> ItemRows:
    """A row for each character.

    Args:
        movie: Whose trailer it is.
        trailer: The film.
        poster: Its poster, if there is one.
        path: Of the film, as the tables name it.
    """
    values, cells = [], []
    for person in trailer.people:
        row = person_row(path, person, trailer.film.tracks)
        seen: tuple[int | None, float | None] = (None, None)
        if poster is not None:
            areas = [
                face.occupied_area
                for face in poster.faces
                if face.status is PosterStatus.MATCHED and face.cluster_id == person.cluster_id
            ]
            seen = len(areas), round(sum(areas), _SHARE_DIGITS)
        values.append((movie.item_id, *_values(row), *seen))
        cells.append(guarded_row((movie.item_id, *cells_of(row), *("" if each is None else each for each in seen))))
    return ItemRows(tuple(values), tuple(cells))


def face_rows(movie: Movie, poster: PosterResult, *, path: str) -> ItemRows:
    """A row for each face of a poster, also for those that are nobody."""
    rows = [poster_row(path, movie.item_id, face) for face in poster.faces]
    return ItemRows(tuple(_values(row) for row in rows), tuple(guarded_row(cells_of(row)) for row in rows))


def parquet_bytes(media: Media, rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Rows as Parquet; the same bytes for the same rows.

    Raises:
        ExtraMissingError: If pyarrow is not installed.
    """
    with extra_for(Extra.VIDEO, "writing tables as Parquet"):
        import pyarrow as pa
        from pyarrow import parquet
    arrays = [
        pa.array([kind.stored(row[place]) for row in rows], type=getattr(pa, kind.arrow)())
        for place, (_, kind) in enumerate(COLUMNS[media])
    ]
    content = io.BytesIO()
    parquet.write_table(pa.table(arrays, schema=arrow_schema(media)), content)
    return content.getvalue()


def arrow_schema(media: Media) -> pa.Schema:
    """The columns of a table as Parquet has them.

    Raises:
        ExtraMissingError: If pyarrow is not installed.
    """
    with extra_for(Extra.VIDEO, "writing tables as Parquet"):
        import pyarrow as pa
    return pa.schema([pa.field(name, getattr(pa, kind.arrow)()) for name, kind in COLUMNS[media]])


def _values(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in columns_of(type(row)))
