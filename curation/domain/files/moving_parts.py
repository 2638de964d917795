"""Whether a short film is the moving part of a photo, such as that of a Live Photo, or a film of its own."""

from __future__ import annotations

from datetime import UTC, datetime

from curation.domain.files.shot_memory import MovieFacts

__all__ = ["MOVING_PART_S", "is_moving_part"]

MOVING_PART_S = 10.0
"""Phones and cameras film three seconds around a photo, some a little more; nobody shoots a film of a few seconds under
the number of a photo."""
_APART_S = 20  # the film begins before the photo, and is dated by its beginning or its end
_ZONE_S = 900  # time zones differ by multiples of a quarter of an hour
_FARTHEST_ZONES_S = 14 * 3600 + _APART_S
_MOST_BYTES = 64 * 2**20  # of a film whose length cannot be read


def is_moving_part(film: MovieFacts, size_bytes: int, taken: datetime | None, content_id: str = "") -> bool:
    """Judge a film of the name of a photo.

    Args:
        film: What its header says.
        size_bytes: Of the film.
        taken: When the photo was taken, by the camera's clock; None if unknown.
        content_id: What Apple's cameras write into both parts of a Live Photo; empty if the photo has none.
    """
    if content_id and film.content_id:
        return content_id == film.content_id
    if film.duration_s is None:
        return size_bytes <= _MOST_BYTES
    if film.duration_s > MOVING_PART_S:
        return False
    if taken is None or film.made_s is None:
        return True
    # The film is dated in UTC, the photo in local time: the zone is not known, but its minutes are.
    apart = film.made_s - taken.replace(tzinfo=UTC).timestamp()
    within_zone = abs((apart + _ZONE_S / 2) % _ZONE_S - _ZONE_S / 2)
    return abs(apart) <= _FARTHEST_ZONES_S and within_zone <= _APART_S
