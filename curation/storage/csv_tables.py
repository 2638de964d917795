"""CSV tables, written as bytes and read strictly: every cell is checked, and errors name the line and the column.

People open these tables in spreadsheets and save them again, so nothing can be taken for granted. A table that holds
more than ASCII begins with a mark that tells spreadsheets that it is UTF-8, and a text that they would take for a
formula gets an apostrophe before it, which the readers take away again.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.judging.picks import Pick
from curation.errors import FaceDataError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS, NotValidError
from curation.parsing.plain_files import open_plain, read_plain
from curation.storage.atomic import explained
from curation.storage.together.finishing import finish_pending

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ENCODING",
    "CellReader",
    "NumberText",
    "csv_bytes",
    "first_cells",
    "guarded",
    "guarded_row",
    "read_content",
    "records",
    "unguarded",
]

ENCODING = "utf-8-sig"
"""To read tables with: UTF-8 with or without a mark of the byte order, without which Excel takes it for another."""

_MAX_SIDE_PX = 1_000_000
_MAX_WHOLE = 10**9
_MAX_COLUMNS = 1_000  # the widest table has 28; pandas takes minutes for a hundred thousand
_FIRST_CHARACTERS = 2**20
# Spreadsheets skip white space and marks of no width, and take the wide forms of Asian keyboards for the plain ones.
_FORMULA = re.compile(
    "'*[\\s\u200b\u2060\ufeff]*(?:[=+\\-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
    "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}]|(?<=[\t\r\n]))"
)
_GUARD = "'"
_MARK = codecs.BOM_UTF8


class NumberText(str):
    """A number as it stands in a cell, which may begin with a minus and is never guarded."""

    __slots__ = ()


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    if text[:1].isalnum():  # nearly all of them, and cheaper than the pattern
        return text
    return _GUARD + text if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """The text of such a cell; the inverse of `guarded` for every text."""
    return cell[1:] if cell.startswith(_GUARD) and _FORMULA.match(cell) else cell


def guarded_row(cells: Iterable[object]) -> tuple[object, ...]:
    """A row whose texts are guarded; numbers and `NumberText` stay."""
    return tuple(guarded(cell) if type(cell) is str else cell for cell in cells)


def csv_bytes(columns: Sequence[str], cells: Iterable[Iterable[object]], *, are_guarded: bool = False) -> bytes:
    """A table with a header, in UTF-8; surrogates are written as backslash escapes.

    A table of ASCII only is the same in every encoding, and has no mark, so that all readers find its first column.

    Args:
        columns: Their names.
        cells: Of each row, see `guarded_row`.
        are_guarded: Whether that was done already.
    """
    # Not by pandas, whose import takes longer than writing 10,000 lines.
    content = io.BytesIO()
    lines = io.TextIOWrapper(content, encoding="utf-8", errors="backslashreplace", newline="")
    plain = csv.writer(lines, lineterminator="\n")
    # The csv module quotes a carriage return only if lines end with one, but readers take it for the end of a line.
    quoting = csv.writer(lines, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    plain.writerow(columns)
    for row in cells:
        safe = tuple(row) if are_guarded else guarded_row(row)
        has_return = any("\r" in cell for cell in safe if isinstance(cell, str))
        (quoting if has_return else plain).writerow(safe)
    lines.flush()
    table = content.getvalue()
    return table if table.isascii() else _MARK + table


def read_content(path: Path, remedy: str) -> bytes:
    """The content of a table.

    Args:
        path: Of the table.
        remedy: What the user can do if there is no such file.

    Raises:
        FaceDataError: If there is no such file, or it is too large for a table.
        StorageError: If it cannot be read.
    """
    finish_pending(path.parent)
    try:
        return read_plain(path)
    except FileNotFoundError as error:
        raise FaceDataError(f"there is no {path}; {remedy}") from error
    except OSError as error:
        raise explained(error, path, "read") from error
    except NotValidError as error:
        raise FaceDataError(f"{path} is not a table that can be read: {error}; {remedy}") from error


def first_cells(path: Path) -> Mapping[str, str]:
    """The cells of a table's first row by column, as they stand there; empty if it has no row.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not such a table; also `csv.Error`.
    """
    with io.TextIOWrapper(open_plain(path), encoding=ENCODING, newline="") as file:
        start = file.read(_FIRST_CHARACTERS)
    row = next(csv.DictReader(io.StringIO(start, newline="")), {})
    return {name: cell for name, cell in row.items() if isinstance(name, str) and isinstance(cell, str)}


def records(
    path: Path, content: bytes, columns: Sequence[str], remedy: str, *, later: Sequence[str] = ()
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows of a table with their line numbers; the header is line 1.

    Args:
        path: Of the table, for error messages.
        content: Of the file.
        columns: That are wanted, in the order wanted; the table may have others, and have them in another order.
        remedy: What the user can do if the table is not valid.
        later: Those of `columns` that tables of earlier versions do not have; their cells are then empty.

    Yields:
        Line and cells of each row, without the apostrophes of `guarded`. Missing cells are empty strings; empty rows
        are skipped.

    Raises:
        FaceDataError: If it is not a CSV table in UTF-8, or a column is missing.
    """
    table = _table(path, content, columns, remedy, later)
    places = [list(table.columns).index(column) for column in columns]
    line = 2
    for cells in table.fillna("").itertuples(index=False, name=None):
        if any(cells):
            yield line, tuple(unguarded(cells[place]) for place in places)
        line += 1 + sum(cell.count("\n") for cell in cells)


