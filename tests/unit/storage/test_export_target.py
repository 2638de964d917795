from __future__ import annotations

import errno
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from curation.disk.temporaries import own_name
from curation.errors import PhotoUnreadableError, StorageError
from curation.storage.export_target import ExportTarget, FolderTarget, ZipTarget, check_room, sweep_exports

TARGETS = [FolderTarget, ZipTarget]


def add(target: ExportTarget, name: str, content: bytes = b"content", mtime_ns: int = 10**18) -> None:
    target.add(name, [content[:3], content[3:]], mtime_ns=mtime_ns, size_bytes=len(content))


def broken(first: bytes) -> Iterator[bytes]:
    if first:
        yield first
    raise PhotoUnreadableError("cut off")


@pytest.mark.parametrize("kind", TARGETS)
def test_an_export_has_its_name_only_when_it_is_finished(tmp_path: Path, kind: type[FolderTarget | ZipTarget]) -> None:
    target = kind(tmp_path / "export", "Party")
    add(target, "day 1/a.jpg")
    assert all(path.name.startswith(".") for path in (tmp_path / "export").iterdir())
    assert target.written_bytes == 7
    path = target.finish()
    target.discard()
    assert list((tmp_path / "export").iterdir()) == [path]
    if kind is FolderTarget:
        assert (path / "day 1/a.jpg").read_bytes() == b"content"
        assert (path / "day 1/a.jpg").stat().st_mtime_ns == 10**18
    else:
        with zipfile.ZipFile(path) as archive:
            assert archive.read("day 1/a.jpg") == b"content"
            assert archive.getinfo("day 1/a.jpg").compress_type == zipfile.ZIP_STORED


@pytest.mark.parametrize("kind", TARGETS)
def test_a_number_is_added_to_a_name_that_is_taken(tmp_path: Path, kind: type[FolderTarget | ZipTarget]) -> None:
    names = [kind(tmp_path, "Party").finish().name for _ in range(3)]
    assert [name.removesuffix(".zip") for name in names] == ["Party", "Party (2)", "Party (3)"]


@pytest.mark.parametrize("kind", TARGETS)
def test_discarding_leaves_nothing(tmp_path: Path, kind: type[FolderTarget | ZipTarget]) -> None:
    target = kind(tmp_path / "export", "Party")
    add(target, "a.jpg")
    target.discard()
    assert list((tmp_path / "export").iterdir()) == []


@pytest.mark.parametrize("kind", TARGETS)
def test_a_folder_that_cannot_be_created(tmp_path: Path, kind: type[FolderTarget | ZipTarget]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="is a file, not a folder"):
        kind(tmp_path / "file", "Party")


def test_a_photo_that_fails_leaves_no_file_in_a_folder(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path, "Party")
    with pytest.raises(PhotoUnreadableError):
        target.add("a.jpg", broken(b"half"), mtime_ns=0, size_bytes=8)
    assert list(target.finish().iterdir()) == []
    assert target.written_bytes == 0


def test_a_photo_that_fails_late_fails_a_zip_file(tmp_path: Path) -> None:
    target = ZipTarget(tmp_path, "Party")
    with pytest.raises(PhotoUnreadableError):
        target.add("a.jpg", broken(b""), mtime_ns=0, size_bytes=8)
    with pytest.raises(StorageError, match=r"b\.jpg cannot be read to its end"):
        target.add("b.jpg", broken(b"half"), mtime_ns=0, size_bytes=8)
    target.discard()
    assert list(tmp_path.iterdir()) == []


def test_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "a.jpg"
    source.write_bytes(b"content")
    target = FolderTarget(tmp_path / "export", "Party")
    target.link("sub/a.jpg", source)
    assert target.written_bytes == 0

    def refuse(self: Path, source: Path) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(StorageError, match="export copies instead"):
        target.link("b.jpg", source)
    assert (target.finish() / "sub/a.jpg").samefile(source)
    packed = ZipTarget(tmp_path, "Party")
    with pytest.raises(StorageError, match="linked into a ZIP file"):
        packed.link("a.jpg", source)
    packed.discard()


@pytest.mark.parametrize(("mtime_ns", "year"), [(0, 1980), (10**18, 2001), (5 * 10**18, 2107)])
def test_dates_stay_in_the_range_of_zip_files(tmp_path: Path, mtime_ns: int, year: int) -> None:
    target = ZipTarget(tmp_path, "Party")
    add(target, "a.jpg", mtime_ns=mtime_ns)
    with zipfile.ZipFile(target.finish()) as archive:
        assert archive.getinfo("a.jpg").date_time[0] == year


def test_disk_space_is_checked_for_a_folder_that_does_not_exist_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def usage(path: Path) -> SimpleNamespace:
        seen.append(path)
        return SimpleNamespace(free=2_000_000_000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    check_room(tmp_path / "export" / "new", 2_000_000_000)
    assert seen == [tmp_path]
    with pytest.raises(StorageError, match=r"need 3\.0 GB, and .* has 2\.0 GB left"):
        check_room(tmp_path, 3_000_000_000)


def test_only_exports_of_dead_processes_are_removed(tmp_path: Path) -> None:
    (tmp_path / own_name("Party") / "sub").mkdir(parents=True)
    (tmp_path / own_name("Party.zip")).touch()
    current, finished = FolderTarget(tmp_path, "Party"), tmp_path / "Party"
    finished.mkdir()
    sweep_exports(tmp_path)
    left = set(tmp_path.iterdir())
    assert len(left) == 2 and finished in left
    current.discard()
    assert set(tmp_path.iterdir()) == {finished}
    sweep_exports(tmp_path / "missing")
