"""The changes that were made through the service, so that they can be undone one by one."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.together.finishing import finish_pending
from curation.storage.together.new_files import NewFiles

__all__ = ["MAX_CHANGES", "UNDO", "Change", "UndoJournal"]

logger = logging.getLogger(__name__)

MAX_CHANGES = 200
"""Older changes cannot be undone."""

UNDO = ".curation-undo.json"
"""The name of the file, in the output folder: it is written together with the files that a change is about."""
_EARLIER_FILE = "undo.json"  # of earlier versions, in the folder of the event
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Change:
    """What one change did, as plain values.

    Attributes:
        what: A description for the user.
        labels: The label before and after by cluster id, in the form of cluster_labels.json; None for no label.
        corrections: Whether each changed correction was active before, by its id.
        anchors: Of the labels that were taken from people who are not there, whom they were about, in the form of
            said.json; empty for none.
        seen: Whether each changed answer about a person without a face counted before, by its id.
        refused: Likewise of answers to proposed names of the gallery.
    """

    what: str
    labels: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    corrections: Mapping[str, bool] = field(default_factory=dict)
    anchors: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, bool] = field(default_factory=dict)
    refused: Mapping[str, bool] = field(default_factory=dict)


class UndoJournal:
    """The last changes of one output folder, the newest last. Callers must use it from one thread at a time."""

    def __init__(self, state_dir: Path, output_dir: Path) -> None:
        """Set the folders; nothing is read yet."""
        self._path = output_dir / UNDO
        self._earlier = state_dir / _EARLIER_FILE
        self._output = str(output_dir)
        self._output_dir = output_dir

    def changes(self) -> list[Change]:
        """The changes that can be undone; none if the file is damaged or of another output folder.

        Raises:
            StorageError: If the file cannot be read.
        """
        finish_pending(self._output_dir)  # it is written together with the change
        path = self._path if self._path.exists() else self._earlier
        try:
            data = read_json(path)
            if data["version"] != _VERSION or data["output_dir"] != self._output:
                return []
            return [
                Change(
                    str(entry["what"]),
                    {str(cluster): (before, after) for cluster, (before, after) in entry["labels"].items()},
                    {str(name): bool(counted) for name, counted in entry["corrections"].items()},
                    dict(entry.get("anchors", {})),
                    {str(name): bool(counted) for name, counted in entry.get("seen", {}).items()},
                    {str(name): bool(counted) for name, counted in entry.get("refused", {}).items()},
                )
                for entry in data["changes"]
            ]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise explained(error, path, "read") from error
        except PARSER_ERRORS:
            # Nothing is lost but the undo: the labels and corrections themselves are in other files.
            logger.warning("%s is damaged; earlier changes cannot be undone", path)
            return []

    def save(self, changes: Sequence[Change]) -> None:
        """Replace the changes by these.

        Raises:
            StorageError: If they cannot be written.
        """
        write_bytes(self._path, self._content(changes), durable=False)
        self.written()

    def write(self, new: NewFiles, changes: Sequence[Change]) -> None:
        """Write the changes among the new files of the newest one, so that it is made and can be undone, or neither.

        Raises:
            StorageError: If they cannot be written.
        """
        write_bytes(new.folder / UNDO, self._content(changes), durable=False)

    def written(self) -> None:
        """Remove what an earlier version kept elsewhere, once the journal is at its place."""
        if self._path.exists():
            with suppress(OSError):  # it is only not read any more
                self._earlier.unlink(missing_ok=True)

    def _content(self, changes: Sequence[Change]) -> bytes:
        data = {
            "version": _VERSION,
            "output_dir": self._output,
            "changes": [
                {"what": change.what, "labels": dict(change.labels), "corrections": dict(change.corrections)}
                | ({"anchors": dict(change.anchors)} if change.anchors else {})
                | ({"seen": dict(change.seen)} if change.seen else {})
                | ({"refused": dict(change.refused)} if change.refused else {})
                for change in changes[-MAX_CHANGES:]
            ],
        }
        return json.dumps(data, ensure_ascii=True).encode()
