"""What changes labels and corrections, one change at a time, each of which can be undone."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from curation.domain.labelling.corrections import Correction
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Labels
from curation.domain.labelling.new_corrections import with_ids
from curation.errors import CorrectionNotFoundError, LabelsConflictError, NothingToUndoError
from curation.event.catalog import Catalog
from curation.event.people.label_edits import ChangedLabels, LabelEdits, label_json
from curation.event.people.label_versions import IsKnown
from curation.settings import Settings
from curation.storage.corrections_file import hold_corrections
from curation.storage.undo_journal import Change, UndoJournal

__all__ = ["PeopleEdits", "Planned", "Undone"]

Planned = tuple[Sequence[Correction], int, LabelChange | None]
"""What an action says, the cluster that it makes or keeps, and how that is labelled."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone, in words, and how many changes are left that can be."""

    what: str
    left: int


class PeopleEdits:
    """Changes labels and corrections. Every method may be called from any thread."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        """Note the parts; nothing is read yet."""
        self._catalog = catalog
        self._labels = LabelEdits(catalog)
        self._state_dir = settings.io.state_dir
        self._journal = UndoJournal(settings.io.state_dir, settings.io.output_dir)
        self._guard = threading.Lock()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._guard, hold_corrections(self._state_dir):
            yield

    def labels(self) -> tuple[str, Labels]:
        """The labels for a client, with their entity tag. Raises what `Catalog.labels` raises."""
        return self._labels.read()

    def change_labels(
        self,
        choose: Callable[[Labels], Collection[int]],
        change: LabelChange,
        what: str,
        *,
        is_known: IsKnown | None = None,
    ) -> tuple[str, Labels, int]:
        """Label clusters, and leave alone what others wrote meanwhile.

        Args:
            choose: From the labels as they are to the clusters that are meant.
            change: Of each of them.
            what: The change in words.
            is_known: Tells which version of the labels the client knows; None if it does not say.

        Returns:
            Entity tag and labels as they are now, and the number of clusters that changed.

        Raises:
            LabelsChangedError: If the client's version is not known any more.
            LabelsConflictError: If somebody else labelled one of these clusters meanwhile.
            LabelsError: If the labels would not be valid.
            StorageError: If a file cannot be read or written.
        """
        with self._alone():
            changed = self._labels.change(choose, change, is_known)
            self._note(what, changed, {})
            return changed.etag, changed.labels, changed.count

    def replace_labels(self, labels: Labels, *, is_known: IsKnown | None) -> tuple[str, Labels]:
        """Put other labels in the place of all.

        Raises:
            LabelsChangedError: If the version in the file is not the one that the client knows.
            StorageError: If a file cannot be read or written.
        """
        with self._alone():
            changed = self._labels.replace(labels, is_known)
            self._note("replaced all labels", changed, {})
            return changed.etag, changed.labels

    def correct(
        self, plan: Callable[[int], Planned], what: str, *, is_known: IsKnown | None = None
    ) -> tuple[list[Correction], int, str, Labels]:
        """Add corrections.

        Args:
            plan: From the first id that is free to what is said; called while nobody else changes anything.
            what: The change in words.
            is_known: Tells which version of the labels the client knows; None if it does not say.

        Returns:
            The corrections, the cluster that the faces count to now, entity tag and labels.

        Raises:
            LabelsConflictError: If somebody else labelled that cluster meanwhile; and what `plan` raises.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If the labels would not be valid.
            StorageError: If a file cannot be read or written.
        """
        with self._alone():
            planned, cluster, label = plan(self._catalog.faces.next_cluster_id())
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            new = with_ids(planned, uuid.uuid4().hex[:12], at)
            before = self._catalog.faces.corrections()
            counted = {correction.id: False for correction in new}
            if new:
                self._catalog.faces.replace_corrections([*before, *new])
            if label is not None:
                try:
                    changed = self._labels.change(lambda _: (cluster,), label, is_known)
                    self._note(what, changed, counted)
                except BaseException:
                    # All of it or nothing.
                    self._catalog.faces.replace_corrections(before)
                    raise
                return new, cluster, changed.etag, changed.labels
            if new:
                self._journal.add(Change(what, {}, counted))
            return new, cluster, *self.labels()

    def set_undone(self, action: str, *, undone: bool) -> list[Correction]:
        """Take back an action's corrections, or let them count again; those that changed.

        Raises:
            CorrectionNotFoundError: If there are none of that name.
            CorrectionsError: If corrections.json is not valid.
            StorageError: If a file cannot be read or written.
        """
        with self._alone():
            meant = [c for c in self._catalog.faces.corrections() if c.id.partition(".")[0] == action.partition(".")[0]]
            if not any(c.id == action or c.id.partition(".")[0] == action for c in meant):
                raise CorrectionNotFoundError(f"there is no correction {action}")
            changed = [c for c in meant if c.undone is not undone]
            if changed:
                counted = {correction.id: not correction.undone for correction in changed}
                self._set_counting(dict.fromkeys(counted, not undone))
                self._journal.add(Change("took back a correction" if undone else "repeated a correction", {}, counted))
            return [replace(correction, undone=undone) for correction in changed]

    def undoable(self) -> Undone | None:
        """What `undo` would take back, and how many changes there are; None if there is nothing."""
        with self._guard:
            changes = self._journal.changes()
        return Undone(changes[-1].what, len(changes)) if changes else None

    def undo(self) -> tuple[Undone, str, Labels]:
        """Undo the last change of labels or corrections that was made through this class.

        Raises:
            NothingToUndoError: If there is none.
            LabelsConflictError: If somebody else changed the same labels since. Such a change is left as it is, and the
                one before it comes next.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If the labels are not valid.
            StorageError: If a file cannot be read or written.
        """
        with self._alone():
            changes = self._journal.changes()
            if not changes:
                raise NothingToUndoError("no change is left that could be taken back")
            last = changes[-1]
            try:
                self._labels.restore(last.labels)
            except LabelsConflictError:
                self._journal.save(changes[:-1])
                raise
            self._set_counting(last.corrections)
            self._journal.save(changes[:-1])
            return Undone(last.what, len(changes) - 1), *self.labels()

    def _note(self, what: str, changed: ChangedLabels, counted: Mapping[str, bool]) -> None:
        before, after = changed.before, changed.labels.by_cluster
        if before is None:
            return
        labels = {
            str(cluster): (label_json(before.get(cluster)), label_json(after.get(cluster)))
            for cluster in sorted(before.keys() | after.keys())
            if before.get(cluster) != after.get(cluster)
        }
        if labels or counted:
            self._journal.add(Change(what, labels, counted))

    def _set_counting(self, counting: Mapping[str, bool]) -> None:
        if not counting:
            return
        corrections = self._catalog.faces.corrections()
        self._catalog.faces.replace_corrections(
            [replace(c, undone=not counting[c.id]) if c.id in counting else c for c in corrections]
        )
