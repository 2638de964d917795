"""A change of picks and stars in words, for whoever undoes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from curation.domain.judging.picks import PhotoPick, Pick

__all__ = ["change_words"]

_DONE = {Pick.PICKED: "picked", Pick.REJECTED: "rejected", None: "unmarked"}


def change_words(photos: Mapping[str, tuple[PhotoPick, PhotoPick]]) -> str:
    """What a change did: `12 photos rejected`, `a.jpg picked`, `1 photo picked, 4 rejected`, `3 photos: 4 stars`.

    Args:
        photos: What was said of each photo before and after, by image path; at least one differs.
    """
    marked = Counter(after.pick for before, after in photos.values() if before.pick is not after.pick)
    rated = Counter(after.rating for before, after in photos.values() if before.rating != after.rating)
    parts = [
        f"{_photos(number, photos) if place == 0 else f'{number:,}'} {_DONE[pick]}"
        for place, (pick, number) in enumerate((pick, marked[pick]) for pick in _DONE if marked[pick])
    ]
    if len(rated) == 1:
        ((stars, number),) = rated.items()
        said = "no stars" if stars is None else "1 star" if stars == 1 else f"{stars} stars"
        parts.append(said if marked and number == sum(marked.values()) else f"{_photos(number, photos)}: {said}")
    elif rated:
        parts.append(f"stars of {_photos(rated.total(), photos)} changed")
    return ", ".join(parts) or "nothing"


def _photos(number: int, photos: Mapping[str, object]) -> str:
    if number == 1:
        return next(iter(photos)).rpartition("/")[2] if len(photos) == 1 else "1 photo"
    return f"{number:,} photos"
