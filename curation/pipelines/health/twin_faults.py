"""What is wrong with RAW files that are not looked at, because the picture of their shot is."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from curation.domain.files.health import FileFault
from curation.domain.files.shot_memory import Stamp
from curation.errors import CurationError
from curation.photos.files.formats import SNIFF_BYTES, sniff
from curation.photos.files.listing import PhotoFile
from curation.photos.files.photo_file import PhotoFile as OpenedFile
from curation.photos.whole.check import faults_of
from curation.settings import Settings
from curation.storage.taken.shots_file import read_checked, write_checked

__all__ = ["twin_faults"]

logger = logging.getLogger(__name__)


def twin_faults(settings: Settings, twins: Sequence[PhotoFile]) -> dict[str, tuple[FileFault, ...]]:
    """The faults of RAW files that are broken, by path. Each file is looked at once; those in object storage are not.

    Args:
        settings: Name the folders.
        twins: RAW files, see `Listing.twins`.
    """
    if settings.input_address:
        return {}
    place, state_dir = str(settings.io.input_dir), settings.event_dir
    try:
        before = read_checked(state_dir, place)
    except CurationError as error:
        logger.debug("what is known of RAW files cannot be read: %s", error)
        before = {}
    now: dict[str, tuple[Stamp, tuple[FileFault, ...]]] = {}
    for twin in twins:
        stamp = Stamp(twin.size_bytes, twin.mtime_ns)
        known = before.get(twin.image_path)
        now[twin.image_path] = known if known is not None and known[0] == stamp else (stamp, _faults(twin))
    if now != before:
        try:
            write_checked(state_dir, place, now)
        except CurationError as error:
            logger.debug("what is known of RAW files is not kept: %s", error)
    return {path: faults for path, (_, faults) in now.items() if faults}


def _faults(twin: PhotoFile) -> tuple[FileFault, ...]:
    try:
        with twin.path.open("rb") as file:
            kind = sniff(file.read(SNIFF_BYTES), twin.path.suffix[1:].lower())
        return () if kind is None else faults_of(OpenedFile(twin.path), kind)
    except OSError:
        return ()  # whoever opens it says so
