from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from curation.disk.temporaries import own_name
from curation.errors import StorageError
from curation.storage.atomic import TEMPORARY_SUFFIX, explained, open_atomic, set_aside, sweep_temporaries, write_bytes

is_root = os.geteuid() == 0


def test_a_new_file_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    with open_atomic(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("fault", [RuntimeError("of ours"), KeyboardInterrupt(), StorageError("inner")])
def test_an_exception_in_the_middle_leaves_the_old_file(tmp_path: Path, fault: BaseException) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(type(fault)), open_atomic(path) as file:
        file.write(b"half of the new")
        raise fault
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "disk reports an error"),
        (errno.ELOOP, "symbolic links"),
    ],
)
def test_a_failed_write_leaves_the_old_file_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, hint: str
) -> None:
    def full(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=hint) as raised:
        write_bytes(path, b"new")
    assert str(path) in str(raised.value)
    assert raised.value.exit_code == 5
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


_WRITE_TOO_MUCH = """
import resource, signal, sys
from pathlib import Path
from curation.errors import StorageError
from curation.storage.atomic import write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_bytes(Path(sys.argv[1]), b"x" * 1_000_000)
except StorageError as error:
    print(error)
"""


def test_a_real_limit_of_the_system(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", _WRITE_TOO_MUCH, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "larger than this disk or process may write" in done.stdout
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "a", tmp_path / "file" / "a" / "b"):
        with pytest.raises(StorageError, match="is a file, not a folder"):
            write_bytes(path, b"new")
        with pytest.raises(StorageError, match="is a file, not a folder"), open_atomic(path) as file:
            file.write(b"new")


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(StorageError, match="cannot be"):
        write_bytes(tmp_path / "file", b"new")
    with pytest.raises(StorageError, match="cannot be written"), open_atomic(tmp_path / "file") as file:
        file.write(b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(is_root, reason="root may write everywhere")
def test_no_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="no permission"):
            write_bytes(tmp_path / "file", b"new")
    finally:
        tmp_path.chmod(0o700)


def test_the_mode_of_an_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_bytes(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o640


def test_an_unchanged_file_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write_bytes(path, b"same")
    before = path.stat()
    assert not write_bytes(path, b"same")
    assert path.stat().st_ino == before.st_ino
    assert write_bytes(path, b"other")
    assert write_bytes(path, b"")
    assert path.read_bytes() == b""


def test_folders_that_cannot_be_synced_are_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def only_files(handle: int) -> None:
        if os.fstat(handle).st_mode & 0o040000:
            raise OSError(errno.EINVAL, "no")
        real(handle)

    monkeypatch.setattr(os, "fsync", only_files)
    assert write_bytes(tmp_path / "file", b"new")


def test_only_what_dead_processes_left_is_swept(tmp_path: Path) -> None:
    dead, odd, users = (
        tmp_path / name
        for name in (own_name("labels.json"), f".labels.json.{'9' * 30}{TEMPORARY_SUFFIX}", ".labels.json")
    )
    for path in (dead, odd, users):
        path.touch()
    with open_atomic(tmp_path / "labels.json") as file:
        sweep_temporaries(tmp_path)
        file.write(b"{}")
        left = set(tmp_path.iterdir())
    assert len(left) == 2 and users in left
    assert set(tmp_path.iterdir()) == {users, tmp_path / "labels.json"}
    sweep_temporaries(tmp_path / "missing")


def test_what_cannot_be_swept_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / own_name("a")).touch()

    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EPERM, "no", str(path))

    with monkeypatch.context() as patch, pytest.raises(StorageError, match="removed"):
        patch.setattr(Path, "unlink", refused)
        sweep_temporaries(tmp_path)


def test_an_error_without_a_number_is_told_in_its_words() -> None:
    assert str(explained(OSError("strange"), Path("a"), "read")) == "a cannot be read: strange"


def test_damaged_files_are_set_aside_under_the_next_free_number(tmp_path: Path) -> None:
    path = tmp_path / "said.json"
    (tmp_path / "said.json.damaged-2").write_bytes(b"an earlier one")
    for number, content in ((1, b"one"), (3, b"two"), (4, b"three")):
        path.write_bytes(content)
        aside = set_aside(path)
        assert aside == tmp_path / f"said.json.damaged-{number}"
        assert aside.read_bytes() == content
        assert not path.exists()
    assert (tmp_path / "said.json.damaged-2").read_bytes() == b"an earlier one"


def test_what_cannot_be_set_aside_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"none\.json cannot be renamed"):
        set_aside(tmp_path / "none.json")
