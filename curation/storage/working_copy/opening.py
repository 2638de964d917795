"""The working copy of some settings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from curation.errors import BusyError, ObjectStorageUnavailableError, SettingsError
from curation.settings import Settings
from curation.storage.run_records import CLUSTERING_RUN
from curation.storage.said.corrections_file import CORRECTIONS
from curation.storage.said.grouping_answers import GROUPING_ANSWERS
from curation.storage.said.known_refused_file import KNOWN_REFUSED, RECOGNISED
from curation.storage.said.people_seen_file import PEOPLE_SEEN
from curation.storage.said.picks_file import PICKS
from curation.storage.said.said_file import SAID
from curation.storage.working_copy.copy import WorkingCopy

logger = logging.getLogger(__name__)

__all__ = ["edited_outputs", "held_outputs", "refresh_words", "working_copy_of"]


def working_copy_of(settings: Settings) -> WorkingCopy | None:
    """The working copy of the output address; None if outputs lie in a folder.

    Raises:
        SettingsError: If photos and outputs have the same address, or the photos lie below the outputs' address.
        ExtraMissingError: If the extra for object storage is not installed.
    """
    if not settings.output_address:
        return None
    if settings.input_address == settings.output_address:
        raise SettingsError(
            f"photos and outputs are both at {settings.output_address}: give the outputs an address of their own, such "
            f"as {settings.output_address}/curation"
        )
    from curation.storage.objects.opening import open_store

    io = settings.io
    # recognised.json is no word of the user, but whoever is forgotten leaves it as soon as an answer is given.
    labels = settings.scoring.labels_json.as_posix()
    words = (labels, CORRECTIONS, PICKS, PEOPLE_SEEN, GROUPING_ANSWERS, KNOWN_REFUSED, RECOGNISED, SAID)
    return WorkingCopy(open_store(settings.output_address, timeout_s=io.object_timeout_s), io.output_dir, words=words)


def held_outputs(settings: Settings, run: str, *, caller: str | None) -> AbstractContextManager[None]:
    """Hold the output address for a run, see `WorkingCopy.running`; does nothing where outputs lie in a folder."""
    copy = working_copy_of(settings)
    return nullcontext() if copy is None else copy.running(run, caller=caller)


@contextmanager
def edited_outputs(settings: Settings) -> Iterator[list[str]]:
    """Pull before a command that reads outputs or writes words of the user, and push its words after it.

    Returns:
        A list that gets what the user must be told: words that somebody else changed at the same time.
    """
    told: list[str] = []
    copy = working_copy_of(settings)
    if copy is None:
        yield told
        return
    try:
        told += copy.pull().conflicts
    except BusyError:
        if not (settings.io.output_dir / CLUSTERING_RUN).exists():
            raise
        logger.warning("somebody is just writing to %s: what was there before is used", copy.address)
    yield told
    told += copy.push_words().conflicts


def refresh_words(settings: Settings) -> None:
    """Fetch what the user said elsewhere in the meantime, if it can be fetched; see `WorkingCopy.pull_words`."""
    copy = working_copy_of(settings)
    if copy is None:
        return
    try:
        conflicts = copy.pull_words().conflicts
    except (ObjectStorageUnavailableError, BusyError) as error:
        logger.warning("what was said elsewhere during this run is not known: %s", error)
        return
    for sentence in conflicts:
        logger.warning("%s", sentence)
