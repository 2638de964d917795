"""What serves guests: their links, the finder, what they found, and how often they may ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from curation.event.catalog import Catalog
from curation.event.guests.finder import GuestFinder
from curation.event.guests.links import GuestLinks
from curation.event.guests.results import GuestResults, SelfieRate
from curation.pipelines.recognition.clusters import embedder_of
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.pipelines.picture_faces import PictureFaces

__all__ = ["GuestDesk", "open_guest_desk"]


@dataclass(frozen=True, slots=True)
class GuestDesk:
    """What routes of guests work with."""

    links: GuestLinks
    finder: GuestFinder
    results: GuestResults
    rate: SelfieRate


def open_guest_desk(settings: Settings, catalog: Catalog, read: Callable[[bytes], PictureFaces]) -> GuestDesk:
    """Make what serves the guests of an event; nothing is read or loaded yet.

    Args:
        settings: Of the event.
        catalog: Its people and photos.
        read: Finds and embeds the faces of a picture in another process.
    """

    @cache
    def embedder_here(engine: str) -> str:
        from curation.engines.selection import select_engine

        spec = select_engine(settings, pinned=engine, allow_download=False)
        return embedder_of(spec.name, [str(file.sha256) for file in spec.weights])

    def embedder() -> str:
        return embedder_here(str(catalog.clustering_record().get("engine", "")))

    finder = GuestFinder(settings, catalog, read, embedder)
    return GuestDesk(GuestLinks(settings.io.state_dir), finder, GuestResults(), SelfieRate())
