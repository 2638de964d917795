"""shots.json and lost_photos.json: what was learned of the files of an event while pairs were looked for.

A memory and not a word of the user: without shots.json the files are read once more; without lost_photos.json the next
clustering finds again which pictures cannot be read.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from curation.domain.files.pairing import ShotFacts
from curation.domain.files.shot_memory import MovieFacts, ShotMemory, Stamp
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.memory_files import memory_content, read_memory

__all__ = ["read_lost", "read_shots", "write_lost", "write_shots"]

logger = logging.getLogger(__name__)

_SHOTS = "shots.json"
_LOST = "lost_photos.json"
_VERSION = 1
_KEYS = ("version", "place", "facts", "movies", "looks", "cameras", "lost")


def read_shots(state_dir: Path, place: str) -> ShotMemory:
    """What is known; nothing if a file is missing, damaged or of another event.

    Args:
        state_dir: The folder of what is kept of the event.
        place: The folder or address of its photos.

    Raises:
        StorageError: If a file cannot be read.
    """
    data = _read(state_dir / _SHOTS, place)
    try:
        names: list[str] = data.get("cameras", [])
        return ShotMemory(
            {path: (Stamp(*stamp), _facts(facts, names)) for path, (stamp, facts) in data.get("facts", {}).items()},
            {path: (Stamp(*stamp), MovieFacts(*facts)) for path, (stamp, facts) in data.get("movies", {}).items()},
            {(raw, photo): (Stamp(*one), Stamp(*two), seen) for raw, photo, one, two, seen in data.get("looks", [])},
            read_lost(state_dir, place),
        )
    except PARSER_ERRORS:
        logger.warning("%s is damaged; the files of pairs are read again", state_dir / _SHOTS)
        return ShotMemory(lost=read_lost(state_dir, place))


def write_shots(state_dir: Path, place: str, memory: ShotMemory) -> None:
    """Replace what is known, without `ShotMemory.lost`.

    Raises:
        StorageError: If it cannot be written; the old file is then unchanged.
    """
    numbers: dict[str, int] = {}
    data = {
        "facts": {path: [stamp, _entry(facts, numbers)] for path, (stamp, facts) in memory.facts.items()},
        "movies": {
            path: [stamp, [facts.duration_s, facts.made_s, facts.content_id]]
            for path, (stamp, facts) in memory.movies.items()
        },
        "looks": [[*key, one, two, seen] for key, (one, two, seen) in memory.looks.items()],
        "cameras": list(numbers),
    }
    _write(state_dir / _SHOTS, place, data)


def read_lost(state_dir: Path, place: str) -> dict[str, Stamp]:
    """The stamps of pictures that the last clustering could not read, by path; see `read_shots`.

    Raises:
        StorageError: If the file cannot be read.
    """
    try:
        return {path: Stamp(*stamp) for path, stamp in _read(state_dir / _LOST, place).get("lost", {}).items()}
    except PARSER_ERRORS:
        return {}


def write_lost(state_dir: Path, place: str, lost: Mapping[str, Stamp]) -> None:
    """Replace the pictures that cannot be read; the file is not touched if they are the same.

    Raises:
        StorageError: If it cannot be written.
    """
    if read_lost(state_dir, place) != dict(lost):
        _write(state_dir / _LOST, place, {"lost": dict(lost)})


def _read(path: Path, place: str) -> dict[str, Any]:
    try:
        data = read_memory(path, _KEYS)
        return data if data["version"] == _VERSION and data["place"] == place else {}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS:
        logger.warning("%s is damaged; the files of pairs are read again", path)
        return {}


def _write(path: Path, place: str, data: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(error, path.parent, "created") from error
    write_bytes(path, memory_content({"version": _VERSION, "place": place, **data}), durable=False)


def _entry(facts: ShotFacts, numbers: dict[str, int]) -> list[Any]:
    # An event has few cameras, so that their names are written once.
    camera = numbers.setdefault(facts.camera, len(numbers))
    return [None if facts.time is None else facts.time.isoformat(), camera, facts.serial]


def _facts(entry: list[Any], names: list[str]) -> ShotFacts:
    time, camera, serial = entry
    return ShotFacts(None if time is None else datetime.fromisoformat(time), names[camera], str(serial))
