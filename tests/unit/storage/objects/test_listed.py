"""What is known of photos in object storage without asking again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from curation.errors import StorageError
from curation.storage.file_stamps import FileStamp, stamp_of
from curation.storage.objects.listed import LISTED_NAME, names_in, size_and_time, write_listed
from curation.storage.objects.store import ObjectInfo


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects" / "0123456789abcdef" / "originals"


def _write(root: Path, *objects: tuple[str, int, int]) -> list[str]:
    outdated: list[str] = []
    found = [ObjectInfo(key, size, "etag", mtime_ns) for key, size, mtime_ns in objects]
    write_listed(root, found, outdated.extend)
    return outdated


def test_a_photo_has_the_stamp_of_the_last_listing_whether_its_file_is_here_or_not(root: Path) -> None:
    path = root / "day 1" / "a.jpg"
    assert stamp_of(path) is None
    assert _write(root, ("day 1/a.jpg", 5, 2_000_000_007), ("b.jpg", 1, 1), ("a//b.jpg", 2, 2)) == []
    assert stamp_of(path) == FileStamp(path, 5, 2_000_000_007)
    assert stamp_of(root / "a" / "%00" / "b.jpg") == FileStamp(root / "a" / "%00" / "b.jpg", 2, 2)
    assert size_and_time(path) == (5, 2.000000007)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"fetched before")
    assert stamp_of(path) == FileStamp(path, 5, 2_000_000_007)
    assert names_in(root / "day 1") == ["a.jpg"]
    assert names_in(root) == ["b.jpg"]
    assert stamp_of(root / "gone.jpg") is None
    with pytest.raises(FileNotFoundError):
        size_and_time(root / "gone.jpg")


def test_a_new_listing_tells_what_is_out_of_date(root: Path) -> None:
    _write(root, ("a.jpg", 1, 1), ("b.jpg", 1, 1), ("c//d.jpg", 1, 1))
    assert _write(root, ("a.jpg", 1, 1), ("b.jpg", 1, 2), ("new.jpg", 1, 1)) == ["b.jpg", "c//d.jpg"]


def test_a_damaged_index_is_told_and_replaced_by_the_next_listing(root: Path) -> None:
    _write(root, ("a.jpg", 1, 1))
    (root.parent / LISTED_NAME).write_text("{")
    with pytest.raises(StorageError, match="damaged"):
        stamp_of(root / "a.jpg")
    _write(root, ("a.jpg", 1, 1))
    assert stamp_of(root / "a.jpg") is not None


def test_files_of_folders_have_their_own_stamps(tmp_path: Path) -> None:
    file = tmp_path / "originals" / "a.jpg"
    file.parent.mkdir()
    file.write_bytes(b"abc")
    os.utime(file, ns=(5, 7))
    assert stamp_of(file) == FileStamp(file, 3, 7)
    assert size_and_time(file)[0] == 3
    assert names_in(tmp_path / "originals") == ["a.jpg"]
