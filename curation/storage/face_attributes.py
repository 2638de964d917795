"""How attributes of faces are written: in columns of face_data.csv, and in the analysis store.

In the table an empty `age` (or `sex`, ...) beside a certainty is "cannot tell"; where the certainty is empty too,
nothing was read of this face.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple
from typing import Any

from curation.domain.attributes.values import AgeEstimate, Attribute, ClassEstimate, DensePoint, FaceAttributes
from curation.domain.faces.row_attributes import RowAge, RowAttributes, RowClass
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.csv_tables import CellReader

__all__ = [
    "ATTRIBUTE_COLUMNS",
    "attribute_cells",
    "attribute_columns",
    "attributes_in_cells",
    "pack_attributes",
    "unpack_attributes",
]

_AGE_COLUMNS = ("age", "age_low", "age_high", "age_certainty", "age_raw")
_CLASSES = (Attribute.SEX, Attribute.ETHNICITY, Attribute.EMOTION)
_MAX_YEARS = 200

ATTRIBUTE_COLUMNS: Mapping[Attribute, tuple[str, ...]] = {
    Attribute.AGE: _AGE_COLUMNS,
    **{name: (name.value, f"{name}_certainty", f"{name}_probabilities") for name in _CLASSES},
}
"""The columns of each attribute, in the order in which they are appended; dense landmarks have none."""


def attribute_columns(asked: Collection[Attribute]) -> tuple[str, ...]:
    """The columns of the attributes that are asked for."""
    return tuple(column for name, columns in ATTRIBUTE_COLUMNS.items() if name in asked for column in columns)


def attribute_cells(face: RowAttributes | None, asked: Collection[Attribute]) -> tuple[object, ...]:
    """The cells of a face in these columns."""
    cells: list[object] = []
    for name, columns in ATTRIBUTE_COLUMNS.items():
        if name not in asked:
            continue
        told = None if face is None else getattr(face, name.value)
        if told is None:
            cells += [""] * len(columns)
        elif isinstance(told, RowAge):
            years = f"{told.years:.1f}"
            cells += [years if told.is_known else "", f"{told.low:.1f}", f"{told.high:.1f}"]
            cells += [f"{told.certainty:.4f}", years]
        else:
            shares = {one: round(share, 4) for one, share in told.probabilities}
            cells += [told.answer or "", f"{told.certainty:.4f}", json.dumps(shares, ensure_ascii=False)]
    return tuple(cells)


def attributes_in_cells(cell: CellReader, values: Mapping[str, str]) -> RowAttributes | None:
    """What the cells of a row say.

    Args:
        cell: For errors; its line is set.
        values: Cells by column; columns may be missing.

    Returns:
        None if nothing was read of the face.

    Raises:
        FaceDataError: If a cell is not valid.
    """
    told: dict[str, Any] = {}
    for name, columns in ATTRIBUTE_COLUMNS.items():
        cells = [values.get(column, "") for column in columns]
        certainty = columns[3] if name is Attribute.AGE else columns[1]
        if not values.get(certainty):
            continue
        told[name.value] = _age(cell, cells) if name is Attribute.AGE else _class(cell, columns, cells)
    return RowAttributes(**told) if told else None


def _age(cell: CellReader, cells: Sequence[str]) -> RowAge:
    years, low, high, certainty, raw = cells
    return RowAge(
        years=_years(cell, "age_raw", raw),
        low=_years(cell, "age_low", low),
        high=_years(cell, "age_high", high),
        certainty=cell.unit("age_certainty", certainty),
        is_known=bool(years) and _years(cell, "age", years) >= 0,
    )


def _years(cell: CellReader, column: str, value: str) -> float:
    try:
        years = float(value)
    except ValueError:
        years = math.nan
    if not 0.0 <= years <= _MAX_YEARS:
        raise cell.error(column, value, f"years, 0 to {_MAX_YEARS},")
    return years


def _class(cell: CellReader, columns: Sequence[str], cells: Sequence[str]) -> RowClass:
    answer, certainty, probabilities = cells
    try:
        shares = parse_json(probabilities)
    except PARSER_ERRORS:
        shares = None
    if (
        not isinstance(shares, dict)
        or not shares
        or not all(type(share) in (int, float) and 0 <= share <= 1 for share in shares.values())
    ):
        raise cell.error(columns[2], probabilities, 'probabilities by class, like {"female": 0.9, "male": 0.1},')
    if answer and answer not in shares:
        raise cell.error(columns[0], answer, f"{', '.join(shares)}, or nothing,")
    told = tuple((str(name), float(share)) for name, share in shares.items())
    return RowClass(answer or None, cell.unit(columns[1], certainty), told)


def pack_attributes(faces: Sequence[FaceAttributes], name: Attribute) -> bytes:
    """One attribute of the faces of a photo, from left to right, for the analysis store."""
    field = "dense" if name is Attribute.LANDMARKS else name.value
    values = [_to_json(getattr(face, field)) for face in faces]
    return zlib.compress(json.dumps(values, separators=(",", ":")).encode())


def unpack_attributes(packed: bytes, name: Attribute) -> list[FaceAttributes]:
    """The faces of a photo with one attribute each.

    Raises:
        ValueError: If the bytes are damaged.
        TypeError: Likewise.
        KeyError: Likewise.
    """
    try:
        values = parse_json(zlib.decompress(packed))
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if name is Attribute.LANDMARKS:
        return [FaceAttributes(dense=_dense(value)) for value in values]
    if name is Attribute.AGE:
        return [FaceAttributes(age=None if value is None else AgeEstimate(**_tuples(value))) for value in values]
    read: list[dict[str, Any]] = [
        {name.value: None if value is None else ClassEstimate(**_tuples(value))} for value in values
    ]
    return [FaceAttributes(**one) for one in read]


def _to_json(value: Any) -> Any:
    if isinstance(value, AgeEstimate | ClassEstimate):
        kept = {name: getattr(value, name) for name in type(value).__dataclass_fields__}
        kept["distribution"] = [round(share, 6) for share in value.distribution]
        return kept
    if value is None:
        return None
    return [[round(number, 2) for number in astuple(point)] for point in value]


def _dense(value: Any) -> tuple[DensePoint, ...] | None:
    return None if value is None else tuple(DensePoint(*point) for point in value)


def _tuples(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}
