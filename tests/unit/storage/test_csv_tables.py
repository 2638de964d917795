"""Tables that a spreadsheet, an editor or a user changed, read as face_data.csv."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from curation.errors import FaceDataError, StorageError
from curation.storage.face_data_file import FACE_COLUMNS, FACE_DATA, read_face_data
from tests.unit.storage.face_tables import edited, row, vectors, write


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
