"""The project's root folder, if the program runs from a checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["PROJECT_ROOT", "default_root"]

PROJECT_ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds config.yaml and the two scripts."""


def default_root() -> Path:
    """The folder of config.yaml if there is no --config: the checkout, or the current folder if there is none."""
    return PROJECT_ROOT if (PROJECT_ROOT / "run_clustering.py").is_file() else Path.cwd()
