"""The CSV of a catalogue of films: item_id (or movie_id), trailer, poster.

People write it in spreadsheets, so a byte order mark, semicolons, tabs and empty lines are taken as they come. What
cannot be meant is refused as a whole, before any film is begun, with the numbers of all lines that are wrong.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from curation.domain.film.movies import ITEM_ID_COLUMNS, Movie
from curation.errors import CatalogueFileError
from curation.parsing.not_valid import NotValidError
from curation.parsing.plain_files import read_plain
from curation.storage.atomic import explained

__all__ = ["check_item_id", "read_catalogue"]

_TRAILER, _POSTER = "trailer", "poster"
_DELIMITERS = ",;\t"
_SHOWN_MISTAKES = 20
_MAX_BYTES = 256 * 2**20
_MAX_ID_BYTES = 180  # with the suffixes of its files, a name may have 255
_NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# Spreadsheets take such a cell for a formula; the ids of videos that begin with a minus sign are harmless.
_FORMULA = re.compile(r"[=+@]|-.*[^\w-]")


def read_catalogue(path: Path) -> tuple[Movie, ...]:
    """The movies of a catalogue, in the order of the file.

    Args:
        path: A CSV file in UTF-8 with the columns item_id (or movie_id), trailer and poster; more are ignored.

    Raises:
        CatalogueFileError: If there is no such file, or anything in it is wrong; the message names each mistake.
        StorageError: If it cannot be read.
    """
    rows = list(_rows(path, _text(path)))
    header = next((row for row in rows if any(row[1])), None)
    if header is None:
        raise CatalogueFileError(f"{path} is empty; it needs the columns item_id, trailer and poster")
    places = _places(path, header)
    mistakes: list[str] = []
    movies: list[Movie] = []
    lines: dict[str, int] = {}
    width = len(header[1])
    for line, cells in rows[rows.index(header) + 1 :]:
        if not any(cells):
            continue
        if any(cells[width:]):
            mistakes.append(f"line {line} has {len(cells)} cells, but there are {width} columns")
            continue
        padded = [*cells, *[""] * width]
        movie = Movie(*(padded[place] for place in places))
        problem = check_item_id(movie.item_id)
        same = unicodedata.normalize("NFC", movie.item_id).casefold()
        if problem:
            mistakes.append(f"line {line}: {problem}")
        elif same in lines:
            mistakes.append(f"line {line}: the id {movie.item_id} is that of line {lines[same]} too")
        elif not movie.trailer and not movie.poster:
            mistakes.append(f"line {line}: {movie.item_id} has neither a trailer nor a poster")
        lines.setdefault(same, line)
        movies.append(movie)
    if mistakes:
        more = len(mistakes) - _SHOWN_MISTAKES
        shown = mistakes[:_SHOWN_MISTAKES] + ([f"... and {more} more"] if more > 0 else [])
        raise CatalogueFileError(f"nothing was begun, {path} has to be corrected first:\n  " + "\n  ".join(shown))
    if not movies:
        raise CatalogueFileError(f"{path} has a header, but no movie")
    return tuple(movies)


def check_item_id(item_id: str) -> str:
    """Why an id cannot name files, as a part of a sentence; empty if it can."""
    if not item_id:
        return "there is no id"
    shown = "".join(char if char.isprintable() else "?" for char in item_id[:80])
    if any(not char.isprintable() for char in item_id) or _NOT_IN_NAMES.search(item_id):
        return f'the id {shown} cannot be the name of a file: it has one of / \\ : * ? " < > | or a control character'
    if item_id.startswith(".") or item_id.endswith(".") or _RESERVED.fullmatch(item_id):
        return f"the id {shown} cannot be the name of a file"
    if _FORMULA.match(item_id):
        return f"the id {shown} is a formula for spreadsheets; ids must not begin with = + - or @"
    if len(item_id.encode("utf-8", "surrogatepass")) > _MAX_ID_BYTES:
        return f"the id {shown}... is too long for the name of a file"
    return ""


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise CatalogueFileError(f"{path} is a folder; name a CSV file")
        content = read_plain(path, limit_bytes=_MAX_BYTES)
    except FileNotFoundError as error:
        raise CatalogueFileError(
            f"there is no {path}; write a CSV file with the columns item_id, trailer and poster"
        ) from error
    except OSError as error:
        raise explained(error, path, "read") from error
    except NotValidError as error:
        raise CatalogueFileError(f"{path} is no catalogue of films: {error}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CatalogueFileError(f"{path} is not UTF-8 text in line {line}: save it as CSV in UTF-8") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise CatalogueFileError(f"{path} is not text in line {line}: save it as CSV in UTF-8")
    return text


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Number of the first line and cells of each row."""
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    named = re.fullmatch(r'"?sep=(.)"?\s*', first)  # what some spreadsheets write to say which it is
    delimiter = named[1] if named else max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    is_first = True
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) and not (is_first and named):
                yield line, stripped
            is_first = is_first and not any(stripped)
            line = reader.line_num + 1
    except csv.Error as error:
        raise CatalogueFileError(
            f"{path} is not a table from line {line} on ({error}); save it as CSV again"
        ) from error


def _places(path: Path, header: tuple[int, list[str]]) -> Sequence[int]:
    """Where the id, the trailer and the poster stand."""
    line, cells = header
    columns = [cell.casefold() for cell in cells]
    ids = [name for name in ITEM_ID_COLUMNS if name in columns]
    missing = [name for name in (_TRAILER, _POSTER) if name not in columns]
    if not ids:
        missing.insert(0, "item_id (or movie_id)")
    if missing:
        found = ", ".join(cell for cell in cells if cell)[:200]
        raise CatalogueFileError(
            f"line {line} of {path} has to name the columns item_id (or movie_id), trailer and poster; missing: "
            f"{', '.join(missing)}; found: {found or 'nothing'}"
        )
    if len(ids) > 1:
        raise CatalogueFileError(f"line {line} of {path} has both item_id and movie_id; leave one of them out")
    wanted = (ids[0], _TRAILER, _POSTER)
    twice = [name for name in wanted if columns.count(name) > 1]
    if twice:
        raise CatalogueFileError(f"line {line} of {path} has the column {twice[0]} more than once")
    return [columns.index(name) for name in wanted]
