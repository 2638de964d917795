"""Writing an edit: all files that it changes appear together, with the journal by which it is undone.

A service that is killed in between leaves the whole edit or nothing of it, and undo knows which: whoever starts next,
service or script, finishes what counts already.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from curation.domain.identity.said import Said
from curation.domain.labelling.corrections import Correction
from curation.domain.labelling.people_seen import PersonSeen
from curation.domain.recognition.refusals import RefusedName
from curation.errors import LabelsChangedError, StorageError
from curation.event.catalog import Catalog
from curation.event.people.label_edits import LABELS_CHANGED, ChangedLabels, LabelEdits
from curation.event.reattaching import with_labels_back
from curation.storage.said.last_good import keep_good
from curation.storage.said.undo_journal import Change, UndoJournal
from curation.storage.together.new_files import NewFiles, new_files

__all__ = ["Edit", "EditWriter"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Edit:
    """All that one edit writes; None leaves a file as it is.

    Attributes:
        change: For the journal.
        labels: With what they replace.
        corrections: All of them.
        seen: All answers about people without a face.
        refused: All answers to proposed names.
        anchors: Whom labels were about that come back.
    """

    change: Change | None = None
    labels: ChangedLabels | None = None
    corrections: Sequence[Correction] | None = None
    seen: Mapping[str, PersonSeen] | None = None
    refused: Mapping[str, RefusedName] | None = None
    anchors: Said | None = None


class EditWriter:
    """Writes edits of one event. The caller makes sure that only one is written at a time."""

    def __init__(self, catalog: Catalog, labels: LabelEdits, journal: UndoJournal, output_dir: Path) -> None:
        """Take what is written; nothing is read yet.

        Args:
            catalog: Of the event.
            labels: Are told which version clients get.
            journal: Of the changes that can be undone.
            output_dir: The output folder.
        """
        self._catalog = catalog
        self._labels = labels
        self._journal = journal
        self._output_dir = output_dir

    def write(self, edit: Edit, changes: Sequence[Change] | None = None) -> None:
        """Write all that an edit changes, or nothing.

        Args:
            edit: What changes.
            changes: The journal after it; None adds the edit's change.

        Raises:
            LabelsChangedError: If a file changes at this moment.
            BusyError: If another process is writing for long.
            StorageError: If a file cannot be read or written.
        """
        if changes is None and edit.change is not None:
            changes = self._with(edit.change)
        with new_files(self._output_dir) as new, ExitStack() as held:
            self._collect(new, edit)
            if changes is not None:
                self._journal.write(new, changes)
            if edit.anchors is not None:
                kept = edit.anchors
                held.enter_context(self._catalog.words.changing(new, lambda said: with_labels_back(said, kept)))
            if not new.publish():
                raise LabelsChangedError(LABELS_CHANGED)
        self._journal.written()
        for path in new.words:
            keep_good(path)
        if edit.labels is not None:
            self._labels.written(edit.labels)

    def _collect(self, new: NewFiles, edit: Edit) -> None:
        catalog, labels = self._catalog, edit.labels
        is_new = labels is not None and labels.replaced is not None
        if labels is not None and is_new and not catalog.event_labels.write(new, labels.labels, str(labels.replaced)):
            raise LabelsChangedError(LABELS_CHANGED)
        if edit.corrections is not None:
            catalog.faces.write_corrections(new, edit.corrections)
        if edit.seen is not None:
            catalog.seen.write(new, edit.seen)
        if edit.refused is not None:
            catalog.refusals.write(new, edit.refused)

    def _with(self, change: Change) -> list[Change] | None:
        try:
            return [*self._journal.changes(), change]
        except StorageError as error:
            logger.warning("the change cannot be undone later: %s", error)
            return None
