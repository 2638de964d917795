"""Where the program keeps what no option and no setting gives a place: a checkout's own folder, or the user's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from curation.settings import written_path

__all__ = ["HOME_VARIABLE", "PROGRAM_FOLDER", "default_root", "is_installed", "script_command"]

HOME_VARIABLE = "CURATION_HOME"
"""Names the folder of an installed program's settings, weights, state and results."""

PROGRAM_FOLDER = Path(__file__).resolve().parents[2]
"""The folder that the package `curation` lies in: a checkout, or where packages are installed."""


def default_root() -> Path:
    """The folder of config.yaml, weights, state and results where nothing else is said.

    In a checkout it is the project's folder, whatever else is set, so that two checkouts never share anything. Of an
    installed program, whose own folder belongs to the packages, it is `CURATION_HOME`, by default `Curation` in the
    user's home folder: one folder that can be found, backed up and deleted.
    """
    if not is_installed():
        return PROGRAM_FOLDER
    named = os.environ.get(HOME_VARIABLE)
    return written_path(named).absolute() if named else Path.home() / "Curation"


def script_command(script: str) -> list[str]:
    """What starts one of the two scripts in a new process.

    Args:
        script: Its file name, such as `run_clustering.py`.
    """
    if is_installed():
        return [sys.executable, "-m", script.removesuffix(".py")]
    return [sys.executable, str(PROGRAM_FOLDER / script)]


def is_installed() -> bool:
    """Whether this is an installed package, and not a checkout."""
    # What installs a package leaves its description beside it; an editable one leaves it elsewhere.
    return any(PROGRAM_FOLDER.glob("curation-*.dist-info"))
