from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from curation.errors import FaceDataError
from curation.storage.csv_tables import guarded
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, first_engine, read_embeddings, read_face_data
from tests.unit.storage.face_tables import ODD_NAMES, edited, row, vectors, write


def test_faces_round_trip_under_odd_names(tmp_path: Path) -> None:
    rows = [row(name, index, number) for number, name in enumerate(ODD_NAMES) for index in (0,)]
    write(tmp_path, rows, vectors(len(rows)))
    assert read_face_data(tmp_path / FACE_DATA) == rows
    with (tmp_path / FACE_DATA).open(encoding="utf-8-sig", newline="") as file:
        assert [cells[0] for cells in csv.reader(file)] == ["image_path", *map(guarded, ODD_NAMES)]


def test_the_columns_are_those_of_the_contract(saved: Path) -> None:
    assert saved.read_text(encoding="utf-8-sig").splitlines()[:2] == [
        "image_path,face_index,facial_area,detection_confidence,cluster_id,cluster_confidence,face_quality,landmarks,"
        "embedding_row,engine",
        'a.jpg,0,"[10, 0, 40, 50]",0.9800,3,0.5000,0.2500,'
        '"[[20.25, 20.0], [40.0, 20.0], [30.0, 30.0], [-2.5, 40.0], [38.0, 40.0]]",0,dlib',
    ]


def test_an_untouched_table_is_read_alike_without_the_checks(tmp_path: Path) -> None:
    rows = [row(name, 0, number) for number, name in enumerate(ODD_NAMES)]
    written = write(tmp_path, rows, vectors(len(rows)))
    assert read_face_data(tmp_path / FACE_DATA, written_sha256=written) == rows
    assert read_face_data(tmp_path / FACE_DATA, written_sha256="other") == rows
    edited(tmp_path / FACE_DATA, 2, "cluster_id", "x")
    with pytest.raises(FaceDataError, match="cluster_id"):
        read_face_data(tmp_path / FACE_DATA, written_sha256=written)


def test_what_is_there_already_is_not_written_again(saved: Path) -> None:
    rows = read_face_data(saved)
    for path in (saved, saved.with_name(EMBEDDINGS)):
        os.utime(path, ns=(1, 1))
    write(saved.parent, rows, vectors(4))
    assert {path.stat().st_mtime_ns for path in (saved, saved.with_name(EMBEDDINGS))} == {1}
    write(saved.parent, rows, vectors(4) * np.float32(0.5))
    assert saved.stat().st_mtime_ns == 1
    assert np.array_equal(np.load(saved.with_name(EMBEDDINGS)), vectors(4) * np.float32(0.5))
    saved.with_name(EMBEDDINGS).write_bytes(b"damaged")
    write(saved.parent, rows, vectors(4))
    assert np.array_equal(read_embeddings(saved.with_name(EMBEDDINGS), rows), vectors(4))


def test_the_engine_of_a_table(saved: Path) -> None:
    assert first_engine(saved) == "dlib"
    for content in (b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"engine\n", b"engine\n\n"):
        saved.write_bytes(content)
        assert first_engine(saved) is None
    saved.unlink()
    assert first_engine(saved) is None


def test_no_face(tmp_path: Path) -> None:
    write(tmp_path, [], np.zeros((0, 0), dtype=np.float32))
    assert read_face_data(tmp_path / FACE_DATA) == []
    assert read_embeddings(tmp_path / EMBEDDINGS, []).shape == (0, 0)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("image_path", ""),
        ("face_index", "x"),
        ("face_index", "-1"),
        ("face_index", ""),
        ("face_index", "1.5"),
        ("face_index", "99999999999"),
        ("facial_area", ""),
        ("facial_area", "10 0 40 50"),
        ("facial_area", "[10, 0, 40]"),
        ("facial_area", "[10, 0, 40, 0]"),
        ("facial_area", "[10, -1, 40, 50]"),
        ("facial_area", "[10.5, 0, 40, 50]"),
        ("facial_area", "[true, 0, 40, 50]"),
        ("facial_area", "{}"),
        ("facial_area", "[" * 100_000),
        ("detection_confidence", "nan"),
        ("detection_confidence", "inf"),
        ("detection_confidence", "1.01"),
        ("detection_confidence", "0,98"),
        ("cluster_id", "-2"),
        ("cluster_id", "main"),
        ("cluster_id", ""),
        ("cluster_confidence", "-0.1"),
        ("face_quality", "good"),
        ("landmarks", "[[1, 2]]"),
        ("landmarks", "[[1, 2], [1, 2], [1, 2], [1, 2], [1, NaN]]"),
        ("landmarks", "[[1, 2], [1, 2], [1, 2], [1, 2], 3]"),
        ("embedding_row", "-1"),
        ("engine", ""),
    ],
)
def test_a_wrong_cell_is_named(saved: Path, column: str, cell: str) -> None:
    edited(saved, 4, column, cell)
    with pytest.raises(FaceDataError, match=rf"face_data\.csv, line 4, column {column}: ") as raised:
        read_face_data(saved)
    assert repr(cell[:60]) in str(raised.value)
    assert len(str(raised.value)) < 1000
    assert raised.value.exit_code == 3


def test_a_face_that_stands_there_twice(saved: Path) -> None:
    edited(saved, 3, "face_index", "0")
    with pytest.raises(FaceDataError, match="line 3, column face_index: '0'"):
        read_face_data(saved)


def test_embeddings_must_fit(saved: Path) -> None:
    path = saved.parent / EMBEDDINGS
    rows = read_face_data(saved)
    assert read_embeddings(path, rows).dtype == np.float32
    for wrong in (vectors(3), vectors(4).astype(np.float64), np.zeros(4, dtype=np.float32)):
        np.save(path, wrong)
        with pytest.raises(FaceDataError, match="does not fit"):
            read_embeddings(path, rows)
    content = path.read_bytes()
    for damaged in (content[:100], content[:-4], b"", b"\x93NUMPY" + b"x" * 200, b"PK\x03\x04", b"nonsense"):
        path.write_bytes(damaged)
        with pytest.raises(FaceDataError, match="damaged"):
            read_embeddings(path, rows)
    np.save(path, np.array([{}], dtype=object))
    with pytest.raises(FaceDataError, match="damaged"):
        read_embeddings(path, rows)
    path.unlink()
    with pytest.raises(FaceDataError, match="there is no"):
        read_embeddings(path, rows)
