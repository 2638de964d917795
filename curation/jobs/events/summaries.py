"""What is known of an event without opening it: what was done, how many photos and people, and a picture to show."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from curation.decoders import decoded
from curation.disk.answers import in_time
from curation.errors import CurationError, PhotoNotFoundError
from curation.jobs.events.counting import count_photos
from curation.jobs.events.known_event import KnownEvent
from curation.parsing.not_valid import READING_ERRORS
from curation.settings import Settings, is_address, with_places
from curation.storage.csv_tables import first_cells, unguarded
from curation.storage.face_data_file import FACE_DATA
from curation.storage.locks import is_held_elsewhere
from curation.storage.photo_scores_file import PHOTO_SCORES
from curation.storage.run_records import CLUSTERING_RUN, read_run_record

__all__ = ["EventState", "EventSummary", "Summaries"]

logger = logging.getLogger(__name__)

_COUNT_AGAIN_S = 10.0
_LIMIT_S = 5.0  # for all that is looked at for one event
COVERS_DIR = "event_covers"
_COVERS_MB = 100


class EventState(StrEnum):
    """What was done with an event, or what is in the way."""

    EMPTY = "empty"
    NEW = "new"
    FOUND = "found"
    RANKED = "ranked"
    RUNNING = "running"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class EventSummary:
    """What is known of an event.

    Attributes:
        state: What was done with it.
        photos: How many photos were found by its last run, or lie in the folder; None if counting would take long.
        people: How many people were found.
        cover_path: The photo that stands for it; None if there is none yet.
        cover_version: Changes with that photo.
    """

    state: EventState
    photos: int | None = None
    people: int = 0
    cover_path: str | None = None
    cover_version: str = ""


_Stamps = tuple[tuple[int, int] | None, ...]


class Summaries:
    """What is known of events; each file is read again only when it changed. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings of the service; nothing is read yet."""
        from curation.storage.picture_cache import PictureCache

        self._settings = settings
        self._guard = threading.Lock()
        self._kept: dict[str, tuple[_Stamps, EventSummary]] = {}
        self._counted: dict[str, tuple[float, EventSummary]] = {}
        self._covers = PictureCache(settings.io.state_dir / COVERS_DIR, max_bytes=_COVERS_MB * 10**6)

    def of(self, event: KnownEvent) -> EventSummary:
        """What is known of an event now; what cannot be read, or does not answer, counts as not there."""
        try:
            return in_time(f"event {event.event_id}", lambda: self._now(event), limit_s=_LIMIT_S)
        except TimeoutError as error:
            logger.warning("event %s: %s", event.event_id, error.strerror)
            with self._guard:
                kept = self._kept.get(event.event_id)
            return EventSummary(EventState.AWAY) if kept is None else replace(kept[1], state=EventState.AWAY)

    def _now(self, event: KnownEvent) -> EventSummary:
        output_dir = self._output_dir(event)
        names = (FACE_DATA, PHOTO_SCORES, CLUSTERING_RUN)
        stamps = tuple(_stamp(output_dir / name) for name in names)
        with self._guard:
            kept = self._kept.get(event.event_id)
        if kept is not None and kept[0] == stamps:
            summary = kept[1]
        else:
            summary = _read(output_dir, stamps)
            with self._guard:
                self._kept[event.event_id] = stamps, summary
        place = event.places.input
        if not is_address(place) and not Path(place).is_dir():
            # The folder of the settings need not exist before somebody puts photos there.
            is_unused = event.is_default and summary.state is EventState.NEW
            return replace(summary, state=EventState.EMPTY if is_unused else EventState.AWAY)
        if is_held_elsewhere(output_dir):
            return replace(summary, state=EventState.RUNNING)
        return self._of_folder(event) if summary.state is EventState.NEW else summary

    def cover(self, event: KnownEvent) -> bytes:
        """A small picture of the photo that stands for an event, as a JPEG.

        Raises:
            PhotoNotFoundError: If there is none.
            PhotoError: If it cannot be decoded.
        """
        from curation.photos.files.listing import photo_path
        from curation.photos.looks.pictures import PICTURES_VERSION, PictureSize, photo_picture
        from curation.pipelines.originals import originals_of
        from curation.storage.file_stamps import content_name, stamp_of
        from curation.storage.picture_cache import picture_key

        summary = self.of(event)
        if summary.cover_path is None:
            raise PhotoNotFoundError("this event has no photo to show yet")
        settings = with_places(self._settings, input_dir=event.places.input, output_dir=event.places.output)
        path = photo_path(settings.io.input_dir, summary.cover_path)
        stamp = stamp_of(path)
        if stamp is None:
            raise PhotoNotFoundError("the photo that stands for this event is away; is its disk plugged in?")
        limit = settings.io.max_photo_megapixels

        def make() -> bytes:
            with originals_of(settings).at_hand(path) as opened:
                picture = partial(photo_picture, size=PictureSize.THUMBNAIL, max_megapixels=limit)
                return decoded(picture, opened, about=content_name(stamp))

        return self._covers.made(picture_key(stamp, PICTURES_VERSION, "cover", limit), make)

    def _output_dir(self, event: KnownEvent) -> Path:
        if not is_address(event.places.output):
            return Path(event.places.output)
        return with_places(self._settings, output_dir=event.places.output).io.output_dir

    def _of_folder(self, event: KnownEvent) -> EventSummary:
        """An event that nobody looked through: its photos are counted, but not at each request."""
        place = event.places.input
        if is_address(place):
            return EventSummary(EventState.NEW)
        with self._guard:
            counted = self._counted.get(event.event_id)
        if counted is not None and monotonic() - counted[0] < _COUNT_AGAIN_S:
            return counted[1]
        count = count_photos(Path(place))
        is_empty = count.is_complete and not count.photos
        summary = EventSummary(
            EventState.EMPTY if is_empty else EventState.NEW, count.photos if count.is_complete else None
        )
        with self._guard:
            self._counted[event.event_id] = monotonic(), summary
        return summary


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _read(output_dir: Path, stamps: _Stamps) -> EventSummary:
    faces, scores, _ = stamps
    if faces is None:
        return EventSummary(EventState.NEW)
    counts = _counts(output_dir)
    cover = _first_photo(output_dir / (PHOTO_SCORES if scores is not None else FACE_DATA))
    return EventSummary(
        EventState.FOUND if scores is None else EventState.RANKED,
        photos=counts.get("photos"),
        people=counts.get("clusters") or 0,
        cover_path=cover,
        cover_version=f"{(scores or faces)[0]:x}" if cover is not None else "",
    )


def _counts(output_dir: Path) -> dict[str, int]:
    try:
        counts: Any = (read_run_record(output_dir / CLUSTERING_RUN) or {}).get("counts", {})
    except CurationError as error:
        logger.info("%s", error)
        return {}
    return {key: value for key, value in counts.items() if isinstance(value, int)} if isinstance(counts, dict) else {}


def _first_photo(table: Path) -> str | None:
    """The photo of the first row: the best one of a ranking."""
    try:
        path = first_cells(table).get("image_path")
    except READING_ERRORS as error:
        logger.info("%s: %s", table, error)
        return None
    return unguarded(path) if path else None
