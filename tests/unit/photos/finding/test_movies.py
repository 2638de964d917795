from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from curation.domain.files.moving_parts import is_moving_part
from curation.domain.files.shot_memory import MovieFacts
from curation.photos.finding.movies import has_content_id, read_movie_facts

ID = "8D9D2B5C-0F5E-4F9E-9C8A-0B6C6F3B2A11"
TEN = datetime(2024, 6, 15, 10)
TEN_S = int(TEN.replace(tzinfo=UTC).timestamp())


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def movie(seconds: float, made_s: int = TEN_S, *, version: int = 0, content_id: str = "") -> bytes:
    """A film without pictures, with its header at the end as phones write it."""
    form = ">QQIQ" if version else ">IIII"
    since_1904 = made_s + 2_082_844_800 if made_s else 0
    header = (
        bytes([version, 0, 0, 0]) + struct.pack(form, since_1904, since_1904, 600, round(seconds * 600)) + bytes(80)
    )
    keys = box(b"keys", b"\0\0\0\0com.apple.quicktime.content.identifier") + box(b"ilst", content_id.encode())
    meta = box(b"meta", keys) if content_id else b""
    return box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"mdat", bytes(64)) + box(b"moov", box(b"mvhd", header) + meta)


@pytest.mark.parametrize("version", [0, 1])
def test_the_header_of_a_film(tmp_path: Path, version: int) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(movie(2.5, version=version, content_id=ID))
    assert read_movie_facts(path) == MovieFacts(2.5, TEN_S, ID)
    path.write_bytes(movie(1200, 0))
    assert read_movie_facts(path) == MovieFacts(1200.0, None, "")


@pytest.mark.parametrize("content", [b"", b"\0\0\0\x14ftypqt  ", bytes(300), movie(3)[:60], b"\xff" * 100])
def test_broken_films_say_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(content)
    assert read_movie_facts(path) == MovieFacts()
    assert read_movie_facts(tmp_path / "gone.mov") == MovieFacts()


def test_the_id_in_a_photo(tmp_path: Path) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(bytes(50) + ID.encode() + bytes(50))
    assert has_content_id(path, ID) and not has_content_id(path, ID[::-1])
    path.write_bytes(b"")
    assert not has_content_id(path, ID)


@pytest.mark.parametrize(
    ("film", "is_part"),
    [
        (MovieFacts(2.8, TEN_S - 1), True),
        (MovieFacts(2.8, TEN_S - 7200), True),  # two hours east of Greenwich
        (MovieFacts(2.8, TEN_S - 19_800 + 2), True),  # five and a half
        (MovieFacts(2.8, TEN_S + 400), False),
        (MovieFacts(2.8, TEN_S - 30 * 86_400), False),
        (MovieFacts(2.8, None), True),
        (MovieFacts(1200.0, TEN_S), False),
        (MovieFacts(12.0, None), False),
        (MovieFacts(None, None), True),
    ],
)
def test_moving_parts(film: MovieFacts, is_part: bool) -> None:
    assert is_moving_part(film, 3_000_000, TEN) is is_part


def test_ids_decide_where_both_have_one() -> None:
    long = MovieFacts(1200.0, TEN_S, ID)
    assert is_moving_part(long, 10, None, ID)
    assert not is_moving_part(MovieFacts(2.0, TEN_S, ID), 10, TEN, "another")
    assert is_moving_part(MovieFacts(2.0), 10, None)
    assert not is_moving_part(MovieFacts(), 2**31, TEN)
