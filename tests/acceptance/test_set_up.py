"""`make run`'s first half as on machines of different kinds: interpreters and pip are stand-ins, the script is real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="make and a POSIX shell are needed")

TOOLS = ("sh", "cat", "cmp", "cp", "dirname", "grep", "mkdir", "printf", "ps", "rm", "touch")

# Acts as an interpreter that can make environments; the environment's own python notes what pip is asked to do.
PYTHON = """#!/bin/sh
case "$*" in
    *version_info*sys.exit*|*sys.exit*version_info*) exit {too_old} ;;
    *"import ensurepip, venv"*) exit {lacks_venv} ;;
    *print*) echo python3.11-venv ;;
    --version) echo Python 3.11.2 ;;
    "-m venv --clear .venv")
        rm -rf .venv; mkdir -p .venv/bin; touch .venv/pyvenv.cfg
        cp "{environment_python}" .venv/bin/python
        exit {venv_fails} ;;
esac
"""
ENVIRONMENT_PYTHON = """#!/bin/sh
case "$*" in
    *"import pip"*) exit 0 ;;
    *"-m pip install"*"-r requirements-build.lock"*) echo "$*" >>build.log ;;
    *"-m pip install"*) echo "$*" >>pip.log; if [ -f pip-fails ]; then exit 1; fi ;;
esac
"""


class Machine:
    """A folder with the set-up script, and a PATH on which only chosen interpreters stand."""

    def __init__(self, root: Path, project_root: Path) -> None:
        self.root = root / "a folder's name"
        self.bin = root / "bin"
        self.bin.mkdir()
        (self.root / "tools").mkdir(parents=True)
        shutil.copy(project_root / "tools" / "venv.sh", self.root / "tools")
        (self.root / "requirements").mkdir()
        for name in ("requirements", "requirements-dev", "requirements-build", "requirements/s3", "requirements/video"):
            (self.root / f"{name}.lock").write_text("one==1\n")
        for tool in TOOLS:
            if found := shutil.which(tool):
                (self.bin / tool).symlink_to(found)
        self.environment_python = root / "environment-python"
        self._script(self.environment_python, ENVIRONMENT_PYTHON)

    def add_python(self, name: str, *, too_old: int = 0, lacks_venv: int = 0, venv_fails: int = 0) -> None:
        text = PYTHON.format(
            too_old=too_old, lacks_venv=lacks_venv, venv_fails=venv_fails, environment_python=self.environment_python
        )
        self._script(self.bin / name, text)

    def _script(self, path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    def set_up(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(self.root / "tools" / "venv.sh"), *(arguments or ["run"])],
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def pip_calls(self, log: str = "pip.log") -> list[str]:
        path = self.root / log
        return path.read_text().splitlines() if path.exists() else []

    def installs(self) -> list[str]:
        """The locks of each call of pip, but for the builder's."""
        return [line.partition(" -r ")[2].replace("-r ", "") for line in self.pip_calls()]

    def change(self, lock: str) -> None:
        (self.root / lock).write_text("one==2\n")


@pytest.fixture
def machine(tmp_path: Path, project_root: Path) -> Machine:
    return Machine(tmp_path, project_root)


def test_a_machine_without_python_is_told_what_to_install(machine: Machine) -> None:
    done = machine.set_up()

    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "apt install python3 python3-venv" in done.stderr
    assert not machine.venv.exists()


def test_an_old_python_is_passed_over_for_a_newer_one(machine: Machine) -> None:
    machine.add_python("python3", too_old=1)
    machine.add_python("python3.12")

    assert machine.set_up().returncode == 0
    assert machine.installs() == ["requirements.lock"]


def test_a_missing_venv_module_is_named_and_nothing_is_left_behind(machine: Machine) -> None:
    machine.add_python("python3", lacks_venv=1)

    done = machine.set_up()

    assert done.returncode == 1
    assert "sudo apt install python3-venv" in done.stderr
    assert not machine.venv.exists()


def test_a_venv_that_cannot_be_made_leaves_nothing_behind(machine: Machine) -> None:
    machine.add_python("python3", venv_fails=1)

    done = machine.set_up()

    assert done.returncode == 1
    assert "could not be made" in done.stderr
    assert not machine.venv.exists()


