"""Who may read what the program makes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.disk import file_modes
from curation.disk.file_modes import FileMode, keep_private, start_umask
from curation.storage.atomic import make_folder, open_atomic, write_bytes

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
OTHER = 12345


@pytest.fixture(autouse=True)
def umask(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything as it was in the end."""
    before = os.umask(0o022)
    monkeypatch.setattr(file_modes, "_modes", file_modes._Modes())
    monkeypatch.delenv("_CURATION_UMASK", raising=False)
    yield
    os.environ.pop("_CURATION_UMASK", None)
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_files_are_private_and_what_is_handed_out_is_not(tmp_path: Path) -> None:
    write_bytes(tmp_path / "new" / "labels.json", b"{}")
    with open_atomic(tmp_path / "new" / "a.xmp", handed_out=True) as file:
        file.write(b"x")
    assert mode(tmp_path / "new") == 0o700
    assert mode(tmp_path / "new" / "labels.json") == 0o600
    assert mode(tmp_path / "new" / "a.xmp") == 0o644


@pytest.mark.parametrize("before", [0o644, 0o600, 0o640, 0o664, 0o400])
def test_a_file_that_is_replaced_hands_on_its_mode(tmp_path: Path, before: int) -> None:
    path = tmp_path / "face_data.csv"
    path.touch()
    path.chmod(before)
    write_bytes(path, b"new")
    assert mode(path) == before


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "team"
    folder.mkdir()
    folder.chmod(0o2775)
    make_folder(folder)
    write_bytes(folder / "a", b"x")
    assert mode(folder) == 0o2775


@pytest.mark.skipif(not ROOT, reason="only root may give files away")
def test_a_file_stays_that_of_its_group_and_owner(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.touch()
    os.chown(path, OTHER, OTHER)
    path.chmod(0o640)
    write_bytes(path, b"new")
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (OTHER, OTHER, 0o640)


def test_a_group_that_cannot_be_kept_gives_nothing_to_another_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "labels.json"
    path.touch()
    path.chmod(0o640)
    real = os.fstat

    def of_another_group(handle: int) -> os.stat_result:
        status = list(real(handle))
        status[5] += 1
        return os.stat_result(status)

    def refused(handle: int, owner: int, group: int) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", of_another_group)
        patch.setattr(os, "fchown", refused)
        with path.open("rb+") as new:
            file_modes.as_before(new.fileno(), path)
    assert mode(path) == 0o600


@pytest.mark.parametrize(
    ("wanted", "file", "folder"),
    [(FileMode.PRIVATE, 0o600, 0o700), (FileMode.GROUP, 0o660, 0o770), (FileMode.UMASK, 0o644, 0o755)],
)
def test_programs_choose(tmp_path: Path, wanted: FileMode, file: int, folder: int) -> None:
    keep_private()
    keep_private(wanted)
    write_bytes(tmp_path / "new" / "a", b"x")
    (tmp_path / "new" / "log").touch()
    assert (mode(tmp_path / "new"), mode(tmp_path / "new" / "a")) == (folder, file)
    assert mode(tmp_path / "new" / "log") == file
    assert start_umask() == 0o022


def test_programs_that_are_started_know_the_first_umask(tmp_path: Path) -> None:
    keep_private()
    code = "from curation.disk.file_modes import keep_private, start_umask; keep_private(); print(oct(start_umask()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0o22"


def test_a_list_of_further_readers_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch()
    entry = bytes.fromhex(
        "02000000 0100 0600 ffffffff 0200 0400 39300000 0400 0000 ffffffff 1000 0400 ffffffff 2000 0000 ffffffff"
    )
    try:
        os.setxattr(path, "system.posix_acl_access", entry)
    except OSError as error:
        pytest.skip(f"no such lists here: {error}")
    write_bytes(path, b"new")
    assert os.getxattr(path, "system.posix_acl_access") == entry
