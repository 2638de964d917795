from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import FaceDataError, PhotosMissingError
from curation.photos.files.listing import Listing, PhotoFile, escaped, list_photos, photo_path


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * len(name))


def listed(folder: Path, *exclude: Path, skip_raw_with_jpeg: bool = True) -> Listing:
    return list_photos(folder, exclude=exclude, skip_raw_with_jpeg=skip_raw_with_jpeg)


def paths(listing: Listing) -> list[str]:
    return [photo.image_path for photo in listing.photos]


@contextmanager
def unreadable(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """As if `folder` had no read permission; root, who may run the tests, reads everything."""
    scandir = os.scandir

    def refusing(path: Path) -> Iterator[os.DirEntry[str]]:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refusing)
        yield


def test_lists_all_folders_in_order_with_any_case(tmp_path: Path) -> None:
    touch(tmp_path, "b.JPG", "a.jpeg", "sub/c.Png", "sub/deeper/d.heic", "B/e.tif", "a/f.webp", "z.avif", "r.NEF")
    listing = listed(tmp_path)
    assert paths(listing) == sorted(
        ["b.JPG", "a.jpeg", "sub/c.Png", "sub/deeper/d.heic", "B/e.tif", "a/f.webp", "z.avif", "r.NEF"]
    )
    photo = listing.photos[paths(listing).index("sub/c.Png")]
    status = (tmp_path / "sub" / "c.Png").stat()
    assert photo == PhotoFile("sub/c.Png", tmp_path / "sub" / "c.Png", status.st_size, status.st_mtime_ns)
    assert listing.ignored == listing.failed == ()


def test_paths_are_absolute_for_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "event/a.jpg")
    monkeypatch.chdir(tmp_path)
    assert listed(Path("event")).photos[0].path == tmp_path / "event" / "a.jpg"


def test_hidden_and_system_things_are_left_out_silently(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", ".hidden.jpg", "._a.jpg", ".own/b.jpg", "@eaDir/a.jpg/SYNO.jpg", "__MACOSX/a.jpg")
    touch(tmp_path, "Thumbs.db", "desktop.ini", ".DS_Store", "$RECYCLE.BIN/x.doc", "a.xmp", "notes.txt")
    listing = listed(tmp_path)
    assert paths(listing) == ["a.jpg"]
    assert listing.ignored == listing.failed == ()


def test_a_hidden_input_folder_is_fine(tmp_path: Path) -> None:
    touch(tmp_path, ".event/a.jpg")
    assert paths(listed(tmp_path / ".event")) == ["a.jpg"]


def test_excluded_files_and_folders(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "output_clusters/cluster_0.jpg", "curated/b.jpg", "sub/output_clusters/c.jpg", "x.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "curated")
    listing = listed(
        tmp_path, tmp_path / "output_clusters", tmp_path / "sub" / ".." / "curated", tmp_path / "x.jpg", tmp_path / "no"
    )
    assert paths(listing) == ["a.jpg", "sub/output_clusters/c.jpg"]


def test_what_is_left_out_with_a_reason(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "clip.MP4", "icon.ico", "logo.svg", "art.xcf", "noextension", "b.jpg_large", "pack.zip")
    os.mkfifo(tmp_path / "pipe.jpg")
    reasons = dict(listed(tmp_path).ignored)
    assert sorted(reasons) == [
        "art.xcf", "b.jpg_large", "clip.MP4", "icon.ico", "logo.svg", "noextension", "pack.zip", "pipe.jpg",
    ]  # fmt: skip
    assert reasons["clip.MP4"] == "a video, not a photo"
    assert "save it as JPEG" in reasons["icon.ico"]
    assert "no extension" in reasons["noextension"]
    assert reasons["pipe.jpg"] == "not a regular file"


def test_empty_files_are_photos(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert listed(tmp_path).photos[0].size_bytes == 0


def test_a_name_alone_makes_no_pair(tmp_path: Path) -> None:
    touch(tmp_path, "IMG_1.CR2", "IMG_1.JPG", "img_2.nef", "IMG_2.HEIC", "IMG_3.dng", "IMG_3.png")
    listing = listed(tmp_path)
    assert len(listing.photos) == 6 and not listing.ignored
    assert [(pair.raw, pair.photo, pair.is_sure) for pair in listing.pairs] == [
        ("IMG_1.CR2", "IMG_1.JPG", False),
        ("img_2.nef", "IMG_2.HEIC", False),
    ]
    assert not listed(tmp_path, skip_raw_with_jpeg=False).pairs


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    event, elsewhere = tmp_path / "event", tmp_path / "elsewhere"
    touch(event, "a.jpg", "sub/b.jpg")
    touch(elsewhere, "c.jpg")
    (event / "up").symlink_to(event)
    (event / "sub" / "self").symlink_to(event / "sub")
    (event / "a_link_to_sub").symlink_to(event / "sub")
    (event / "disk").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(event)
    (event / "d.jpg").symlink_to(elsewhere / "c.jpg")
    listing = listed(event)
    assert paths(listing) == ["a.jpg", "d.jpg", "disk/c.jpg", "sub/b.jpg"]
    assert listing.failed == ()


def test_a_link_that_leads_nowhere_has_failed(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "c.txt").symlink_to(tmp_path / "gone.txt")
    assert listed(tmp_path).failed == (("b.jpg", "a link that leads nowhere"),)


def test_an_unreadable_folder_inside_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a.jpg", "locked/b.jpg")
    with unreadable(monkeypatch, tmp_path / "locked"):
        listing = listed(tmp_path)
    assert paths(listing) == ["a.jpg"]
    assert listing.failed == (("locked/", "the folder cannot be read: Permission denied"),)


def test_folders_without_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PhotosMissingError, match=r"there is no folder .*--input"):
        listed(tmp_path / "gone")
    touch(tmp_path, "notes.txt", "clip.mov")
    with pytest.raises(PhotosMissingError, match=r"is a file, not a folder.*--input"):
        listed(tmp_path / "notes.txt")
    with pytest.raises(PhotosMissingError, match=r"no photo in .*JPEG, PNG.*--input; clip\.mov: a video"):
        listed(tmp_path)
    with (
        unreadable(monkeypatch, tmp_path),
        pytest.raises(
            PhotosMissingError, match=r"Permission denied.: give yourself permission to read it; or give --input"
        ),
    ):
        listed(tmp_path)


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"\xff\xfe/x\x80.png", b"back\\slash.jpg", b"lie\\udce9.jpg"])
def test_any_name_survives(tmp_path: Path, name: bytes) -> None:
    file = tmp_path / os.fsdecode(name)
    file.parent.mkdir(exist_ok=True)
    try:
        file.write_bytes(b"content")
    except OSError as error:
        pytest.skip(f"this file system refuses the name: {error}")
    (photo,) = listed(tmp_path).photos
    photo.image_path.encode("utf-8")
    again = photo_path(tmp_path, photo.image_path)
    assert again == photo.path == file
    assert again.read_bytes() == b"content"


