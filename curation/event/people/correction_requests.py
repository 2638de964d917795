"""Turns a user's request to correct the grouping into corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.domain.faces.index import EventIndex, FaceEntry
from curation.domain.labelling.corrections import NOT_A_PERSON, CorrectionKind
from curation.domain.labelling.label_changes import LabelChange, most_important_first
from curation.domain.labelling.labels import Category, Labels, PersonLabel
from curation.domain.labelling.new_corrections import (
    cover_corrections,
    different_people_corrections,
    merge_corrections,
    move_corrections,
    not_a_face_corrections,
    not_a_person_corrections,
)
from curation.errors import ClusterNotFoundError, NotAttachableError
from curation.event.catalog import Catalog
from curation.event.people.edits import CorrectionPlan
from curation.event.people.view import display_name, face_of

__all__ = ["CorrectionRequest", "cluster_of_name", "describe_correction", "plan_correction"]


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """What a user wants to correct.

    Attributes:
        kind: Same person, different people, not a face, not a person, or a cover.
        cluster_ids: The clusters to correct.
        face_ids: The single faces to correct; a request has either these or clusters.
        cluster_id: The cluster that the faces move to, or whose id the merged clusters keep.
        name: The person that the faces move to: the largest cluster with this name, else a new one.
        category: Of the new person, if there is one; None is important with a name, and none without.
    """

    kind: CorrectionKind
    cluster_ids: tuple[int, ...] = ()
    face_ids: tuple[str, ...] = ()
    cluster_id: int | None = None
    name: str | None = None
    category: Category | None = None


def plan_correction(catalog: Catalog, request: CorrectionRequest, next_id: int) -> CorrectionPlan:
    """The corrections for a request; see `PeopleEdits.correct`.

    Args:
        catalog: The event's catalogue.
        request: What the user wants to correct.
        next_id: The first free cluster id.

    Raises:
        ClusterNotFoundError: If a cluster of the request has no face.
        FaceNotFoundError: If there is no such face.
        NothingToSplitError: If the request splits off all faces of a person.
        NotAttachableError: If nobody knows whose face is to be a cover.
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
    if request.kind is CorrectionKind.COVER:
        return _cover(faces[0])
    previous = _clusters_of_excluded(catalog, event, faces)
    if request.kind is CorrectionKind.NOT_A_FACE:
        return not_a_face_corrections([face for face in faces if face.cluster_id != NOT_A_PERSON], previous), -1, None
    target = request.cluster_id
    label = None
    if request.name is not None:
        target = cluster_of_name(event, labels, request.name)
        # Whoever gets a name matters.
        category = request.category or Category.IMPORTANT
        label = LabelChange(name=request.name, category=category) if target is None else None
    elif target is None and request.category is not None:
        label = LabelChange(category=request.category)
    target = next_id if target is None else target
    return move_corrections(event, faces, target, previous), target, label


def describe_correction(event: EventIndex, labels: Labels, request: CorrectionRequest) -> str:
    """One line that describes a correction, for the list of changes that can be undone."""
    people = " and ".join(display_name(labels, cluster) for cluster in dict.fromkeys(request.cluster_ids[:3]))
    if len(request.cluster_ids) > 3:
        people = f"{len(request.cluster_ids)} people"
    faces = "1 face" if len(request.face_ids) == 1 else f"{len(request.face_ids)} faces"
    if request.kind is CorrectionKind.NOT_A_PERSON:
        return f"marked {people} as not a person"
    if request.kind is CorrectionKind.COVER:
        return f"chose the cover of {display_name(labels, face_of(event, request.face_ids[0]).cluster_id)}"
    if request.kind is CorrectionKind.NOT_A_FACE:
        return f"marked {faces} as not a face"
    if request.cluster_ids:
        return f"{'merged' if request.kind is CorrectionKind.SAME_PERSON else 'separated'} {people}"
    if request.cluster_id is not None:
        return f"moved {faces} to {display_name(labels, request.cluster_id)}"
    stranger = "a stranger" if request.category is Category.OTHER else "someone else"
    return f"moved {faces} to {request.name or stranger}"


def _cover(face: FaceEntry) -> CorrectionPlan:
    if face.cluster_id < 0:
        raise NotAttachableError("nobody knows who this is: say whose face it is, then make it the cover")
    return cover_corrections(face), face.cluster_id, None


def _clusters_of_excluded(catalog: Catalog, event: EventIndex, faces: Sequence[FaceEntry]) -> dict[str, int]:
    """For faces that are excluded (not a face, not a person): their clusters without the exclusion, by face id."""
    excluded = [face.face_id for face in faces if face.cluster_id == NOT_A_PERSON]
    if not excluded:
        return {}
    places = [event.place(face_id) for face_id in excluded]
    clusters = catalog.faces.clusters_ignoring_exclusions([place for place in places if place is not None])
    return dict(zip(excluded, clusters, strict=True))


def cluster_of_name(event: EventIndex, labels: Labels, name: str) -> int | None:
    """The largest cluster with a name; None if there is none.

    Args:
        event: The current grouping.
        labels: The current labels.
        name: In any spelling that counts as the same name.
    """
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
