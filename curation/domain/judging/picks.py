"""The user's picks and ratings of photos: the content of picks.json.

`{"version": 1, "photos": {"day 2/a.jpg": {"pick": "picked", "rating": 5}}}`. Both fields of a photo are
optional. An invalid file is rejected as a whole, and the message lists every mistake. Picks and ratings override the
score in every output, see `curation.domain.judging.ranking`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from curation.errors import PicksError

__all__ = [
    "MAX_RATING",
    "NO_PICKS",
    "PICKS_VERSION",
    "UNJUDGED",
    "PhotoPick",
    "Pick",
    "Picks",
    "parse_pick",
    "parse_picks",
]

PICKS_VERSION = 1
MAX_RATING = 5
_SHOWN_MISTAKES = 20
_KEYS = ("pick", "rating")


class Pick(StrEnum):
    """Whether the user picked or rejected a photo."""

    PICKED = "picked"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class PhotoPick:
    """The user's pick and rating of a photo.

    Attributes:
        pick: Picked or rejected; None for neither.
        rating: From 1 to 5 stars; None without a rating.
    """

    pick: Pick | None = None
    rating: int | None = None


UNJUDGED = PhotoPick()
"""Neither picked, rejected nor rated."""


@dataclass(frozen=True, slots=True)
class Picks:
    """The user's picks and ratings of the photos of an event.

    Attributes:
        by_path: By image path; without photos that are neither picked, rejected nor rated.
    """

    by_path: Mapping[str, PhotoPick] = field(default_factory=dict)

    def __post_init__(self) -> None:
        said = {path: pick for path, pick in self.by_path.items() if pick != UNJUDGED}
        object.__setattr__(self, "by_path", MappingProxyType(said))

    def of(self, image_path: str) -> PhotoPick:
        """The pick and rating of a photo."""
        return self.by_path.get(image_path, UNJUDGED)

    def changed(self, changes: Mapping[str, PhotoPick]) -> Picks:
        """A copy with the picks of some photos replaced."""
        return Picks({**self.by_path, **changes})

    def to_json(self) -> dict[str, dict[str, str | int]]:
        """The member `photos` of picks.json, by image path."""
        out: dict[str, dict[str, str | int]] = {}
        for path, said in sorted(self.by_path.items()):
            entry: dict[str, str | int] = {}
            if said.pick is not None:
                entry["pick"] = said.pick.value
            if said.rating is not None:
                entry["rating"] = said.rating
            out[path] = entry
        return out


NO_PICKS = Picks()
"""The picks of an event without any."""


def parse_picks(data: object) -> Picks:
    """Check the content of picks.json.

    Args:
        data: The content of the file, as parsed from JSON.

    Raises:
        PicksError: If anything is wrong; the message names each photo, the value found and those allowed.
    """
    if not isinstance(data, dict) or not isinstance(data.get("photos"), dict):
        raise PicksError(
            'the picks must be a JSON object like {"version": 1, "photos": {"a.jpg": {"pick": "picked", "rating": 5}}}'
        )
    if data.get("version") != PICKS_VERSION:
        raise PicksError(f"the picks have the version {data.get('version')!r}; this program knows {PICKS_VERSION}")
    mistakes = [
        f"{key!r} is not a known key; possible: version, photos" for key in data if key not in ("version", "photos")
    ]
    picks = {path: _entry(path, value, mistakes) for path, value in data["photos"].items()}
    if mistakes:
        more = len(mistakes) - _SHOWN_MISTAKES
        shown = mistakes[:_SHOWN_MISTAKES] + ([f"and {more} more mistakes"] if more > 0 else [])
        raise PicksError("the picks are not valid, none of them was used:\n" + "\n".join(f"  {m}" for m in shown))
    return Picks(picks)


def parse_pick(said: object) -> PhotoPick:
    """One entry of the member `photos` of picks.json.

    Raises:
        PicksError: If it is not valid.
    """
    mistakes: list[str] = []
    pick = _entry("photo", said, mistakes)
    if mistakes:
        raise PicksError("\n".join(mistakes))
    return pick


def _entry(path: str, value: object, mistakes: list[str]) -> PhotoPick:
    if not path:
        mistakes.append("photo '': name the photo by its path inside the input folder")
    if not isinstance(value, dict):
        mistakes.append(f'photo {path!r}: found {_shown(value)}; write {{"pick": "picked", "rating": 5}}')
        return UNJUDGED
    for key in value:
        if key not in _KEYS:
            mistakes.append(f"photo {path!r}: {_shown(key)} is not a known key; possible: pick, rating")
    pick, rating = value.get("pick"), value.get("rating")
    names = [p.value for p in Pick]
    if pick is not None and pick not in names:
        close = difflib.get_close_matches(pick.strip().lower(), names, n=1) if isinstance(pick, str) else []
        hint = f", did you mean {close[0]!r}?" if close else ""
        mistakes.append(f"photo {path!r}: {_shown(pick)} is not a pick; possible: {', '.join(names)}{hint}")
        pick = None
    if rating is not None and (type(rating) is not int or not 1 <= rating <= MAX_RATING):
        mistakes.append(f"photo {path!r}: {_shown(rating)} is not a rating; possible: 1 to {MAX_RATING}, or omit it")
        rating = None
    return PhotoPick(None if pick is None else Pick(pick), rating)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
