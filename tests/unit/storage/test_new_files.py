from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import StorageError
from curation.storage.new_files import file_stem, write_new


class TestNames:
    @pytest.mark.parametrize(
        ("words", "stem"),
        [
            ("IMG_1 - Anna", "IMG_1 - Anna"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a\x00b\nc", "a_b_c"),
            ("", "_"),
            (" . ", "_"),
            ("con", "_con"),
            ("Zoë \N{SNOWMAN}", "Zoë \N{SNOWMAN}"),
            ("\udcff", "_"),
        ],
    )
    def test_are_allowed_everywhere(self, words: str, stem: str) -> None:
        assert file_stem(words) == stem

    def test_are_not_too_long(self) -> None:
        assert len(file_stem("ä" * 300).encode()) <= 120


class TestWriting:
    def test_never_overwrites(self, tmp_path: Path) -> None:
        for content in (b"1", b"2", b"3"):
            assert write_new(tmp_path / "new", "a", ".png", content)[1]
        assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == {
            "a.png": b"1",
            "a (2).png": b"2",
            "a (3).png": b"3",
        }

    def test_the_same_content_is_there_already(self, tmp_path: Path) -> None:
        first = write_new(tmp_path, "a", ".png", b"1")
        assert write_new(tmp_path, "a", ".png", b"1") == (first[0], False)

    def test_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(StorageError):
            write_new(tmp_path / "file", "a", ".png", b"1")
