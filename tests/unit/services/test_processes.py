from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from curation.errors import StorageError
from curation.services.processes import Registration, running, start, stop
from curation.services.role import Role
from tests.conftest import PROJECT_ROOT
from tests.processes import is_running, wait_until

ROLES = (Role.LANDMARKS, Role.QUEUE)

CHILD = """
import signal, sys, threading
from pathlib import Path
sys.path.insert(0, {root!r})
from curation.services.processes import Registration
from curation.services.role import Role
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set() if {hears} else None)
registration = Registration(Path({state!r}), [Role.LANDMARKS, Role.QUEUE], log_file=Path(sys.argv[-1]))
registration.tell_ready({{"landmarks": "127.0.0.1:1"}})
print("ready", flush=True)
stop.wait()
registration.release()
"""


def child(folder: Path, *, hears: bool = True, program: str = CHILD) -> list[str]:
    """The command of a process that says that it runs."""
    path = folder / "child.py"
    path.write_text(textwrap.dedent(program).format(root=str(PROJECT_ROOT), state=str(folder / "state"), hears=hears))
    return [sys.executable, str(path)]


def test_a_process_is_listed_while_it_runs(tmp_path: Path) -> None:
    assert running(tmp_path) == ()
    registration = Registration(tmp_path, ROLES)
    (found,) = running(tmp_path)
    assert (found.roles, found.is_ready, found.is_background) == (ROLES, False, False)
    registration.tell_ready({"landmarks": "127.0.0.1:50052"})
    (found,) = running(tmp_path)
    assert found.is_ready and found.addresses == {"landmarks": "127.0.0.1:50052"}
    registration.release()
    assert running(tmp_path) == ()
    assert not list((tmp_path / "services").iterdir())


def test_what_was_not_started_in_the_background_is_not_ended(tmp_path: Path) -> None:
    registration = Registration(tmp_path, ROLES)
    assert list(stop(tmp_path, patience_s=1)) == []
    registration.release()


def test_a_note_that_a_dead_process_left_is_removed_whatever_its_number_is_now(tmp_path: Path) -> None:
    folder = tmp_path / "services"
    folder.mkdir()
    note = {"name": "queue-1", "pid": 1, "roles": ["queue"], "since": "2026", "is_background": True}
    (folder / "queue-1.json").write_text(json.dumps(note))
    (folder / "queue-1.lock").touch()

    assert list(stop(tmp_path, patience_s=1)) == []  # process 1 lives, and is not ours
    assert running(tmp_path) == ()
    assert not list(folder.glob("*.json"))


def test_a_process_is_started_and_ended(tmp_path: Path) -> None:
    started = start(ROLES, child(tmp_path), state_dir=tmp_path / "state", log_dir=tmp_path / "logs")
    process = started.process
    assert process is not None and (started.exit_code, started.output) == (0, "")
    assert process.is_background and process.log_file == str(tmp_path / "logs" / "landmarks-queue.out")
    assert running(tmp_path / "state") == (process,)

    assert list(stop(tmp_path / "state", patience_s=60, roles=[Role.STORAGE])) == []
    (stopped,) = stop(tmp_path / "state", patience_s=60, roles=[Role.QUEUE])
    assert stopped.process == process and not stopped.was_killed
    wait_until(lambda: not is_running(process.pid), "it has ended")
    assert running(tmp_path / "state") == ()


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    started = start(ROLES, child(tmp_path, hears=False), state_dir=tmp_path / "state", log_dir=tmp_path)
    assert started.process is not None
    (stopped,) = stop(tmp_path / "state", patience_s=0.1)
    assert stopped.was_killed
    assert running(tmp_path / "state") == ()


def test_a_process_that_ends_at_once_is_told_with_what_it_said(tmp_path: Path) -> None:
    command = child(tmp_path, program="import sys; sys.exit('error: no Redis')")
    started = start(ROLES, command, state_dir=tmp_path / "state", log_dir=tmp_path)
    assert (started.process, started.exit_code, started.output) == (None, 1, "error: no Redis")


def test_a_process_that_never_answers_is_ended(tmp_path: Path) -> None:
    command = child(tmp_path, program="import time; time.sleep(600)")
    started = start(ROLES, command, state_dir=tmp_path / "state", log_dir=tmp_path, patience_s=0.2)
    assert started.process is None and started.exit_code == 70
    assert "did not answer within 0.2 s" in started.output


def test_folders_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        Registration(tmp_path / "file", ROLES)
    with pytest.raises(StorageError, match="file"):
        start(ROLES, child(tmp_path), state_dir=tmp_path, log_dir=tmp_path / "file")


def test_two_processes_with_the_same_roles_are_two(tmp_path: Path) -> None:
    command = [*child(tmp_path), "--background", str(tmp_path / "log")]
    children = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    wait_until(lambda: len(running(tmp_path / "state")) == 2, "both run")
    for each in children:
        each.kill()
        each.wait()
    assert running(tmp_path / "state") == ()
