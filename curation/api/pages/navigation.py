"""The navigation in the header of every page."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NAVIGATION", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """A page in the navigation.

    Attributes:
        key: What a page passes to `render` as `place` to be marked as the current one.
        path: Its address within an event.
        title: Its title.
    """

    key: str
    path: str
    title: str


NAVIGATION = (
    Place("event", "/review/event", "Event"),
    Place("people", "/review/people", "People"),
    Place("photos", "/review/photos", "Photos"),
    Place("rules", "/review/rules", "Rules"),
    Place("choose", "/review/choose", "Choose"),
    Place("export", "/review/export", "Export"),
    Place("videos", "/review/videos", "Videos"),
    Place("assets", "/review/assets", "Assets"),
    Place("faces", "/review/faces", "Faces"),
    Place("known", "/review/known-people", "Known people"),
)
"""In the order of the work; what is not part of it comes last."""