def test_packages_are_installed_once_and_again_when_the_lock_changes(machine: Machine) -> None:
    machine.add_python("python3")

    assert machine.set_up().returncode == 0
    second = machine.set_up()
    assert (second.returncode, second.stderr) == (0, "")
    machine.change("requirements.lock")
    assert machine.set_up().returncode == 0

    assert machine.installs() == ["requirements.lock", "requirements.lock"]


def test_the_development_packages_serve_for_running_too(machine: Machine) -> None:
    machine.add_python("python3")

    assert machine.set_up("dev").returncode == 0
    assert machine.set_up("run").returncode == 0
    assert machine.set_up("extras", "video", "s3").returncode == 0

    assert machine.installs() == ["requirements-dev.lock"]


def test_the_development_packages_are_looked_at_again_once_others_were_moved(machine: Machine) -> None:
    machine.add_python("python3")

    machine.set_up("dev")
    machine.change("requirements.lock")
    machine.set_up("run")
    machine.set_up("dev")

    everything = "requirements.lock requirements/s3.lock requirements/video.lock"
    assert machine.installs() == ["requirements-dev.lock", everything, "requirements-dev.lock"]


def test_every_file_is_held_against_its_checksum_and_what_builds_is_locked_too(machine: Machine) -> None:
    machine.add_python("python3")

    machine.set_up()

    calls = machine.pip_calls("build.log") + machine.pip_calls()
    assert len(calls) == 2
    assert all("--require-hashes" in call for call in calls)
    assert "--no-build-isolation" in calls[1]  # else pip fetches a builder of its own, unchecked


def test_an_extra_is_installed_with_the_rest_and_kept_up_to_date(machine: Machine) -> None:
    machine.add_python("python3")

    assert machine.set_up().returncode == 0
    assert machine.set_up("extras", "video").returncode == 0
    assert machine.set_up("run").stderr == ""
    machine.change("requirements/video.lock")
    assert machine.set_up("run").returncode == 0
    # A broken environment is made again with the extras that it had.
    (machine.venv / "bin" / "python").unlink()
    assert machine.set_up("run").returncode == 0

    with_video = "requirements.lock requirements/video.lock"
    assert machine.installs() == ["requirements.lock", with_video, with_video, with_video]


@pytest.mark.parametrize("names", [[], ["vidoe"], ["video", "*"], [""]])
def test_extras_that_do_not_exist_are_refused_with_those_that_do(machine: Machine, names: list[str]) -> None:
    machine.add_python("python3")

    done = machine.set_up("extras", *names)

    assert done.returncode == 2
    assert "s3 video" in done.stderr
    assert not machine.venv.exists()


def test_a_failed_installation_is_made_good_by_the_next_call(machine: Machine) -> None:
    machine.add_python("python3")
    (machine.root / "pip-fails").touch()

    failed = machine.set_up()
    assert failed.returncode == 1
    assert "Run make again" in failed.stderr
    half_installed = machine.venv / "half-installed"
    half_installed.touch()
    (machine.root / "pip-fails").unlink()

    assert machine.set_up().returncode == 0
    assert not half_installed.exists()
    assert machine.set_up().stderr == ""


def test_a_second_call_waits_its_turn_while_another_installs(machine: Machine) -> None:
    machine.add_python("python3")
    machine.set_up()
    machine.change("requirements.lock")
    other = subprocess.Popen([sys.executable, "-c", "input()", "venv.sh"], stdin=subprocess.PIPE)
    try:
        (machine.venv / ".installing").write_text(f"{other.pid}\n")
        done = machine.set_up()
    finally:
        other.communicate(b"\n")

    assert done.returncode == 6
    assert f"process {other.pid}" in done.stderr
    assert machine.installs() == ["requirements.lock"]


def test_an_environment_whose_interpreter_is_gone_is_made_again(machine: Machine) -> None:
    machine.add_python("python3")
    machine.set_up()
    (machine.venv / "bin" / "python").unlink()

    assert machine.set_up().returncode == 0
    assert len(machine.installs()) == 2
