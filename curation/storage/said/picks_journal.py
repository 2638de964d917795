"""The last changes of picks and stars, so that they can be undone after the page was loaded anew.

A change is written here before it is made. If the service is killed in between, or picks.json is edited by hand, the
picks are not as the change left them; undoing it then leaves those photos alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.domain.judging.picks import PhotoPick, parse_pick
from curation.errors import PicksError, StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes

__all__ = ["MAX_CHANGES", "MAX_PHOTOS", "NO_PICK_CHANGES", "PickChange", "PickChanges", "PicksJournal"]

logger = logging.getLogger(__name__)

MAX_CHANGES = 300
"""Older changes cannot be undone."""
MAX_PHOTOS = 25_000
"""In all changes together, but for the newest one; the file is written with each change."""

_FILE = "picks_undo.json"
_VERSION = 1
_DAMAGE: tuple[type[Exception], ...] = (PicksError, *PARSER_ERRORS)


@dataclass(frozen=True, slots=True)
class PickChange:
    """One change of picks and stars.

    Attributes:
        what: In words, such as `12 photos rejected`.
        photos: What was said of each photo before and after, by image path.
    """

    what: str
    photos: Mapping[str, tuple[PhotoPick, PhotoPick]]


@dataclass(frozen=True, slots=True)
class PickChanges:
    """What can be undone and done again.

    Attributes:
        made: Changes that count, the newest last.
        undone: Changes that were undone and may be made again, the one that was undone last is the last.
    """

    made: tuple[PickChange, ...] = ()
    undone: tuple[PickChange, ...] = ()

    def with_change(self, change: PickChange) -> PickChanges:
        """With a new change; what was undone cannot be made again after it."""
        return PickChanges(_bounded((*self.made, change)))


NO_PICK_CHANGES = PickChanges()


class PicksJournal:
    """The last changes of one output folder. Callers hold the lock of `hold_picks`."""

    def __init__(self, state_dir: Path, output_dir: Path) -> None:
        """Set the folders; nothing is read yet."""
        self._path = state_dir / _FILE
        self._output = str(output_dir)

    def read(self) -> PickChanges:
        """The changes; none if the file is missing, damaged or of another output folder.

        Raises:
            StorageError: If the file cannot be read.
        """
        try:
            data = read_json(self._path)
            if data["version"] != _VERSION or data["output_dir"] != self._output:
                return NO_PICK_CHANGES
            return PickChanges(_parsed(data["made"]), _parsed(data["undone"]))
        except FileNotFoundError:
            return NO_PICK_CHANGES
        except OSError as error:
            raise explained(error, self._path, "read") from error
        except _DAMAGE:
            # Nothing is lost but the undo: the picks themselves are in picks.json.
            logger.warning("%s is damaged; earlier picks cannot be undone", self._path)
            return NO_PICK_CHANGES

    def write(self, changes: PickChanges) -> None:
        """Replace the changes; those that are too old are left out.

        Raises:
            StorageError: If they cannot be written; the old file is then unchanged.
        """
        data = {
            "version": _VERSION,
            "output_dir": self._output,
            "made": [_json(change) for change in _bounded(changes.made)],
            "undone": [_json(change) for change in _bounded(changes.undone)],
        }
        # Not durable: after a power failure the last pick may not be undone, but the file is whole.
        write_bytes(self._path, json.dumps(data, separators=(",", ":")).encode(), durable=False)

    def add(self, change: PickChange) -> None:
        """Add a change that is about to be made; never raises, because it may be made even if it cannot be undone."""
        try:
            self.write(self.read().with_change(change))
        except StorageError as error:
            logger.warning("the picks cannot be undone later: %s", error)


def _bounded(changes: Sequence[PickChange]) -> tuple[PickChange, ...]:
    kept: list[PickChange] = []
    photos = 0
    for change in reversed(changes[-MAX_CHANGES:]):
        photos += len(change.photos)
        if kept and photos > MAX_PHOTOS:
            break
        kept.append(change)
    return tuple(reversed(kept))


def _json(change: PickChange) -> dict[str, Any]:
    return {
        "what": change.what,
        "photos": {path: [_said(before), _said(after)] for path, (before, after) in change.photos.items()},
    }


def _said(pick: PhotoPick) -> dict[str, str | int]:
    said: dict[str, str | int] = {}
    if pick.pick is not None:
        said["pick"] = pick.pick.value
    if pick.rating is not None:
        said["rating"] = pick.rating
    return said


def _parsed(entries: Any) -> tuple[PickChange, ...]:
    return tuple(
        PickChange(
            str(entry["what"]),
            {str(path): (parse_pick(before), parse_pick(after)) for path, (before, after) in entry["photos"].items()},
        )
        for entry in entries
    )
