"""The times of an event's photos as they are used: from the analysis store and the photos' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from curation.domain.bursts.clocks import ClockPhoto, ClockRules, EventClocks, event_clocks
from curation.domain.faces.face import FaceRow
from curation.domain.measuring.taken import TakenTime, better_of, read_source
from curation.photos.taken.name_times import time_of_name
from curation.settings import Settings
from curation.storage.analysis_store import StoredTime

__all__ = ["ClocksSource", "clock_rules", "clocks_json", "people_of", "read_clocks"]


class ClocksSource(Protocol):
    """Where `read_clocks` looks: the analysis store."""

    def taken(self, sha256s: Iterable[str]) -> dict[str, StoredTime]:
        """See `AnalysisStore.taken`."""

    def miniatures(self, sha256s: Iterable[str]) -> dict[str, bytes]:
        """See `AnalysisStore.miniatures`."""


def clock_rules(settings: Settings) -> ClockRules:
    """What the settings say of clocks."""
    return ClockRules(settings.clocks.by_pictures, settings.clocks.ahead_s)


def people_of(faces: Mapping[str, Sequence[FaceRow]]) -> dict[str, frozenset[str]]:
    """The people of each photo by their clusters, by image path."""
    return {path: frozenset(str(row.cluster_id) for row in rows if row.cluster_id >= 0) for path, rows in faces.items()}


def read_clocks(
    store: ClocksSource,
    contents: Mapping[str, str],
    people: Mapping[str, frozenset[str]],
    rules: ClockRules,
    *,
    known: Mapping[str, datetime | None] | None = None,
) -> EventClocks:
    """Settle the times of an event's photos, see `curation.domain.bursts.clocks.event_clocks`.

    What the content of a file tells is kept by content; what its name tells is read here, as two copies may have
    different ones.

    Args:
        store: What is kept of contents.
        contents: The SHA-256 of each photo's content, by image path.
        people: Who is in each photo, by image path.
        rules: What is done with clocks.
        known: Times of photos of which the store keeps none, by image path.

    Raises:
        StorageError: If the store fails.
    """
    stored = store.taken(set(contents.values()))
    pictures = store.miniatures(set(contents.values()))
    photos = []
    for path, sha256 in contents.items():
        one = stored.get(sha256)
        told = _told(one)
        if one is None and known is not None and (time := known.get(path)) is not None:
            told = TakenTime(time, "")
        taken = better_of(told, time_of_name(path.rpartition("/")[2]))
        photos.append(
            ClockPhoto(
                path, taken, "" if one is None else one.clock, pictures.get(sha256), people.get(path, frozenset())
            )
        )
    return event_clocks(photos, rules)


def clocks_json(clocks: EventClocks) -> list[dict[str, Any]]:
    """The clocks of an event for a run record: name, photos, and how far they are ahead of the one that counts."""
    return [
        {
            "clock": clock.name,
            "photos": clock.photos,
            "stood_still": clock.still,
            "ahead_s": clock.ahead_s,
            "than": clock.than or None,
            "pairs": clock.pairs,
            "by_user": clock.by_user,
            "examples": [list(pair) for pair in clock.examples],
        }
        for clock in clocks.clocks
    ]


def _told(one: StoredTime | None) -> TakenTime | None:
    if one is None or one.time is None:
        return None
    try:
        return read_source(datetime.fromisoformat(one.time).replace(tzinfo=None), one.source)
    except ValueError:  # of a store that something else wrote
        return None
