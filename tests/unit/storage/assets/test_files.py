"""Files of assets: results as a whole, deletions that are finished whatever dies, and nothing of the user's touched."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from curation.errors import StorageError
from curation.storage.assets.files import AssetFiles

ID = "ab" * 16
OTHER = "ab" + "0" * 30


def nobody(asset_id: str) -> bool:
    return False


def everybody(asset_id: str) -> bool:
    return True


@pytest.fixture
def files(tmp_path: Path) -> AssetFiles:
    return AssetFiles(tmp_path / "assets")


def left(files: AssetFiles) -> list[str]:
    """All files that are there."""
    return sorted(str(path.relative_to(files.folder)) for path in files.folder.rglob("*") if path.is_file())


def made(files: AssetFiles, content: bytes = b"cut", asset_id: str = ID) -> Path:
    """A result of a picture."""
    folder = files.begin_attempt(asset_id, 1)
    (folder / "cutout.png").write_bytes(content)
    files.make_result(asset_id, folder)
    return folder


def make_old(files: AssetFiles) -> None:
    for path in files.folder.rglob("*"):
        os.utime(path, (1e9, 1e9))


def test_a_picture_is_kept_as_it_was_handed_in(files: AssetFiles) -> None:
    assert not files.has_original(ID)
    files.keep_original(ID, b"photo")
    files.keep_original(ID, b"photo")
    assert files.original(ID).read_bytes() == b"photo"
    assert left(files) == [f"ab/{ID}/original"]


def test_a_picture_that_was_damaged_on_the_disk_is_written_again(files: AssetFiles) -> None:
    files.keep_original(ID, b"photo")
    files.original(ID).write_bytes(b"ph")
    files.keep_original(ID, b"photo")
    assert files.original(ID).read_bytes() == b"photo"


def test_a_result_is_there_as_a_whole_or_not_at_all(files: AssetFiles) -> None:
    folder = files.begin_attempt(ID, 1)
    (folder / "cutout.png").write_bytes(b"half")
    assert files.file(ID, "cutout.png") is None
    made(files, b"first")
    second = made(files, b"second")
    path = files.file(ID, "cutout.png")
    assert path is not None and path.read_bytes() == b"second"
    files.keep_only_result(ID)
    assert [path.name for path in second.parent.iterdir() if path.is_dir()] == [second.name]
    files.discard_attempt(ID, second)
    assert files.file(ID, "cutout.png") == path


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../original", "/etc/passwd", "a/b", "a\\..\\b", "no\0", "other.png", "result.json"]
)
def test_only_files_of_the_result_are_given_out(files: AssetFiles, name: str) -> None:
    files.keep_original(ID, b"photo")
    made(files)
    assert files.file(ID, name) is None


@pytest.mark.parametrize("asset_id", ["", "..", "a" * 31, "A" * 32, "a" * 32 + "\n", "../" + "a" * 29])
def test_only_ids_are_paths(files: AssetFiles, asset_id: str) -> None:
    assert files.file(asset_id, "original") is None
    with pytest.raises(ValueError, match="no id"):
        files.original(asset_id)


def test_a_deletion_leaves_no_file(files: AssetFiles) -> None:
    files.keep_original(ID, b"photo")
    made(files)
    files.keep_original(OTHER, b"another")
    files.finish_delete(files.begin_delete(ID), nobody)
    assert left(files) == [f"ab/{OTHER}/original"]


def test_a_deletion_of_a_record_that_is_still_there_removes_nothing(files: AssetFiles) -> None:
    files.keep_original(ID, b"photo")
    files.finish_delete(files.begin_delete(ID), everybody)
    assert left(files) == [f"ab/{ID}/original"]


def test_a_picture_handed_in_again_during_its_deletion_keeps_its_file(files: AssetFiles) -> None:
    files.keep_original(ID, b"photo")
    answers = iter([False, True])
    files.finish_delete(files.begin_delete(ID), lambda asset_id: next(answers))
    assert left(files) == [f"ab/{ID}/original"]


class _Killed(BaseException):
    """In place of a kill: no handler of errors sees it."""


@contextmanager
def killed_before(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
    """The process dies before its n-th change of the disk; whether it did."""
    count = 0
    was_killed = False

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def one(*args: Any, **kwargs: Any) -> Any:
            nonlocal count, was_killed
            if was_killed or count == step:
                was_killed = True
                raise _Killed
            count += 1
            return change(*args, **kwargs)

        return one

    with monkeypatch.context() as patch:
        for module, name in ((os, "mkdir"), (os, "rename"), (os, "replace"), (os, "unlink"), (os, "rmdir")):
            patch.setattr(module, name, counted(getattr(module, name)))
        with suppress(_Killed):
            yield lambda: was_killed


def test_a_deletion_is_finished_wherever_it_was_killed(files: AssetFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in range(100):
        files.keep_original(ID, b"photo")
        made(files)
        rows = {ID}
        with killed_before(step, monkeypatch) as has_been:
            entry = files.begin_delete(ID)
            rows.clear()
            files.finish_delete(entry, rows.__contains__)
        make_old(files)
        files.sweep_deleted(rows.__contains__)
        if rows:
            assert files.has_original(ID) and files.file(ID, "cutout.png") is not None, step
        else:
            assert left(files) == [], step
        if not has_been():
            assert step > 5
            return
    raise AssertionError("it never ended")


def test_a_result_survives_a_kill_at_any_step_of_the_next_one(
    files: AssetFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.keep_original(ID, b"photo")
    made(files, b"old")
    for step in range(100):
        with killed_before(step, monkeypatch) as has_been:
            made(files, b"new")
            files.keep_only_result(ID)
        path = files.file(ID, "cutout.png")
        assert path is not None and path.read_bytes() in (b"old", b"new"), step
        if not has_been():
            assert step > 3
            break
    make_old(files)
    files.sweep_orphans(everybody, older_than_s=60)
    assert len(left(files)) == 3


def test_orphans_are_swept_when_they_are_old(files: AssetFiles) -> None:
    files.keep_original(ID, b"photo")
    files.keep_original(OTHER, b"another")
    assert files.sweep_orphans(nobody, older_than_s=60) == 0
    make_old(files)
    assert files.sweep_orphans(lambda asset_id: asset_id == OTHER, older_than_s=60) == 1
    assert left(files) == [f"ab/{OTHER}/original"]


def test_what_killed_tries_have_left_is_swept(files: AssetFiles) -> None:
    files.keep_original(ID, b"photo")
    result = made(files)
    lost = files.begin_attempt(ID, 2)
    (lost / "cutout.png").write_bytes(b"half")
    (lost.parent / f".new-{'0' * 32}.99.curation-tmp").write_bytes(b"half")
    make_old(files)
    assert files.sweep_orphans(everybody, older_than_s=60) == 1
    assert left(files) == [f"ab/{ID}/{result.name}/cutout.png", f"ab/{ID}/original", f"ab/{ID}/result.json"]


def test_nothing_of_the_user_is_removed(files: AssetFiles) -> None:
    files.keep_original(ID, b"photo")
    made(files)
    mine = [
        f"ab/{ID}/notes.txt",
        "ab/readme.txt",
        "holiday/a.jpg",
        "trash/a.jpg",
        "trash/folder/a.jpg",
        f"{ID}/a.jpg",
        "AB/a.jpg",
        "original",
    ]
    for name in mine:
        path = files.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
    make_old(files)
    files.sweep_orphans(nobody, older_than_s=60)
    files.sweep_deleted(nobody)
    assert left(files) == sorted(mine)
    files.remove_at_once(ID)
    assert left(files) == sorted(mine)


def test_a_full_disk_is_told_and_leaves_no_half_file(files: AssetFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full"):
        files.keep_original(ID, b"photo")
    folder = files.begin_attempt(ID, 1)
    (folder / "cutout.png").write_bytes(b"cut")
    with pytest.raises(StorageError, match="the disk is full"):
        files.make_result(ID, folder)
    files.discard_attempt(ID, folder)
    assert left(files) == []


def test_a_result_of_a_deleted_picture_is_refused(files: AssetFiles) -> None:
    files.keep_original(ID, b"photo")
    folder = files.begin_attempt(ID, 1)
    files.finish_delete(files.begin_delete(ID), nobody)
    with pytest.raises(StorageError):
        files.make_result(ID, folder)
    assert left(files) == []


def test_a_damaged_result_is_none(files: AssetFiles) -> None:
    folder = made(files)
    for damaged in (b"", b"[]", b'{"folder": 5}', b'{"folder": "../.."}', b"\xff"):
        (folder.parent / "result.json").write_bytes(damaged)
        assert files.file(ID, "cutout.png") is None
