"""Changes of labels by several clients: each is merged with what others changed since the client's version."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from curation.domain.labelling.label_changes import LabelChange, LabelConflict, changed_labels, merge_labels
from curation.domain.labelling.labels import Labels, PersonLabel
from curation.errors import (
    LabelsChangedError,
    LabelsConflictError,
    LabelsError,
    LabelTakenError,
    UnfoundWordNotFoundError,
)
from curation.event.catalog import Catalog
from curation.event.people.label_versions import IsKnown, LabelVersions
from curation.storage.said.labels_file import content_etag, labels_content

__all__ = ["LABELS_CHANGED", "ChangedLabels", "LabelEdits", "label_json"]

LABELS_CHANGED = "the labels have changed in the meantime; read them again and send your changes with the new ETag"


@dataclass(frozen=True, slots=True)
class ChangedLabels:
    """The result of a change, which is not written yet.

    Attributes:
        etag: The entity tag of the new labels.
        labels: The new labels.
        before: The labels before the change, by cluster; None if the file was not valid.
        count: Number of labels that changed.
        replaced: The entity tag of the file that the new labels replace; None if there is nothing to write.
    """

    etag: str
    labels: Labels
    before: Mapping[int, PersonLabel] | None
    count: int
    replaced: str | None


class LabelEdits:
    """Reads the labels for clients, and says what changes make of them.

    The caller makes sure that only one change runs at a time, and writes it with what else changes.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Remember the catalogue; nothing is read yet."""
        self._catalog = catalog
        self._versions = LabelVersions()

    def read(self) -> tuple[str, Labels]:
        """The entity tag and the labels, to send to a client. Raises what `Catalog.labels` raises."""
        # The tag is read first: if the file changes in between, the tag is the old one and a later change is refused.
        etag = self._catalog.event_labels.etag()
        labels = self._catalog.labels()
        self._versions.sent(etag, labels.by_cluster)
        return etag, labels

    def change(
        self,
        choose: Callable[[Labels], Collection[int]],
        change: LabelChange,
        is_known: IsKnown | None,
        more_ids: Collection[int] = (),
    ) -> ChangedLabels:
        """Label clusters; changes that others made since the client's version are preserved.

        Args:
            choose: Gets the current labels and returns the clusters to label.
            change: The change of each of these labels.
            is_known: Whether an entity tag is that of the client's version; None if the client does not say.
            more_ids: Of clusters that are about to be there.

        Raises:
            LabelsChangedError: If the client's version is no longer known.
            LabelsConflictError: If one of these labels was changed by someone else since the client's version.
            LabelsError: If the labels would not be valid.
            StorageError: If a file cannot be read.
        """
        etag, current = self._catalog.event_labels.etag(), self._catalog.labels()
        base = self._versions.base(is_known, etag, current.by_cluster)
        if base is None:
            raise LabelsChangedError(LABELS_CHANGED)
        try:
            wanted = changed_labels(current, choose(current), change)
        except ValueError as error:
            raise LabelsError(str(error)) from error
        touched = [
            cluster
            for cluster in sorted(wanted.keys() | current.by_cluster.keys())
            if wanted.get(cluster) != current.by_cluster.get(cluster)
        ]
        yours = {cluster: label for cluster, label in base.items() if cluster not in touched}
        yours |= {cluster: wanted[cluster] for cluster in touched if cluster in wanted}
        merged = merge_labels(base, yours, current.by_cluster)
        if merged.conflicts:
            self.read()  # so that the current version is known when the client sends the change again
            raise conflict(merged.conflicts)
        labels = self.checked(merged.by_cluster, current, more_ids)
        if not touched:
            return ChangedLabels(etag, labels, current.by_cluster, 0, None)
        return _changed(labels, current.by_cluster, len(touched), etag)

    def written(self, changed: ChangedLabels) -> None:
        """Note that the labels of a change stand in the file, and that a client gets them."""
        self._versions.sent(changed.etag, changed.labels.by_cluster)

    def move(self, cluster: int, target: int | None) -> ChangedLabels:
        """Take the label of one cluster away, or give it to another one; those of the same name stay as they are.

        Args:
            cluster: With a label.
            target: The cluster that gets its name and category; None for nobody.

        Raises:
            LabelTakenError: If the target has another name.
            UnfoundWordNotFoundError: If the cluster has no label.
            LabelsError: If the labels are not valid.
            StorageError: If a file cannot be read.
        """
        etag, current = self._catalog.event_labels.etag(), self._catalog.labels()
        moved = dict(current.by_cluster)
        label = moved.pop(cluster, None)
        if label is None:
            raise UnfoundWordNotFoundError(f"person {cluster} has no label any more")
        if target is not None:
            moved[target] = self._joined(current, cluster, target)
        return _changed(self.checked(moved, current), current.by_cluster, 1 if target is None else 2, etag)

    @staticmethod
    def _joined(labels: Labels, cluster: int, target: int) -> PersonLabel:
        """The label of the target once it has that of the cluster, too."""
        label, own = labels.by_cluster[cluster], labels.by_cluster.get(target)
        if own is None or own.name is None:
            return label
        person, other = labels.person(cluster), labels.person(target)
        if label.name is None:
            return PersonLabel(own.name, label.category)
        if person is None or other is None or person.key != other.key:
            raise LabelTakenError(
                f"person {target} is {own.name} already, not {label.name}; nothing was changed. If {own.name} is the "
                f"wrong name, change it on the page of that person"
            )
        return own

    def replace(self, labels: Labels, is_known: IsKnown | None) -> ChangedLabels:
        """Replace all labels.

        Raises:
            LabelsChangedError: If the version in the file is not the one that the client knows.
            StorageError: If a file cannot be read.
        """
        etag = self._catalog.event_labels.etag()
        if is_known is not None and not is_known(etag):
            raise LabelsChangedError(LABELS_CHANGED)
        try:
            before = self._catalog.labels().by_cluster
        except LabelsError:
            before = None  # the file is not valid, so this change cannot be undone
        return _changed(labels, before, len(labels.by_cluster), etag)

    def restored(self, changed: Mapping[str, tuple[object, object]]) -> ChangedLabels:
        """Undo an earlier change; changes that others made since are preserved.

        Args:
            changed: By cluster id the label before and after that change, as JSON values; None for no label.

        Raises:
            LabelsConflictError: If someone else changed the same labels since.
            LabelsError: If the labels are not valid.
            StorageError: If a file cannot be read.
        """
        etag, current = self._catalog.event_labels.etag(), self._catalog.labels()
        theirs = current.by_cluster
        before, after = dict(theirs), dict(theirs)
        for cluster, (old, new) in changed.items():
            for side, label in ((before, old), (after, new)):
                side.pop(int(cluster), None)
                if label is not None:
                    side[int(cluster)] = self._parsed(cluster, label)
        merged = merge_labels(after, before, theirs)
        if merged.conflicts:
            raise conflict(merged.conflicts)
        if merged.by_cluster == theirs:
            return ChangedLabels(etag, current, theirs, 0, None)
        return _changed(self.checked(merged.by_cluster, current), theirs, len(changed), etag)

    def checked(self, by_cluster: Mapping[int, PersonLabel], like: Labels, more_ids: Collection[int] = ()) -> Labels:
        """Labels, checked in the same way as those of a file. Raises what `Catalog.labels` raises.

        Args:
            by_cluster: The labels.
            like: Labels with the same category for unlabelled clusters.
            more_ids: Of clusters that are about to be there.
        """
        return self._catalog.event_labels.checked(Labels(by_cluster, like.unlabelled_category).to_json(), more_ids)

    def _parsed(self, cluster: str, label: object) -> PersonLabel:
        return self._catalog.event_labels.checked({cluster: label}).by_cluster[int(cluster)]


def _changed(labels: Labels, before: Mapping[int, PersonLabel] | None, count: int, replaced: str) -> ChangedLabels:
    return ChangedLabels(content_etag(labels_content(labels.to_json())), labels, before, count, replaced)


def label_json(label: PersonLabel | None) -> object:
    """A label as a JSON value, in the form of cluster_labels.json; None for no label."""
    if label is None or label.name is None:
        return None if label is None else label.category.value
    return {"name": label.name, "category": label.category.value}


def conflict(conflicts: Sequence[LabelConflict]) -> LabelsConflictError:
    """The error for labels that someone else changed to other values."""
    listed: list[dict[str, object]] = [
        {"cluster_id": c.cluster, "yours": label_json(c.yours), "theirs": label_json(c.theirs)} for c in conflicts
    ]
    clusters = ", ".join(str(c.cluster) for c in conflicts)
    return LabelsConflictError(
        f"someone else has changed the label of {clusters} in the meantime; nothing was changed. "
        "Choose one of the two labels and send it again",
        listed,
    )
