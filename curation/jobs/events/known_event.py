"""An event that this machine knows: its places, its id, its name."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from curation.settings import EventPlaces, is_address, place_key

__all__ = ["EVENT_ID_PATTERN", "KnownEvent", "event_id_of", "event_name_of"]

EVENT_ID_PATTERN = r"[a-z0-9]+(?:-[a-z0-9]+)*"
"""What an event's id looks like: lower-case letters, digits, and single hyphens between them."""
_SLUG_CHARS = 40
_HASH_CHARS = 8
_NO_NAME = "event"


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event that this machine knows.

    Attributes:
        event_id: Stays the same as long as its places do; see `event_id_of`.
        name: For people.
        places: Where its photos and its results lie.
        opened_at: When somebody opened it last in a service; UTC, ISO 8601. Empty if nobody did.
        is_default: Whether it is the event of the settings.
    """

    event_id: str
    name: str
    places: EventPlaces
    opened_at: str = ""
    is_default: bool = False

    @property
    def root(self) -> str:
        """How the addresses of its pages and operations begin; empty for the event of the settings."""
        return "" if self.is_default else f"/events/{self.event_id}"


def event_id_of(places: EventPlaces) -> str:
    """The id of the event with these places: a readable part and a short hash, the same however a folder is written."""
    plain = unicodedata.normalize("NFKD", event_name_of(places)).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_CHARS].strip("-") or _NO_NAME
    both = f"{place_key(places.input)}\0{place_key(places.output)}"
    return f"{slug}-{hashlib.sha256(both.encode()).hexdigest()[:_HASH_CHARS]}"


def event_name_of(places: EventPlaces) -> str:
    """What people call the event: the name of the folder of its photos, or of the folder of its results around it."""
    if is_address(places.input):
        return places.input.rstrip("/").rpartition("/")[2] or places.input
    photos, results = Path(places.input), Path(places.output)
    folder = results if photos.parent == results and photos.name.casefold() == "photos" else photos
    return (folder.name or str(folder)).encode("utf-8", "replace").decode().replace("_", " ").strip() or str(photos)
