"""What the head of every page leads to."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NAVIGATION", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the navigation shows.

    Attributes:
        key: What a page gives to `render` as `place` to be marked as the present one.
        path: Its address.
        title: What it is called.
    """

    key: str
    path: str
    title: str


NAVIGATION = (
    Place("event", "/", "Event"),
    Place("people", "/review/people", "People"),
    Place("photos", "/review/photos", "Photos"),
    Place("rules", "/review/rules", "Rules"),
    Place("coverage", "/review/coverage", "Coverage"),
    Place("export", "/review/export", "Export"),
)
"""In the order in which people work."""
