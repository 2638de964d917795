"""How people are presented: display names, sample faces, and clusters with the same name."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.faces.index import EventIndex, FaceEntry
from curation.domain.labelling.labels import Labels
from curation.errors import FaceNotFoundError
from curation.event.catalog import ClusterSummary

__all__ = ["PersonView", "display_name", "face_of", "person_view"]

SAMPLES = 12


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as clients present them.

    Attributes:
        summary: The counts and the label of the cluster.
        display_name: The person's name in sentences.
        sample_face_ids: Ids of up to 12 faces, the best pictures of the person first.
        same_name: Ids of other clusters with the same name, ascending; only filled for a single person.
    """

    summary: ClusterSummary
    display_name: str
    sample_face_ids: tuple[str, ...]
    same_name: tuple[int, ...]


def person_view(event: EventIndex, person: ClusterSummary, labels: Labels, *, alone: bool = False) -> PersonView:
    """A person; with `alone` also the other clusters with the same name."""
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
    samples = tuple(face.face_id for face in event.sample_faces(person.id, SAMPLES))
    return PersonView(person, display_name(labels, person.id), samples, same)


def display_name(labels: Labels, cluster: int) -> str:
    """The name of a cluster in sentences."""
    known = labels.person(cluster)
    return "an unknown person" if known is None else known.display_name


def face_of(event: EventIndex, face_id: str) -> FaceEntry:
    """A face by its id.

    Raises:
        FaceNotFoundError: If there is none.
    """
    face = event.face(face_id)
    if face is None:
        raise FaceNotFoundError(f"there is no face {face_id}")
    return face
