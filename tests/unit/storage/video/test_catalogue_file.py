"""The CSV of a catalogue as spreadsheets write it, and what is refused before anything is begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.domain.film.movies import Movie
from curation.errors import CatalogueFileError
from curation.storage.video.catalogue_file import check_item_id, read_catalogue


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.csv"


def movies(path: Path, text: str) -> tuple[Movie, ...]:
    path.write_text(text, encoding="utf-8", newline="")
    return read_catalogue(path)


def refused(path: Path, text: str) -> str:
    with pytest.raises(CatalogueFileError) as caught:
        movies(path, text)
    return str(caught.value)


EXPECTED = (Movie("a", "x.mp4", ""), Movie("b", "", "p.png"))


@pytest.mark.parametrize(
    "text",
    [
        "item_id,trailer,poster\na,x.mp4,\nb,,p.png\n",
        "movie_id,trailer,poster\na,x.mp4,\nb,,p.png",
        "\ufeffitem_id;trailer;poster\r\na;x.mp4;\r\nb;;p.png\r\n",
        "sep=;\r\nitem_id;trailer;poster\r\na;x.mp4;\r\nb;;p.png\r\n",
        '"sep=;"\r\nitem_id;trailer;poster\r\na;x.mp4;\r\nb;;p.png\r\n',
        "item_id\ttrailer\tposter\na\tx.mp4\t\nb\t\tp.png\n",
        "\n\nitem_id,trailer,poster\n\n,,\na,x.mp4,\n \nb,,p.png\n\n\n",
        'title,Poster,Item_ID, trailer \nA film,,a,x.mp4\n"Two\nlines, and a comma",p.png,b,\n',
        "item_id,trailer,poster\n a , x.mp4 ,\nb,,p.png,,\n",
        "item_id,trailer,poster\na,x.mp4\nb,,p.png\n",
    ],
)
def test_as_spreadsheets_write_it(path: Path, text: str) -> None:
    assert movies(path, text) == EXPECTED


def test_every_mistake_is_named_with_its_line(path: Path) -> None:
    told = refused(
        path,
        'item_id,trailer,poster,title\na,x,,"two\nlines"\n,x,\na,y,\nA,y,\n../b,x,\nc,,\n=cmd,x,\nd,x,y,z,more\n',
    )
    for words in (
        *("nothing was begun", "line 4: there is no id", "line 5: the id a is that of line 2 too"),
        *("line 6: the id A is that of line 2 too", "line 7: the id ../b cannot be the name of a file"),
        *("line 8: c has neither a trailer nor a poster", "line 9: the id =cmd is a formula"),
        "line 10 has 5 cells, but there are 4 columns",
    ):
        assert words in told


def test_many_mistakes_are_cut_short(path: Path) -> None:
    told = refused(path, "item_id,trailer,poster\n" + ",x,\n" * 50)
    assert told.count("there is no id") == 20
    assert "and 30 more" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("item_id,trailer,poster\n", "has a header, but no movie"),
        ("id,trailer,poster\na,x,\n", "missing: item_id (or movie_id); found: id, trailer, poster"),
        ("item_id,film\na,x\n", "missing: trailer, poster"),
        ("item_id,movie_id,trailer,poster\na,a,x,\n", "both item_id and movie_id"),
        ("item_id,trailer,trailer,poster\na,x,y,\n", "the column trailer more than once"),
        ('item_id,trailer,poster\na,"x,\n', "is not a table from line 2 on"),
        ("item_id,trailer,poster\na\0,x,\n", "is not text in line 2"),
    ],
)
def test_what_is_no_catalogue(path: Path, text: str, words: str) -> None:
    assert words in refused(path, text)


def test_what_is_no_file(path: Path, tmp_path: Path) -> None:
    for wrong, words in ((path, "there is no"), (tmp_path, "is a folder")):
        with pytest.raises(CatalogueFileError, match=words):
            read_catalogue(wrong)
    path.write_bytes("item_id,trailer,poster\na,\xe4.mp4,\n".encode("latin-1"))
    with pytest.raises(CatalogueFileError, match="is not UTF-8 text in line 2"):
        read_catalogue(path)


@pytest.mark.parametrize(
    "item_id",
    [
        *(
            "",
            ".",
            "..",
            ".hidden",
            "a.",
            "a/b",
            "a\\b",
            "c:",
            "a*",
            "a?",
            'a"b',
            "a<b",
            "a|b",
            "a\nb",
            "a\x1b[0m",
            "CON",
        ),
        *("nul.txt", "LPT1", "=1+1", "+1", "@x", "-1+2", "-cmd|x", "x" * 200, "é" * 100, "\u202ea"),
    ],
)
def test_ids_that_cannot_name_files(item_id: str) -> None:
    assert check_item_id(item_id)


@pytest.mark.parametrize(
    "item_id", ["tt0111161", "-dQw4w9WgXcQ", "_a", "Amélie (2001)", "映画", "a.b", "0", "con2", "a-b=c"]
)
def test_ids_that_can(item_id: str) -> None:
    assert check_item_id(item_id) == ""
