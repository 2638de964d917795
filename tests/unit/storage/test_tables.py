from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.domain.faces.face import Box, FaceRow, FiveLandmarks
from curation.domain.judging.photo_score import PhotoScore, failed_photo_score
from curation.domain.judging.picks import Pick
from curation.errors import FaceDataError, StorageError
from curation.storage.tables import (
    EMBEDDINGS,
    FACE_COLUMNS,
    FACE_DATA,
    PHOTO_SCORES,
    first_engine,
    read_embeddings,
    read_face_data,
    read_photo_scores,
    write_face_data,
    write_photo_scores,
)

POINTS = FiveLandmarks.from_array(np.array([[20.25, 20.0], [40, 20], [30, 30], [-2.5, 40], [38, 40]]))
ODD_NAMES = (
    "a,b.jpg",
    'say "cheese".jpg',
    "two\nlines.jpg",
    "carriage\rreturn.jpg",
    "both\r\n.jpg",
    "\\udcff\\\\.jpg",
    "Jürgen & Зоя 写真.jpg",
    " spaces .jpg",
    "NA",
    "null",
    "1.0",
    "=1+1.jpg",
    "semi;colon.jpg",
    "tab\t.jpg",
    "'quote.jpg",
    "sub/#c.jpg",
)


def row(path: str = "a.jpg", index: int = 0, number: int = 0) -> FaceRow:
    return FaceRow(path, index, Box(10, 0, 40, 50), 0.98, 3, 0.5, 0.25, POINTS, number, "dlib")


def vectors(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.eye(4, dtype=np.float32)[np.zeros(count, dtype=int)]


def write(folder: Path, rows: list[FaceRow], embeddings: np.ndarray[Any, np.dtype[np.float32]]) -> str:
    np.save(folder / "new.npy", embeddings)
    return write_face_data(folder, rows, folder / "new.npy")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A table of four faces on the lines 2 to 5."""
    rows = [row("a.jpg", 0, 0), row("a.jpg", 1, 1), row("b.jpg", 0, 2), row("c.jpg", 0, 3)]
    write(tmp_path, rows, vectors(4))
    return tmp_path / FACE_DATA


def edited(path: Path, line: int, column: str, cell: str) -> None:
    """Change one cell, as a spreadsheet would."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    lines[line - 1][FACE_COLUMNS.index(column)] = cell
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)


def test_faces_round_trip_under_odd_names(tmp_path: Path) -> None:
    rows = [row(name, index, number) for number, name in enumerate(ODD_NAMES) for index in (0,)]
    write(tmp_path, rows, vectors(len(rows)))
    assert read_face_data(tmp_path / FACE_DATA) == rows
    with (tmp_path / FACE_DATA).open(encoding="utf-8", newline="") as file:
        assert [cells[0] for cells in csv.reader(file)] == ["image_path", *ODD_NAMES]


def test_the_columns_are_those_of_the_contract(saved: Path) -> None:
    assert saved.read_text().splitlines()[:2] == [
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


@pytest.mark.parametrize(("column", "cell"), [("face_index", "7.0"), ("cluster_id", "3.0"), ("cluster_id", "-1.0")])
def test_whole_numbers_as_spreadsheets_write_them(saved: Path, column: str, cell: str) -> None:
    edited(saved, 4, column, cell)
    assert getattr(read_face_data(saved)[2], column) == int(float(cell))


@pytest.mark.parametrize("column", FACE_COLUMNS)
def test_a_missing_column_is_named(saved: Path, column: str) -> None:
    saved.write_text(saved.read_text().replace(column, "note", 1))
    with pytest.raises(FaceDataError, match=rf"lacks the column {column} "):
        read_face_data(saved)


def test_columns_may_be_moved_and_added(saved: Path) -> None:
    before = read_face_data(saved)
    with saved.open(newline="") as file:
        lines = list(csv.reader(file))
    with saved.open("w", newline="") as file:
        csv.writer(file).writerows([[*reversed(line), "my note"] for line in lines])
    assert read_face_data(saved) == before


def test_semicolons_as_excel_writes_them_in_german(saved: Path) -> None:
    saved.write_text(saved.read_text().replace(",", ";"))
    with pytest.raises(FaceDataError, match="separated by commas"):
        read_face_data(saved)


def test_a_mark_of_the_byte_order_and_crlf_are_accepted(saved: Path) -> None:
    before = read_face_data(saved)
    saved.write_bytes(b"\xef\xbb\xbf" + saved.read_bytes().replace(b"\n", b"\r\n"))
    assert read_face_data(saved) == before


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_other_encodings_are_named(saved: Path, encoding: str) -> None:
    saved.write_bytes(saved.read_text().replace("b.jpg", "bé.jpg").encode(encoding))
    with pytest.raises(FaceDataError, match=r"UTF-8|lacks the column|not a table"):
        read_face_data(saved)


def test_a_face_that_stands_there_twice(saved: Path) -> None:
    edited(saved, 3, "face_index", "0")
    with pytest.raises(FaceDataError, match="line 3, column face_index: '0'"):
        read_face_data(saved)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"\0\0\0", b'"', b"PK\x03\x04 a spreadsheet"])
