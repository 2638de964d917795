from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from curation.errors import BusyError, StorageError
from curation.storage.locks import LOCK_NAME, hold_export, hold_output

_HOLD = """
import sys, time
from pathlib import Path
from curation.storage.locks import hold_output
with hold_output(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_another_process_is_busy_and_a_dead_one_holds_nothing(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with holder:
        with pytest.raises(BusyError, match="--output") as raised, hold_output(tmp_path):
            pass
        assert raised.value.exit_code == 6
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(timeout=30)
        with hold_output(tmp_path):
            pass


def test_two_runs_in_one_process(tmp_path: Path) -> None:
    with hold_output(tmp_path):
        with pytest.raises(BusyError), hold_output(tmp_path):
            pass
        with hold_output(tmp_path / "other"):
            pass
    with hold_output(tmp_path):
        pass


def test_an_exception_releases_the_lock(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), hold_output(tmp_path):
        raise RuntimeError
    with hold_output(tmp_path):
        pass


def test_a_folder_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(StorageError, match=r"is a file|not a folder"), hold_output(place):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="no permission"), hold_output(tmp_path):
            pass
    finally:
        tmp_path.chmod(0o700)


def test_the_error_names_the_run_that_holds_the_lock(tmp_path: Path) -> None:
    with hold_output(tmp_path, run="clustering", caller="the service"):
        expected = rf"clustering by the service since 2\d.* \(process {os.getpid()}\)"
        with pytest.raises(BusyError, match=expected), hold_output(tmp_path, run="scoring"):
            pass
        with pytest.raises(BusyError, match=expected), hold_output(tmp_path):
            pass
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".by"] == []


def test_the_error_names_the_program(tmp_path: Path) -> None:
    with (
        hold_output(tmp_path, run="scoring"),
        pytest.raises(BusyError, match=rf"scoring by {Path(sys.argv[0]).name}"),
        hold_output(tmp_path),
    ):
        pass


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b"{}", b'{"since": 3}', b"\xff", b'{"run": "x", "since": "now"}'])
def test_a_note_that_cannot_be_read_is_ignored(tmp_path: Path, note: bytes) -> None:
    with hold_output(tmp_path):
        (tmp_path / f"{LOCK_NAME}.by").write_bytes(note)
        with pytest.raises(BusyError, match=f"using {tmp_path};"), hold_output(tmp_path):
            pass


def test_the_note_of_a_killed_run_is_ignored(tmp_path: Path) -> None:
    with hold_output(tmp_path, run="clustering"):
        note = (tmp_path / f"{LOCK_NAME}.by").read_bytes()
    (tmp_path / f"{LOCK_NAME}.by").write_bytes(note)
    with hold_output(tmp_path), pytest.raises(BusyError, match=f"using {tmp_path};"), hold_output(tmp_path):
        pass


def test_one_export_at_a_time_beside_a_stage(tmp_path: Path) -> None:
    with hold_output(tmp_path, run="scoring"), hold_export(tmp_path, caller="the service"):
        with pytest.raises(BusyError, match="an export by the service"), hold_export(tmp_path):
            pass
        with pytest.raises(BusyError, match="scoring by"), hold_output(tmp_path):
            pass


def test_runs_wait_for_what_is_brief(tmp_path: Path) -> None:
    is_held, ended = threading.Event(), threading.Event()

    def rank_again() -> None:
        with hold_output(tmp_path, run="ranking again", is_brief=True):
            is_held.set()
            ended.wait(10)

    thread = threading.Thread(target=rank_again)
    thread.start()
    assert is_held.wait(10)
    # Another brief run is refused: it comes again by itself.
    with pytest.raises(BusyError, match="ranking again"), hold_output(tmp_path, is_brief=True):
        pass
    threading.Timer(0.3, ended.set).start()
    with hold_output(tmp_path, run="clustering"):
        assert ended.is_set()
    thread.join()
