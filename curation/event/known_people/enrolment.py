"""From the labelled people of an event to faces of the gallery: only when a user asks for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from statistics import median

import numpy as np

from curation.domain.faces.index import EventIndex, FaceEntry
from curation.domain.labelling.labels import same_name
from curation.errors import FaceDataError, NotClusteredError, PersonNotFoundError
from curation.event.catalog import Catalog
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.known_people.recognition import EventRecognition
from curation.gallery.store import Exemplar, KnownPerson
from curation.pipelines.drawn_faces import stored_face
from curation.settings import Settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.embeddings_file import EmbeddingsFile
from curation.storage.face_data_file import EMBEDDINGS

__all__ = ["Enrolled", "Enrolment", "NamedPerson", "event_name"]

_CANDIDATES = 4
"""So many times as many faces are offered to the gallery as it keeps: among them it chooses the most varied."""
_UNSURE_BELOW = 0.5
"""A share of the median confidence of a person's faces: below it a face may be somebody else's, and is not enrolled."""
_SHOWN_NAMES = 20


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """A person of the event who has a name.

    Attributes:
        name: As the labels have it.
        category: `main`, `important` or `other`.
        clusters: Of this name that have faces, ascending.
        photos: In how many photos the person is.
        known: The person of this name in the gallery; None if there is none.
        is_new: Whether the gallery has no faces of this event of that person.
    """

    name: str
    category: str
    clusters: tuple[int, ...]
    photos: int
    known: KnownPerson | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of a person.

    Attributes:
        name: As the labels have it.
        person: In the gallery now; None if no face was good enough.
        before: How many faces of the person the gallery had before.
    """

    name: str
    person: KnownPerson | None
    before: int


def event_name(settings: Settings) -> str:
    """What people call the event: the name of the folder of photos."""
    return PurePosixPath(settings.input_address or str(settings.io.input_dir)).name or "photos"


class Enrolment:
    """Puts people of the event into the gallery. Thread-safe."""

    def __init__(
        self, settings: Settings, catalog: Catalog, gallery: OpenGallery, recognition: EventRecognition
    ) -> None:
        """Remember the parts; nothing is read yet."""
        self._catalog = catalog
        self._gallery = gallery
        self._recognition = recognition
        self._state_dir = settings.io.state_dir
        self._embeddings = settings.io.output_dir / EMBEDDINGS
        self._max = settings.gallery.max_exemplars
        self.event = event_name(settings)

    def people(self) -> list[NamedPerson]:
        """The people of the event who have a name, those in the most photos first.

        Raises:
            GalleryOffError: If the settings do not switch the gallery on.
            GalleryError: If it cannot be read.
            NotClusteredError: If there was no clustering yet.
            CurationError: If face_data.csv, the corrections or the labels are not valid, or cannot be read.
        """
        event, labels = self._catalog.event(), self._catalog.labels()
        known = {same_name(person.name): person for person in self._gallery.store().people()}
        by_name: dict[str, list[int]] = {}
        for cluster, label in sorted(labels.by_cluster.items()):
            if label.name is not None and event.face_count(cluster):
                by_name.setdefault(same_name(label.name), []).append(cluster)
        out = []
        for key, clusters in by_name.items():
            label = labels.by_cluster[clusters[0]]
            photos = frozenset().union(*map(event.photos_of_cluster, clusters))
            person = known.get(key)
            is_new = person is None or self.event not in person.events
            name = label.name or ""
            out.append(NamedPerson(name, label.category.value, tuple(clusters), len(photos), person, is_new))
        return sorted(out, key=lambda one: (-one.photos, one.name))

    def add(self, names: Collection[str] | None = None) -> list[Enrolled]:
        """Put people into the gallery, or more faces of people whom it knows.

        Args:
            names: Whom, in upper or lower case; None for everybody who has a name.

        Returns:
            What became of each. Each person is added whole or not at all.

        Raises:
            PersonNotFoundError: If the event has nobody of one of these names; nobody is added then.
            CurationError: What `people` raises.
        """
        people = self.people()
        if names is not None:
            there = {same_name(person.name): person for person in people}
            missing = [name for name in names if same_name(name) not in there]
            if missing:
                known = ", ".join(sorted(person.name for person in people)[:_SHOWN_NAMES]) or "nobody: label somebody"
                raise PersonNotFoundError(f"nobody of this event is called {missing[0]!a}; known: {known}")
            people = [there[key] for key in dict.fromkeys(map(same_name, names))]
        return [self._added(person) for person in people]

    def _added(self, person: NamedPerson) -> Enrolled:
        before = 0 if person.known is None else person.known.exemplars
        faces = self._faces(self._catalog.event(), person.clusters)
        if not faces:
            return Enrolled(person.name, person.known, before)
        category = person.category
        enrolled = self._gallery.store().enrol(person.name, category, faces, max_exemplars=self._max)
        return Enrolled(person.name, enrolled, before)

    def _faces(self, event: EventIndex, clusters: Sequence[int]) -> list[Exemplar]:
        """The best faces of a person, one a photo, with vector and picture; those without a picture are left out."""
        engine, embedder = self._recognition.embedder()
        key = self._catalog.clustering_record().get("analysis_key")
        if not isinstance(key, str):
            raise NotClusteredError
        chosen = _chosen([event.faces_of_cluster(cluster) for cluster in clusters])
        contents = self._catalog.words.contents([face.row.image_path for face in chosen])
        at = datetime.now(UTC).isoformat(timespec="seconds")
        out: list[Exemplar] = []
        with (
            closing(AnalysisStore(self._state_dir, read_only=True)) as store,
            EmbeddingsFile(self._embeddings) as vectors,
        ):
            for face in chosen:
                row, sha256 = face.row, contents.get(face.row.image_path)
                stored = None if sha256 is None else stored_face(store, sha256, key, row.facial_area)
                chip = None if sha256 is None or stored is None else store.chip(sha256, stored[0], stored[1])
                if sha256 is None or stored is None or chip is None or row.embedding_row < 0:
                    continue  # the photo was changed since the clustering, or the face was drawn since
                if row.embedding_row >= len(vectors):
                    raise FaceDataError(f"{self._embeddings} does not fit face_data.csv; run the clustering again")
                vector = np.ascontiguousarray(vectors[[row.embedding_row]][0])
                found = stored[2].faces[stored[1]]
                box = row.facial_area
                out.append(
                    Exemplar(
                        vector=vector,
                        embedder=embedder,
                        engine=engine,
                        quality=float(row.face_quality),
                        chip_jpeg=chip,
                        event=self.event,
                        photo_sha256=sha256,
                        face_box=(box.x, box.y, box.w, box.h),
                        added=at,
                        yaw_deg=found.quality.yaw_deg,
                    )
                )
                if len(out) >= _CANDIDATES * self._max:
                    break
        return out


def _chosen(clusters: Sequence[Sequence[FaceEntry]]) -> list[FaceEntry]:
    """The best face of each photo, the best first, without those of which the grouping was not sure."""
    sure: list[FaceEntry] = []
    for faces in clusters:
        limit = _UNSURE_BELOW * median(face.row.cluster_confidence for face in faces)
        sure += [face for face in faces if face.row.cluster_confidence >= limit]
    best: dict[str, FaceEntry] = {}
    for face in sorted(sure, key=lambda face: (-face.row.face_quality, face.row.image_path, face.row.face_index)):
        best.setdefault(face.row.image_path, face)
    return list(best.values())
