"""Ctrl-C before a module is imported: `site/sitecustomize.py` sends it to the process that Python starts with it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["interrupted_at_import"]

_SITE = Path(__file__).parent / "site"


def interrupted_at_import(number: int, told: Path) -> dict[str, str]:
    """The environment of a process that gets Ctrl-C when it is about to import a module; those that it starts do not.

    Args:
        number: Of the import, counted from 1, of those after the program began to handle Ctrl-C.
        told: A file that gets the module's name then.
    """
    return {"CURATION_INTERRUPTED_IMPORT": f"{number} {told}", "PYTHONPATH": str(_SITE)}
