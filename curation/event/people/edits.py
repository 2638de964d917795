"""Changes of labels, corrections and answers: one at a time, each is made whole or not at all, and can be undone."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from curation.domain.identity.said import NOTHING_SAID, Said
from curation.domain.labelling.corrections import Correction, next_free_id
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Labels
from curation.domain.labelling.new_corrections import with_ids
from curation.domain.labelling.people_seen import SeenAnswer
from curation.errors import (
    ClusterNotFoundError,
    CorrectionNotFoundError,
    CurationError,
    LabelsConflictError,
    NothingToUndoError,
    UnfoundWordNotFoundError,
)
from curation.event.catalog import Catalog
from curation.event.people.edit_writer import Edit, EditWriter
from curation.event.people.label_edits import ChangedLabels, LabelEdits, label_json
from curation.event.people.label_versions import IsKnown
from curation.event.people.seen import NewAnswer
from curation.event.reattaching import labels_of
from curation.settings import Settings
from curation.storage.said.corrections_file import demand_readable, hold_corrections
from curation.storage.said.said_file import parse_said, said_json
from curation.storage.said.undo_journal import Change, UndoJournal

__all__ = ["CorrectionPlan", "PeopleEdits", "Undone"]

logger = logging.getLogger(__name__)

CorrectionPlan = tuple[Sequence[Correction], int, LabelChange | None]
"""The new corrections, the cluster that the faces belong to then (-1: none), and a change of its label."""


@dataclass(frozen=True, slots=True)
class Undone:
    """A change that was undone, or would be next.

    Attributes:
        what: Describes the change.
        left: Number of changes that can be undone.
    """

    what: str
    left: int


class PeopleEdits:
    """Changes labels, corrections and answers about people without a face, and undoes such changes. Thread-safe."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        """Remember the paths and the catalogue; nothing is read yet."""
        self._catalog = catalog
        self._labels = LabelEdits(catalog)
        self._lock_dir = settings.lock_dir
        self._journal = UndoJournal(settings.event_dir, settings.io.output_dir)
        self._writer = EditWriter(catalog, self._labels, self._journal, settings.io.output_dir)
        self._guard = threading.Lock()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with self._guard, hold_corrections(self._lock_dir):
            yield
            # While nothing can come in between: what was said is about what the user sees now.
            self._catalog.words.try_settle()

    def labels(self) -> tuple[str, Labels]:
        """The entity tag and the labels, to send to a client. Raises what `Catalog.labels` raises."""
        return self._labels.read()

    def change_labels(
        self,
        choose: Callable[[Labels], Collection[int]],
        change: LabelChange,
        what: str,
        *,
        is_known: IsKnown | None = None,
    ) -> tuple[str, Labels, int]:
        """Label clusters; changes that others made since the client's version are preserved.

        Args:
            choose: Gets the current labels and returns the clusters to label.
            change: The change of each of these labels.
            what: Describes the change.
            is_known: Whether an entity tag is that of the client's version; None if the client does not say.

        Returns:
            The new entity tag and labels, and the number of clusters whose label changed.

        Raises:
            LabelsChangedError: If the client's version is no longer known.
            LabelsConflictError: If one of these labels was changed by someone else since the client's version.
            LabelsError: If the labels would not be valid.
            StorageError: If a file cannot be read or written.
        """
        with self._exclusive():
            changed = self._labels.change(choose, change, is_known)
            self._writer.write(Edit(self._change(what, changed, {}), changed))
            return changed.etag, changed.labels, changed.count

    def move_label(self, cluster: int, target: int | None, what: str) -> None:
        """Take the label of a cluster that is not there away, or give it to another one, as one change.

        Args:
            cluster: With a label, but without faces.
            target: The cluster that gets its name and category; None for nobody.
            what: Describes the change.

        Raises:
            LabelTakenError: If the target has another name.
            UnfoundWordNotFoundError: If the cluster has no label, or has faces.
            LabelsChangedError: If the file changes at this moment.
            LabelsError: If the labels are not valid.
            StorageError: If a file cannot be read or written.
        """
        with self._exclusive():
            self._catalog.words.try_settle()
            if self._catalog.has_cluster(cluster):
                raise UnfoundWordNotFoundError(f"person {cluster} was found in the meantime; nothing was changed")
            changed = self._labels.move(cluster, target)
            self._writer.write(Edit(self._change(what, changed, {}), changed))

    def replace_labels(self, labels: Labels, *, is_known: IsKnown | None) -> tuple[str, Labels]:
        """Replace all labels.

        Raises:
            LabelsChangedError: If the version in the file is not the one that the client knows.
            StorageError: If a file cannot be read or written.
        """
        with self._exclusive():
            changed = self._labels.replace(labels, is_known)
            self._writer.write(Edit(self._change("replaced all labels", changed, {}), changed))
            return changed.etag, changed.labels

    def correct(
        self, plan: Callable[[int], CorrectionPlan], what: str, *, is_known: IsKnown | None = None
    ) -> tuple[list[Correction], int, str, Labels]:
        """Add corrections.

        Args:
            plan: Gets the first free cluster id and returns the plan; called while changes are locked.
            what: Describes the change.
            is_known: Whether an entity tag is that of the client's version; None if the client does not say.

        Returns:
            The corrections, the cluster that the faces belong to now, the entity tag and the labels.

        Raises:
            LabelsConflictError: If the label of that cluster was changed by someone else since the client's version.
                Also what `plan` raises.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If the labels would not be valid.
            StorageError: If a file cannot be read or written.
        """
        with self._exclusive():
            planned, cluster, label = plan(self._catalog.faces.next_cluster_id())
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            # One about no face says nothing, such as the second "not a face": a reader refuses it.
            new = with_ids([one for one in planned if one.faces], uuid.uuid4().hex[:12], at)
            demand_readable(new)
            corrections = [*self._catalog.faces.corrections(), *new] if new else None
            counted = {correction.id: False for correction in new}
            if label is not None:
                changed = self._labels.change(lambda _: (cluster,), label, is_known, range(next_free_id(new)))
                self._writer.write(Edit(self._change(what, changed, counted), changed, corrections))
                return new, cluster, changed.etag, changed.labels
            if new:
                self._writer.write(Edit(Change(what, {}, counted), corrections=corrections))
            return new, cluster, *self.labels()

    def answer_seen(self, new: NewAnswer, earlier: Sequence[str]) -> None:
        """Add an answer about a person without a face, as one change.

        Args:
            new: The answer.
            earlier: Ids of answers that it replaces.

        Raises:
            PeopleSeenError: If people_seen.json is not valid.
            BusyError: If another process has locked the corrections for long.
            StorageError: If a file cannot be read or written.
        """
        with self._exclusive():
            people, counted = self._catalog.seen.added(new, earlier)
            told = f"{new.name} is the one without a face" if new.answer is SeenAnswer.ACCEPTED else f"not {new.name}"
            self._writer.write(Edit(Change(told, seen=counted), seen=people))

    def take_back_seen(self, seen_id: str) -> bool:
        """Take an answer about a person without a face back; False if it does not count anyway.

        Raises what `answer_seen` raises.
        """
        with self._exclusive():
            people, counted = self._catalog.seen.counting({seen_id: False})
            if counted:
                self._writer.write(Edit(Change("took an answer back", seen=counted), seen=people))
            return bool(counted)

    def refuse_known(self, person_id: str, name: str, cluster: int) -> None:
        """Note that a cluster is not the known person whose name was proposed for it, as one change.

        Args:
            person_id: Of the gallery.
            name: For the description of the change.
            cluster: Its faces of now are what the answer is about.

        Raises:
            ClusterNotFoundError: If there is no such cluster.
            RefusalsError: If known_refused.json is not valid.
            BusyError: If another process has locked the corrections for long.
            StorageError: If a file cannot be read or written.
        """
        with self._exclusive():
            faces = self._catalog.faces.seen().shown_faces(cluster)
            if not faces:
                raise ClusterNotFoundError(f"there is no person {cluster}")
            refused, counted = self._catalog.refusals.added(person_id, faces)
            self._writer.write(Edit(Change(f"not {name}", refused=counted), refused=refused))

    def forget_refusals(self, person_ids: Collection[str]) -> int:
        """Remove all answers about known people who are forgotten; that cannot be undone.

        Returns:
            How many there were. Raises what `refuse_known` raises.
        """
        with self._exclusive():
            refused, removed = self._catalog.refusals.without(person_ids)
            if removed:
                # Their descriptions have the name.
                kept = [change for change in self._journal.changes() if not removed.intersection(change.refused)]
                self._writer.write(Edit(refused=refused), kept)
            return len(removed)

    def set_undone(self, action: str, *, undone: bool, alone: bool = False) -> list[Correction]:
        """Undo the corrections of an action, or redo them.

        Args:
            action: The id of a correction, or the part before the point, which all corrections of an action share.
            undone: True to undo, False to redo.
            alone: Change only the correction with exactly this id.

        Returns:
            The corrections that changed.

        Raises:
            CorrectionNotFoundError: If there is no such correction.
            CorrectionsError: If corrections.json is not valid.
            StorageError: If a file cannot be read or written.
        """
        with self._exclusive():
            meant = [c for c in self._catalog.faces.corrections() if c.id.partition(".")[0] == action.partition(".")[0]]
            if alone:
                meant = [correction for correction in meant if correction.id == action]
            if not any(c.id == action or c.id.partition(".")[0] == action for c in meant):
                raise CorrectionNotFoundError(f"there is no correction {action}")
            changed = [c for c in meant if c.undone is not undone]
            if changed:
                counted = {correction.id: not correction.undone for correction in changed}
                what = "undid a correction" if undone else "redid a correction"
                corrections = self._counting(dict.fromkeys(counted, not undone))
                self._writer.write(Edit(Change(what, {}, counted), corrections=corrections))
            return [replace(correction, undone=undone) for correction in changed]

    def undoable(self) -> Undone | None:
        """The change that `undo` would undo next; None if there is none."""
        with self._guard:
            changes = self._journal.changes()
        return Undone(changes[-1].what, len(changes)) if changes else None

    def undo(self) -> tuple[Undone, str, Labels]:
        """Undo the last change of labels or corrections that was made through this class.

        Raises:
            NothingToUndoError: If there is none.
            LabelsConflictError: If someone else changed the same labels since. That change is then dropped: the next
                call undoes the one before it.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If the labels are not valid.
            StorageError: If a file cannot be read or written.
        """
        with self._exclusive():
            changes = self._journal.changes()
            if not changes:
                raise NothingToUndoError("there is nothing left to undo")
            last = changes[-1]
            try:
                labels = self._labels.restored(last.labels) if last.labels else None
            except LabelsConflictError:
                self._journal.save(changes[:-1])
                raise
            edit = Edit(
                labels=labels,
                corrections=self._counting(last.corrections),
                seen=self._catalog.seen.counting(last.seen)[0] if last.seen else None,
                refused=self._catalog.refusals.counting(last.refused)[0] if last.refused else None,
                anchors=_anchors(last),
            )
            self._writer.write(edit, changes[:-1])
            return Undone(last.what, len(changes) - 1), *self.labels()

    def _change(self, what: str, changed: ChangedLabels, counted: Mapping[str, bool]) -> Change | None:
        """What is written into the journal; None if nothing changes, or it cannot be undone."""
        before, after = changed.before, changed.labels.by_cluster
        if before is None:
            return None
        labels = {
            str(cluster): (label_json(before.get(cluster)), label_json(after.get(cluster)))
            for cluster in sorted(before.keys() | after.keys())
            if before.get(cluster) != after.get(cluster)
        }
        if not labels and not counted:
            return None
        taken = {int(cluster) for cluster, (old, _) in labels.items() if old is not None}
        return Change(what, labels, counted, self._anchors_of(taken))

    def _anchors_of(self, clusters: Collection[int]) -> Mapping[str, Any]:
        """Whom the labels of clusters that are not there are about: nobody can see that once they are gone."""
        try:
            gone = [cluster for cluster in clusters if not self._catalog.has_cluster(cluster)]
            kept = labels_of(self._catalog.words.said(), gone) if gone else NOTHING_SAID
        except CurationError as error:
            logger.warning("if this change is undone, it is not known whom the labels were about: %s", error)
            return {}
        return said_json(kept) if kept.labels else {}

    def _counting(self, counting: Mapping[str, bool]) -> list[Correction] | None:
        """All corrections with some undone or redone; None if none changes."""
        if not counting:
            return None
        corrections = self._catalog.faces.corrections()
        return [replace(c, undone=not counting[c.id]) if c.id in counting else c for c in corrections]


def _anchors(change: Change) -> Said | None:
    """Whom the labels were about that an undone change took away."""
    if not change.anchors:
        return None
    try:
        return parse_said(change.anchors)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        logger.warning("the labels are back, but not whom they were about: %s", error)
        return None
