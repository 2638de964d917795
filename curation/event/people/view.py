"""How people are shown, on whatever front: their names in sentences, their samples, clusters of the same name."""

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
    """A person as a list shows them.

    Attributes:
        summary: The cluster in numbers, with its label.
        display_name: What the person is called in sentences.
        sample_face_ids: Of up to 12 faces, the best to look at first.
        same_name: Other clusters of the same name, by id; only told of a single person.
    """

    summary: ClusterSummary
    display_name: str
    sample_face_ids: tuple[str, ...]
    same_name: tuple[int, ...]


def person_view(event: EventIndex, person: ClusterSummary, labels: Labels, *, alone: bool = False) -> PersonView:
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
    samples = tuple(face.face_id for face in event.sample_faces(person.id, SAMPLES))
    return PersonView(person, display_name(labels, person.id), samples, same)


def display_name(labels: Labels, cluster: int) -> str:
    """What a cluster is called in sentences."""
    known = labels.person(cluster)
    return "nobody known" if known is None else known.display_name


def face_of(event: EventIndex, face_id: str) -> FaceEntry:
    """A face by its id.

    Raises:
        FaceNotFoundError: If there is none.
    """
    face = event.face(face_id)
    if face is None:
        raise FaceNotFoundError(f"there is no face {face_id}")
    return face
