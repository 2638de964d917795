"""RAW files that are looked at because the picture of their shot cannot be read."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from curation.domain.files.shot_memory import Stamp
from curation.domain.report import Failure
from curation.errors import CurationError
from curation.photos.files.listing import Listing
from curation.settings import Settings
from curation.storage.taken.shots_file import write_lost

__all__ = ["keep_lost", "left_of_moments", "photos_with_raw", "raw_twins", "stepping_in"]

logger = logging.getLogger(__name__)


def stepping_in(listing: Listing, failed: Collection[str]) -> Listing | None:
    """A listing of the RAW files to look at in the place of pictures that failed; None if there is none.

    Args:
        listing: Of the run.
        failed: The pictures.
    """
    before = {photo.image_path for photo in listing.photos}
    new = tuple(photo for photo in listing.with_twins_of(failed).photos if photo.image_path not in before)
    return replace(listing, photos=new, ignored=(), failed=(), clips=(), twins=()) if new else None


def left_of_moments(listing: Listing, failures: Sequence[Failure], analysed: Collection[str]) -> list[Failure]:
    """The failures, sorted, with the RAW file that is whole where a picture is not.

    Args:
        listing: Of the run.
        failures: Of the run.
        analysed: Paths of the photos that could be read.
    """
    raws = {pair.photo: pair.raw for pair in reversed(listing.pairs) if pair.raw in analysed}
    told = []
    for failure in sorted(failures, key=lambda failure: failure.image_path):
        raw = raws.get(failure.image_path)
        note = "" if raw is None else f"; its RAW file {raw} can be read and takes its place"
        told.append(replace(failure, reason=f"{failure.reason}{note}", twin=raw or ""))
    return told


def keep_lost(settings: Settings, listing: Listing, failures: Iterable[Failure]) -> None:
    """Keep which pictures could not be read, so that whoever lists the event finds their RAW files as photos."""
    paired = {pair.photo for pair in listing.pairs if pair.is_sure}
    failed = {failure.image_path for failure in failures} & paired
    stamps = {
        photo.image_path: Stamp(photo.size_bytes, photo.mtime_ns)
        for photo in listing.photos
        if photo.image_path in failed
    }
    try:
        write_lost(settings.event_dir, settings.input_address or str(settings.io.input_dir), stamps)
    except CurationError as error:
        logger.warning("the RAW files of pictures that cannot be read are looked for again: %s", error)


def photos_with_raw(listing: Listing, failed: Collection[str]) -> set[str]:
    """The photos that could be read and have a RAW file of the same shot.

    Args:
        listing: Of the run.
        failed: Paths of the photos that could not be read.
    """
    return {pair.photo for pair in listing.pairs if pair.is_sure}.difference(failed)


def raw_twins(listing: Listing, contents: Collection[str]) -> Mapping[str, tuple[str, bool]]:
    """Where what was said of a photo is found while its own file is not: its RAW file, or the picture of a RAW file.

    Args:
        listing: Of the run.
        contents: Paths of the photos that could be read.

    Returns:
        By path of the file: the photo, and whether they are surely of one shot.
    """
    twins: dict[str, tuple[str, bool]] = {}
    for pair in sorted(listing.pairs, key=lambda pair: (not pair.is_sure, not pair.is_first, pair)):
        for one, other in ((pair.raw, pair.photo), (pair.photo, pair.raw)):
            if one not in contents and other in contents:
                twins.setdefault(one, (other, pair.is_sure))
    return twins
