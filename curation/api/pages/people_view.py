"""The content of the pages about people, made from clusters, labels and faces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median

from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.attributes.values import FaceAttributes
from curation.domain.faces.index import FaceEntry
from curation.domain.labelling.labels import Category
from curation.event.catalog import Catalog, ClusterSummary

__all__ = [
    "FaceCell",
    "FaceOrder",
    "PersonCard",
    "Shown",
    "face_cells",
    "faces_in_order",
    "person_card",
    "person_cards",
    "shown_counts",
]


class Shown(StrEnum):
    """Which people are shown."""

    ALL = "all"
    UNLABELLED = "unlabelled"
    MAIN = "main"
    IMPORTANT = "important"
    OTHER = "other"


class FaceOrder(StrEnum):
    """Which faces of a person come first."""

    BEST = "best"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person in the grid.

    Attributes:
        id: The id of the cluster.
        title: The name, or `Person N`.
        name: The name as in the labels; empty without a name.
        category: None without a label.
        photos: The number of photos of the person.
        faces: The number of faces of the person.
        face_id: The id of the best face.
        looks: What the person looks like, in words; empty unless the settings ask for it.
    """

    id: int
    title: str
    name: str
    category: Category | None
    photos: int
    faces: int
    face_id: str
    looks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FaceCell:
    """A face in a grid.

    Attributes:
        face_id: The id of the face.
        photo_id: The id of its photo.
        image_path: The path of its photo.
        is_unsure: Whether the clustering was much less sure of it than of the person's other faces.
    """

    face_id: str
    photo_id: str
    image_path: str
    is_unsure: bool


_UNSURE_BELOW = 0.5
"""A share of the median confidence of a person's faces, because the usual confidence differs between people."""
_JUDGED_FROM = 5
"""A number of faces; with fewer, the odd ones cannot be determined."""


def person_cards(
    catalog: Catalog, shown: Shown = Shown.ALL, query: str = "", age: AgeGroup | None = None
) -> Sequence[PersonCard]:
    """The people, the one in the most photos first.

    Args:
        catalog: The catalog of the event.
        shown: Only these people.
        query: Only people whose title contains this text, case-insensitively.
        age: Only people who look like this; all of them while there are no ages.

    Raises:
        NotClusteredError: If there was no clustering yet.
        FaceDataError: If face_data.csv is not valid.
        LabelsError: If cluster_labels.json is not valid.
        StorageError: If a file cannot be read.
    """
    wanted = query.strip().casefold()
    clusters = (cluster for cluster in catalog.clusters() if _is_shown(cluster, shown))
    if age is not None and (looks := catalog.attributes.now()).has_ages:
        clusters = (cluster for cluster in clusters if looks.group_of_cluster(cluster.id) is age)
    cards = map(_card, clusters)
    return [card for card in cards if wanted in card.title.casefold()]


def person_card(catalog: Catalog, cluster_id: int) -> PersonCard | None:
    """One person; None if the cluster has no faces. Raises what `person_cards` raises."""
    cluster = catalog.cluster(cluster_id)
    if cluster is None:
        return None
    return replace(_card(cluster), looks=_looks(catalog.attributes.now().of_cluster(cluster_id)))


def shown_counts(catalog: Catalog) -> Mapping[Shown, int]:
    """The number of people for each filter. Raises what `person_cards` raises."""
    clusters = catalog.clusters()
    counts = Counter(Shown.UNLABELLED if c.label is None else Shown(c.label.category.value) for c in clusters)
    return {shown: len(clusters) if shown is Shown.ALL else counts[shown] for shown in Shown}


def faces_in_order(catalog: Catalog, cluster_id: int, order: FaceOrder) -> Sequence[FaceEntry]:
    """All faces of a person: the best first, or the least similar first. Raises what `Catalog.event` raises."""
    faces = catalog.faces_of_cluster(cluster_id)
    if order is FaceOrder.DOUBTFUL:
        return sorted(faces, key=lambda face: face.row.cluster_confidence)
    return faces


def face_cells(faces: Sequence[FaceEntry], among: Sequence[FaceEntry] = ()) -> Sequence[FaceCell]:
    """Faces as cells of a grid.

    Args:
        faces: The faces to show.
        among: All faces of the person, if less similar ones are to be marked.
    """
    limit = 0.0
    if len(among) >= _JUDGED_FROM:
        limit = _UNSURE_BELOW * median(face.row.cluster_confidence for face in among)
    return [
        FaceCell(face.face_id, face.photo_id, face.row.image_path, face.row.cluster_confidence < limit)
        for face in faces
    ]


def _looks(told: FaceAttributes | None) -> tuple[str, ...]:
    """Apparent age and sex in words. The page says nothing of ethnicity."""
    words = []
    if told is not None and told.age is not None:
        low, high = round(told.age.low), round(told.age.high)
        words.append(f"apparent age {low} to {high}" if told.age.is_known else "apparent age: cannot tell")
    if told is not None and told.sex is not None:
        words.append(f"apparent sex: {told.sex.answer or 'cannot tell'}")
    return tuple(words)


def _is_shown(cluster: ClusterSummary, shown: Shown) -> bool:
    if shown is Shown.ALL:
        return True
    if shown is Shown.UNLABELLED:
        return cluster.label is None
    return cluster.label is not None and cluster.label.category.value == shown.value


def _card(cluster: ClusterSummary) -> PersonCard:
    name = cluster.label.name if cluster.label is not None else None
    return PersonCard(
        id=cluster.id,
        title=name or f"Person {cluster.id}",
        name=name or "",
        category=None if cluster.label is None else cluster.label.category,
        photos=cluster.photos,
        faces=cluster.faces,
        face_id=cluster.best_face,
    )
