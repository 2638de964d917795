from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from curation.errors import PhotosMissingError
from curation.photos.files import listing
from curation.photos.files.listing import Listing, list_photos
from curation.photos.finding import folder_watch, twins, walk
from curation.photos.finding.folder_watch import FolderWatch, SeenFolder, answer_of
from curation.regular_files import open_regular
from tests.mounts import cannot_mount, cannot_mount_fuse, dead_disk, hanging_disk, small_disk, unplug


@pytest.fixture
def event(tmp_path: Path) -> Path:
    folder = tmp_path / "event"
    for name in ("a.jpg", "b.jpg", "card/c.jpg", "card/d.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"photo")
    return folder


def listed(folder: Path) -> Listing:
    return list_photos(folder, exclude=(), skip_raw_with_jpeg=False)


def test_folders_that_stand_are_no_trouble(event: Path) -> None:
    watch = listed(event).watch()
    watch.demand_all()
    watch.demand(event / "a.jpg")
    (event / "a.jpg").unlink()
    watch.demand(event / "a.jpg")  # its folder stands: it is the photo that is gone
    (event / "card" / "c.jpg").unlink()
    (event / "card" / "d.jpg").unlink()
    watch.demand(event / "card" / "d.jpg")


def test_a_folder_that_vanished_is_named(event: Path) -> None:
    watch = listed(event).watch()
    (event / "card").rename(event / "other")
    watch.demand(event / "a.jpg")
    with pytest.raises(PhotosMissingError, match=r"the folder \S+event/card vanished.*No such file.*run again"):
        watch.demand(event / "card" / "c.jpg")
    with pytest.raises(PhotosMissingError, match=r"the folder \S+event/card vanished.*No such file.*run again"):
        watch.demand_all()
    event.rename(event.parent / "moved")
    with pytest.raises(PhotosMissingError, match=r"the folder of photos \S+event vanished"):
        watch.demand(event / "card" / "c.jpg")


def test_another_folder_of_the_name_is_not_it(event: Path) -> None:
    watch = listed(event).watch()
    (event / "card").rename(event / "other")
    (event / "card").mkdir()
    for ask in (partial(watch.demand, event / "card" / "c.jpg"), watch.demand_all):
        with pytest.raises(PhotosMissingError, match="another disk or folder"):
            ask()


def test_a_disk_may_number_its_folders_anew(event: Path) -> None:
    watch = listed(event).watch()
    (event / "card").rename(event / "other")
    (event / "card").mkdir()
    (event / "card" / "d.jpg").write_bytes(b"photo")
    watch.demand(event / "card" / "c.jpg")
    watch.demand_all()


def test_a_file_in_its_place_is_no_folder(event: Path) -> None:
    watch = listed(event).watch()
    shutil.rmtree(event / "card")
    (event / "card").write_bytes(b"")
    with pytest.raises(PhotosMissingError, match="not a folder any more"):
        watch.demand(event / "card" / "c.jpg")


def test_a_folder_that_was_emptied_has_vanished_too(event: Path) -> None:
    watch = listed(event).watch()
    for path in sorted(event.rglob("*.jpg")):
        watch.demand(path)
        path.unlink()
    with pytest.raises(PhotosMissingError, match="none of its photos"):
        watch.demand(event / "a.jpg")


def test_photos_that_lie_in_no_folder_are_not_watched() -> None:
    FolderWatch().demand(Path("/nowhere/a.jpg"))
    FolderWatch().demand_all()


def test_a_disk_that_does_not_answer_is_not_waited_for() -> None:
    never = threading.Event()

    def ask() -> str:
        never.wait(60)
        return ""

    began = time.monotonic()
    assert "has not answered for 0.05 s" in answer_of(ask, 0.05)
    assert time.monotonic() - began < 20
    never.set()


def test_the_folder_of_photos_vanishes_while_it_is_looked_through(event: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = walk.Walk.run

    def run(self: walk.Walk) -> None:
        looked(self)
        event.rename(event.parent / "moved")

    monkeypatch.setattr(walk.Walk, "run", run)
    with pytest.raises(PhotosMissingError, match="vanished"):
        listed(event)


def test_the_folder_of_photos_vanishes_before_it_is_looked_through(
    event: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = walk.Walk.run

    def run(self: walk.Walk) -> None:
        event.rename(event.parent / "moved")
        looked(self)

    monkeypatch.setattr(walk.Walk, "run", run)
    with pytest.raises(PhotosMissingError, match="there is no folder"):
        listed(event)


@pytest.mark.skipif(bool(cannot_mount()), reason=cannot_mount())
def test_a_disk_that_is_unplugged(event: Path) -> None:
    with small_disk(event / "second card", "1m") as card:
        (card / "e.jpg").write_bytes(b"photo")
        watch = listed(event).watch()
        watch.demand(card / "e.jpg")
        unplug(card)
        assert card.is_dir() and not list(card.iterdir())
        with pytest.raises(PhotosMissingError, match=r"second card vanished during the run .another disk or folder"):
            watch.demand(card / "e.jpg")


@pytest.mark.skipif(bool(cannot_mount_fuse()), reason=cannot_mount_fuse())
def test_a_folder_on_a_dead_disk_is_named(event: Path) -> None:
    with dead_disk(event / "dead"):
        listing = listed(event)
        assert listing.failed == (("dead/", "the folder cannot be read: Transport endpoint is not connected"),)
        assert listing.why_unseen("dead/x.jpg") is not None and listing.why_unseen("a.jpg") is None
        with pytest.raises(PhotosMissingError, match=r"cannot be read .Transport endpoint is not connected"):
            listed(event / "dead")


@pytest.mark.skipif(bool(cannot_mount_fuse()), reason=cannot_mount_fuse())
def test_a_disk_that_hangs_ends_the_run(event: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (event / "card" / "c.jpg").unlink()
    folders = [SeenFolder(path, *_identity(path)) for path in (event, event / "card")]
    watch = FolderWatch(folders, [event / "card" / "d.jpg"], limit_s=0.2)
    watch.demand_all()
    with hanging_disk(event / "card"), pytest.raises(PhotosMissingError, match=r"has not answered for 0\.2 s"):
        watch.demand(event / "card" / "d.jpg")
    monkeypatch.setattr(folder_watch, "ANSWER_LIMIT_S", 0.2)
    with hanging_disk(event / "hangs"), pytest.raises(PhotosMissingError, match="has not answered"):
        listed(event / "hangs")


@pytest.mark.skipif(bool(cannot_mount_fuse()), reason=cannot_mount_fuse())
def test_a_disk_inside_that_hangs_ends_the_listing(event: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LISTING_LIMIT_S", 0.3)
    with (
        hanging_disk(event / "hangs"),
        pytest.raises(PhotosMissingError, match=r"has not answered for 0\.3 s, at .*hangs; connect the disk"),
    ):
        listed(event)
    assert len(listed(event).photos) == 4, "it is gone, and the others are there"


@pytest.mark.parametrize("at", ["scandir", "stat", "open"])
def test_a_disk_that_hangs_at_any_question_ends_the_listing(
    event: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    monkeypatch.setattr(listing, "LISTING_LIMIT_S", 0.3)
    (event / "card" / "c.cr2").write_bytes(b"raw")  # its header is read to see whether c.jpg is the same shot
    answers = threading.Event()
    real = open_regular if at == "open" else getattr(os, at)

    def slow(path: Path, *args: Any, **more: Any) -> Any:
        if str(path).startswith(str(event / "card")):
            answers.wait(30)
        return real(path, *args, **more)

    if at == "open":
        monkeypatch.setattr(twins, "open_regular", slow)
    else:
        monkeypatch.setattr(os, at, slow)
    try:
        with pytest.raises(PhotosMissingError, match=r"has not answered for 0\.3 s, at .*card"):
            list_photos(event, exclude=(), skip_raw_with_jpeg=True)
    finally:
        answers.set()


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


@pytest.mark.parametrize("name", ["Card 2", "2026.05.30", "Anna.photoslibrary", "St. Mary", "x.jpg", "x.mp4"])
def test_a_link_that_may_lead_to_a_folder_of_photos_is_told(event: Path, name: str) -> None:
    (event / name).symlink_to(event.parent / "unplugged" / "disk")
    ((path, reason),) = listed(event).failed
    assert path == (name if name.startswith("x.") else f"{name}/")
    assert reason.startswith("a link that leads nowhere")


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "lightroom.lrcat", "x.pdf"])
def test_other_links_that_lead_nowhere_are_not(event: Path, name: str) -> None:
    (event / name).symlink_to(event.parent / "unplugged" / "disk")
    assert listed(event).failed == ()


def test_links_in_a_loop(event: Path) -> None:
    (event / "one").symlink_to(event / "two")
    (event / "two").symlink_to(event / "one")
    (event / "x.jpg").symlink_to(event / "y.jpg")
    (event / "y.jpg").symlink_to(event / "x.jpg")
    failed = dict(listed(event).failed)
    assert sorted(failed) == ["x.jpg", "y.jpg"]
    assert all("symbolic links" in reason for reason in failed.values())


def _failing(monkeypatch: pytest.MonkeyPatch, number: int, *names: str) -> list[str]:
    """Files of these names cannot be opened; the list tells what was tried."""
    tried: list[str] = []

    def opened(path: Path) -> Any:
        tried.append(path.name)
        if path.name in names:
            raise OSError(number, os.strerror(number), str(path))
        return open_regular(path)

    monkeypatch.setattr(folder_watch, "open_regular", opened)
    return tried


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EHOSTDOWN, errno.ENOLINK, errno.ENODEV, errno.ENOTCONN])
def test_what_only_a_disk_says_is_not_the_photos_fault(
    event: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    watch = listed(event).watch()
    _failing(monkeypatch, number, "a.jpg")
    with pytest.raises(PhotosMissingError, match=os.strerror(number)):
        watch.demand(event / "a.jpg")


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EPERM])
def test_a_photo_that_cannot_be_read_is_to_blame_as_long_as_others_can(
    event: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    watch = listed(event).watch()
    names = ("a.jpg", "b.jpg", "c.jpg")
    tried = _failing(monkeypatch, number, *names)
    for name in ("a.jpg", "b.jpg"):
        watch.demand(event / name)
    watch.demand(event / "card" / "c.jpg")
    assert len(tried) <= 12, "one that can be read is remembered"
    monkeypatch.undo()
    _failing(monkeypatch, number, *names, "d.jpg")
    with pytest.raises(PhotosMissingError, match=f"none of its photos can be read: {os.strerror(number)}"):
        watch.demand(event / "a.jpg")


def test_the_only_photo_of_a_folder_may_be_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").touch()
    watch = listed(tmp_path).watch()
    _failing(monkeypatch, errno.EIO, "a.jpg")
    watch.demand(tmp_path / "a.jpg")
