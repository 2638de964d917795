"""Looks at an event's folder again and again, and has new photos looked through by themselves."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from curation.errors import BusyError, CurationError, PhotosMissingError
from curation.event.folder.presence import Presence, presence_of
from curation.jobs.following.pacing import Decision, Pacing, Seen, Wait
from curation.jobs.job import Stage
from curation.jobs.runner import JobRunner, ServiceEndingError
from curation.jobs.store import ActiveJobError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import READING_ERRORS
from curation.photos.files.listing import Listing
from curation.settings import Settings
from curation.storage.atomic import write_bytes

__all__ = ["FOLLOWING_FILE", "Follower", "Following"]

logger = logging.getLogger(__name__)

FOLLOWING_FILE = "following.json"
"""The user's switch, in the folder of what this machine keeps of the event."""

STILL_S = 5.0
LOOK_S = 2.0
_LOOK_AT_OBJECTS_S = 60.0  # each look at object storage is paid for
SHARE_OF_TIME = 10
"""A look at a large folder on a slow disk may take one part of the time in so many."""
_STOP_S = 5.0


@dataclass(frozen=True, slots=True)
class Following:
    """What the follower does now.

    Attributes:
        is_on: Whether new photos are looked through by themselves.
        new: New photos that are waited for.
        runs: How often photos were looked through by themselves since the event was opened.
        words: What is waited for, as a sentence; empty if it is off, or before the first look.
    """

    is_on: bool
    new: int
    runs: int
    words: str


class Follower:
    """Follows the folder of one event, in a thread of its own. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        runner: JobRunner,
        *,
        list_photos: Callable[[], Listing],
        looked_through: Callable[[], Iterable[str] | None],
        begin: Callable[[], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take the parts; `start` begins.

        Args:
            settings: Of the event.
            runner: Its jobs.
            list_photos: Lists the photos of its folder as a run would.
            looked_through: The paths of the photos that the last run took; None if there was none, then nothing starts.
            begin: Starts to look through the photos.
            clock: In seconds; only goes forward.
        """
        self._settings = settings
        self._runner = runner
        self._list_photos = list_photos
        self._looked_through = looked_through
        self._begin = begin
        self._clock = clock
        self._pacing = Pacing(still_s=STILL_S, every_s=60 * settings.service.follow_minutes)
        self._guard = threading.Lock()
        self._is_on = _stored(self._path, default=settings.service.follow_folder)
        self._new = 0
        self._runs = 0
        self._words = ""
        self._woken = threading.Event()
        self._ending = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow, in the background."""
        self._thread = threading.Thread(target=self._work, name="curation-follow", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what is being looked at is not waited for longer than some seconds."""
        self._ending = True
        self._woken.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    @property
    def now(self) -> Following:
        """What it does now."""
        with self._guard:
            return Following(self._is_on, self._new, self._runs, self._words)

    def switch(self, *, on: bool) -> Following:
        """Turn it on or off, for good.

        Raises:
            StorageError: If that cannot be stored.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(self._path, json.dumps({"is_on": on}).encode())
        with self._guard:
            self._is_on = on
            self._new, self._words = 0, ""
        self._woken.set()
        return self.now

    def look(self) -> None:
        """Look at the folder once, and have new photos looked through if it is time."""
        if not self.now.is_on:
            return
        try:
            self._tell(*self._looked())
        except CurationError as error:
            self._tell(0, f"New photos cannot be looked for: {error}")

    def _looked(self) -> tuple[int, str]:
        known = self._looked_through()
        if known is None:
            return 0, ""
        if presence_of(self._settings) is not Presence.THERE:
            self._pacing.forget()
            return 0, "The folder is away. It is followed again when it is back; nothing is lost."
        try:
            photos = self._list_photos().photos
        except PhotosMissingError:
            photos = ()
        seen = [Seen(photo.image_path, photo.size_bytes, photo.mtime_ns) for photo in photos]
        decision = self._pacing.look(seen, frozenset(known), self._clock())
        return decision.new, self._acted(decision)

    def _acted(self, decision: Decision) -> str:
        if not decision.starts:
            return _WORDS[decision.waits].format(count=_counted(decision.new), minutes=self._minutes)
        if self._runner.conflicting_job(Stage.CLUSTERING) is not None:
            return _AFTER_THE_RUN.format(count=_counted(decision.new))
        try:
            self._begin()
        except (ActiveJobError, BusyError):
            return _AFTER_THE_RUN.format(count=_counted(decision.new))
        except ServiceEndingError:
            return ""
        logger.info("%d new photos are looked through", decision.new)
        self._pacing.started(self._clock())
        self._runs += 1
        return f"{_counted(decision.new)} being looked through."

    @property
    def _minutes(self) -> str:
        return f"{self._settings.service.follow_minutes:g}"

    @property
    def _path(self) -> Path:
        return self._settings.event_dir / FOLLOWING_FILE

    def _tell(self, new: int, words: str) -> None:
        with self._guard:
            if self._is_on:
                self._new, self._words = new, words

    def _work(self) -> None:
        shortest_s = _LOOK_AT_OBJECTS_S if self._settings.input_address else LOOK_S
        while not self._ending:
            began_s = monotonic()
            try:
                self.look()
            except Exception:
                # The last frame of the thread: whatever it is, the folder is looked at again.
                logger.exception("the folder of photos could not be looked at")
            self._woken.wait(max(shortest_s, SHARE_OF_TIME * (monotonic() - began_s)))
            self._woken.clear()


_AFTER_THE_RUN = "{count}, to be looked through after the run that is at work."
_WORDS = {
    Wait.NOTHING: "Waiting for new photos.",
    Wait.COPYING: "{count} still being copied.",
    Wait.PAUSE: "{count}; they are looked through when the copying ends, or every {minutes} minutes.",
}


def _counted(count: int) -> str:
    return f"{count:,} new photo{'' if count == 1 else 's'}"


def _stored(path: Path, *, default: bool) -> bool:
    try:
        return bool(read_json(path)["is_on"])
    except READING_ERRORS:
        return default
