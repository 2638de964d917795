"""The changes that were made through the service, so that they can be taken back one by one."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.errors import StorageError
from curation.storage.atomic import explained, write_bytes

__all__ = ["KEPT_CHANGES", "Change", "UndoJournal"]

logger = logging.getLogger(__name__)

KEPT_CHANGES = 200
"""Older changes cannot be taken back any more."""

_FILE = "undo.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Change:
    """What one change did, as plain values.

    Attributes:
        what: In words.
        labels: By cluster id the label before and after, in the form of cluster_labels.json; None for no label.
        corrections: By id of the correction whether it counted before.
    """

    what: str
    labels: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    corrections: Mapping[str, bool] = field(default_factory=dict)


class UndoJournal:
    """The last changes of one output folder, the newest last. Callers see to it that one at a time uses it."""

    def __init__(self, state_dir: Path, output_dir: Path) -> None:
        """Note the place; nothing is read yet."""
        self._path = state_dir / _FILE
        self._output = str(output_dir)

    def changes(self) -> list[Change]:
        """The changes that can be taken back. A file that cannot be understood holds none.

        Raises:
            StorageError: If the file cannot be read.
        """
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            if data["version"] != _VERSION or data["output_dir"] != self._output:
                return []
            return [
                Change(
                    str(entry["what"]),
                    {str(cluster): (before, after) for cluster, (before, after) in entry["labels"].items()},
                    {str(name): bool(counted) for name, counted in entry["corrections"].items()},
                )
                for entry in data["changes"]
            ]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise explained(error, self._path, "read") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # It only makes work easier: what it would take back is in the labels and corrections themselves.
            logger.warning("%s is damaged; earlier changes cannot be taken back with it", self._path)
            return []

    def add(self, change: Change) -> None:
        """Note a change; never fails, since the change itself is made already."""
        try:
            self.keep([*self.changes(), change])
        except StorageError as error:
            logger.warning("the change cannot be taken back with undo: %s", error)

    def keep(self, changes: Sequence[Change]) -> None:
        """Keep these changes, and no others.

        Raises:
            StorageError: If they cannot be written.
        """
        data = {
            "version": _VERSION,
            "output_dir": self._output,
            "changes": [
                {"what": change.what, "labels": dict(change.labels), "corrections": dict(change.corrections)}
                for change in changes[-KEPT_CHANGES:]
            ],
        }
        write_bytes(self._path, json.dumps(data, ensure_ascii=True).encode(), durable=False)