def test_what_is_no_table(saved: Path, content: bytes) -> None:
    saved.write_bytes(content)
    with pytest.raises(FaceDataError, match=r"run_clustering\.py"):
        read_face_data(saved)


def test_no_table_at_all(tmp_path: Path) -> None:
    with pytest.raises(FaceDataError, match="there is no"):
        read_face_data(tmp_path / FACE_DATA)
    (tmp_path / FACE_DATA).mkdir()
    with pytest.raises(StorageError):
        read_face_data(tmp_path / FACE_DATA)


def test_empty_cells_and_lines_behind_the_table(saved: Path) -> None:
    before = read_face_data(saved)
    lines = saved.read_text().splitlines()
    blank = "," * (len(FACE_COLUMNS) - 1)
    saved.write_text("\n".join([*lines, blank, "", blank, ""]))
    assert read_face_data(saved) == before
    # A spreadsheet that once had a wider table writes empty cells behind every line.
    saved.write_text("".join(f"{line},,\n" for line in lines))
    assert read_face_data(saved) == before
    saved.write_text(lines[0] + "\n" + "".join(f"{line},,\n" for line in lines[1:]))
    with pytest.raises(FaceDataError, match="more cells than its header"):
        read_face_data(saved)


def test_the_line_is_that_of_the_file_also_after_names_with_newlines_and_empty_lines(tmp_path: Path) -> None:
    write(tmp_path, [row("two\nlines.jpg"), row("b.jpg", 0, 1)], vectors(2))
    path = tmp_path / FACE_DATA
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], "", lines[3].replace("dlib", ""), ""]))
    with pytest.raises(FaceDataError, match="line 5, column engine"):
        read_face_data(path)


def test_a_line_with_too_many_or_too_few_cells(saved: Path) -> None:
    lines = saved.read_text().splitlines()
    saved.write_text("\n".join([*lines[:3], lines[3] + ",more", *lines[4:]]))
    with pytest.raises(FaceDataError, match="line 4"):
        read_face_data(saved)
    saved.write_text("\n".join([*lines[:3], lines[3].rpartition(",")[0], *lines[4:]]))
    with pytest.raises(FaceDataError, match="line 4, column engine"):
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


def score(path: str) -> PhotoScore:
    return PhotoScore(
        1,
        path,
        0.5,
        "main 1/1 · eyes 1/1",
        "Anna; Zoë, Jr.",
        1,
        0,
        2,
        0,
        1.0,
        None,
        0.25,
        0.125,
        0.0625,
        "",
        "dark",
        "",
    )


def test_scores_round_trip(tmp_path: Path) -> None:
    scores = [score(name) for name in ODD_NAMES]
    scores.append(replace(failed_photo_score("x.jpg", "cut off,\nat \udcff"), rank=17))
    path = tmp_path / PHOTO_SCORES
    scores[0] = replace(scores[0], burst_id=12, best_of_burst=False, burst_rank=3, pick=Pick.REJECTED, rating=5)
    write_photo_scores(path, scores)
    assert read_photo_scores(path) == [*scores[:-1], replace(scores[-1], error="cut off,\nat \\udcff")]
    before = path.stat().st_mtime_ns
    write_photo_scores(path, scores)
    assert path.stat().st_mtime_ns == before


def test_wrong_scores_are_named(tmp_path: Path) -> None:
    path = tmp_path / PHOTO_SCORES
    write_photo_scores(path, [score("a.jpg")])
    path.write_text(path.read_text().replace(",0.5000,", ",50 %,"))
    with pytest.raises(FaceDataError, match=r"line 2, column final_score: '50 %'.*run_scoring\.py"):
        read_photo_scores(path)


def test_scores_of_earlier_versions_have_no_picks(tmp_path: Path) -> None:
    path = tmp_path / PHOTO_SCORES
    write_photo_scores(path, [score("a.jpg")])
    lines = [",".join(line.split(",")[:-3]) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[0].endswith(",best_of_burst")
    path.write_text("\n".join(lines), encoding="utf-8")
    assert read_photo_scores(path) == [score("a.jpg")]


@pytest.mark.parametrize(
    ("cells", "column", "wanted"),
    [(",Picked,", "pick", "picked or rejected, or nothing,"), (",,6", "rating", "a whole number from 1 to 5")],
)
def test_wrong_picks_are_named(tmp_path: Path, cells: str, column: str, wanted: str) -> None:
    path = tmp_path / PHOTO_SCORES
    write_photo_scores(path, [score("a.jpg")])
    text = path.read_text(encoding="utf-8")
    assert text.endswith(",true,,,\n")
    path.write_text(text.removesuffix(",,\n") + cells, encoding="utf-8")
    with pytest.raises(FaceDataError, match=rf"column {column}: .* stands where {wanted} is needed"):
        read_photo_scores(path)
