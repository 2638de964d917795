"""Reading what the files of an event's photos say, beside what the service does; a page never waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable

from curation.pipelines.told.event_told import read_event_told
from curation.settings import Settings

__all__ = ["EventTold"]

logger = logging.getLogger(__name__)

_AGAIN_AFTER_S = 60.0  # files beside photos change while other programs are used


class EventTold:
    """Has told.json brought up to date by a thread of its own. Thread-safe.

    Runs of the scoring read the files, too; this is for what changes between them, and for events of earlier versions.
    """

    def __init__(self, settings: Settings) -> None:
        """Remember the settings; nothing is read yet."""
        self._settings = settings
        self._guard = threading.Lock()
        self._reader: threading.Thread | None = None
        self._ended_s: float | None = None
        self._stopping = threading.Event()

    def look(self, image_paths: Iterable[str]) -> bool:
        """Begin to look at the files, unless that was done a moment ago.

        Args:
            image_paths: The photos of the event; read only when it begins.

        Returns:
            Whether all of them were looked at.
        """
        with self._guard:
            if self._settings.input_address:
                return True
            is_reading = self._reader is not None and self._reader.is_alive()
            is_fresh = self._ended_s is not None and time.monotonic() - self._ended_s < _AGAIN_AFTER_S
            if not is_reading and not is_fresh and not self._stopping.is_set():
                paths = list(image_paths)
                self._reader = threading.Thread(target=self._read, args=(paths,), name="told", daemon=True)
                self._reader.start()
            return self._ended_s is not None

    def read_now(self, image_paths: Iterable[str]) -> None:
        """The same, but wait for it: for commands."""
        self._read(list(image_paths))

    def wait(self, timeout_s: float) -> bool:
        """Wait until the files were looked at; False if it takes longer."""
        with self._guard:
            reader = self._reader
        if reader is not None:
            reader.join(timeout_s)
        return reader is None or not reader.is_alive()

    def close(self) -> None:
        """Stop reading."""
        self._stopping.set()

    def _read(self, paths: list[str]) -> None:
        try:
            read_event_told(self._settings, paths, cancel=self._stopping)
        except OSError as error:  # such as a disk that went away
            logger.info("what other programs said in the files cannot be read: %s", error)
        with self._guard:
            self._ended_s = time.monotonic()
