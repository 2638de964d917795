"""Where the program keeps what nothing else gives a place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from curation.cli import project


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installed program, beside those of all other packages."""
    folder = tmp_path / "site-packages"
    (folder / "curation-1.0.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(project, "PROGRAM_FOLDER", folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(project.HOME_VARIABLE, raising=False)
    return folder


def test_a_checkout_keeps_everything_in_its_own_folder(
    tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(project.HOME_VARIABLE, str(tmp_path))
    assert project.default_root() == project_root
    assert project.script_command("run_scoring.py") == [sys.executable, str(project_root / "run_scoring.py")]


def test_an_installed_program_never_writes_beside_the_packages(installed: Path, tmp_path: Path) -> None:
    assert project.default_root() == tmp_path / "home" / "Curation"
    assert project.script_command("run_scoring.py") == [sys.executable, "-m", "run_scoring"]


def test_the_folder_of_an_installed_program_can_be_named(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(project.HOME_VARIABLE, "~/else where")
    assert project.default_root() == tmp_path / "home" / "else where"
