"""What the people of the event look like: apparent age and more, as far as the settings ask for it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from curation.domain.attributes.age_groups import AgeGroup, age_group
from curation.domain.attributes.event_people import people_attributes
from curation.domain.attributes.values import Attribute, FaceAttributes
from curation.domain.faces.index import EventIndex
from curation.domain.labelling.labels import Category, Labels
from curation.errors import AttributesOffError
from curation.event.clustered_faces import ClusteredFaces
from curation.event.people.labels import EventLabels
from curation.settings import Settings

__all__ = ["PeopleAttributes", "PeopleLooks"]


@dataclass(frozen=True, slots=True, eq=False)
class PeopleLooks:
    """What the people of an event look like.

    Attributes:
        labels: Which clusters are one person.
        people: Attributes by the key of the person, for those of whom anything was read.
        photos: Image paths of the photos with at least one person of each group.
    """

    labels: Labels
    people: Mapping[str, FaceAttributes]
    photos: Mapping[AgeGroup, frozenset[str]]

    @property
    def has_ages(self) -> bool:
        """Whether there are ages to filter by."""
        return any(person.age is not None for person in self.people.values())

    def of_cluster(self, cluster: int) -> FaceAttributes | None:
        """The attributes of the person of a cluster; None if nothing was read."""
        person = self.labels.person(cluster) if self.people else None
        return None if person is None else self.people.get(person.key)

    def group_of_cluster(self, cluster: int) -> AgeGroup:
        """Whether the person of a cluster looks like a child or an adult."""
        told = self.of_cluster(cluster)
        return AgeGroup.CANNOT_TELL if told is None else age_group(told.age)

    def demand_ages(self) -> None:
        """Check that there are ages.

        Raises:
            AttributesOffError: If there are none; says how to get them.
        """
        if not self.has_ages:
            raise AttributesOffError(
                "there are no ages of people: set attributes.age in config.yaml to a reader such as dlib, restart the "
                "service and run the clustering again"
            )


_NOTHING = PeopleLooks(Labels({}, Category.OTHER), {}, dict.fromkeys(AgeGroup, frozenset()))


class PeopleAttributes:
    """Caches the attributes of people: of all faces of all clusters with one name, weighted by quality. Thread-safe.

    The service shows what face_data.csv has only as long as the settings ask for it.
    """

    def __init__(self, settings: Settings, faces: ClusteredFaces, labels: EventLabels) -> None:
        """Remember the parts; nothing is read yet."""
        self._asked = frozenset(settings.attributes.readers)
        self._faces = faces
        self._labels = labels
        self._guard = threading.Lock()
        self._known: tuple[EventIndex, PeopleLooks] | None = None

    def now(self) -> PeopleLooks:
        """What the people look like, with the current corrections and labels; nothing, at no cost, if nothing is asked.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        if not self._asked:
            return _NOTHING
        event, labels = self._faces.index(), self._labels.read()
        with self._guard:
            # Labels are read anew each time, so they are compared by their values.
            if self._known is None or self._known[0] is not event or self._known[1].labels != labels:
                self._known = (event, self._computed(event, labels))
            return self._known[1]

    def _computed(self, event: EventIndex, labels: Labels) -> PeopleLooks:
        clusters = event.cluster_ids.tolist()
        keys = [None if (person := labels.person(cluster)) is None else person.key for cluster in clusters]
        read = people_attributes(zip(keys, event.rows, strict=True))
        people = {key: self._as_asked(told) for key, told in read.items()}
        groups = {key: age_group(told.age) for key, told in people.items()}
        photos: dict[AgeGroup, set[str]] = {group: set() for group in AgeGroup}
        for key, row in zip(keys, event.rows, strict=True):
            if key is not None:
                photos[groups.get(key, AgeGroup.CANNOT_TELL)].add(row.image_path)
        return PeopleLooks(labels, people, {group: frozenset(paths) for group, paths in photos.items()})

    def _as_asked(self, told: FaceAttributes) -> FaceAttributes:
        """Without what the settings ask for no longer."""
        return FaceAttributes(
            age=told.age if Attribute.AGE in self._asked else None,
            sex=told.sex if Attribute.SEX in self._asked else None,
            ethnicity=told.ethnicity if Attribute.ETHNICITY in self._asked else None,
        )
