"""Changes of labels, and a three-way merge by cluster, so that no concurrent change is lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from curation.domain.labelling.labels import Category, Labels, PersonLabel

__all__ = [
    "UNCHANGED",
    "LabelChange",
    "LabelConflict",
    "MergedLabels",
    "Unchanged",
    "changed_labels",
    "merge_labels",
    "most_important_first",
]

LabelsByCluster = Mapping[int, PersonLabel]


class Unchanged:
    """Marks a field that a change leaves as it is; None would remove its value."""


UNCHANGED = Unchanged()

_IMPORTANCE = {Category.MAIN: 2, Category.IMPORTANT: 1, Category.OTHER: 0}


@dataclass(frozen=True, slots=True)
class LabelChange:
    """A change of the labels of some clusters; None removes the name or the category.

    Attributes:
        name: The name.
        category: The category.
        first_category: Of those who get a name and have no category, neither of their own nor by that name; None is
            that of clusters without a label.
    """

    name: str | Unchanged | None = UNCHANGED
    category: Category | Unchanged | None = UNCHANGED
    first_category: Category | None = None


@dataclass(frozen=True, slots=True)
class LabelConflict:
    """A cluster that two people labelled differently.

    Attributes:
        cluster: Its id.
        yours: The label of the request; None for no label.
        theirs: The label in the file; None for no label.
    """

    cluster: int
    yours: PersonLabel | None
    theirs: PersonLabel | None


@dataclass(frozen=True, slots=True)
class MergedLabels:
    """The result of a merge; use `by_cluster` only if there are no conflicts."""

    by_cluster: dict[int, PersonLabel]
    conflicts: tuple[LabelConflict, ...]


def merge_labels(base: LabelsByCluster, yours: LabelsByCluster, theirs: LabelsByCluster) -> MergedLabels:
    """Merge two changes of the same labels, cluster by cluster.

    Args:
        base: The labels that both started from.
        yours: The labels after one change.
        theirs: The labels after the other change.
    """
    out: dict[int, PersonLabel] = {}
    conflicts = []
    for cluster in sorted(base.keys() | yours.keys() | theirs.keys()):
        before, mine, other = base.get(cluster), yours.get(cluster), theirs.get(cluster)
        if mine != before and other not in (before, mine):
            conflicts.append(LabelConflict(cluster, mine, other))
            continue
        merged = other if mine == before else mine
        if merged is not None:
            out[cluster] = merged
    return MergedLabels(out, tuple(conflicts))


def changed_labels(labels: Labels, clusters: Collection[int], change: LabelChange) -> dict[int, PersonLabel]:
    """All labels after a change of some clusters.

    Clusters of one name are one person with one category. So a cluster that gets an existing name also gets its
    category, and a new category applies to all clusters of the name. A new name gets the most important category of
    its clusters, else the change's `first_category`.

    Args:
        labels: The current labels.
        clusters: The clusters to change.
        change: The change of each of them.

    Raises:
        ValueError: If a name would be left without a category.
    """
    out = dict(labels.by_cluster)
    of_name = _category_of_name(labels, change.name)
    if of_name is None and isinstance(change.name, str):
        categories = [out[cluster].category for cluster in clusters if cluster in out]
        first = change.first_category or labels.unlabelled_category
        of_name = max(categories, key=_IMPORTANCE.__getitem__, default=first)
    for cluster in clusters:
        label = _changed(out.get(cluster), change, of_name)
        if label is None:
            out.pop(cluster, None)
        else:
            out[cluster] = label
    if isinstance(change.category, Category):
        now = Labels(out, labels.unlabelled_category)
        said = {_person_key(now, cluster) for cluster in clusters}
        for cluster, label in now.by_cluster.items():
            if label.name is not None and _person_key(now, cluster) in said:
                out[cluster] = PersonLabel(label.name, change.category)
    return out


def _changed(label: PersonLabel | None, change: LabelChange, of_name: Category | None) -> PersonLabel | None:
    name = (label.name if label else None) if isinstance(change.name, Unchanged) else change.name
    if not isinstance(change.category, Unchanged):
        category = change.category
    elif of_name is not None:
        category = of_name
    else:
        category = label.category if label else None
    if category is None:
        if name is not None:
            raise ValueError(
                f"{name!a} needs a category: main, important or other; remove the name, too, or keep the category"
            )
        return None
    return PersonLabel(name, category)


def _category_of_name(labels: Labels, name: str | Unchanged | None) -> Category | None:
    """The category of a name that is already in the labels."""
    if not isinstance(name, str):
        return None
    asked = Labels({0: PersonLabel(" ".join(name.split()), Category.OTHER)}, Category.OTHER).person(0)
    for cluster, label in labels.by_cluster.items():
        known = labels.person(cluster)
        if label.name is not None and known is not None and asked is not None and known.key == asked.key:
            return label.category
    return None


def _person_key(labels: Labels, cluster: int) -> str:
    person = labels.person(cluster)
    return "" if person is None else person.key


def most_important_first(labels: LabelsByCluster, photos: Mapping[int, int]) -> list[int]:
    """Clusters in the order of importance: named ones first, then by category, number of photos, and id.

    Args:
        labels: Labels by cluster.
        photos: Number of photos, for each cluster to be ordered.
    """

    def rank(cluster: int) -> tuple[bool, int, int, int]:
        label = labels.get(cluster)
        importance = -1 if label is None else _IMPORTANCE[label.category]
        return (label is None or label.name is None), -importance, -photos[cluster], cluster

    return sorted(photos, key=rank)
