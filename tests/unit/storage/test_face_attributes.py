from __future__ import annotations

import csv
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from curation.domain.attributes.face_rows import row_attributes
from curation.domain.attributes.values import Attribute, DensePoint, FaceAttributes
from curation.domain.faces.face import FaceRow
from curation.errors import FaceDataError
from curation.storage.analysis_store import AnalysisStore
from curation.storage.face_attributes import ATTRIBUTE_COLUMNS, pack_attributes, unpack_attributes
from curation.storage.face_data_file import FACE_COLUMNS, FACE_DATA, read_face_data, write_face_data
from tests.fake_readers import age, told
from tests.unit.storage.face_tables import row, vectors, write

FACES = [
    FaceAttributes(
        age=age(30.25),
        sex=told("female"),
        ethnicity=told("zeta", 0.5, among=("zeta", "theta, iota")),
        emotion=told("happy", among=("happy", "sad")),
        dense=(DensePoint(1.25, 2.5, -3.75),),
    ),
    FaceAttributes(age=age(5.0, is_known=False), sex=told("male", 0.55)),
    FaceAttributes(),
]
ROWS = [replace(row(index=number, number=number), attributes=row_attributes(face)) for number, face in enumerate(FACES)]
ALL = tuple(ATTRIBUTE_COLUMNS)


def written(folder: Path, rows: list[FaceRow], asked: tuple[Attribute, ...]) -> str:
    import numpy as np

    np.save(folder / "new.npy", vectors(len(rows)))
    return write_face_data(folder, rows, folder / "new.npy", asked)


def rounded(rows: list[FaceRow]) -> list[object]:
    """What is told of each row, rounded as in the table."""
    return [None if one.attributes is None else _rounded(one) for one in rows]


def _rounded(one: FaceRow) -> object:
    told_of = one.attributes
    assert told_of is not None
    out: list[object] = []
    for name in ALL:
        value = getattr(told_of, name.value)
        if value is None:
            out.append(None)
        elif name is Attribute.AGE:
            out.append((round(value.years, 1), round(value.low, 1), round(value.high, 1), value.is_known))
        else:
            shares = tuple((known, round(share, 4)) for known, share in value.probabilities)
            out.append((value.answer, round(value.certainty, 4), shares))
    return None if out == [None] * len(out) else out


@pytest.mark.parametrize("is_edited", [False, True])
def test_the_table_is_read_as_it_was_written(tmp_path: Path, is_edited: bool) -> None:
    sha256 = written(tmp_path, ROWS, ALL)
    read = read_face_data(tmp_path / FACE_DATA, written_sha256=None if is_edited else sha256)
    assert rounded(read) == rounded(ROWS)
    assert [replace(one, attributes=None) for one in read] == [replace(one, attributes=None) for one in ROWS]
    # Nothing is lost when the table is written again.
    (tmp_path / "again").mkdir()
    written(tmp_path / "again", read, ALL)
    assert (tmp_path / "again" / FACE_DATA).read_bytes() == (tmp_path / FACE_DATA).read_bytes()


def test_only_what_is_asked_for_has_columns(tmp_path: Path) -> None:
    written(tmp_path, ROWS, (Attribute.SEX,))
    with (tmp_path / FACE_DATA).open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert tuple(lines[0]) == (*FACE_COLUMNS, "sex", "sex_certainty", "sex_probabilities")
    assert lines[1][10:] == ["female", "0.9700", '{"female": 0.97, "male": 0.03}']
    assert lines[2][10:12] == ["", "0.5500"]  # cannot tell
    assert lines[3][10:] == ["", "", ""]  # not read
    (first, *_) = read_face_data(tmp_path / FACE_DATA)
    assert first.attributes is not None and first.attributes.age is None


def test_without_attributes_the_table_is_as_ever(tmp_path: Path) -> None:
    written(tmp_path, ROWS, ())
    with_attributes = (tmp_path / FACE_DATA).read_bytes()
    write(tmp_path, [replace(one, attributes=None) for one in ROWS], vectors(3))
    assert (tmp_path / FACE_DATA).read_bytes() == with_attributes
    assert with_attributes.splitlines()[0].decode("utf-8-sig") == ",".join(FACE_COLUMNS)
    assert [one.attributes for one in read_face_data(tmp_path / FACE_DATA)] == [None] * 3


def test_columns_may_be_in_any_order_or_partly_missing(tmp_path: Path) -> None:
    import pandas as pd

    written(tmp_path, ROWS, ALL)
    path = tmp_path / FACE_DATA
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table[list(table.columns[::-1])].drop(columns=["age_certainty"]).to_csv(path, index=False)
    read = read_face_data(path)
    assert read[0].attributes is not None and read[0].attributes.age is None
    assert read[0].attributes.sex is not None and read[0].attributes.sex.answer == "female"


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("age", "old"),
        ("age_low", "-1"),
        ("age_high", "nan"),
        ("age_certainty", "2"),
        ("age_raw", ""),
        ("sex", "both"),
        ("sex_certainty", "sure"),
        ("sex_probabilities", "[1]"),
        ("sex_probabilities", '{"female": 2}'),
        ("sex_probabilities", ""),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, column: str, cell: str) -> None:
    import pandas as pd

    written(tmp_path, ROWS, ALL)
    path = tmp_path / FACE_DATA
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[0, column] = cell
    table.to_csv(path, index=False)
    with pytest.raises(FaceDataError, match=rf"line 2, column {column}: "):
        read_face_data(path)


@pytest.mark.parametrize("name", list(Attribute))
def test_the_store_gives_back_what_it_got(tmp_path: Path, name: Attribute) -> None:
    field = "dense" if name is Attribute.LANDMARKS else name.value
    packed = pack_attributes(FACES, name)
    for read, face in zip(unpack_attributes(packed, name), FACES, strict=True):
        assert getattr(read, field) == getattr(face, field)
        assert sum(getattr(read, other) is not None for other in FaceAttributes.__dataclass_fields__) <= 1
    with closing(AnalysisStore(tmp_path)) as store:
        assert store.face_attributes("s1", "key", name) is None
        store.save_face_attributes("s1", {"key": packed, "other": pack_attributes([], name)})
        assert store.having_attributes(["s1", "s2"], "key") == {"s1"}
        assert store.face_attributes("s1", "key", name) == unpack_attributes(packed, name)
        assert store.face_attributes("s1", "other", name) == []


@pytest.mark.parametrize("damage", [b"", b"not zipped", pack_attributes(FACES, Attribute.SEX)])
def test_a_damaged_row_is_told_and_read_anew(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with closing(AnalysisStore(tmp_path)) as store:
        store.save_face_attributes("s1", {"key": damage})
        assert store.face_attributes("s1", "key", Attribute.AGE) is None
        assert "cannot be used" in caplog.text
        assert store.having_attributes(["s1"], "key") == set()
