"""Hostile films: files that were changed by chance, through all that reads films, in processes with limits."""

from __future__ import annotations

from importlib.util import find_spec

from tests.soak.part import SoakPart
from tests.soak.pictures import look_at_changed_films

__all__ = ["PART"]


def _lacking() -> str:
    return "" if find_spec("av") else "the extra video is not installed"


PART = SoakPart(
    "films", "hostile films: files changed by chance, in processes with limits", look_at_changed_films, _lacking
)
