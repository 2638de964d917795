"""IPTC keywords: names where keywords are, in the letters of the file, and the digest that goes with them."""

from __future__ import annotations

import hashlib
import struct
import unicodedata
from pathlib import Path

import pytest

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.iptc import (
    IPTC,
    IPTC_DIGEST,
    Resource,
    keywords_in,
    parse_resources,
    with_keywords,
    with_names,
    write_resources,
)
from tests.unit.photos.embedding.made_files import copy_of, make
from tests.xmp_files import exiftool, read_back

UTF_8 = b"\x1c\x01\x5a\x00\x03\x1b%G"


def data_set(number: int, content: bytes, record: int = 2) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(content)) + content


KEYWORD = data_set(25, b"Wedding")


@pytest.mark.parametrize(
    ("before", "names", "keywords", "is_marked"),
    [
        (KEYWORD, ("Anna",), ("Wedding", "Anna"), False),
        (UTF_8 + KEYWORD, ("Zoë",), ("Wedding", "Zoë"), True),
        (KEYWORD, ("Zoë",), ("Wedding", "Zoë"), True),
        (data_set(25, "Größe".encode()), ("李娜",), ("Größe", "李娜"), True),
        (data_set(25, "Größe".encode("cp1252")), ("Zoë",), ("Größe", "Zoë"), False),
        (UTF_8 + data_set(25, unicodedata.normalize("NFD", "Zoë").encode()) + KEYWORD, ("Zoë",), None, True),
        (data_set(5, b"title"), ("Anna",), None, False),
        (KEYWORD + data_set(80, b"me") + bytes(3), ("Anna", "Anna"), ("Wedding", "Anna"), False),
    ],
)
def test_names_where_keywords_are(
    before: bytes, names: tuple[str, ...], keywords: tuple[str, ...] | None, is_marked: bool
) -> None:
    content, notes = with_keywords(before, names)
    assert notes == () and (UTF_8 in content) is is_marked
    if keywords is None:
        assert content == before
    else:
        assert keywords_in(content) == keywords and content.endswith(before[-3:] if before[-1] == 0 else content[-1:])
    assert with_keywords(content, names) == (content, ())


@pytest.mark.parametrize(
    ("before", "name", "words"),
    [(KEYWORD, "N" * 65, "64 bytes"), (data_set(25, "Größe".encode("cp1252")), "李娜", "Latin letters")],
)
def test_names_that_do_not_fit_are_said(before: bytes, name: str, words: str) -> None:
    content, notes = with_keywords(before, (name,))
    assert content == before and words in notes[0] and name in notes[0]


def test_damaged_data_is_refused() -> None:
    with pytest.raises(PhotoUnreadableError, match="damaged"):
        with_keywords(KEYWORD + b"xyz", ("Anna",))
    with pytest.raises(PhotoUnreadableError):
        parse_resources(b"8BIM\x04\x04\0\0\0\0\xff\xff")


def test_resources_keep_their_bytes_and_the_digest_agrees() -> None:
    other = Resource(b"8BIM", 1005, b"\x05named", b"odd")
    resources = (other, Resource(b"8BIM", IPTC, b"\0\0", KEYWORD), Resource(b"8BIM", IPTC_DIGEST, b"\0\0", bytes(16)))
    block = write_resources(resources)
    assert parse_resources(block) == resources and parse_resources(block + bytes(2)) == resources
    changed, notes = with_names(resources, ("Anna",))
    assert changed[0] == other and notes == ()
    assert changed[2].content == hashlib.md5(changed[1].content, usedforsecurity=False).digest()
    assert with_names(changed, ("Anna",)) == (changed, ())


def test_keywords_of_a_png_are_not_hidden_and_it_is_said_that_they_stay(tmp_path: Path) -> None:
    path = make(tmp_path, "a.png")
    exiftool("-q", "-q", "-overwrite_original", "-IPTC:Keywords=Garden", path)
    made = copy_of(path, PhotoDescription(names=("Zoë",)))
    assert made is not None and "IPTC profile was not changed" in made[1][0]
    path.write_bytes(made[0])
    assert read_back(path)["XMP-dc:Subject"] == ["Garden", "Zoë"]


@pytest.mark.parametrize("name", ["a.jpg", "a.tif", "a.psd"])
@pytest.mark.parametrize("letters", ["utf8", "latin"])
def test_exiftool_reads_them(name: str, letters: str, tmp_path: Path) -> None:
    path = make(tmp_path, name)
    charset = ["-codedcharacterset=utf8"] if letters == "utf8" else []
    exiftool("-q", "-overwrite_original", "-IPTC:Keywords=Größe", *charset, path)
    made = copy_of(path, PhotoDescription(names=("Zoë",)))
    assert made is not None
    out = tmp_path / f"out-{name}"
    out.write_bytes(made[0])
    found = read_back(out, groups="IPTC")
    assert found["IPTC:Keywords"] == ["Größe", "Zoë"]
    assert read_back(out)["XMP-dc:Subject"] == ["Größe", "Zoë"]  # what was there is not hidden