def test_bytes_that_are_not_utf8_stand_as_backslash_form(tmp_path: Path) -> None:
    assert escaped(os.fsdecode(b"caf\xe9.jpg")) == "caf\\udce9.jpg"
    assert photo_path(tmp_path, "caf\\udce9.jpg") == tmp_path / os.fsdecode(b"caf\xe9.jpg")


@given(st.binary(min_size=1, max_size=20).filter(lambda name: b"/" not in name and b"\0" not in name))
def test_escaping_is_reversible_and_unique(name: bytes) -> None:
    text = os.fsdecode(name)
    if text in (".", ".."):
        return
    written = escaped(text)
    assert written.encode("utf-8").decode("utf-8") == written
    assert photo_path(Path("/photos"), written) == Path("/photos") / text


@pytest.mark.parametrize(
    "image_path", ["", "/etc/passwd", "../a.jpg", "a/../../b.jpg", "a//b.jpg", "./a.jpg", "a/", "a\0.jpg", "a\\b.jpg"]
)
def test_paths_that_leave_the_folder_are_refused(tmp_path: Path, image_path: str) -> None:
    with pytest.raises(FaceDataError):
        photo_path(tmp_path, image_path)


def test_cluster_pictures_of_any_run_are_no_photos(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    pictures = tmp_path / "earlier results" / "output_clusters"
    (pictures / "cluster_0").mkdir(parents=True)
    for name in (".curation-files.json", "cluster_0.jpg", "cluster_0/01_a_face0.jpg"):
        (pictures / name).touch()
    assert [photo.image_path for photo in listed(tmp_path).photos] == ["a.jpg"]


def test_clips_are_listed_beside_photos(tmp_path: Path) -> None:
    touch(
        tmp_path, "IMG_1.HEIC", "img_1.MOV", "sub/b.MP4", "sub/IMG_1.mts", "a.webm", "GX01.LRV", "DJI.LRF", "GX01.THM"
    )
    touch(tmp_path, ".hidden.mp4", "notes.ts.txt")
    listing = listed(tmp_path)
    assert [(clip.video_path, clip.beside) for clip in listing.clips] == [
        ("a.webm", ""),
        ("img_1.MOV", "IMG_1.HEIC"),
        ("sub/IMG_1.mts", ""),
        ("sub/b.MP4", ""),
    ]
    assert listing.clips[0].path == tmp_path / "a.webm"
    assert dict(listing.ignored)["a.webm"] == "a video, not a photo"
    apart = listing.clips_apart()
    assert [path for path, _ in apart.ignored] == ["DJI.LRF", "GX01.LRV", "notes.ts.txt"][: len(apart.ignored)]
    assert apart.photos == listing.photos


def test_a_folder_of_clips_alone(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    with pytest.raises(PhotosMissingError):
        listed(tmp_path)
    listing = list_photos(tmp_path, exclude=[], skip_raw_with_jpeg=True, needs_photos=False)
    assert [clip.video_path for clip in listing.clips] == ["a.mp4"]
