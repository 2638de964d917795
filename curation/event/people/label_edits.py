"""Changing labels so that what others wrote meanwhile stays: a change starts from the version that its client knows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from curation.domain.labelling.label_changes import LabelChange, LabelConflict, changed_labels, merge_labels
from curation.domain.labelling.labels import Labels, PersonLabel
from curation.errors import LabelsChangedError, LabelsConflictError, LabelsError
from curation.event.catalog import Catalog
from curation.event.people.label_versions import IsKnown, LabelVersions

__all__ = ["LABELS_CHANGED", "ChangedLabels", "LabelEdits", "label_json"]

LABELS_CHANGED = "the labels were changed meanwhile; read them again and send your changes with the new ETag"


@dataclass(frozen=True, slots=True)
class ChangedLabels:
    """What became of a change.

    Attributes:
        etag: The entity tag of the labels as they are now.
        labels: As they are now.
        before: The labels of clusters before the change; None if the file could not be used.
        count: How many clusters changed.
    """

    etag: str
    labels: Labels
    before: Mapping[int, PersonLabel] | None
    count: int


class LabelEdits:
    """The labels as clients know and change them. Whoever changes them does so one change at a time."""

    def __init__(self, catalog: Catalog) -> None:
        """Take the catalogue; nothing is read yet."""
        self._catalog = catalog
        self._versions = LabelVersions()

    def read(self) -> tuple[str, Labels]:
        """The labels for a client, with their entity tag. Raises what `Catalog.labels` raises."""
        # The tag first: if the file changes in between, the tag is the old one and a later change is refused.
        etag = self._catalog.event_labels.etag()
        labels = self._catalog.labels()
        self._versions.sent(etag, labels.by_cluster)
        return etag, labels

    def change(
        self, choose: Callable[[Labels], Collection[int]], change: LabelChange, is_known: IsKnown | None
    ) -> ChangedLabels:
        """Label clusters, and leave alone what others wrote meanwhile.

        Args:
            choose: From the labels as they are to the clusters that are meant.
            change: Of each of them.
            is_known: Tells which version the client knows; None if it does not say.

        Raises:
            LabelsChangedError: If the client's version is not known any more, or the file changes at this moment.
            LabelsConflictError: If somebody else labelled one of these clusters meanwhile.
            LabelsError: If the labels would not be valid.
            StorageError: If a file cannot be read or written.
        """
        etag, present = self._catalog.event_labels.etag(), self._catalog.labels()
        base = self._versions.base(is_known, etag, present.by_cluster)
        if base is None:
            raise LabelsChangedError(LABELS_CHANGED)
        try:
            wanted = changed_labels(present, choose(present), change)
        except ValueError as error:
            raise LabelsError(str(error)) from error
        touched = [
            cluster
            for cluster in sorted(wanted.keys() | present.by_cluster.keys())
            if wanted.get(cluster) != present.by_cluster.get(cluster)
        ]
        yours = {cluster: label for cluster, label in base.items() if cluster not in touched}
        yours |= {cluster: wanted[cluster] for cluster in touched if cluster in wanted}
        merged = merge_labels(base, yours, present.by_cluster)
        if merged.conflicts:
            self.read()  # who sends it again knows of the other version
            raise conflict(merged.conflicts)
        labels = self.checked(merged.by_cluster, present)
        if touched:
            new_etag = self._catalog.event_labels.replace(labels, only_if=lambda now: now == etag)
            if new_etag is None:
                raise LabelsChangedError(LABELS_CHANGED)
            etag = new_etag
        self._versions.sent(etag, labels.by_cluster)
        return ChangedLabels(etag, labels, present.by_cluster, len(touched))

    def replace(self, labels: Labels, is_known: IsKnown | None) -> ChangedLabels:
        """Put other labels in the place of all.

        Raises:
            LabelsChangedError: If the version in the file is not the one that the client knows.
            StorageError: If a file cannot be read or written.
        """
        try:
            before = self._catalog.labels().by_cluster
        except LabelsError:
            before = None  # what is in the file cannot be used, nor brought back
        etag = self._catalog.event_labels.replace(labels, only_if=lambda present: is_known is None or is_known(present))
        if etag is None:
            raise LabelsChangedError(LABELS_CHANGED)
        self._versions.sent(etag, labels.by_cluster)
        return ChangedLabels(etag, labels, before, len(labels.by_cluster))

    def restore(self, changed: Mapping[str, tuple[object, object]]) -> None:
        """Undo a change that was made earlier, and leave alone what others wrote since.

        Args:
            changed: By cluster its label before and after that change, as JSON values; None for no label.

        Raises:
            LabelsConflictError: If somebody else changed the same labels since.
            LabelsError: If the labels are not valid.
            StorageError: If a file cannot be read or written.
        """
        present = self._catalog.labels()
        theirs = present.by_cluster
        before, after = dict(theirs), dict(theirs)
        for cluster, (old, new) in changed.items():
            for side, label in ((before, old), (after, new)):
                side.pop(int(cluster), None)
                if label is not None:
                    side[int(cluster)] = self._parsed(cluster, label)
        merged = merge_labels(after, before, theirs)
        if merged.conflicts:
            raise conflict(merged.conflicts)
        if merged.by_cluster != theirs:
            self._catalog.event_labels.replace(self.checked(merged.by_cluster, present), only_if=lambda _: True)

    def checked(self, by_cluster: Mapping[int, PersonLabel], like: Labels) -> Labels:
        """Labels that were put together, checked as those of a file are. Raises what `Catalog.labels` raises."""
        return self._catalog.event_labels.checked(Labels(by_cluster, like.unlabelled_category).to_json())

    def _parsed(self, cluster: str, label: object) -> PersonLabel:
        return self._catalog.event_labels.checked({cluster: label}).by_cluster[int(cluster)]


def label_json(label: PersonLabel | None) -> object:
    """In the form of cluster_labels.json; None for no label."""
    if label is None or label.name is None:
        return None if label is None else label.category.value
    return {"name": label.name, "category": label.category.value}


def conflict(conflicts: Sequence[LabelConflict]) -> LabelsConflictError:
    """The error for labels that somebody else changed to something else."""
    listed: list[dict[str, object]] = [
        {"cluster_id": c.cluster, "yours": label_json(c.yours), "theirs": label_json(c.theirs)} for c in conflicts
    ]
    clusters = ", ".join(str(c.cluster) for c in conflicts)
    return LabelsConflictError(
        f"somebody else changed the label of {clusters} meanwhile; nothing was changed. "
        "Choose one of the two, and send it again",
        listed,
    )
