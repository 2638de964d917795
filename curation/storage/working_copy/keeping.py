"""Keeping a working copy up to date while the service runs: what others wrote comes, what is said here goes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from curation.errors import BusyError, CurationError
from curation.storage.working_copy.copy import WorkingCopy

__all__ = ["KeptCopy"]

logger = logging.getLogger(__name__)

_EVERY_S = 20.0
_BEGIN_S = 15.0  # the service waits so long for the first answer
_END_S = 8.0
_LISTING_SHARE = 100.0  # a listing that takes a second is repeated after so many seconds


class KeptCopy:
    """The places of an event in object storage, for the service. Thread-safe."""

    def __init__(
        self,
        copy: WorkingCopy | None,
        *,
        list_photos: Callable[[], object] | None,
        every_s: float = _EVERY_S,
    ) -> None:
        """Take the parts; nothing is asked of object storage yet.

        Args:
            copy: Of the outputs; None if they lie in a folder.
            list_photos: Lists the photos anew; None if they lie in a folder.
            every_s: How often others are looked for.
        """
        self._copy = copy
        self._list_photos = list_photos
        self._every_s = every_s
        self._list_again_s = 0.0
        self._ended = threading.Event()
        self._has_begun = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="curation-mirror", daemon=True)
        self.after_change: Callable[[], None] = lambda: None
        """Called when files came from others."""
        self.problem = ""
        """Why what is said here is not in object storage yet; empty if it is."""

    def start(self) -> None:
        """Pull, and keep looking in the background. Where storage does not answer soon, it begins with what is here."""
        self._thread.start()
        if not self._has_begun.wait(_BEGIN_S):
            logger.warning("object storage does not answer; the service begins with what is on this machine")

    def stop(self) -> None:
        """Push what was said last, and end; what cannot be pushed soon stays here until the next start."""
        self._ended.set()
        last = threading.Thread(target=self._push_last, name="curation-mirror-end", daemon=True)
        last.start()
        last.join(_END_S)

    def _push_last(self) -> None:
        self._thread.join()
        self.after_edit()

    def before_edit(self) -> None:
        """Get what others said, so that a change is made to that. Storage that is away is no reason to refuse it."""
        if self._copy is not None:
            try:
                self._tell(self._copy.pull_words().conflicts)
            except CurationError as error:
                logger.info("the words of others could not be fetched: %s", error)

    def after_edit(self) -> tuple[str, ...]:
        """Push what was said; what cannot be pushed now stays here, and goes as soon as it can.

        Returns:
            What the user must be told: words that somebody else changed at the same time.
        """
        if self._copy is None:
            return ()
        try:
            conflicts = self._copy.push_words().conflicts
        except CurationError as error:
            if not self.problem:
                logger.warning("what was said is kept on this machine, and not yet in object storage: %s", error)
            self.problem = str(error)
            return ()
        self.problem = ""
        self._tell(conflicts)
        return conflicts

    def _keep(self) -> None:
        try:
            self._round(is_first=True)
        finally:
            self._has_begun.set()
        while not self._ended.wait(self._every_s):
            self._round()

    def _round(self, *, is_first: bool = False) -> None:
        level = logging.WARNING if is_first else logging.DEBUG
        changed: tuple[str, ...] = ()
        if self._copy is not None:
            try:
                synced = self._copy.pull()
                changed = synced.changed
                self._tell(synced.conflicts)
            except BusyError as error:
                logger.debug("not pulled: %s", error)
            except CurationError as error:
                logger.log(level, "outputs in object storage could not be fetched: %s", error)
            self.after_edit()
        if self._list_photos is not None and time.monotonic() >= self._list_again_s:
            began_s = time.monotonic()
            try:
                self._list_photos()
            except CurationError as error:
                logger.log(level, "photos in object storage could not be listed: %s", error)
            now_s = time.monotonic()
            self._list_again_s = now_s + max(60.0, _LISTING_SHARE * (now_s - began_s))
        if changed:
            self.after_change()

    def _tell(self, conflicts: tuple[str, ...]) -> None:
        for sentence in conflicts:
            logger.warning("%s", sentence)
