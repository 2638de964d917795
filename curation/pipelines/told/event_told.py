"""Reading what the files of an event's photos say; only what changed since the last reading is read."""

from __future__ import annotations

import logging
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from curation.domain.faces.regions import StoredPicture
from curation.domain.told.file_told import FileTold
from curation.errors import CurationError, PhotoError
from curation.photos.files.listing import photo_path
from curation.photos.files.stored_picture import stored_picture
from curation.photos.told.reading import FolderReader
from curation.settings import Settings
from curation.storage.file_stamps import stamp_of
from curation.storage.told.told_file import KnownTold, read_told, write_told

__all__ = ["kept_told", "read_event_told"]

logger = logging.getLogger(__name__)


def kept_told(settings: Settings) -> Mapping[str, FileTold] | None:
    """What was read last, by image path; None if nothing is kept.

    Raises:
        StorageError: If it cannot be read.
    """
    known = read_told(settings.event_dir, settings.io.output_dir)
    return None if known is None else {path: one.told for path, one in known.items()}


def read_event_told(
    settings: Settings,
    image_paths: Iterable[str],
    *,
    cancel: threading.Event | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Mapping[str, FileTold] | None:
    """What the files of photos say, by image path; it is kept for the next time.

    Nothing that is wrong with a file is an error: what cannot be read says nothing. Photos in object storage are not
    read, because each would have to be fetched as a whole.

    Args:
        settings: Name the folders.
        image_paths: The photos of the event.
        cancel: Ends the reading early; what was read until then is kept.
        progress: Is told how many photos of how many are done.

    Returns:
        What they say; None if they lie in object storage.
    """
    if settings.input_address:
        return None
    try:
        kept = read_told(settings.event_dir, settings.io.output_dir)
    except CurationError as error:
        logger.debug("what is known of the files cannot be read: %s", error)
        kept = None
    known, is_new = _read(settings, sorted(image_paths), kept or {}, cancel, progress)
    if is_new or kept is None or known.keys() != kept.keys():
        try:
            write_told(settings.event_dir, settings.io.output_dir, known)
        except CurationError as error:
            logger.warning("what other programs said in the files is not kept: %s", error)
    return {path: one.told for path, one in known.items()}


def _read(
    settings: Settings,
    image_paths: list[str],
    kept: Mapping[str, KnownTold],
    cancel: threading.Event | None,
    progress: Callable[[int, int], None],
) -> tuple[dict[str, KnownTold], bool]:
    input_dir = Path(os.path.abspath(settings.io.input_dir))  # noqa: PTH100 - resolve follows links
    limit = settings.io.max_photo_megapixels

    def stored(path: Path) -> StoredPicture | None:
        try:
            return stored_picture(path, max_megapixels=limit)
        except (PhotoError, OSError):
            return None

    folders: defaultdict[Path, list[tuple[str, Path]]] = defaultdict(list)
    for image_path in image_paths:
        try:
            path = photo_path(input_dir, image_path)
        except CurationError:
            continue  # a table that was edited by hand: it leads out of the folder of photos
        folders[path.parent].append((image_path, path))
    out: dict[str, KnownTold] = {}
    is_new = False
    for folder, photos in folders.items():
        reader = FolderReader(folder, (path.name for _, path in photos), stored)
        for image_path, path in photos:
            before = kept.get(image_path)
            if cancel is not None and cancel.is_set():
                if before is not None:
                    out[image_path] = before
                continue
            one = _one(reader, path, before)
            if one is not None:
                out[image_path] = one
                is_new = is_new or one is not before
            progress(len(out), len(image_paths))
    return out, is_new


def _one(reader: FolderReader, path: Path, kept: KnownTold | None) -> KnownTold | None:
    try:
        stamp = stamp_of(path)
    except CurationError:
        stamp = None
    if stamp is None:
        return None
    beside = reader.beside(path.name)
    stamps = tuple(reader.index.stamp(other) for other in beside.all)
    if kept is not None and (kept.size_bytes, kept.mtime_ns, kept.beside) == (stamp.size_bytes, stamp.mtime_ns, stamps):
        return kept
    return KnownTold(stamp.size_bytes, stamp.mtime_ns, stamps, reader.told(path, beside))
