"""Where the project's own files lie, when the program runs from a checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["PROJECT_ROOT", "default_root"]

PROJECT_ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds config.yaml and the two scripts."""


def default_root() -> Path:
    """Where config.yaml is looked for without --config: in the checkout; where there is none, in the current folder."""
    return PROJECT_ROOT if (PROJECT_ROOT / "run_clustering.py").is_file() else Path.cwd()
