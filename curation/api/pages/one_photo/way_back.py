"""Where Escape leads from a photo: to the page of this event that it was opened from, if the address says so."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["WayBack", "own_place", "way_back"]

_MOST_CHARS = 2000
_OWN = "/review/"
_TITLES = (
    ("/review/people/", "The person"),
    ("/review/people", "People"),
    ("/review/choose", "The choice"),
    ("/review/export", "Export"),
    ("/review/rules", "Rules"),
    ("/review/event", "The event"),
    ("/review/compare", "The comparison"),
    ("/review/photos/", "The photo"),
    ("/review/photos", "All photos"),
)


@dataclass(frozen=True, slots=True)
class WayBack:
    """A page to return to.

    Attributes:
        address: Its path and query, without the root of the event.
        title: What it is called on a button.
    """

    address: str
    title: str


def own_place(text: str, root: str = "") -> str | None:
    """An address if it is that of a page of the event, else None: a link must not lead a user to another site.

    Args:
        text: Path and query, such as `/events/anna/review/people/3?sort=name`.
        root: Of the event, see `curation.api.http.urls.root_of`; without it the address is as good.

    Returns:
        The address without the root.
    """
    if root and text.startswith(f"{root}/"):
        text = text.removeprefix(root)
    if not text.startswith(_OWN) or len(text) > _MOST_CHARS or "\\" in text or not text.isprintable():
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    names = parts.path.split("/")
    if parts.scheme or parts.netloc or ".." in names or "" in names[1:-1] or "%" in parts.path:
        return None
    return text


def way_back(origin: str | None, gallery: str) -> WayBack:
    """Where a photo leads back to.

    Args:
        origin: The page that it was opened from, see `own_place`; None if that is not said.
        gallery: The address of the view of photos, for whoever came from there.
    """
    address = origin or gallery
    title = next((title for start, title in _TITLES if address.startswith(start)), "Back")
    return WayBack(address, title)
