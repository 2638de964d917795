"""How people are shown over HTTP."""

from __future__ import annotations

from curation.api.http.errors import ApiProblem
from curation.api.schemas.people import PersonOut
from curation.domain.faces.index import EventIndex, FaceEntry
from curation.domain.labelling.labels import Labels
from curation.event.catalog import NOT_CLUSTERED, ClusterSummary
from curation.event.people_edits import LABELS_CHANGED

__all__ = [
    "EDITED",
    "LABELS_ETAG",
    "NOT_USABLE",
    "PERSON_NOT_FOUND",
    "called",
    "face_of",
    "person_not_found",
    "person_out",
]

SAMPLES = 12

NOT_USABLE = {
    "not_clustered": (409, NOT_CLUSTERED),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "corrections_invalid": (409, "corrections.json is not valid: correction 3: faces is empty. Correct it, or move it"),
    "labels_invalid": (422, "cluster_labels.json: key '0': 'mian' is not a category; did you mean 'main'?"),
}
PERSON_NOT_FOUND = {"cluster_not_found": (404, "there is no person 99; GET /people lists all")}
EDITED = {
    "busy": (409, "corrections.lock is held by another process; try again when it has ended"),
    "labels_changed": (412, LABELS_CHANGED),
    "labels_conflict": (
        412,
        "somebody else changed the label of 3 meanwhile; nothing was changed. Choose one of the two, and send it again",
    ),
    "storage": (507, "the disk is full: free some space and run again"),
}
LABELS_ETAG = {
    "ETag": {"description": "Of this version of the labels; for If-Match of a change.", "schema": {"type": "string"}}
}


def person_out(event: EventIndex, person: ClusterSummary, labels: Labels, *, alone: bool = False) -> PersonOut:
    """A person; `alone` tells other clusters of the same name, too."""
    known = labels.person(person.id)
    same: tuple[int, ...] = ()
    if alone and person.label is not None and person.label.name is not None and known is not None:
        same = tuple(
            other
            for other in sorted(labels.by_cluster)
            if other != person.id
            and event.face_count(other)
            and (also := labels.person(other)) is not None
            and also.key == known.key
        )
    return PersonOut(
        cluster_id=person.id,
        name=None if person.label is None else person.label.name,
        category=None if person.label is None else person.label.category,
        display_name=called(labels, person.id),
        photos=person.photos,
        faces=person.faces,
        best_face_id=person.best_face,
        sample_face_ids=tuple(face.face_id for face in event.sample_faces(person.id, SAMPLES)),
        same_name=same,
    )


def called(labels: Labels, cluster: int) -> str:
    """What a cluster is called in sentences."""
    known = labels.person(cluster)
    return "nobody known" if known is None else known.display_name


def person_not_found(cluster_id: int) -> ApiProblem:
    """The answer for a cluster that has no face."""
    return ApiProblem(404, "cluster_not_found", f"there is no person {cluster_id}; GET /people lists all")


def face_of(event: EventIndex, face_id: str) -> FaceEntry:
    """A face by its id.

    Raises:
        ApiProblem: If there is none.
    """
    face = event.face(face_id)
    if face is None:
        raise ApiProblem(
            404, "face_not_found", f"there is no face {face_id}; GET /photos/{{photo_id}} lists those of a photo"
        )
    return face
