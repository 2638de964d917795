"""All that the service needs of known people, in one object."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence

from curation.errors import CurationError, FaceNotFoundError
from curation.event.catalog import Catalog
from curation.event.known_people.enrolment import Enrolment
from curation.event.known_people.forgetting import EventForgetting, Forgotten, forget_person
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.known_people.proposals import KnownProposals, Proposal
from curation.event.known_people.recognition import EventRecognition
from curation.event.people.edits import PeopleEdits
from curation.gallery.store import Exemplar, GalleryStore, KnownPerson
from curation.settings import Settings

__all__ = ["EventKnown"]

logger = logging.getLogger(__name__)

_KEPT_PEOPLE = 200
"""People whose faces stay in memory; of one they take about 100 kB."""


class EventKnown:
    """Known people of the gallery, and what an event says of them. Thread-safe."""

    def __init__(
        self, settings: Settings, catalog: Catalog, edits: PeopleEdits, gallery: OpenGallery | None = None
    ) -> None:
        """Remember the parts; nothing is opened yet.

        Args:
            settings: The section `gallery`, and the folders.
            catalog: Of the event.
            edits: Through which answers are written.
            gallery: Opens the gallery; by default the one that the settings name.
        """
        self._settings = settings
        self.gallery = gallery or OpenGallery(settings)
        self.recognition = EventRecognition(settings, catalog, self.gallery)
        self.proposals = KnownProposals(catalog, edits, self.gallery, self.recognition)
        self.enrolment = Enrolment(settings, catalog, self.gallery, self.recognition)
        self._forgetting = EventForgetting(settings, catalog, edits, self.recognition)
        self._guard = threading.Lock()
        self._faces: OrderedDict[str, tuple[str, tuple[Exemplar, ...]]] = OrderedDict()

    @property
    def is_on(self) -> bool:
        """Whether the settings switch the gallery on."""
        return self.gallery.is_on

    @property
    def proposes(self) -> bool:
        """Whether names are proposed for people of photos."""
        return self.is_on and self._settings.gallery.propose_for != "off"

    @property
    def proposes_for_all(self) -> bool:
        """Whether names are proposed for people of films and assets, too."""
        return self.is_on and self._settings.gallery.propose_for == "all"

    @property
    def store(self) -> GalleryStore:
        """The gallery. Raises what `OpenGallery.store` raises."""
        return self.gallery.store()

    def open_proposals(self) -> list[Proposal]:
        """The open proposals; none if the settings want none. Raises what `KnownProposals.listed` raises."""
        return self.proposals.listed() if self.proposes else []

    def try_proposals(self) -> list[Proposal]:
        """The same for pages that have other things to show: an error is logged, and there are none."""
        try:
            return self.open_proposals()
        except CurationError as error:
            logger.info("no names are proposed: %s", error)
            return []

    def faces(self, person_id: str) -> Sequence[Exemplar]:
        """The faces of a person, the best first.

        Raises:
            KnownPersonNotFoundError: If there is no such person.
            GalleryError: If the gallery cannot be read.
        """
        store = self.store
        version = store.version()
        with self._guard:
            known = self._faces.get(person_id)
            if known is not None and known[0] == version:
                self._faces.move_to_end(person_id)
                return known[1]
        faces = tuple(store.exemplars(person_id))
        with self._guard:
            self._faces[person_id] = version, faces
            while len(self._faces) > _KEPT_PEOPLE:
                self._faces.popitem(last=False)
        return faces

    def face(self, person_id: str, face_id: str) -> Exemplar:
        """One face of a person.

        Raises:
            FaceNotFoundError: If the person has no such face. Also what `faces` raises.
        """
        for face in self.faces(person_id):
            if face.exemplar_id == face_id:
                return face
        raise FaceNotFoundError("this person has no such face; GET /known-people/{person_id} lists them")

    def merge(self, person_id: str, into: str) -> KnownPerson:
        """Make one person of two; see `GalleryStore.merge`."""
        return self.store.merge(person_id, into, max_exemplars=self._settings.gallery.max_exemplars)

    def remove_face(self, person_id: str, face_id: str) -> KnownPerson:
        """Take a wrong face away, for good. Raises what `face` raises."""
        self.face(person_id, face_id)
        self.store.remove_exemplar(person_id, face_id)
        return self.store.person(person_id)

    def forget(self, person_id: str) -> Forgotten:
        """Forget a person, here and in what this event has of the gallery; raises what `forget_person` raises."""
        done = forget_person(self.gallery, self.store.person(person_id), [self._forgetting])
        with self._guard:
            self._faces.pop(person_id, None)
        return done

    def close(self) -> None:
        """Close the gallery, if it was opened."""
        self.gallery.close()
