"""The content of the pages about people, made from clusters, labels and faces; and which people an address asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median
from typing import Annotated, Any

from fastapi import Depends, Query

from curation.api.context import ServiceContext
from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.attributes.values import FaceAttributes
from curation.domain.faces.index import FaceEntry
from curation.domain.labelling.labels import MAX_NAME_CHARS, Category
from curation.domain.outfits.outfit import ColourName
from curation.event.catalog import Catalog, ClusterSummary

__all__ = [
    "FaceCell",
    "FaceOrder",
    "PeopleQuery",
    "PeopleQueryIn",
    "PersonCard",
    "Shown",
    "face_cells",
    "faces_in_order",
    "filters_of",
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


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """What is asked for.

    Attributes:
        shown: By label.
        name: A part of the name; empty for all.
        age: By apparent age; None for all.
        wears: A colour of clothes; None for all.
    """

    shown: Shown
    name: str
    age: AgeGroup | None
    wears: ColourName | None

    def address(self, **other: str) -> dict[str, str]:
        """The parameters of the address, with others in their place; empty ones are left out, but for the first two."""
        all_of = {
            "show": self.shown.value,
            "q": self.name,
            "age": "" if self.age is None else self.age.value,
            "wears": "" if self.wears is None else self.wears.value,
            **other,
        }
        return {key: value for key, value in all_of.items() if value or key in ("show", "q")}

    def cards(self, context: ServiceContext) -> Sequence[PersonCard]:
        """The people, the one in the most photos first. Raises what `person_cards` raises."""
        cards = person_cards(context.catalog, self.shown, self.name, self.age)
        if self.wears is None or not context.outfits.is_on:
            return cards
        wearing = context.outfits.wearing().get(self.wears, frozenset())
        return [card for card in cards if card.id in wearing]


async def _people_query(
    shown: Annotated[Shown, Query(alias="show")] = Shown.ALL,
    query: Annotated[str, Query(alias="q", max_length=MAX_NAME_CHARS)] = "",
    age: Annotated[str, Query(max_length=20)] = "",
    wears: Annotated[str, Query(max_length=20)] = "",
) -> PeopleQuery:
    # An age or a colour that is not known filters nothing.
    return PeopleQuery(
        shown,
        query,
        AgeGroup(age) if age in tuple(AgeGroup) else None,
        ColourName(wears) if wears in tuple(ColourName) else None,
    )


PeopleQueryIn = Annotated[PeopleQuery, Depends(_people_query)]


def filters_of(context: ServiceContext, query: PeopleQuery) -> Mapping[str, Any]:
    """What the filters by age and clothes show: their choices, or why there are none.

    Raises what `PeopleQuery.cards` raises.
    """
    off = []
    has_ages = context.catalog.attributes.now().has_ages
    if not has_ages and context.settings.attributes.age == "off":
        off.append("Children and adults: ages are read only if attributes.age in config.yaml names a reader.")
    elif not has_ages:
        off.append("Children and adults: ages are asked for, and come with the next look through the photos.")
    wearing = context.outfits.wearing() if context.outfits.is_on else {}
    if not context.outfits.is_on:
        off.append("Clothes: they are known only if assets.enabled is true in config.yaml and photos were handed in.")
    elif not wearing:
        off.append("Clothes: no photo of this event was taken apart yet; hand photos in on the page Assets.")
    return {
        "ages": has_ages,
        "colours": [(colour, len(wearing[colour])) for colour in ColourName if wearing.get(colour)],
        "filters_off": off,
        "asked": query,
    }