def _table(path: Path, content: bytes, columns: Sequence[str], remedy: str, later: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        # Only as much as the first row needs is decoded.
        first = next(csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding=ENCODING, newline="")), [])
        if len(first) > _MAX_COLUMNS:
            raise NotValidError(f"it has {len(first):,} columns")
        table = pd.read_csv(
            io.BytesIO(content), dtype=str, keep_default_na=False, encoding=ENCODING, skip_blank_lines=False
        )
    except UnicodeDecodeError as error:
        raise FaceDataError(f"{path} is not UTF-8 text: save it as CSV in UTF-8, or {remedy}") from error
    except PARSER_ERRORS as error:  # those of pandas are ValueErrors
        raise FaceDataError(f"{path} is not a table ({str(error).strip()}); {remedy}") from error
    if not isinstance(table.index, pd.RangeIndex):
        raise FaceDataError(f"{path} is not a table (its lines have more cells than its header); {remedy}")
    absent = [column for column in columns if column not in table.columns]
    missing = [column for column in absent if column not in later]
    if absent and not missing:
        return table.assign(**dict.fromkeys(absent, ""))
    if missing:
        raise FaceDataError(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)} "
            f"(it must be separated by commas and have {', '.join(c for c in columns if c not in later)}); {remedy}"
        )
    return table


class CellReader:
    """Parses the cells of one row; set `line` before each row. All methods raise `FaceDataError` for a wrong cell."""

    def __init__(self, path: Path, remedy: str) -> None:
        """Take what error messages need.

        Args:
            path: Of the table.
            remedy: What the user can do about a wrong cell.
        """
        self.line = 0
        self._path = path
        self._remedy = remedy

    def error(self, column: str, value: str, wanted: str) -> FaceDataError:
        """The error for a wrong cell: file, line, column, the value and what is expected."""
        return FaceDataError(
            f"{self._path}, line {self.line}, column {column}: {value[:60]!r} found where {wanted} is expected; "
            f"correct it, or {self._remedy}"
        )

    def text(self, column: str, value: str) -> str:
        """A string that is not empty."""
        if not value:
            raise self.error(column, value, "a non-empty text")
        return value

    def whole(self, column: str, value: str, lowest: int, highest: int = _MAX_WHOLE) -> int:
        """An integer from `lowest` to `highest`."""
        # Spreadsheets write 3.0 for 3 where a column once had an empty cell.
        digits = value[:-2] if value.endswith(".0") else value
        try:
            number = int(digits)
        except ValueError:
            number = lowest - 1
        if not lowest <= number <= highest:
            limits = f", {lowest} or more," if highest == _MAX_WHOLE else f" from {lowest} to {highest}"
            raise self.error(column, value, f"a whole number{limits}")
        return number

    def unit(self, column: str, value: str) -> float:
        """A number in [0, 1]."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0.0 <= number <= 1.0:
            raise self.error(column, value, "a number from 0 to 1")
        return number

    def unit_or_empty(self, column: str, value: str) -> float | None:
        """A number in [0, 1], or None for an empty cell."""
        return self.unit(column, value) if value else None

    def truth(self, column: str, value: str) -> bool:
        """A boolean, true or false in any case."""
        # Spreadsheets write them in capitals.
        if value.lower() not in ("true", "false"):
            raise self.error(column, value, "true or false")
        return value.lower() == "true"

    def pick_or_empty(self, column: str, value: str) -> Pick | None:
        """A pick, or None for an empty cell."""
        if value not in ("", *Pick):
            raise self.error(column, value, f"{' or '.join(Pick)}, or nothing,")
        return Pick(value) if value else None

    def box(self, column: str, value: str) -> Box:
        """A JSON list [x, y, w, h] in pixels of the upright full-size photo."""
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
        """A JSON list of five points [x, y] in pixels of the upright full-size photo."""
        points = self._numbers(value)
        if not isinstance(points, list) or len(points) != 5 or not all(map(_is_point, points)):
            raise self.error(column, value, "a list of five points [x, y]")
        return FiveLandmarks(*(Point(float(x), float(y)) for x, y in points))

    @staticmethod
    def _numbers(value: str) -> Any:
        try:
            return parse_json(value)
        except PARSER_ERRORS:
            return None


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(type(number) in (int, float) and abs(number) <= _MAX_SIDE_PX for number in point)
    )
