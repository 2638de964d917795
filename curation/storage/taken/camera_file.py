"""cameras.json: how the photos of an event were taken, by the stamps of their files.

A memory and not a word of the user: without it the files are read once more. It has an entry for each photo of the last
reading, and none for others, so that it is never larger than the event.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from curation.domain.measuring.camera import CameraFacts
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.memory_files import memory_content, read_memory

__all__ = ["KnownCamera", "read_cameras", "write_cameras"]

logger = logging.getLogger(__name__)

_FILE = "cameras.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class KnownCamera:
    """The facts of one photo, and the file that they were read from.

    Attributes:
        size_bytes: Of the file.
        mtime_ns: Of the file, see `curation.storage.file_stamps`.
        facts: What it says.
    """

    size_bytes: int
    mtime_ns: int
    facts: CameraFacts


def read_cameras(state_dir: Path, output_dir: Path) -> dict[str, KnownCamera]:
    """What is known, by image path; nothing if the file is missing, damaged or of another output folder.

    Raises:
        StorageError: If it cannot be read.
    """
    path = state_dir / _FILE
    try:
        data = read_memory(path, ("version", "output_dir", "names", "photos"))
        if data["version"] != _VERSION or data["output_dir"] != str(output_dir):
            return {}
        names: list[str] = data["names"]
        return {str(image): _known(entry, names) for image, entry in data["photos"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS:
        logger.warning("%s is damaged; the photos' cameras are read again", path)
        return {}


def write_cameras(state_dir: Path, output_dir: Path, known: Mapping[str, KnownCamera]) -> None:
    """Replace what is known.

    Raises:
        StorageError: If it cannot be written; the old file is then unchanged.
    """
    numbers: dict[str, int] = {}
    photos = {image: _entry(one, numbers) for image, one in known.items()}
    data = {"version": _VERSION, "output_dir": str(output_dir), "names": list(numbers), "photos": photos}
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(error, state_dir, "created") from error
    write_bytes(state_dir / _FILE, memory_content(data), durable=False)


def _entry(one: KnownCamera, numbers: dict[str, int]) -> list[Any]:
    facts = one.facts
    return [
        one.size_bytes,
        one.mtime_ns,
        # An event has few cameras and lenses, so that their names are written once.
        numbers.setdefault(facts.camera, len(numbers)),
        numbers.setdefault(facts.lens, len(numbers)),
        facts.focal_length_mm,
        facts.focal_length_35mm,
        facts.aperture,
        facts.exposure_s,
        facts.iso,
        None if facts.capture_time is None else facts.capture_time.isoformat(),
    ]


def _known(entry: list[Any], names: list[str]) -> KnownCamera:
    size, mtime, camera, lens, focal, film, aperture, exposure, iso, time = entry
    return KnownCamera(
        int(size),
        int(mtime),
        CameraFacts(
            names[camera],
            names[lens],
            _float(focal),
            None if film is None else int(film),
            _float(aperture),
            _float(exposure),
            None if iso is None else int(iso),
            None if time is None else datetime.fromisoformat(time),
        ),
    )


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
