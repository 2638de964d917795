"""What serves guests: their links, the finder, what they found, and how often they may ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from curation.event.catalog import Catalog
from curation.event.guests.finder import GuestFinder
from curation.event.guests.links import GuestLinks
from curation.event.guests.results import GuestResults, SelfieRate
from curation.event.people.drawing import ReadsFaces
from curation.settings import Settings

__all__ = ["GuestDesk", "open_guest_desk"]


@dataclass(frozen=True, slots=True)
class GuestDesk:
    """What routes of guests work with."""

    links: GuestLinks
    finder: GuestFinder
    results: GuestResults
    rate: SelfieRate


def open_guest_desk(settings: Settings, catalog: Catalog, reader: Callable[[], ReadsFaces]) -> GuestDesk:
    """Make what serves the guests of an event; nothing is read or loaded yet.

    Args:
        settings: Of the event.
        catalog: Its people and photos.
        reader: Gives what finds and embeds the faces of a picture in another process.
    """
    finder = GuestFinder(settings, catalog, reader)
    return GuestDesk(GuestLinks(settings.event_dir), finder, GuestResults(), SelfieRate())
