"""The problems that routes about known people document for OpenAPI."""

from __future__ import annotations

from curation.event.known_people.open_gallery import OFF

__all__ = ["GALLERY_PROBLEMS", "KNOWN_NOT_FOUND"]

GALLERY_PROBLEMS = {
    "gallery_off": (409, OFF),
    "gallery": (503, "the gallery of known people cannot be read: start its server again"),
}
KNOWN_NOT_FOUND = {
    "known_person_not_found": (404, "the gallery has nobody with this id; GET /known-people lists all"),
}
