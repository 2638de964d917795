"""What a user asks to be corrected in the grouping, and the corrections that say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.domain.faces.index import EventIndex, FaceEntry
from curation.domain.labelling.corrections import NOT_A_PERSON, CorrectionKind
from curation.domain.labelling.label_changes import LabelChange, most_important_first
from curation.domain.labelling.labels import Category, Labels, PersonLabel
from curation.domain.labelling.new_corrections import (
    different_people_corrections,
    merge_corrections,
    move_corrections,
    not_a_face_corrections,
    not_a_person_corrections,
)
from curation.errors import ClusterNotFoundError
from curation.event.catalog import Catalog
from curation.event.people.edits import Planned
from curation.event.people.view import display_name, face_of

__all__ = ["CorrectionRequest", "in_words", "planned"]


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """What is to be corrected.

    Attributes:
        kind: One person, different people, not a face, not a person.
        cluster_ids: Whole people that are meant.
        face_ids: Single faces that are meant; either these or people are given.
        cluster_id: Whose faces they are to be, or whose id a merged person keeps.
        name: Whose faces they are to be: of the largest cluster of the name, else of a new one.
    """

    kind: CorrectionKind
    cluster_ids: tuple[int, ...] = ()
    face_ids: tuple[str, ...] = ()
    cluster_id: int | None = None
    name: str | None = None


def planned(catalog: Catalog, request: CorrectionRequest, next_id: int) -> Planned:
    """The corrections that say what a user wishes; see `PeopleEdits.correct`.

    Args:
        catalog: Of the event.
        request: What is to be corrected.
        next_id: The first cluster id that is free.

    Raises:
        ClusterNotFoundError: If a cluster that is named has no face.
        FaceNotFoundError: If there is no such face.
        NothingToSplitError: If all faces of a person were to be split off.
        StorageError: If a file cannot be read.
    """
    event, labels = catalog.event(), catalog.labels()
    clusters = list(dict.fromkeys(request.cluster_ids))
    for cluster in [*clusters, *([] if request.cluster_id is None else [request.cluster_id])]:
        if not event.face_count(cluster):
            raise ClusterNotFoundError(f"there is no person {cluster}")
    if request.kind is CorrectionKind.NOT_A_PERSON:
        return not_a_person_corrections(event, clusters), -1, None
    if clusters and request.kind is CorrectionKind.DIFFERENT_PEOPLE:
        return different_people_corrections(event, clusters[0], clusters[1]), clusters[0], None
    if clusters:
        best = most_important_first(labels.by_cluster, {cluster: event.photo_counts[cluster] for cluster in clusters})
        keep = best[0] if request.cluster_id is None else request.cluster_id
        return merge_corrections(event, keep, [cluster for cluster in clusters if cluster != keep]), keep, None
    faces = [face_of(event, face_id) for face_id in dict.fromkeys(request.face_ids)]
    was = _was(catalog, event, faces)
    if request.kind is CorrectionKind.NOT_A_FACE:
        return not_a_face_corrections([face for face in faces if face.cluster_id != NOT_A_PERSON], was), -1, None
    target = request.cluster_id
    label = None
    if request.name is not None:
        target = _cluster_of_name(event, labels, request.name)
        label = LabelChange(name=request.name) if target is None else None
    target = next_id if target is None else target
    return move_corrections(event, faces, target, was), target, label


def in_words(event: EventIndex, labels: Labels, request: CorrectionRequest) -> str:
    """A correction in words."""
    people = " and ".join(display_name(labels, cluster) for cluster in dict.fromkeys(request.cluster_ids[:3]))
    if len(request.cluster_ids) > 3:
        people = f"{len(request.cluster_ids)} people"
    faces = "1 face" if len(request.face_ids) == 1 else f"{len(request.face_ids)} faces"
    if request.kind is CorrectionKind.NOT_A_PERSON:
        return f"said that {people} is no person"
    if request.kind is CorrectionKind.NOT_A_FACE:
        return f"said of {faces}: not a face"
    if request.cluster_ids:
        return f"{'merged' if request.kind is CorrectionKind.SAME_PERSON else 'told apart'} {people}"
    if request.cluster_id is not None:
        return f"moved {faces} to {display_name(labels, request.cluster_id)}"
    return f"moved {faces} to {request.name or 'someone else'}"


def _was(catalog: Catalog, event: EventIndex, faces: Sequence[FaceEntry]) -> dict[str, int]:
    """Of faces that count nowhere the clusters that they have in the table."""
    left_out = [face.face_id for face in faces if face.cluster_id == NOT_A_PERSON]
    if not left_out:
        return {}
    places = [event.place(face_id) for face_id in left_out]
    kept = catalog.faces.kept_clusters([place for place in places if place is not None])
    return dict(zip(left_out, kept, strict=True))


def _cluster_of_name(event: EventIndex, labels: Labels, name: str) -> int | None:
    """The largest cluster of a name."""
    asked = Labels({0: PersonLabel(" ".join(name.split()), Category.OTHER)}, Category.OTHER).person(0)
    found = [
        cluster
        for cluster in labels.by_cluster
        if event.face_count(cluster)
        and (known := labels.person(cluster)) is not None
        and asked is not None
        and known.key == asked.key
    ]
    return max(found, key=lambda cluster: (event.photo_counts[cluster], -cluster), default=None)
