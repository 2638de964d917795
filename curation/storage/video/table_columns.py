"""Columns of the tables of films: how each kind of value is written into a cell, read back, and stored in Parquet."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.film.times import seconds_text
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.csv_tables import CellReader, NumberText

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "BOX",
    "LANDMARKS",
    "NUMBER",
    "ROW",
    "SECONDS",
    "TEXT",
    "TRUTH",
    "UNIT",
    "WHOLE",
    "WHOLES",
    "YEARS",
    "Kind",
    "cells_of",
    "column",
    "columns_of",
    "kinds_of",
    "later_columns_of",
    "one_of",
    "or_empty",
]

_DIGITS = 4
_MAX_SECONDS = 10**8
_MAX_NUMBER = 1e9
_MAX_INDICES = 1_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    Attributes:
        write: Gives the cell.
        read: Gives the value of a cell; takes what errors need, the column and the cell.
        arrow: Its type in Parquet, by the name of the function of pyarrow; texts that are JSON are `string`.
        stored: Gives the value for Parquet.
    """

    write: Callable[[Any], object]
    read: Callable[[CellReader, str, str], Any]
    arrow: str
    stored: Callable[[Any], object]


def column(kind: Kind) -> dict[str, Kind]:
    """The metadata of a field of a row: what kind of column of its table it is."""
    return {"kind": kind}


def columns_of(row: type[DataclassInstance]) -> tuple[str, ...]:
    """The columns of a table, by the type of its rows."""
    return tuple(each.name for each in fields(row))


def later_columns_of(row: type[DataclassInstance]) -> tuple[str, ...]:
    """Those that tables of earlier versions lack: they have a default."""
    return tuple(each.name for each in fields(row) if each.default is not MISSING)


def kinds_of(row: type[DataclassInstance]) -> tuple[Kind, ...]:
    """Their kinds."""
    return tuple(each.metadata["kind"] for each in fields(row))


def cells_of(row: DataclassInstance) -> tuple[object, ...]:
    """A row as cells."""
    return tuple(each.metadata["kind"].write(getattr(row, each.name)) for each in fields(row))


def or_empty(kind: Kind) -> Kind:
    """The same, or an empty cell for None."""
    return Kind(
        lambda value: "" if value is None else kind.write(value),
        lambda cell, name, text: kind.read(cell, name, text) if text else None,
        kind.arrow,
        lambda value: None if value is None else kind.stored(value),
    )


def one_of(words: type[StrEnum]) -> Kind:
    """A member of an enumeration."""

    def read(cell: CellReader, name: str, text: str) -> StrEnum:
        if text not in list(words):
            raise cell.error(name, text, " or ".join(words))
        return words(text)

    return Kind(str, read, "string", str)


def _seconds(cell: CellReader, name: str, text: str) -> Fraction:
    try:
        number = Decimal(text)
        if not number.is_finite() or abs(number) > _MAX_SECONDS or len(text) > _DIGITS * 8:
            raise InvalidOperation
    except InvalidOperation:
        raise cell.error(name, text, "seconds, such as 12.345,") from None
    return Fraction(number)


def _number(cell: CellReader, name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= _MAX_NUMBER:
        raise cell.error(name, text, "a number")
    return number


def _wholes(cell: CellReader, name: str, text: str) -> tuple[int, ...]:
    try:
        numbers = parse_json(text)
    except PARSER_ERRORS:
        numbers = None
    if not isinstance(numbers, list) or not all(type(n) is int and 0 <= n < _MAX_INDICES for n in numbers):
        raise cell.error(name, text, "a JSON list of whole numbers")
    return tuple(numbers)


def _box_text(box: Box) -> str:
    return json.dumps([int(value) for value in box])


def _points_text(points: Sequence[Point]) -> str:
    return json.dumps([[round(float(x), 2), round(float(y), 2)] for x, y in points])


def _wholes_text(numbers: Sequence[int]) -> str:
    return json.dumps([int(number) for number in numbers])


def _rounded(value: float) -> NumberText:
    return NumberText(f"{value:.{_DIGITS}f}")


def _landmarks(cell: CellReader, name: str, text: str) -> FiveLandmarks:
    return cell.landmarks(name, text)


TEXT = Kind(str, lambda _cell, _name, text: text, "string", str)
"""Any text, also an empty one."""

WHOLE = Kind(int, lambda cell, name, text: cell.whole(name, text, 0), "int64", int)
"""A whole number from 0."""

ROW = Kind(int, lambda cell, name, text: cell.whole(name, text, -1), "int64", int)
"""A whole number from -1, which stands for nobody."""

UNIT = Kind(
    _rounded, lambda cell, name, text: cell.unit(name, text), "float64", lambda value: round(float(value), _DIGITS)
)
"""A number in [0, 1], with 4 decimals."""

NUMBER = Kind(_rounded, _number, "float64", lambda value: round(float(value), _DIGITS))
"""Any number, with 4 decimals."""

YEARS = Kind(lambda value: NumberText(f"{value:.1f}"), _number, "float64", lambda value: round(float(value), 1))
"""An age in years, with 1 decimal."""

SECONDS = Kind(
    lambda value: NumberText(seconds_text(value)), _seconds, "float64", lambda value: float(seconds_text(value))
)
"""A time in seconds, with 3 decimals."""

TRUTH = Kind(lambda value: "true" if value else "false", lambda cell, name, text: cell.truth(name, text), "bool_", bool)

BOX = Kind(_box_text, lambda cell, name, text: cell.box(name, text), "string", _box_text)
"""A JSON list [x, y, w, h] in whole pixels."""

LANDMARKS = Kind(_points_text, _landmarks, "string", _points_text)
"""A JSON list of five points [x, y] in pixels, with 2 decimals."""

WHOLES = Kind(_wholes_text, _wholes, "string", _wholes_text)
"""A JSON list of whole numbers from 0."""
