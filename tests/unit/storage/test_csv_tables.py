"""Tables that a spreadsheet, an editor or a user changed, read as face_data.csv."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import FaceDataError, StorageError
from curation.storage.csv_tables import NumberText, csv_bytes, guarded, records, unguarded
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
    with saved.open(encoding="utf-8-sig", newline="") as file:
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
    saved.write_bytes(saved.read_text(encoding="utf-8-sig").replace("b.jpg", "bé.jpg").encode(encoding))
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


_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class TestFormulas:
    @pytest.mark.parametrize(
        "text",
        [
            *("=1+1", "+49", "-1", "@SUM(A1)", "\t=1", "\tname", "\rname", " =1", "\u3000=1", "\u200b=1", "\ufeff=1"),
            *("\uff1d1", " \uff0b1", "\uff0d1", "\uff20x", "'=1", "''=1", "' =1", "- a", "-"),
        ],
    )
    def test_none_is_left_and_nothing_is_lost(self, text: str) -> None:
        assert guarded(text) == f"'{text}"
        assert unguarded(guarded(text)) == text

    @pytest.mark.parametrize("text", ["Anna", "O'Hara", "'tis", "", "a=b", "'", "''", " a", "\u00e9=", "[1, 2]"])
    def test_other_texts_stay(self, text: str) -> None:
        assert guarded(text) == text
        assert unguarded(text) == text

    def test_numbers_are_not_touched(self) -> None:
        content = csv_bytes(("a", "b", "c", "d"), [(-1, -0.5, NumberText("-0.5000"), "-0.5000")])
        assert content == b"a,b,c,d\n-1,-0.5,-0.5000,'-0.5000\n"

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(
            st.text(
                st.one_of(
                    st.sampled_from("'=+-@ \t\r\n,;\"\uff1d\ufeff"),
                    st.characters(min_codepoint=1, max_codepoint=0xD7FF),
                ),
                min_size=1,
                max_size=6,
            ),
            min_size=1,
            max_size=5,
        )
    )
    def test_every_text_comes_back(self, texts: list[str]) -> None:
        content = csv_bytes(("text", "number"), [(text, 1) for text in texts])
        read = records(Path("a.csv"), content, ("text", "number"), "make it again")
        assert [cells for _, cells in read] == [(text, "1") for text in texts]
        for line in csv.reader(content.decode("utf-8-sig").splitlines(keepends=True)):
            assert not line[0].lstrip(" \u3000\ufeff\u200b").startswith(_FORMULA_STARTS)


def test_tables_open_right_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, [row("Zo\u00eb tanzt.jpg"), row("=b.jpg", 0, 1)], vectors(2))
    path = tmp_path / FACE_DATA
    assert path.read_bytes().startswith(b"\xef\xbb\xbfimage_path,")
    assert pd.read_csv(path, encoding="utf-8-sig")["image_path"].tolist() == ["Zo\u00eb tanzt.jpg", "'=b.jpg"]
    assert [found.image_path for found in read_face_data(path)] == ["Zo\u00eb tanzt.jpg", "=b.jpg"]


def test_a_table_of_an_earlier_version_has_no_mark(saved: Path) -> None:
    before = read_face_data(saved)
    saved.write_bytes(saved.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    assert read_face_data(saved) == before


def test_only_a_table_that_needs_it_has_the_mark() -> None:
    assert csv_bytes(("name",), [("Zoe",)]) == b"name\nZoe\n"
    assert csv_bytes(("name",), [("Zo\u00eb",)]) == b"\xef\xbb\xbfname\nZo\xc3\xab\n"
