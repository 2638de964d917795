"""What is known of the files of an event when it is listed, and what is learned then."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from curation.domain.files.shot_memory import ShotMemory
from curation.errors import CurationError
from curation.photos.finding.twins import FilesOfEvent, TwinFinder
from curation.settings import Settings
from curation.storage.taken.shots_file import read_lost, read_shots, write_shots
from curation.turns import Turns

__all__ = ["remembered_pairs"]

logger = logging.getLogger(__name__)

# Of several threads that list an event for the first time, one reads its files.
_turns = Turns()
_last: dict[tuple[str, str], ShotMemory] = {}
"""What the last listing of this process knew, so that a file of some megabytes is not read for each page."""


@contextmanager
def remembered_pairs(
    settings: Settings, *, retries_lost: bool = False, files: FilesOfEvent | None = None
) -> Iterator[TwinFinder]:
    """A finder with the memory of the event.

    Args:
        settings: Name the folders.
        retries_lost: Forget which pictures could not be read.
        files: Reads files; None reads those of the folder.
    """
    place = settings.input_address or str(settings.io.input_dir)
    state_dir = settings.event_dir
    with _turns.of(f"{state_dir}\n{place}"):
        key = (str(state_dir), place)
        try:
            before = _last.get(key) or read_shots(state_dir, place)
            lost = {} if retries_lost else read_lost(state_dir, place)
        except CurationError as error:
            logger.debug("what is known of the event's files cannot be read: %s", error)
            before, lost = ShotMemory(), {}
        finder = TwinFinder(replace(before, lost=lost), files)
        yield finder
        now = finder.memory
        if (now.facts, now.movies, now.looks) != (before.facts, before.movies, before.looks):
            try:
                write_shots(state_dir, place, now)
            except CurationError as error:
                logger.debug("what is known of the event's files is not kept: %s", error)
        _last.clear()  # events are worked on one after the other
        _last[key] = now
