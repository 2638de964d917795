"""Files that only stand for photos: they are told, and never opened as photos."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from curation.errors import PhotosMissingError
from curation.photos.files.listing import Listing, list_photos
from curation.photos.finding import placeholders
from curation.photos.finding.placeholders import absent_by_name, absent_content, is_online_only
from curation.photos.object_listing import ListedFile, list_object_photos


def listed(root: Path) -> Listing:
    return list_photos(root, exclude=[], skip_raw_with_jpeg=True, needs_photos=False)


@pytest.mark.parametrize(
    ("name", "photo", "word"),
    [
        (".IMG_1.HEIC.icloud", "IMG_1.HEIC", "iCloud"),
        ("IMG_1.HEIC.icloud", "IMG_1.HEIC", "iCloud"),
        (".MOV_1.MOV.icloud", "MOV_1.MOV", "iCloud"),
        ("a.jpg.nextcloud", "a.jpg", "Nextcloud"),
        ("a.jpg.owncloud", "a.jpg", "ownCloud"),
        ("a.jpg.cloud", "a.jpg", "odrive"),
        ("a.CR3.rsls", "a.CR3", "Resilio"),
        ("Day 2.cloudf", "Day 2/", "odrive"),
        ("a.jpg.crdownload", "a.jpg", "to its end"),
        ("a.ARW.part", "a.ARW", "to its end"),
        ("a.jpg.filepart", "a.jpg", "to its end"),
        (".pending-1718000000-PXL_1.jpg", "PXL_1.jpg", "to its end"),
        (".syncthing.a.jpg.tmp", "a.jpg", "to its end"),
        (".a.jpg.~7f3a", "a.jpg", "to its end"),
        (".a.NEF.x9Kd2B", "a.NEF", "to its end"),
        ("a.jpg.0a1b2c3d.partial", "a.jpg", "to its end"),
        ("a.jpg.ocTransferId1234.part", "a.jpg", "to its end"),
        ("a.jpg-0f1e.ffs_tmp", "a.jpg", "to its end"),
        ("a.jpg.!sync", "a.jpg", "to its end"),
        ("a.JPG.tmp", "a.JPG", "to its end"),
        ("~a.jpg.tmp", "a.jpg", "to its end"),
        ("~syncthing~a.jpg.tmp", "a.jpg", "to its end"),
        ("a.CR2.!qB", "a.CR2", "to its end"),
    ],
)
def test_placeholders_are_told_by_their_names(tmp_path: Path, name: str, photo: str, word: str) -> None:
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / name).write_bytes(b"bplist00")
    ((path, reason),) = listed(tmp_path).absent
    assert (path, word in reason) == (f"day/{photo}", True)
    files = [ListedFile(f"day/{name}", 8, 7)]
    there = list_object_photos("s3://b/e", tmp_path, files, exclude=[], skip_raw_with_jpeg=True, needs_photos=False)
    assert there.absent == listed(tmp_path).absent
    (tmp_path / "day" / photo.rstrip("/")).write_bytes(b"downloaded")
    assert listed(tmp_path).absent == () or photo.endswith("/")


@pytest.mark.parametrize(
    "name",
    [
        ".notes.txt.icloud",
        "a.jpg",
        ".a.jpg",
        "part",
        ".icloud",
        "song.mp3.part",
        "a.cloud",
        ".DS_Store",
        ".a.jpg.backup",
        "notes.tmp",
        "Thumbs.db.tmp",
    ],
)
def test_other_names_stand_for_nothing(name: str) -> None:
    assert absent_by_name(name) is None


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n", "git lfs pull"),
        (b"/annex/objects/SHA256E-s12345--00.jpg\n", "git annex get"),
        (b"XSym\n0012\n0123456789abcdef\n../other.jpg\n", "link of another system"),
        (b"!<symlink>\xff\xfea\0", "link of another system"),
    ],
)
def test_pointers_are_told_by_their_content(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    (tmp_path / "tiny.jpg").write_bytes(b"\xff\xd8\xff and more")
    listing = listed(tmp_path)
    assert [photo.image_path for photo in listing.photos] == ["tiny.jpg"]
    ((path, reason),) = listing.absent
    assert (path, word in reason) == ("a.jpg", True)


def test_a_link_into_an_annex_is_a_photo_that_is_not_here(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(".git/annex/objects/Gj/x/SHA256E-s1--0.jpg/SHA256E-s1--0.jpg")
    (tmp_path / "b.jpg").symlink_to("nowhere.jpg")
    listing = listed(tmp_path)
    assert [path for path, _ in listing.absent] == ["a.jpg"]
    assert listing.failed == (("b.jpg", "a link that leads nowhere"),)


def test_a_file_that_is_only_a_hole_is_not_here_and_one_of_zeros_is(tmp_path: Path) -> None:
    with (tmp_path / "hole.jpg").open("wb") as file:
        file.truncate(2**20)
    if (tmp_path / "hole.jpg").stat().st_blocks or not hasattr(os, "SEEK_DATA"):
        pytest.skip("this file system has no holes")
    (tmp_path / "zeros.jpg").write_bytes(bytes(2**16))
    listing = listed(tmp_path)
    assert [path for path, _ in listing.absent] == ["hole.jpg"]
    assert [photo.image_path for photo in listing.photos] == ["zeros.jpg"]


def test_no_blocks_alone_prove_nothing(tmp_path: Path) -> None:
    """Network disks do not count blocks, and small files may lie in the file system's own records."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff" * 1000)
    status = cast("os.stat_result", SimpleNamespace(st_size=3000, st_blocks=0))
    assert absent_content(path, status) is None


@pytest.mark.parametrize(
    ("marks", "is_absent"),
    [
        ({"st_flags": 0x40000000}, True),  # macOS, SF_DATALESS
        ({"st_flags": 0x20}, False),  # compressed
        ({"st_file_attributes": 0x400020}, True),  # OneDrive, recall on data access
        ({"st_file_attributes": 0x1020}, True),  # offline
        ({"st_file_attributes": 0x80020}, False),  # pinned: always kept on this device
        ({}, False),
    ],
)
def test_what_the_system_says_is_asked_before_a_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marks: dict[str, int], is_absent: bool
) -> None:
    status = cast("os.stat_result", SimpleNamespace(st_size=500, st_blocks=0, **marks))
    opened: list[object] = []
    monkeypatch.setattr(placeholders, "_has_no_data", lambda path: opened.append(path))
    monkeypatch.setattr(placeholders, "_pointer", lambda path: opened.append(path))
    assert is_online_only(status) is is_absent
    assert (absent_content(tmp_path / "a.jpg", status) is not None) is is_absent
    assert bool(opened) is not is_absent  # reading it would fetch it from the cloud


def test_a_folder_of_placeholders_only_says_so(tmp_path: Path) -> None:
    for k in range(5):
        (tmp_path / f".IMG_{k}.HEIC.icloud").write_bytes(b"bplist00")
    with pytest.raises(PhotosMissingError, match=r"IMG_0\.HEIC: it is in iCloud only"):
        list_photos(tmp_path, exclude=[], skip_raw_with_jpeg=True)
