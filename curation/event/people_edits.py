"""What changes labels and corrections through the service, one change at a time, each to be taken back."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from curation.api.http.conditional import matches_any
from curation.api.http.errors import ApiProblem
from curation.domain.labelling.corrections import Correction
from curation.domain.labelling.labels import Labels, PersonLabel
from curation.domain.labelling.merging import LabelChange, LabelConflict, changed_labels, merge_labels
from curation.domain.labelling.plans import named
from curation.errors import LabelsError
from curation.event.catalog import Catalog
from curation.event.label_versions import LabelVersions
from curation.settings import Settings
from curation.storage.corrections_file import hold_corrections
from curation.storage.undo_journal import Change, UndoJournal

__all__ = ["LABELS_CHANGED", "PeopleEdits", "Undone", "label_json"]

LABELS_CHANGED = "the labels were changed meanwhile; read them again and send your changes with the new ETag"

Planned = tuple[Sequence[Correction], int, LabelChange | None]
"""What an action says, the cluster that it makes or keeps, and how that is labelled."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, in words, and how many changes are left that can be."""

    what: str
    left: int


class PeopleEdits:
    """Changes labels and corrections. Every method may be called from any thread."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        """Note the parts; nothing is read yet."""
        self._catalog = catalog
        self._state_dir = settings.io.state_dir
        self._journal = UndoJournal(settings.io.state_dir, settings.io.output_dir)
        self._versions = LabelVersions()
        self._guard = threading.Lock()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._guard, hold_corrections(self._state_dir):
            yield

    def labels(self) -> tuple[str, Labels]:
        """The labels for a client, with their entity tag. Raises what `Catalog.labels` raises."""
        # The tag first: if the file changes in between, the tag is the old one and a later If-Match fails.
        etag = self._catalog.labels_etag()
        labels = self._catalog.labels()
        self._versions.sent(etag, labels.by_cluster)
        return etag, labels

    def change_labels(
        self,
        choose: Callable[[Labels], Collection[int]],
        change: LabelChange,
        what: str,
        *,
        if_match: str | None = None,
    ) -> tuple[str, Labels, int]:
        """Label clusters, and leave alone what others wrote meanwhile.

        Args:
            choose: From the labels as they are to the clusters that are meant.
            change: Of each of them.
            what: The change in words.
            if_match: The header of the request.

        Returns:
            Entity tag and labels as they are now, and the number of clusters that changed.

        Raises:
            ApiProblem: 412 if somebody else labelled one of these clusters meanwhile.
            LabelsError: If the labels would not be valid.
            StorageError: If a file cannot be read or written.
        """
        with self._alone():
            return self._label(choose, change, what, if_match, {})

    def replace_labels(self, labels: Labels, *, if_match: str | None) -> tuple[str, Labels]:
        """Put other labels in the place of all.

        Raises:
            ApiProblem: 412 if `if_match` is not the version in the file.
            StorageError: If a file cannot be read or written.
        """
        with self._alone():
            try:
                before = self._catalog.labels()
            except LabelsError:
                before = None  # what is in the file cannot be used, nor brought back
            etag = self._catalog.replace_labels(
                labels, only_if=lambda present: if_match is None or matches_any(if_match, present)
            )
            if etag is None:
                raise ApiProblem(412, "labels_changed", LABELS_CHANGED)
            self._versions.sent(etag, labels.by_cluster)
            if before is not None:
                self._note("replaced all labels", before.by_cluster, labels.by_cluster, {})
            return etag, labels

    def correct(
        self, plan: Callable[[int], Planned], what: str, *, if_match: str | None = None
    ) -> tuple[list[Correction], int, str, Labels]:
        """Add corrections.

        Args:
            plan: From the first id that is free to what is said; called while nobody else changes anything.
            what: The change in words.
            if_match: The header of the request; it is about the labels.

        Returns:
            The corrections, the cluster that the faces count to now, entity tag and labels.

        Raises:
            ApiProblem: 412 if somebody else labelled that cluster meanwhile; and what `plan` raises.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If the labels would not be valid.
            StorageError: If a file cannot be read or written.
        """
        with self._alone():
            planned, cluster, label = plan(self._catalog.next_cluster_id())
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            new = named(planned, uuid.uuid4().hex[:12], at)
            before = self._catalog.corrections()
            counted = {correction.id: False for correction in new}
            if new:
                self._catalog.replace_corrections([*before, *new])
            if label is not None:
                try:
                    etag, labels, _ = self._label(lambda _: (cluster,), label, what, if_match, counted)
                except BaseException:
                    # All of it or nothing.
                    self._catalog.replace_corrections(before)
                    raise
                return new, cluster, etag, labels
            if new:
                self._journal.add(Change(what, {}, counted))
            return new, cluster, *self.labels()

    def set_undone(self, action: str, *, undone: bool) -> list[Correction]:
        """Take back an action's corrections, or let them count again; those that changed.

        Raises:
            ApiProblem: If there are none of that name.
            CorrectionsError: If corrections.json is not valid.
            StorageError: If a file cannot be read or written.
        """
        with self._alone():
            meant = [c for c in self._catalog.corrections() if c.id.partition(".")[0] == action.partition(".")[0]]
            if not any(c.id == action or c.id.partition(".")[0] == action for c in meant):
                raise ApiProblem(404, "correction_not_found", f"there is no correction {action}; GET /corrections")
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
        """Take back the last change of labels or corrections that was made through the service.

        Raises:
            ApiProblem: 409 if there is none; 412 if somebody else changed the same labels since. Such a change is
                left as it is, and the one before it comes next.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If the labels are not valid.
            StorageError: If a file cannot be read or written.
        """
        with self._alone():
            changes = self._journal.changes()
            if not changes:
                raise ApiProblem(409, "nothing_to_undo", "no change is left that could be taken back")
            last = changes[-1]
            present = self._catalog.labels()
            theirs = present.by_cluster
            before, after = dict(theirs), dict(theirs)
            for cluster, (old, new) in last.labels.items():
                for side, label in ((before, old), (after, new)):
                    side.pop(int(cluster), None)
                    if label is not None:
                        side[int(cluster)] = self._parsed(cluster, label)
            merged = merge_labels(after, before, theirs)
            if merged.conflicts:
                self._journal.keep(changes[:-1])
                raise _conflict(merged.conflicts)
            if merged.by_cluster != theirs:
                checked = self._catalog.checked_labels(Labels(merged.by_cluster, present.unlabelled_category).to_json())
                self._catalog.replace_labels(checked, only_if=lambda _: True)
            self._set_counting(last.corrections)
            self._journal.keep(changes[:-1])
            return Undone(last.what, len(changes) - 1), *self.labels()

    def _label(
        self,
        choose: Callable[[Labels], Collection[int]],
        change: LabelChange,
        what: str,
        if_match: str | None,
        counted: Mapping[str, bool],
    ) -> tuple[str, Labels, int]:
        etag, present = self._catalog.labels_etag(), self._catalog.labels()
        base = self._versions.base(if_match, etag, present.by_cluster)
        if base is None:
            raise ApiProblem(412, "labels_changed", LABELS_CHANGED)
        try:
            wanted = changed_labels(present, choose(present), change)
        except ValueError as error:
            raise ApiProblem(422, "labels_invalid", str(error)) from error
        touched = [
            cluster
            for cluster in sorted(wanted.keys() | present.by_cluster.keys())
            if wanted.get(cluster) != present.by_cluster.get(cluster)
        ]
        yours = {cluster: label for cluster, label in base.items() if cluster not in touched}
        yours |= {cluster: wanted[cluster] for cluster in touched if cluster in wanted}
        merged = merge_labels(base, yours, present.by_cluster)
        if merged.conflicts:
            self.labels()  # who sends it again knows of the other version
            raise _conflict(merged.conflicts)
        labels = self._catalog.checked_labels(Labels(merged.by_cluster, present.unlabelled_category).to_json())
        if touched:
            new_etag = self._catalog.replace_labels(labels, only_if=lambda now: now == etag)
            if new_etag is None:
                raise ApiProblem(412, "labels_changed", LABELS_CHANGED)
            etag = new_etag
        if touched or counted:
            self._note(what, present.by_cluster, labels.by_cluster, counted)
        self._versions.sent(etag, labels.by_cluster)
        return etag, labels, len(touched)

    def _note(
        self,
        what: str,
        before: Mapping[int, PersonLabel],
        after: Mapping[int, PersonLabel],
        counted: Mapping[str, bool],
    ) -> None:
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
        corrections = self._catalog.corrections()
        self._catalog.replace_corrections(
            [replace(c, undone=not counting[c.id]) if c.id in counting else c for c in corrections]
        )

    def _parsed(self, cluster: str, label: object) -> PersonLabel:
        return self._catalog.checked_labels({cluster: label}).by_cluster[int(cluster)]


def label_json(label: PersonLabel | None) -> object:
    """In the form of cluster_labels.json; None for no label."""
    if label is None or label.name is None:
        return None if label is None else label.category.value
    return {"name": label.name, "category": label.category.value}


def _conflict(conflicts: Sequence[LabelConflict]) -> ApiProblem:
    listed = [
        {"cluster_id": c.cluster, "yours": label_json(c.yours), "theirs": label_json(c.theirs)} for c in conflicts
    ]
    clusters = ", ".join(str(c.cluster) for c in conflicts)
    return ApiProblem(
        412,
        "labels_conflict",
        f"somebody else changed the label of {clusters} meanwhile; nothing was changed. "
        "Choose one of the two, and send it again",
        extra={"conflicts": listed},
    )
