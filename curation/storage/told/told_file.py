"""told.json: what the files of an event's photos say, by the stamps of the photos and of the files beside them.

A memory and not a word of the user: without it the files are read once more. It has an entry for each photo of the last
reading, and none for others.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.domain.faces.face import Box
from curation.domain.judging.picks import Pick
from curation.domain.told.file_told import NOTHING_TOLD, FileTold, ToldRegion
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.memory_files import memory_content, read_memory

__all__ = ["TOLD", "KnownTold", "read_told", "write_told"]

logger = logging.getLogger(__name__)

TOLD = "told.json"
"""The name of the file in the folder of the event (`Settings.event_dir`)."""
_VERSION = 1  # raised, too, when what is read of the files changes


@dataclass(frozen=True, slots=True)
class KnownTold:
    """What the files of one photo say, and which files those were.

    Attributes:
        size_bytes: Of the photo's file.
        mtime_ns: Of the photo's file, see `curation.storage.file_stamps`.
        beside: Name, size and time of each file beside it that was read.
        told: What they say.
    """

    size_bytes: int
    mtime_ns: int
    beside: tuple[tuple[str, int, int], ...]
    told: FileTold


def read_told(state_dir: Path, output_dir: Path) -> dict[str, KnownTold] | None:
    """What is known, by image path; None if the file is missing, damaged or of another output folder or version.

    Raises:
        StorageError: If it cannot be read.
    """
    path = state_dir / TOLD
    try:
        data = read_memory(path, ("version", "output_dir", "photos"))
        if data["version"] != _VERSION or data["output_dir"] != str(output_dir):
            return None
        return {str(image): _known(entry) for image, entry in data["photos"].items()}
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS:
        logger.warning("%s is damaged; what other programs said of the photos is read again", path)
        return None


def write_told(state_dir: Path, output_dir: Path, known: Mapping[str, KnownTold]) -> None:
    """Replace what is known.

    Raises:
        StorageError: If it cannot be written; the old file is then unchanged.
    """
    photos = {image: _entry(one) for image, one in sorted(known.items())}
    data = {"version": _VERSION, "output_dir": str(output_dir), "photos": photos}
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(error, state_dir, "created") from error
    write_bytes(state_dir / TOLD, memory_content(data), durable=False)


def _entry(one: KnownTold) -> list[Any]:
    told = one.told
    words = 0 if told == NOTHING_TOLD else _words(told)
    return [one.size_bytes, one.mtime_ns, [list(stamp) for stamp in one.beside], words]


def _words(told: FileTold) -> list[Any]:
    regions = [[region.name, *region.box, region.program] for region in told.regions]
    pick = None if told.pick is None else told.pick.value
    return [told.rating, pick, told.label, list(told.names), regions, list(told.programs), list(told.notes)]


def _known(entry: list[Any]) -> KnownTold:
    size, mtime, beside, words = entry
    stamps = tuple((str(name), int(bytes_), int(time)) for name, bytes_, time in beside)
    return KnownTold(int(size), int(mtime), stamps, _told(words) if words else NOTHING_TOLD)


def _told(words: list[Any]) -> FileTold:
    rating, pick, label, names, regions, programs, notes = words
    return FileTold(
        None if rating is None else int(rating),
        None if pick is None else Pick(pick),
        str(label),
        tuple(map(str, names)),
        tuple(ToldRegion(str(one[0]), Box(*map(int, one[1:5])), str(one[5])) for one in regions),
        tuple(map(str, programs)),
        tuple(map(str, notes)),
    )
