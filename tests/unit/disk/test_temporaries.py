"""Temporary names: held as long as their process lives, swept when it is dead, whatever number it had."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from curation.disk import temporaries
from curation.disk.temporaries import TEMPORARY_SUFFIX, OwnFile, OwnFolder, own_name, remove_left, sweep_left
from tests.crash_points.forks import run_forked
from tests.interruptions import interrupted_at_every_step

_DROPPED = pytest.mark.filterwarnings("ignore::ResourceWarning")  # a file that is dropped is not closed before

_HOLDER = """
import sys, time
from pathlib import Path
from curation.disk.temporaries import OwnFile, OwnFolder, own_name
folder = Path(sys.argv[1])
file = OwnFile(lambda: folder / own_name("labels.json"))
export = OwnFolder(lambda: folder / own_name("Party"))
(export.path / "a.jpg").write_bytes(b"half")
print("ready", flush=True)
time.sleep(60)
"""


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a file and a folder."""
    with subprocess.Popen([sys.executable, "-c", _HOLDER, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def swept(folder: Path) -> int:
    return sum(1 for _ in sweep_left(folder))


def test_what_a_living_process_holds_stays_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        assert swept(tmp_path) == 0
        assert len(list(tmp_path.iterdir())) == 2
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert swept(tmp_path) == 2
    assert list(tmp_path.iterdir()) == []


def test_the_number_of_a_process_says_nothing(tmp_path: Path) -> None:
    """As in a container: what was left has the number of this very process, and is swept all the same."""
    (tmp_path / own_name("Party")).mkdir()
    with OwnFolder(lambda: tmp_path / own_name("Party")) as own:
        assert swept(tmp_path) == 1
        assert list(tmp_path.iterdir()) == [own.path]


@_DROPPED
@pytest.mark.parametrize("kind", [OwnFile, OwnFolder])
def test_ctrl_c_at_any_step_leaves_nothing(tmp_path: Path, kind: type[OwnFile | OwnFolder]) -> None:
    def write() -> None:
        with kind(lambda: tmp_path / own_name("Party")) as own:
            (own.path / "a.jpg" if own.path.is_dir() else own.path).write_bytes(b"half")

    places = []
    for place in interrupted_at_every_step(write):
        assert list(tmp_path.iterdir()) == [], place
        places.append(place)
    assert len(places) > 20


@_DROPPED
@pytest.mark.parametrize("kind", [OwnFile, OwnFolder])
def test_what_has_its_name_stays_wherever_ctrl_c_comes(tmp_path: Path, kind: type[OwnFile | OwnFolder]) -> None:
    final = tmp_path / "Party"
    named = []

    def write() -> None:
        own = kind(lambda: tmp_path / own_name("Party"))
        own.path.rename(final)
        named.append(True)
        own.close()

    places = 0
    for place in interrupted_at_every_step(write):
        places += 1
        assert list(tmp_path.iterdir()) == ([final] if named or final.exists() else []), place
        named.clear()
        if final.exists():
            final.rmdir() if kind is OwnFolder else final.unlink()
    assert places > 20


@_DROPPED
@pytest.mark.parametrize("kind", [OwnFile, OwnFolder])
def test_a_forked_process_takes_nothing_from_its_parent(tmp_path: Path, kind: type[OwnFile | OwnFolder]) -> None:
    held = [kind(lambda: tmp_path / own_name("Party"))]
    assert not run_forked(held.clear, tmp_path).error
    assert held[0].path.exists()
    held.clear()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [OwnFile, OwnFolder])
def test_a_name_that_is_taken_stays_what_it_was(tmp_path: Path, kind: type[OwnFile | OwnFolder]) -> None:
    (tmp_path / "taken").write_bytes(b"of somebody else")
    with pytest.raises(FileExistsError):
        kind(lambda: tmp_path / "taken")
    assert (tmp_path / "taken").read_bytes() == b"of somebody else"


def test_names_are_new_each_time_and_fit_where_the_name_fits(tmp_path: Path) -> None:
    assert own_name("a") != own_name("a")
    for name in ("x" * 255, "ü" * 127):
        (tmp_path / name).touch()
        with OwnFile(lambda name=name: tmp_path / own_name(name)) as own:  # type: ignore[misc]
            own.path.replace(tmp_path / name)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_sweep_that_is_faster_takes_nothing_from_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fcntl.flock
    removed: list[Path] = []

    def late(handle: int, how: int) -> None:
        if not removed:
            (path,) = tmp_path.iterdir()
            removed.append(path)
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
        real(handle, how)

    for make in (OwnFile, OwnFolder):
        removed.clear()
        with monkeypatch.context() as patch:
            patch.setattr(fcntl, "flock", late)
            own = make(lambda: tmp_path / own_name("a"))
        with own:
            assert own.path.exists() and own.path != removed[0]


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EBADF])
def test_without_locks_the_age_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refused(handle: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refused)
    with OwnFile(lambda: tmp_path / own_name("a")) as file, OwnFolder(lambda: tmp_path / own_name("b")) as folder:
        inner = folder.path / "photo.jpg"
        inner.touch()
        old = time.time() - 90_000
        os.utime(file.path, (old, old))
        os.utime(folder.path, (old, old))
        assert swept(tmp_path) == 1  # something was written into the folder just now
        os.utime(inner, (old, old))
        assert swept(tmp_path) == 1


def test_where_others_do_not_see_the_lock_the_age_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / own_name("a")
    left.touch()
    monkeypatch.setattr(temporaries, "_has_local_locks", lambda folder: True)
    assert not remove_left(left)
    os.utime(left, (time.time() - 7200,) * 2)
    assert remove_left(left)


@pytest.mark.parametrize(
    ("mount", "is_local"),
    [
        ("40 30 0:50 / {place} rw,relatime - virtiofs share rw", True),
        ("40 30 0:50 / {place} rw - fuse.sshfs host: rw", True),
        ("40 30 0:50 / {place} rw - nfs4 host:/x rw,vers=4.2,local_lock=none", False),
        ("40 30 0:50 / {place} rw - nfs host:/x rw,vers=3,nolock,local_lock=all", True),
        ("40 30 0:50 / /elsewhere rw - virtiofs share rw", False),
        ("nonsense", False),
    ],
)
def test_mounts_whose_locks_others_do_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mount: str, is_local: bool
) -> None:
    place = str(tmp_path.resolve()).replace(" ", "\\040")
    table = f"25 1 8:1 / / rw - ext4 /dev/sda rw\n{mount.format(place=place)}\n"
    monkeypatch.setattr(Path, "read_text", lambda self, **options: table)
    assert temporaries._has_local_locks(tmp_path) == is_local


def test_names_of_earlier_versions(tmp_path: Path) -> None:
    dead, own = (tmp_path / f".a.{pid}{TEMPORARY_SUFFIX}" for pid in (2**22 + 1, os.getpid()))
    for path in (dead, own):
        path.touch()
    assert list(sweep_left(tmp_path)) == [dead]
    os.utime(own, (time.time() - 90_000,) * 2)
    assert list(sweep_left(tmp_path)) == [own]


def test_links_pipes_and_files_of_the_user(tmp_path: Path) -> None:
    users = tmp_path / "labels.json"
    users.touch()
    (tmp_path / own_name("link")).symlink_to(users)
    os.mkfifo(tmp_path / own_name("pipe"))
    assert swept(tmp_path) == 1
    assert users.exists()
    assert len(list(tmp_path.iterdir())) == 2
