"""Movies of a catalogue: a trailer and a poster under one id, what was found in both, and how a catalogue ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from curation.domain.film.clip import ClipStatus
from curation.domain.film.people import PosterResult, TrailerResult

__all__ = ["ITEM_ID_COLUMNS", "CatalogueReport", "ItemResult", "Media", "Movie"]

ITEM_ID_COLUMNS = ("item_id", "movie_id")
"""Either of them names a movie."""


class Media(StrEnum):
    """What a movie has."""

    TRAILER = "trailer"
    POSTER = "poster"


@dataclass(frozen=True, slots=True)
class Movie:
    """A movie of a catalogue.

    Attributes:
        item_id: Its id, which names its files.
        trailer: Path or http(s) address; empty for none.
        poster: Likewise.
    """

    item_id: str
    trailer: str = ""
    poster: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Movie:
        """From a mapping with `item_id` (or `movie_id`), `trailer` and `poster`.

        Raises:
            ValueError: If it has no id.
        """
        item_id = next((str(values[name]) for name in ITEM_ID_COLUMNS if values.get(name)), "")
        if not item_id:
            raise ValueError("a movie needs an item_id (or movie_id)")
        return cls(item_id, str(values.get("trailer") or ""), str(values.get("poster") or ""))


@dataclass(frozen=True, slots=True, eq=False)
class ItemResult:
    """What was found for one movie: what `predict_one_item` gives.

    Attributes:
        movie: What was asked.
        status: `ok`; `partial` if one of the two failed, or the film could be looked at in parts only; `failed`.
        trailer: None if there is none, or it failed.
        poster: Likewise.
        problems: Why anything failed or is not whole, in words for the user.
        has_failure: Whether the trailer or the poster failed, so that another try may give more.
        device: What looked at them, such as `cpu`.
    """

    movie: Movie
    status: ClipStatus
    trailer: TrailerResult | None
    poster: PosterResult | None
    problems: tuple[str, ...]
    has_failure: bool
    device: str


@dataclass(frozen=True, slots=True)
class CatalogueReport:
    """How a catalogue ended; `ok + partial + failed == total`.

    Attributes:
        total: Movies that were asked for.
        ok: With everything that they have.
        partial: With a part of it.
        failed: With nothing.
        reused: Movies among `ok` and `partial` that an earlier run had done.
        problems: (item_id, status, reason) of all that are not `ok`.
        outputs: Files and folders that were written.
        seconds: Wall time.
        device: What looked at them.
        warnings: What the user should know besides, in sentences.
        peak_mb: (item_id, peak memory in MB) of each movie that was done now, if a memory profile was asked for.
    """

    total: int
    ok: int
    partial: int
    failed: int
    reused: int
    problems: tuple[tuple[str, ClipStatus, str], ...]
    outputs: tuple[str, ...]
    seconds: float
    device: str
    warnings: tuple[str, ...] = ()
    peak_mb: tuple[tuple[str, float], ...] = ()
