"""Listing photos of object storage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import PhotosMissingError
from curation.photos.files.listing import Listing, list_photos, photo_path
from curation.photos.object_listing import ListedFile, list_object_photos

ADDRESS = "s3://bucket/event"


def _listed(
    root: Path, *paths: str, size: int = 3, exclude: tuple[str, ...] = (), needs_photos: bool = True
) -> Listing:
    files = [ListedFile(path, size, 7) for path in paths]
    return list_object_photos(ADDRESS, root, files, exclude=exclude, skip_raw_with_jpeg=True, needs_photos=needs_photos)


_NAMES = st.sampled_from([
    "a.jpg", "A.JPG", "a.nef", "a.heic", "b.mp4", "b.jpg", "c.psd", "noext", ".hidden.jpg", "Thumbs.db", "d.xmp",
    "e.cr2", "e.png", "f g%20.jpg", "ü 🎉.jpg", "x\\y.jpg", "clip.lrv",
])  # fmt: skip
_FOLDERS = st.sampled_from(["", "day 1/", "day 1/sub/", "@eaDir/", ".trash/", "output_clusters/", "RAW/"])


@given(st.sets(st.tuples(_FOLDERS, _NAMES), max_size=25))
def test_a_bucket_is_listed_like_the_folder_of_the_same_files(
    tmp_path_factory: pytest.TempPathFactory, files: set[tuple[str, str]]
) -> None:
    root = tmp_path_factory.mktemp("event")
    for folder, name in files:
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / name).write_bytes(b"abc")
    here = list_photos(root, exclude=[root / "output_clusters"], skip_raw_with_jpeg=True, needs_photos=False)
    there = _listed(root, *(f + n for f, n in files), exclude=("output_clusters",), needs_photos=False)
    same = [replace(photo, mtime_ns=7) for photo in here.photos], [replace(clip, mtime_ns=7) for clip in here.clips]
    assert (list(there.photos), list(there.clips)) == same
    assert (there.ignored, there.failed) == (here.ignored, here.failed)


def test_folders_of_cluster_pictures_are_no_photos(tmp_path: Path) -> None:
    found = _listed(tmp_path, "a.jpg", "old/pictures/.curation-files.json", "old/pictures/x/b.jpg", "old/c.jpg")
    assert [photo.image_path for photo in found.photos] == ["a.jpg", "old/c.jpg"]


def test_marks_of_folders_are_passed_over_and_odd_keys_are_photos_like_others(tmp_path: Path) -> None:
    found = _listed(tmp_path, "a/%00", "b.jpg/%00", size=0, needs_photos=False)
    assert found == Listing((), (), ())
    odd = ("a/%2E%2E/b.jpg", "a/%00/b.jpg", "a\\b.jpg")
    found = _listed(tmp_path, *odd, size=0)  # of no bytes: it fails when it is opened, as in a folder
    assert {photo.path for photo in found.photos} == {tmp_path / path for path in odd}
    assert all(photo_path(tmp_path, photo.image_path) == photo.path for photo in found.photos)


def test_a_bucket_without_photos_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotosMissingError, match=r"no photo in s3://bucket/event: .*a\.xyz"):
        _listed(tmp_path, "a.xyz")
    assert not _listed(tmp_path, needs_photos=False).photos
